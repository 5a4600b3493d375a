package storetest

import (
	"bytes"
	"testing"

	"onedoor/server/store"
)

// lending lends records whose bodies grow and shrink, those that stand behind one another and those that do not.
func lending(t *testing.T, s store.Store) {
	var recs []store.Record
	for i, n := range []int{3, 0, 500, 20, 70_000, 40, 40, 1} {
		recs = append(recs, store.Record{ID: id(byte(i + 1)), Kind: 2, Seq: 1, Body: bytes.Repeat([]byte{byte('a' + i)}, n)})
	}
	update(t, s, func(w store.Writer) error {
		mustNot(w.Append(store.Entry{Seq: 1}))
		return w.PutRecord(recs...)
	})
	for range 2 {
		view(t, s, func(r store.Reader) {
			for i := range 3 * len(recs) {
				wantLent(t, r, recs[i*i%len(recs)])
				wantLent(t, r, recs[i%len(recs)])
			}
			if _, ok, err := store.Lend(r, id(99)); ok || err != nil {
				t.Errorf("a record that is not there: found %v, error %v", ok, err)
			}
		})
	}
}

// wantLent lends a record, reads it as a caller's own beside that, and wants to find the same.
func wantLent(t *testing.T, r store.Reader, want store.Record) {
	t.Helper()
	got, ok, err := store.Lend(r, want.ID)
	own, _, ownErr := r.Record(want.ID)
	if err != nil || ownErr != nil || !ok {
		t.Fatalf("lend %v: found %v, errors %v and %v", want.ID, ok, err, ownErr)
	}
	if got.ID != want.ID || got.Kind != want.Kind || got.Seq != want.Seq || !bytes.Equal(got.Body, want.Body) || !bytes.Equal(own.Body, want.Body) {
		t.Fatalf("record %v was lent with %d bytes and read with %d, want %d", want.ID, len(got.Body), len(own.Body), len(want.Body))
	}
	spoil([][]byte{own.Body})
	if !bytes.Equal(got.Body, want.Body) {
		t.Fatalf("record %v shares what was lent with what is the caller's", want.ID)
	}
}
