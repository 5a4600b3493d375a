package localdb_test

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// matches is Query in plain words, against which the SQL is held.
func matches(q localdb.Query, r localdb.Record) bool {
	return (q.Kind == 0 || r.Kind == q.Kind) &&
		(len(q.Territories) == 0 || slices.Contains(q.Territories, r.Territory)) &&
		(len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
		(q.DueTo == 0 || r.Due != 0 && r.Due <= q.DueTo) &&
		(!q.Mine || r.Mine) && (!q.Pending || r.Pending > 0) && (q.Dead || !r.Dead)
}

func compareFor(order localdb.Order) func(a, b localdb.Record) int {
	oldest := func(a, b localdb.Record) int { return slices.Compare(a.ID[:], b.ID[:]) }
	never := func(r localdb.Record) int {
		if r.Due == 0 {
			return 1
		}
		return 0
	}
	switch order {
	case localdb.OrderNewest:
		return func(a, b localdb.Record) int { return -oldest(a, b) }
	case localdb.OrderDue:
		return func(a, b localdb.Record) int {
			return cmp.Or(cmp.Compare(never(a), never(b)), cmp.Compare(a.Due, b.Due), oldest(a, b))
		}
	}
	return oldest
}

func someRecord(random *rand.Rand, n int) localdb.Record {
	r := localdb.Record{
		ID: id(n), Kind: syncengine.KindNumber(1 + random.IntN(2)), Seq: syncengine.Seq(n), Base: []byte{byte(n), 1},
		State: int32(random.IntN(4)), Due: syncengine.UnixMilli(random.IntN(4) * 100),
		Mine: random.IntN(3) == 0, Dead: random.IntN(6) == 0, Pending: uint32(max(0, random.IntN(6)-3)),
	}
	if at := random.IntN(5); at > 0 {
		r.Territory = id(1000 + at)
	}
	if r.Pending > 0 {
		r.View = []byte{byte(n), 2}
	}
	return r
}

func someQuery(random *rand.Rand) (q localdb.Query) {
	maybe := func(set func()) {
		if random.IntN(3) == 0 {
			set()
		}
	}
	maybe(func() { q.Kind = syncengine.KindNumber(1 + random.IntN(3)) })
	for range random.IntN(4) {
		q.Territories = append(q.Territories, id(1000+random.IntN(6)))
	}
	for range random.IntN(3) {
		q.States = append(q.States, int32(random.IntN(5)))
	}
	maybe(func() { q.DueTo = syncengine.UnixMilli(1 + random.IntN(350)) })
	maybe(func() { q.Mine = true })
	maybe(func() { q.Pending = true })
	maybe(func() { q.Dead = true })
	q.Order = localdb.Order(random.IntN(3))
	return q
}

func TestList_GivesWhatTheQuerySaysAndNothingElse(t *testing.T) {
	db := open(t)
	random := rand.New(rand.NewPCG(4, 4))
	var records []localdb.Record
	update(t, db, func(tx *localdb.Tx) error {
		for n := 1; n <= 300; n++ {
			r := someRecord(random, n)
			records = append(records, r)
			if err := tx.PutRecord(r); err != nil {
				return err
			}
			if err := tx.StageRecord(localdb.Record{ID: id(n + 5000), Kind: 1, Base: []byte{1}}); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx *localdb.Tx) error {
		found := 0
		for range 300 {
			q := someQuery(random)
			var want []localdb.Record
			for _, r := range records {
				if matches(q, r) {
					want = append(want, r)
				}
			}
			slices.SortFunc(want, compareFor(q.Order))
			if got := collect(t, tx.List(q)); !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v: %v, want %v", q, idsOf(got), idsOf(want))
			}
			if n, err := tx.Count(q); n != len(want) || err != nil {
				t.Fatalf("%+v: counted %d, %v, want %d", q, n, err, len(want))
			}
			found += len(want)
		}
		if found < 1000 {
			t.Fatalf("%d records found in all: the queries show little", found)
		}
		return nil
	})
}

func TestList_TooManyValuesAreRefused(t *testing.T) {
	db := open(t)
	view(t, db, func(tx *localdb.Tx) error {
		for _, n := range []int{10_000, 10_001} {
			_, err := tx.Count(localdb.Query{Territories: make([]syncengine.ID, n)})
			if refused := errors.Is(err, localdb.ErrTooMany); refused != (n > 10_000) || !refused && err != nil {
				t.Errorf("%d: %v", n, err)
			}
		}
		return nil
	})
}
