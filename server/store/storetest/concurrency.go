package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

var concurrencyRules = []rule{
	{"WritersTakeTurnsAndLoseNothing", writersTakeTurns},
	{"NoReaderSeesAGapOrHalfAnUpdate", noReaderSeesAGap},
	{"ViewsRunBesideAWaitingUpdate", viewsBesideUpdate},
}

const (
	writersMany    = 4
	updatesEach    = 30
	entriesPerTurn = 3
)

// turn appends entries and counts them in a document: a lost update shows in
// the counter, half an update in their difference.
func turn(w store.Writer) error {
	value, _, err := w.Document("counter", nil)
	if err != nil {
		return err
	}
	count := counter(value)
	for range entriesPerTurn {
		seq := w.Head().Seq + 1
		if err := w.Append(store.Entry{Seq: seq, RecordID: id(1)}); err != nil {
			return err
		}
		if err := w.PutScope(store.ScopeRow{Key: grid(1), Seq: seq, RecordID: id(1)}); err != nil {
			return err
		}
		count++
	}
	if err := w.PutRecord(store.Record{ID: id(1), Seq: w.Head().Seq}); err != nil {
		return err
	}
	return w.PutDocument("counter", nil, binary.BigEndian.AppendUint64(nil, count))
}

func counter(value []byte) uint64 {
	if len(value) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

// write runs many writers at once; each rolls back some of its turns.
func write(t *testing.T, s store.Store) {
	var writers sync.WaitGroup
	var inside atomic.Int32
	for range writersMany {
		writers.Go(func() {
			for n := range updatesEach {
				err := s.Update(context.Background(), func(w store.Writer) error {
					if inside.Add(1) != 1 {
						t.Error("two updates run at once")
					}
					defer inside.Add(-1)
					if err := turn(w); err != nil {
						return err
					}
					if n%3 == 2 {
						return errStop
					}
					return nil
				})
				if want := n%3 == 2; errors.Is(err, errStop) != want || err != nil && !want {
					t.Errorf("update: %v", err)
				}
			}
		})
	}
	writers.Wait()
}

// turnsKept is how many entries write leaves behind.
const turnsKept = writersMany * updatesEach / 3 * 2 * entriesPerTurn

func writersTakeTurns(t *testing.T, s store.Store) {
	write(t, s)
	view(t, s, func(r store.Reader) {
		if problem := whole(r); problem != "" {
			t.Error(problem)
		}
		same(t, "head", r.Head().Seq, turnsKept, nil)
	})
}

// whole says what is wrong with a state: a gap, or half an update.
func whole(r store.Reader) string {
	last := r.Head().Seq
	next := syncengine.Seq(1)
	mustNot(r.Entries(0, func(e store.Entry) bool {
		if e.Seq != next {
			return false
		}
		next++
		return true
	}))
	if next != last+1 {
		return fmt.Sprintf("the log is dense up to %d, the head is %d", next-1, last)
	}
	if _, beyond, err := r.Entry(last + 1); beyond || err != nil {
		return fmt.Sprintf("entry %d above the head: found %v, error %v", last+1, beyond, err)
	}
	value, _, err := r.Document("counter", nil)
	mustNot(err)
	if n := counter(value); n != uint64(last) || n%entriesPerTurn != 0 {
		return fmt.Sprintf("the counter is %d, the head %d", n, last)
	}
	rec, _, err := r.Record(id(1))
	mustNot(err)
	rows := must(r.Scope(nil, grid(1), 0, everything))
	if rec.Seq != last || len(rows) != int(last) {
		return fmt.Sprintf("the record is at %d with %d scope rows, the head is %d", rec.Seq, len(rows), last)
	}
	return ""
}

func noReaderSeesAGap(t *testing.T, s store.Store) {
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			var seen syncengine.Seq
			for running := true; running; {
				select {
				case <-done:
					running = false // One last look at the end.
				default:
				}
				err := s.View(context.Background(), func(r store.Reader) error {
					if problem := whole(r); problem != "" {
						return errors.New(problem)
					}
					if r.Head().Seq < seen {
						return fmt.Errorf("the head went back from %d to %d", seen, r.Head().Seq)
					}
					seen = r.Head().Seq
					return nil
				})
				if err != nil {
					t.Errorf("view: %v", err)
					return
				}
			}
			same(t, "head at the end", seen, turnsKept, nil)
		})
	}
	write(t, s)
	close(done)
	readers.Wait()
}

func viewsBesideUpdate(t *testing.T, s store.Store) {
	changes(t, s, 1, 1)
	update(t, s, func(w store.Writer) error {
		mustNot(change(w, 2))
		var views sync.WaitGroup
		for range 30 { // More than any pool of readers.
			views.Go(func() { view(t, s, func(r store.Reader) { same(t, "head", r.Head().Seq, 1, nil) }) })
		}
		views.Wait()
		return nil
	})
}
