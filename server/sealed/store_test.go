package sealed_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/storetest"
	"onedoor/syncengine"
)

func TestStore_IsAStoreLikeAnyOther(t *testing.T) {
	storetest.Run(t, func(t testing.TB) store.Store {
		// A schema that knows no kind has every change sealed, and no record, of which the suite's are none.
		o := options(key)
		o.Schema = &schema.Schema{}
		st, err := sealed.Open(t.Context(), memstore.New(), o)
		if err != nil {
			t.Fatal(err)
		}
		return st
	})
}

func TestStore_HoldsNoContactAndGivesTheExactBytesBack(t *testing.T) {
	w := newWorld(t)
	entries := []store.Entry{
		entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, plantedPhone)),
		entry(t, 2, store.EntryQuarantined, 2, patch(t, plantedName, plantedPhone)),
		entry(t, 3, store.EntryMerged, 3, patch(t, "", "")),
	}
	broken := entry(t, 4, store.EntryQuarantined, 4, patch(t, plantedName, ""))
	broken.Body = append([]byte{0, 1}, []byte(plantedName)...) // Begins as sealed bytes do, and cannot be read.
	later := entry(t, 5, store.EntryQuarantined, 5, &syncv1.Patch{Fields: []byte("\xfa\xff\x07\x12" + plantedName)})
	entries = append(entries, broken, later)
	write(t, w.sealed, entries...)
	raw := w.raw()
	for _, text := range []string{plantedName, plantedPhone, string(entries[0].Salt)} {
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("the store holds %q", text)
		}
	}
	if !bytes.Contains(raw, entries[2].Body) || bytes.Count(raw, []byte("12345678")) != 1 {
		t.Error("what tells nobody was sealed, or the digest of contacts was not")
	}
	for _, want := range entries {
		if got, err := w.entryAt(want.Seq); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("entry %d: %+v, %v; want %+v", want.Seq, got, err, want)
		}
	}
	w.must(w.sealed.View(t.Context(), func(r store.Reader) error {
		var walked []store.Entry
		err := r.Entries(0, func(e store.Entry) bool { walked = append(walked, e); return true })
		if !reflect.DeepEqual(walked, entries) {
			t.Error("a walk gives other entries")
		}
		got, _, recErr := r.Record(id(1))
		if want := record(t, entries[0]); !reflect.DeepEqual(got, want) {
			t.Errorf("record %+v, want %+v", got, want)
		}
		digest, _, docErr := r.Document("digest", digestContact)
		last, _, lastErr := r.LastDocument("digest", digestContact)
		if string(digest) != "12345678" || string(last.Value) != "12345678" {
			t.Errorf("digest %q, as the last %q", digest, last.Value)
		}
		return errors.Join(err, recErr, docErr, lastErr)
	}))
}

func TestStore_EqualHistoriesGiveEqualBytes(t *testing.T) {
	made := func() []byte {
		w := newWorld(t)
		write(t, w.sealed, entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, plantedPhone)))
		return w.raw()
	}
	if !bytes.Equal(made(), made()) {
		t.Error("two stores with the same history differ")
	}
}

func TestStore_WhatWasAlteredOrMovedDoesNotOpen(t *testing.T) {
	spoil := map[string]func(w store.Writer, a, b store.Entry) error{
		"an altered body": func(w store.Writer, a, _ store.Entry) error {
			a.Body[len(a.Body)-1] ^= 1
			return w.RewriteEntry(a)
		},
		"another change's body": func(w store.Writer, a, b store.Entry) error {
			a.Body = b.Body
			return w.RewriteEntry(a)
		},
		"a cut body": func(w store.Writer, a, _ store.Entry) error {
			a.Body = a.Body[:10]
			return w.RewriteEntry(a)
		},
	}
	for name, f := range spoil {
		w := newWorld(t)
		write(t, w.sealed, entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, "")), entry(t, 2, store.EntryApplied, 2, patch(t, plantedName, "")))
		w.must(w.inner.Update(t.Context(), func(tx store.Writer) error {
			a, _, err := tx.Entry(1)
			b, _, e := tx.Entry(2)
			return errors.Join(err, e, f(tx, a, b))
		}))
		if _, err := w.entryAt(1); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t)
	write(t, w.sealed, entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, "")), entry(t, 2, store.EntryApplied, 2, patch(t, plantedName, "")))
	w.must(w.inner.Update(t.Context(), func(tx store.Writer) error {
		one, _, err := tx.Record(id(1))
		two, _, e := tx.Record(id(2))
		one.Body = two.Body
		return errors.Join(err, e, tx.PutRecord(one))
	}))
	err := w.sealed.View(t.Context(), func(r store.Reader) error {
		_, _, err := r.Record(id(1))
		return err
	})
	if !errors.Is(err, store.ErrDamaged) {
		t.Errorf("another record's values: %v", err)
	}
}

func TestLookup_FindsRecordsThatEverNamedANumber(t *testing.T) {
	w := newWorld(t)
	write(t, w.sealed,
		entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, "+86 138-0013-8000")),
		entry(t, 2, store.EntryMerged, 1, patch(t, plantedName, otherPhone)), // Covers the number before.
		entry(t, 3, store.EntryQuarantined, 2, patch(t, plantedName, "１３８００１３８０００")),
		entry(t, 4, store.EntryApplied, 3, patch(t, plantedName, "0888-5123456 / "+otherPhone)),
	)
	for phone, want := range map[string][]syncengine.ID{
		plantedPhone: {id(1), id(2)}, "138 0013 8000": {id(1), id(2)}, otherPhone: {id(1), id(3)}, "08885123456": {id(3)}, "13700137000": nil, "": nil,
	} {
		if got := w.lookup(phone); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", phone, got, want)
		}
	}
	// An erased change names nobody any more.
	w.must(w.sealed.Update(t.Context(), func(tx store.Writer) error {
		e, _, err := tx.Entry(3)
		e.Salt, e.Body = nil, nil
		return errors.Join(err, tx.RewriteEntry(e))
	}))
	if got := w.lookup(plantedPhone); !slices.Equal(got, []syncengine.ID{id(1)}) {
		t.Errorf("after the erasure: %v", got)
	}
	err := w.inner.View(t.Context(), func(r store.Reader) error {
		_, err := sealed.Lookup(r, plantedPhone)
		return err
	})
	if !errors.Is(err, sealed.ErrNoIndex) {
		t.Errorf("without the keys: %v", err)
	}
}
