package memstore_test

import (
	"context"
	"encoding/binary"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// BenchmarkUpdate is the simulator's use: one change a transaction, on a realm
// that grows, with a view after each.
func BenchmarkUpdate(b *testing.B) {
	s := memstore.New()
	body := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		err := s.Update(context.Background(), func(w store.Writer) error {
			seq := w.Head().Seq + 1
			var id syncengine.ID
			binary.BigEndian.PutUint64(id[:], uint64(seq)*0x9e3779b97f4a7c15)
			if err := w.Append(store.Entry{Seq: seq, RecordID: id, Body: body}); err != nil {
				return err
			}
			if err := w.PutRecord(store.Record{ID: id, Seq: seq, Body: body}); err != nil {
				return err
			}
			return w.PutScope(store.ScopeRow{Key: syncengine.RecordKey(id), Seq: seq, RecordID: id})
		})
		if err != nil {
			b.Fatal(err)
		}
		err = s.View(context.Background(), func(r store.Reader) error {
			_, _, err := r.Entry(r.Head().Seq)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
