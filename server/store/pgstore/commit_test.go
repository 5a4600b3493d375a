package pgstore_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// change writes an entry with its record, its scope row, a document, a count of all changes and the head: half a
// transaction, one that is applied twice and one that is lost all show.
func change(w store.Writer) error {
	seq := w.Head().Seq + 1
	id := syncengine.ID{14: byte(seq >> 8), 15: byte(seq)}
	if err := w.Append(store.Entry{Seq: seq, Type: store.EntryApplied, RecordID: id, Body: fmt.Appendf(nil, "body of %d", seq)}); err != nil {
		return err
	}
	if err := w.PutRecord(store.Record{ID: id, Seq: seq, Body: fmt.Appendf(nil, "record of %d", seq)}); err != nil {
		return err
	}
	if err := w.PutScope(store.ScopeRow{Key: "R", Seq: seq, RecordID: id, Type: store.RowPresent, Entered: seq}); err != nil {
		return err
	}
	count, _, err := w.Document("count", nil)
	if err != nil {
		return err
	}
	if err := w.PutDocument("count", nil, append(count, '.')); err != nil {
		return err
	}
	return w.SetHead(store.Head{Epoch: 1, Seq: seq, Tag: store.Tag{byte(seq)}, Committed: syncengine.UnixMilli(seq)})
}

// commit writes changes in one update.
func commit(s store.Store, changes int) error {
	return s.Update(ctx, func(w store.Writer) error {
		for range changes {
			if err := change(w); err != nil {
				return err
			}
		}
		return nil
	})
}

// newest gives how many changes a store holds, and fails the test where they are not whole.
func newest(t *testing.T, s store.Store) (n syncengine.Seq) {
	t.Helper()
	err := s.View(ctx, func(r store.Reader) error {
		n = r.Head().Seq
		next := syncengine.Seq(1)
		if err := r.Entries(0, func(e store.Entry) bool { next++; return e.Seq == next-1 }); err != nil || next != n+1 {
			return fmt.Errorf("the log is dense up to %d, the head is %d: %w", next-1, n, err)
		}
		records := syncengine.Seq(0)
		if err := r.Records(func(store.Record) bool { records++; return true }); err != nil || records != n {
			return fmt.Errorf("%d records, the head is %d: %w", records, n, err)
		}
		rows, err := r.Scope(nil, "R", 0, 1<<20)
		if err != nil || len(rows) != int(n) {
			return fmt.Errorf("%d scope rows, the head is %d: %w", len(rows), n, err)
		}
		count, _, err := r.Document("count", nil)
		if err != nil || len(count) != int(n) {
			return fmt.Errorf("%d changes were counted, the head is %d: %w", len(count), n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// head gives the seq at which a store stands.
func head(t *testing.T, s store.Store) (seq syncengine.Seq) {
	t.Helper()
	must(t, s.View(ctx, func(r store.Reader) error { seq = r.Head().Seq; return nil }))
	return seq
}

// noise fills bytes that no engine can pack.
func noise(b []byte, seed uint64) {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(b) // It never fails.
}

// lockedText takes a log while stores write to it.
type lockedText struct {
	// mu guards text.
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
