package pgstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"reflect"
	"sync/atomic"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/syncengine"
)

// turns counts how often a line goes from hearing to speaking: the trips over it.
type turns struct {
	net.Conn
	trips *atomic.Int64
	heard bool
}

func (c *turns) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.heard = c.heard || n > 0
	return n, err
}

func (c *turns) Write(b []byte) (int, error) {
	if c.heard {
		c.heard = false
		c.trips.Add(1)
	}
	return c.Conn.Write(b)
}

// counting has a store's trips counted.
func counting(o *pgstore.Options) *atomic.Int64 {
	trips := &atomic.Int64{}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &turns{Conn: conn, trips: trips, heard: true}, err
	}
	return trips
}

// everyQuestion asks for what content puts, and for what is not there.
func everyQuestion() (q store.Questions) {
	for i := range byte(40) {
		q.Records = append(q.Records, syncengine.ID{i})
		q.Document(fmt.Sprint("bucket", i%3), []byte{i})
		q.Beginning(fmt.Sprint("bucket", i%3), []byte{i}, []byte{i + 9})
		q.Beginning(fmt.Sprint("bucket", i%3), []byte{i}, nil)
		q.LastUpTo(fmt.Sprint("bucket", i%3), []byte{i})
		q.Rows = append(q.Rows, store.RowsOf{Key: syncengine.RecordKey(syncengine.ID{i % 5}), After: syncengine.Seq(i), Limit: 3})
		q.Bare = append(q.Bare, syncengine.RecordKey(syncengine.ID{i}))
	}
	q.Entries = []store.Stretch{{From: 1, To: 7}, {From: 30, To: 90}}
	return q
}

// answersTo reads what is asked.
func answersTo(t *testing.T, r store.Reader, q store.Questions) (out []any) {
	t.Helper()
	take := func(err error, more ...any) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, more)
	}
	for _, id := range q.Records {
		rec, ok, err := r.Record(id)
		take(err, rec, ok)
	}
	for _, d := range q.Documents {
		value, ok, err := r.Document(d.Bucket, d.Key)
		take(err, value, ok)
	}
	for _, d := range q.Beginnings {
		err := r.Documents(d.Bucket, d.From, d.To, func(d store.Document) bool {
			take(nil, string(d.Key), string(d.Value))
			return true
		})
		take(err)
	}
	for _, d := range q.Last {
		doc, ok, err := r.LastDocument(d.Bucket, d.Key)
		take(err, string(doc.Key), string(doc.Value), ok)
	}
	for _, s := range q.Entries {
		for seq := s.From; seq <= s.To; seq++ {
			e, ok, err := r.Entry(seq)
			take(err, e, ok)
		}
	}
	for _, x := range q.Rows {
		rows, err := r.Scope(nil, x.Key, x.After, x.Limit)
		take(err, fmt.Sprint(rows))
	}
	for _, key := range q.Bare {
		rows, err := r.Scope(nil, key, 0, 100)
		take(err, fmt.Sprint(rows))
	}
	return out
}

// scribble writes a little of everything that everyQuestion asks about.
func scribble(w store.Writer, random *rand.Rand) error {
	id := syncengine.ID{byte(random.IntN(40))}
	key, bucket := []byte{byte(random.IntN(40))}, fmt.Sprint("bucket", random.IntN(3))
	row := store.ScopeRow{Key: syncengine.RecordKey(syncengine.ID{byte(random.IntN(5))}), Seq: syncengine.Seq(random.IntN(50) + 1), RecordID: id, Type: store.RowPresent, Entered: 1}
	switch random.IntN(7) {
	case 0:
		return w.PutRecord(store.Record{ID: id, Kind: 2, Body: []byte{byte(random.IntN(256))}})
	case 1:
		return w.DeleteScope(row.Key, row.Seq, row.RecordID)
	case 2:
		return w.DeleteDocument(bucket, key)
	case 3:
		return w.Append(store.Entry{Seq: w.Head().Seq + 1, Type: store.EntryApplied, RecordID: id, Kind: 2, Body: []byte{byte(random.IntN(256))}})
	case 4, 5:
		return w.PutScope(row)
	default:
		return w.PutDocument(bucket, key, []byte{byte(random.IntN(256))})
	}
}

func TestAhead_WhatIsAnnouncedChangesNoAnswer(t *testing.T) {
	s := mustCreate(t, fresh(t))
	random := rand.New(rand.NewPCG(1, 2))
	q := everyQuestion()
	for range 12 {
		err := s.Update(store.Asking(t.Context(), q), func(w store.Writer) error {
			for range 20 {
				switch random.IntN(3) {
				case 0:
					if err := store.Gather(w, q); err != nil {
						return err
					}
				default:
					if err := scribble(w, random); err != nil {
						return err
					}
				}
			}
			announced := answersTo(t, w, q)
			if plain := answersTo(t, forgetful{w}, q); !reflect.DeepEqual(announced, plain) {
				t.Error("a writer is told otherwise of what was announced")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var plain, announced []any
		if err := s.View(t.Context(), func(r store.Reader) error { plain = answersTo(t, r, q); return nil }); err != nil {
			t.Fatal(err)
		}
		err = s.View(store.Asking(t.Context(), q), func(r store.Reader) error { announced = answersTo(t, r, q); return nil })
		if err != nil || !reflect.DeepEqual(plain, announced) {
			t.Fatalf("a reader is told otherwise of what was announced, or %v", err)
		}
	}
}

// forgetful asks the engine for everything: what was announced is dropped by a write that leaves everything as it was.
type forgetful struct{ store.Writer }

func (f forgetful) Document(bucket string, key []byte) (value []byte, ok bool, err error) {
	err = f.Documents(bucket, key, append(key[:len(key):len(key)], 0), func(d store.Document) bool {
		value, ok = d.Value, true
		return true
	})
	return value, ok, err
}

func (f forgetful) Record(id syncengine.ID) (rec store.Record, ok bool, err error) {
	err = f.Records(func(r store.Record) bool {
		if r.ID == id {
			rec, ok = r, true
		}
		return !ok
	})
	return rec, ok, err
}

func (f forgetful) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	rows, err := f.Writer.Scope(nil, key, after, limit+1_000) // Announced with another limit.
	return append(dst, rows[:min(limit, len(rows))]...), err
}

func TestAhead_OneTripBringsAllAnswersAndOneCommits(t *testing.T) {
	o := fresh(t)
	trips := counting(&o)
	s := mustCreate(t, o)
	q := everyQuestion()
	run := func() {
		err := s.Update(store.Asking(t.Context(), q), func(w store.Writer) error {
			for _, id := range q.Records {
				if _, _, err := w.Record(id); err != nil {
					return err
				}
			}
			if err := store.Gather(w, store.Questions{Records: []syncengine.ID{{99}}}); err != nil {
				return err
			}
			return w.PutDocument("bucket0", []byte{1}, []byte{1})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run() // Statements are prepared.
	const begin, gather, commit = 1, 1, 1
	trips.Store(0)
	run()
	if n := trips.Load(); n != begin+gather+commit {
		t.Errorf("a transaction made %d trips, %d are wanted", n, begin+gather+commit)
	}
}
