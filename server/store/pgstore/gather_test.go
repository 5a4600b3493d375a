package pgstore_test

import (
	"bytes"
	"context"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestGather_RecordsReadAheadAreThoseThatStand(t *testing.T) {
	s := mustCreate(t, fresh(t))
	ctx := context.Background()
	var ids []syncengine.ID
	put := func(text string) {
		err := s.Update(ctx, func(w store.Writer) error {
			for i := range byte(5) {
				if err := w.PutRecord(store.Record{ID: syncengine.ID{i + 1}, Kind: 2, Seq: 0, Body: []byte{i, text[0]}}); err != nil {
					return err
				}
			}
			// A transaction that writes is told what it wrote, whatever it was told it would be asked.
			if err := store.Gather(w, store.Questions{Records: ids}); err != nil {
				return err
			}
			if err := w.PutRecord(store.Record{ID: syncengine.ID{1}, Kind: 2, Body: []byte{0, text[0], '!'}}); err != nil {
				return err
			}
			if rec, ok, err := w.Record(syncengine.ID{1}); err != nil || !ok || !bytes.Equal(rec.Body, []byte{0, text[0], '!'}) {
				t.Errorf("its own write is told as %v, %v, %v", rec, ok, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range byte(7) { // The last two are no records.
		ids = append(ids, syncengine.ID{i + 1})
	}
	put("a")
	put("b")
	err := s.View(ctx, func(r store.Reader) error {
		if err := store.Gather(r, store.Questions{Records: ids}); err != nil {
			return err
		}
		for round := range 2 { // The second time they are read one by one.
			for i, id := range ids {
				rec, ok, err := r.Record(id)
				want := []byte{byte(i), 'b'}
				if i == 0 {
					want = append(want, '!')
				}
				if err != nil || ok != (i < 5) || ok && (rec.ID != id || rec.Kind != 2 || !bytes.Equal(rec.Body, want)) {
					t.Errorf("round %d: record %d is %v, %v, %v", round, i, rec, ok, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
