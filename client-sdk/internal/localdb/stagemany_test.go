package localdb_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// manyOf makes staged records, some of one id, most under a key and some under none.
func manyOf(random *rand.Rand, count, ids int, word string, keys []localdb.KeyID) (out []localdb.Record) {
	for n := range count {
		var under []localdb.KeyID
		if random.IntN(50) > 0 {
			under = keys[random.IntN(len(keys)):][:1]
		}
		out = append(out, localdb.Record{
			ID: id(1 + random.IntN(ids)), Kind: syncengine.KindNumber(1 + random.IntN(3)), Seq: syncengine.Seq(n + 1),
			Base: fmt.Appendf(nil, "%s %d", word, n), State: int32(random.IntN(3)), Dead: random.IntN(9) == 0,
			Territory: id(900 + random.IntN(2)), Search: true, Keys: under,
		})
	}
	return out
}

// What a list of records leaves staged in one call, it leaves staged one by one: on an empty phone, on one that shows
// some of them, that has some staged or to go, and where the numbers of deleted rows are given out again below what the
// index of search has come to.
func TestStageRecords_IsStageRecordForEach(t *testing.T) {
	stageAll := func(tx *localdb.Tx, list []localdb.Record) error { return tx.StageRecords(list) }
	stageEach := func(tx *localdb.Tx, list []localdb.Record) error {
		for _, r := range list {
			if err := tx.StageRecord(r); err != nil {
				return err
			}
		}
		return nil
	}
	for seed := range uint64(12) {
		var first []localdb.Record
		for _, stage := range []func(*localdb.Tx, []localdb.Record) error{stageEach, stageAll} {
			got := stagedBy(t, rand.New(rand.NewPCG(seed, 5)), stage)
			if first == nil {
				first = got
			}
			if !reflect.DeepEqual(got, first) {
				t.Fatalf("seed %d: staged at once %d records are left, one by one %d:\n%+v\n%+v", seed, len(got), len(first), got, first)
			}
		}
	}
}

// stagedBy has a phone live through some pulls and gives what it shows in the end, which search must find.
func stagedBy(t *testing.T, random *rand.Rand, stage func(*localdb.Tx, []localdb.Record) error) (shown []localdb.Record) {
	db := open(t)
	var last []localdb.Record
	var keys []localdb.KeyID
	update(t, db, func(tx *localdb.Tx) error {
		for n := range 3 {
			key, err := tx.InternKey(syncengine.TerritoryKey(id(n)))
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return nil
	})
	for pull := range 4 {
		ids := []int{400, 40, 60, 1000}[random.IntN(4)]
		update(t, db, func(tx *localdb.Tx) error { return stage(tx, manyOf(random, 20+random.IntN(60), ids, "early", keys)) })
		update(t, db, func(tx *localdb.Tx) error {
			for range 10 {
				if err := tx.StageGone(id(1 + random.IntN(ids))); err != nil {
					return err
				}
			}
			last = manyOf(random, 16+random.IntN(40), ids, fmt.Sprint("late ", pull), keys)
			if err := stage(tx, last); err != nil {
				return err
			}
			if err := tx.StageFilled(keys[0]); err != nil {
				return err
			}
			_, err := tx.Switch(keys[:1+random.IntN(len(keys))])
			return err
		})
		if random.IntN(3) == 0 {
			continue
		}
		update(t, db, indexAll(shownText))
		update(t, db, func(tx *localdb.Tx) error {
			for _, r := range last {
				if err := tx.StageGone(r.ID); err != nil {
					return err
				}
			}
			_, err := tx.Switch(nil)
			return err
		})
	}
	update(t, db, indexAll(shownText))
	view(t, db, func(tx *localdb.Tx) error {
		shown = collect(t, tx.Records())
		for _, r := range shown {
			if found := idsOf(collect(t, tx.Search(string(r.Shown()), shownText))); !slices.Contains(found, r.ID) {
				t.Errorf("%q does not find %s", r.Shown(), r.ID)
			}
		}
		return nil
	})
	slices.SortFunc(shown, func(a, b localdb.Record) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return shown
}

func TestSwitch_WhatTheFirstFillBringsUnderNoKeyOfTheViewLeaves(t *testing.T) {
	for name, stray := range map[string]int{"under no key": 0, "under another key": 1} {
		db := open(t)
		update(t, db, func(tx *localdb.Tx) error {
			held, err := tx.InternKey(syncengine.TerritoryKey(id(1)))
			if err != nil {
				return err
			}
			other, err := tx.InternKey(syncengine.TerritoryKey(id(2)))
			if err != nil {
				return err
			}
			var list []localdb.Record
			for n := range localdb.StagedAtOnce {
				list = append(list, localdb.Record{ID: id(n + 1), Kind: 1, Seq: 1, Base: []byte("base"), Keys: []localdb.KeyID{held}})
			}
			list[3].Keys = []localdb.KeyID{other}[:stray]
			if err := tx.StageRecords(list); err != nil {
				return err
			}
			_, err = tx.Switch([]localdb.KeyID{held})
			return err
		})
		view(t, db, func(tx *localdb.Tx) error {
			if left := collect(t, tx.Records()); len(left) != localdb.StagedAtOnce-1 {
				t.Errorf("%s: %d records are shown", name, len(left))
			}
			return nil
		})
	}
}
