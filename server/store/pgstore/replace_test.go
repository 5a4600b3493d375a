package pgstore_test

import (
	"context"
	"errors"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/pgstore"
)

// replaced has a store's realm take the place of the one in the database.
func replaced(from store.Store, o pgstore.Options, may func(store.Reader) error) error {
	return from.View(context.Background(), func(r store.Reader) error {
		_, err := pgstore.Replace(ctx, o, r.(store.Whole), may, nil)
		return err
	})
}

func TestReplace_AsksWhatStandsAndLeavesItWhereItMayNot(t *testing.T) {
	file := fileWith(t, nil)
	must(t, commit(file, 5))
	o := fresh(t)
	must(t, commit(mustCreate(t, o), 2))
	stays := errors.New("it stays")
	err := replaced(file, o, func(r store.Reader) error {
		if r.Head().Seq != 2 {
			t.Errorf("asked of a realm at %d", r.Head().Seq)
		}
		if _, ok, err := r.Entry(2); err != nil || !ok {
			t.Errorf("its log cannot be read: %v", err)
		}
		return stays
	})
	if !errors.Is(err, stays) {
		t.Errorf("replace: %v", err)
	}
	if n := newest(t, mustOpen(t, o)); n != 2 {
		t.Errorf("the realm is at %d", n)
	}
	must(t, replaced(file, o, func(store.Reader) error { return nil }))
	if n := newest(t, mustOpen(t, o)); n != 5 {
		t.Errorf("the realm that took its place is at %d", n)
	}
}

func TestReplace_WhoWritesMeanwhileWaitsAndWritesToTheNewRealm(t *testing.T) {
	file := fileWith(t, nil)
	must(t, commit(file, 5))
	o := fresh(t)
	there := mustCreate(t, o)
	must(t, commit(there, 2))
	written := make(chan error, 1)
	must(t, replaced(file, o, func(store.Reader) error {
		go func() { written <- commit(there, 1) }()
		return nil
	}))
	must(t, <-written)
	if n := newest(t, there); n != 6 {
		t.Errorf("the realm is at %d", n)
	}
}

func TestReplace_MakesARealmWhereNoneStands(t *testing.T) {
	file := fileWith(t, nil)
	must(t, commit(file, 5))
	o := fresh(t)
	must(t, replaced(file, o, func(store.Reader) error { t.Error("asked of no realm"); return nil }))
	if n := newest(t, mustOpen(t, o)); n != 5 {
		t.Errorf("the realm is at %d", n)
	}
}
