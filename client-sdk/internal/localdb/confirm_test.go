package localdb_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// madeHere is a record as an author's commit leaves it, before any server has seen it.
func madeHere(n int) localdb.Record {
	return localdb.Record{ID: id(n), Kind: 2, View: []byte("view"), Territory: id(90), State: 3, Due: 4, Mine: true, Pending: 1}
}

func confirmedAs(n int, keys ...localdb.KeyID) *localdb.Record {
	return &localdb.Record{ID: id(n), Kind: 2, Seq: 7, Base: []byte("base"), Keys: keys, Territory: id(90)}
}

func TestConfirmRecord_WhatTheAuthorSawBecomesBase(t *testing.T) {
	db := open(t)
	var key localdb.KeyID
	update(t, db, func(tx *localdb.Tx) (err error) {
		if key, err = tx.InternKey(syncengine.TerritoryKey(id(90))); err != nil {
			return err
		}
		return tx.PutRecord(madeHere(1))
	})
	update(t, db, func(tx *localdb.Tx) error {
		if done, err := tx.ConfirmRecord(confirmedAs(1, key)); !done || err != nil {
			t.Errorf("confirmed %v, %v", done, err)
		}
		return nil
	})
	want := localdb.Record{
		ID: id(1), Kind: 2, Seq: 7, Base: []byte("base"), Keys: []localdb.KeyID{key}, Territory: id(90), State: 3, Due: 4, Mine: true,
	}
	view(t, db, func(tx *localdb.Tx) error {
		if got, ok, err := tx.Record(id(1)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, %v, want %+v", got, ok, err, want)
		}
		if keys, ok, err := tx.BaseKeys(id(1)); !ok || !reflect.DeepEqual(keys, want.Keys) {
			t.Errorf("keys %v, %v, %v", keys, ok, err)
		}
		return nil
	})
}

func TestConfirmRecord_TakesNoOtherRecord(t *testing.T) {
	cases := map[string]func(*localdb.Record){
		"one with a base":              func(r *localdb.Record) { r.Base = []byte("older") },
		"one with two changes pending": func(r *localdb.Record) { r.Pending = 2 },
		"one in another territory":     func(r *localdb.Record) { r.Territory = id(91) },
		"one of another kind":          func(r *localdb.Record) { r.Kind = 3 },
		"one that is not there":        func(r *localdb.Record) { r.ID = id(2) },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			row := madeHere(1)
			change(&row)
			update(t, db, func(tx *localdb.Tx) error { return tx.PutRecord(row) })
			update(t, db, func(tx *localdb.Tx) error {
				if done, err := tx.ConfirmRecord(confirmedAs(1)); done || err != nil {
					t.Errorf("confirmed %v, %v", done, err)
				}
				return nil
			})
			view(t, db, func(tx *localdb.Tx) error {
				if got, ok, err := tx.Record(row.ID); !ok || !reflect.DeepEqual(got, row) {
					t.Errorf("got %+v, %v, %v, want %+v", got, ok, err, row)
				}
				return nil
			})
		})
	}
}

func TestConfirmRecord_WhatIsStagedStaysUnseen(t *testing.T) {
	db := open(t)
	update(t, db, func(tx *localdb.Tx) error {
		return tx.StageRecord(localdb.Record{ID: id(1), Kind: 2, Base: []byte("staged"), Territory: id(90)})
	})
	update(t, db, func(tx *localdb.Tx) error {
		if done, err := tx.ConfirmRecord(confirmedAs(1)); done || err != nil {
			t.Errorf("confirmed %v, %v", done, err)
		}
		if _, ok, err := tx.BaseKeys(id(1)); ok || err != nil {
			t.Errorf("keys of a staged base: %v, %v", ok, err)
		}
		return nil
	})
}

// The next row is tried first. In whatever order records are confirmed, each is confirmed as itself, and what lies
// between that is no such record stays as it is.
func TestConfirmRecord_TakesRecordsInAnyOrder(t *testing.T) {
	const count = 60
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 3))
		db := open(t)
		want := map[syncengine.ID]localdb.Record{}
		update(t, db, func(tx *localdb.Tx) error {
			for n := range count {
				r := madeHere(n)
				if random.IntN(5) == 0 {
					r.Pending = 2
				}
				want[r.ID] = r
				if err := tx.PutRecord(r); err != nil {
					return err
				}
			}
			return nil
		})
		order := make([]int, count)
		for n := range order {
			order[n] = n
		}
		for range seed * 5 {
			a, b := random.IntN(count), random.IntN(count)
			order[a], order[b] = order[b], order[a]
		}
		update(t, db, func(tx *localdb.Tx) error {
			for _, n := range order {
				as := confirmedAs(n)
				as.Base = fmt.Append(nil, "base ", n)
				r := want[as.ID]
				done, err := tx.ConfirmRecord(as)
				if done != (r.Pending == 1) || err != nil {
					t.Errorf("seed %d: record %d with %d pending is confirmed: %v, %v", seed, n, r.Pending, done, err)
				}
				if done {
					r.Base, r.Seq, r.View, r.Pending = as.Base, as.Seq, nil, 0
					want[as.ID] = r
				}
			}
			return nil
		})
		view(t, db, func(tx *localdb.Tx) error {
			for id, r := range want {
				if got, ok, err := tx.Record(id); !ok || err != nil || !reflect.DeepEqual(got, r) {
					t.Errorf("seed %d: record %s is %+v, %v, %v, want %+v", seed, id, got, ok, err, r)
				}
			}
			return nil
		})
	}
}
