package sqlitestore_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Records are read behind one another where they stand so, and looked up where they do not: what is given is the same.
func TestRecord_IsTheOneAskedForWhereverTheOneBeforeStood(t *testing.T) {
	s, _ := create(t)
	defer mustClose(t, s)
	const made = 200
	// Rows follow one another in the order of writing, which jumps about among the ids; every id ending in 9 has no record.
	id := func(n int) syncengine.ID { return syncengine.ID{14: byte(n * 37 >> 8), 15: byte(n * 37)} }
	body := func(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 1+n%50) }
	exists := func(n int) bool { return n%10 != 9 }
	err := s.Update(context.Background(), func(w store.Writer) error {
		for n := range made {
			if !exists(n) {
				continue
			}
			if err := w.PutRecord(store.Record{ID: id(n), Kind: 2, Seq: syncengine.Seq(n), Body: body(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		err := s.View(context.Background(), func(r store.Reader) error {
			at := 0
			for range rapid.IntRange(1, 60).Draw(t, "asks") {
				at += rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 1, 1, 0, 2, -5, 40}).Draw(t, "on by")
				n := (at%made + made) % made
				rec, ok, err := r.Record(id(n))
				if err != nil || ok != exists(n) {
					return fmt.Errorf("record %d: found %v, %w", n, ok, err)
				}
				if ok && (rec.ID != id(n) || rec.Seq != syncengine.Seq(n) || !bytes.Equal(rec.Body, body(n))) {
					return fmt.Errorf("asked for record %d: %+v", n, rec)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestRecord_AWriterSeesWhatItWroteBehindTheRecordItReadLast(t *testing.T) {
	s, _ := create(t)
	defer mustClose(t, s)
	err := s.Update(context.Background(), func(w store.Writer) error {
		for n := range byte(20) {
			if err := w.PutRecord(store.Record{ID: syncengine.ID{15: n}, Kind: 2, Body: []byte{n}}); err != nil {
				return err
			}
		}
		for n := range byte(20) {
			if rec, ok, err := w.Record(syncengine.ID{15: n}); err != nil || !ok || rec.Body[0] != n {
				return fmt.Errorf("record %d: %+v, %w", n, rec, err)
			}
			next := store.Record{ID: syncengine.ID{15: n + 1}, Kind: 2, Body: []byte{n + 1}}
			if err := w.PutRecord(next); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
