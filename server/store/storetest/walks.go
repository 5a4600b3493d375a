package storetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

var walkRules = []rule{
	{"RecordsComeInIdOrder", recordsInOrder},
	{"EntriesComeUpwardsFromAnySeq", entriesUpwards},
	{"AWalkMayReadAndWalkAgain", walksNest},
	{"AWriteInsideAWalkIsRefused", writeInsideWalk},
	{"AWalkEndsWithItsContext", walkEndsWithContext},
}

func recordsInOrder(t *testing.T, s store.Store) {
	ids := []syncengine.ID{{}, {0: 1}, {0: 1, 15: 1}, {0: 127}, {0: 128}, {0: 255}}
	update(t, s, func(w store.Writer) error {
		for _, i := range []int{3, 0, 5, 1, 4, 2} {
			mustNot(w.PutRecord(store.Record{ID: ids[i]}))
		}
		return nil
	})
	view(t, s, func(r store.Reader) {
		for stop := range len(ids) {
			var got []syncengine.ID
			mustNot(r.Records(func(rec store.Record) bool {
				got = append(got, rec.ID)
				return len(got) <= stop
			}))
			same(t, "ids", got, ids[:stop+1], nil)
		}
	})
}

func entriesUpwards(t *testing.T, s store.Store) {
	changes(t, s, 1, 5)
	for _, c := range []struct {
		after syncengine.Seq
		stop  int
		want  []syncengine.Seq
	}{
		{0, 9, []syncengine.Seq{1, 2, 3, 4, 5}}, {2, 9, []syncengine.Seq{3, 4, 5}}, {2, 1, []syncengine.Seq{3}},
		{4, 9, []syncengine.Seq{5}}, {5, 9, nil}, {6, 9, nil}, {math.MaxInt64, 9, nil}, {math.MaxUint64, 9, nil},
	} {
		view(t, s, func(r store.Reader) {
			var got []syncengine.Seq
			mustNot(r.Entries(c.after, func(e store.Entry) bool {
				same(t, "entry", showEntry(e), showEntry(entry(e.Seq)), nil)
				alone, _, err := r.Entry(e.Seq)
				same(t, "entry alone", showEntry(alone), showEntry(e), err)
				got = append(got, e.Seq)
				return len(got) < c.stop
			}))
			same(t, "seqs", got, c.want, nil)
		})
	}
}

func walksNest(t *testing.T, s store.Store) {
	changes(t, s, 1, 3)
	visit := func(r store.Reader) (got []string) {
		mustNot(r.Entries(0, func(e store.Entry) bool {
			rec, _, err := r.Record(e.RecordID)
			mustNot(err)
			got = append(got, showRecord(rec))
			mustNot(r.Records(func(rec store.Record) bool {
				mustNot(r.Records(func(inner store.Record) bool {
					got = append(got, showRecord(rec)+showRecord(inner))
					return true
				}))
				return rec.Seq < 2
			}))
			got = append(got, documents(r, "changes", nil, []byte{9})...)
			mustNot(r.Documents("changes", nil, []byte{9}, func(d store.Document) bool {
				got = append(got, documents(r, "changes", d.Key, []byte{9})...)
				return true
			}))
			mustNot(r.Entries(e.Seq, func(later store.Entry) bool {
				got = append(got, showEntry(later))
				return true
			}))
			return true
		}))
		return got
	}
	var inView, inUpdate []string
	view(t, s, func(r store.Reader) { inView = visit(r) })
	update(t, s, func(w store.Writer) error {
		inUpdate = visit(w)
		return nil
	})
	const lines = 3*(1+2*3+3+6) + 2 + 1
	if len(inView) != lines || !slices.Equal(inView, inUpdate) {
		t.Errorf("nested walks gave %d lines in a view and %d in an update, want %d, equal", len(inView), len(inUpdate), lines)
	}
}

func writeInsideWalk(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	writes := map[string]func(w store.Writer) error{
		"append":          func(w store.Writer) error { return w.Append(entry(w.Head().Seq + 1)) },
		"rewrite":         func(w store.Writer) error { return w.RewriteEntry(entry(1)) },
		"put record":      func(w store.Writer) error { return w.PutRecord(store.Record{ID: id(1)}) },
		"put scope":       func(w store.Writer) error { return w.PutScope(store.ScopeRow{Key: grid(1), Seq: 1}) },
		"delete scope":    func(w store.Writer) error { return w.DeleteScope(grid(1), 1, id(1)) },
		"put document":    func(w store.Writer) error { return w.PutDocument("changes", []byte{1}, nil) },
		"delete document": func(w store.Writer) error { return w.DeleteDocument("changes", []byte{1}) },
		"set head":        func(w store.Writer) error { return w.SetHead(w.Head()) },
	}
	walks := map[string]func(r store.Reader, f func()) error{
		"records": func(r store.Reader, f func()) error { return r.Records(func(store.Record) bool { f(); return true }) },
		"entries": func(r store.Reader, f func()) error { return r.Entries(0, func(store.Entry) bool { f(); return true }) },
		"documents": func(r store.Reader, f func()) error {
			return r.Documents("changes", nil, nil, func(store.Document) bool { f(); return true })
		},
	}
	for writeName, write := range writes {
		for walkName, walk := range walks {
			untouched(t, s, func(w store.Writer) error {
				return walk(w, func() {
					if err := write(w); err == nil {
						t.Errorf("%s inside a walk over the %s was accepted", writeName, walkName)
					}
				})
			})
		}
		update(t, s, func(w store.Writer) error {
			mustNot(w.Records(func(store.Record) bool { return false }))
			return write(w) // After the walk it is welcome.
		})
	}
}

func walkEndsWithContext(t *testing.T, s store.Store) {
	changes(t, s, 1, 5)
	for name, walk := range map[string]func(r store.Reader, f func() bool) error{
		"records": func(r store.Reader, f func() bool) error { return r.Records(func(store.Record) bool { return f() }) },
		"entries": func(r store.Reader, f func() bool) error { return r.Entries(0, func(store.Entry) bool { return f() }) },
		"documents": func(r store.Reader, f func() bool) error {
			return r.Documents("changes", nil, nil, func(store.Document) bool { return f() })
		},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		rows := 0
		err := s.View(ctx, func(r store.Reader) error {
			return walk(r, func() bool {
				if rows++; rows == 2 {
					cancel()
				}
				return true
			})
		})
		if rows != 2 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d rows after a cancel at the second, error %v", name, rows, err)
		}
	}
}
