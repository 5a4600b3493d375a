package memstore_test

import (
	"errors"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/storetest"
)

func TestStore_KeepsTheContract(t *testing.T) {
	storetest.Run(t, func(testing.TB) store.Store { return memstore.New() })
}

func TestLend_WhatWasLentIsSpoiltWhenTheNextIsLentAndAtTheEnd(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	one, two := store.Record{ID: [16]byte{1}, Seq: 1, Body: []byte("one")}, store.Record{ID: [16]byte{2}, Seq: 1, Body: []byte("two")}
	if err := s.Update(t.Context(), func(w store.Writer) error {
		return errors.Join(w.Append(store.Entry{Seq: 1}), w.PutRecord(one, two))
	}); err != nil {
		t.Fatal(err)
	}
	var first, second store.Record
	if err := s.View(t.Context(), func(r store.Reader) (err error) {
		if first, _, err = store.Lend(r, one.ID); err != nil || string(first.Body) != "one" {
			t.Errorf("lent %q, %v", first.Body, err)
		}
		second, _, err = store.Lend(r, two.ID)
		if string(first.Body) == "one" || string(second.Body) != "two" {
			t.Errorf("beside %q what was lent before still says %q", second.Body, first.Body)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if string(second.Body) == "two" {
		t.Error("what was lent can be read after the transaction")
	}
}
