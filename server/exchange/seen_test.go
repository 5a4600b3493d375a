package exchange_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestSeen_StandsUntilARecordOfTheKindsOrIdentityChanges(t *testing.T) {
	w := newWorld(t)
	look := func() (seen exchange.Seen) {
		t.Helper()
		w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
			seen, err = exchange.SeenIn(r)
			return err
		}))
		return seen
	}
	stands := func(seen exchange.Seen) (ok bool) {
		t.Helper()
		w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
			ok, err = seen.Stands(r, kindPremises)
			return err
		}))
		return ok
	}
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	at := p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.sync()
	seen := look()
	p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}})
	p.sync()
	if !stands(seen) {
		t.Error("a visit is none of the doors")
	}
	p.edit(kindPremises, at, door(w.gridA, "福慧路2号"))
	p.sync()
	if stands(seen) {
		t.Error("a door was changed")
	}
	seen = look()
	w.must(w.service.Update(w.ctx, func(store.Writer) error { return nil }))
	if stands(seen) {
		t.Error("identity was changed")
	}
	seen = look()
	_, err := exchange.BeginEpoch(w.ctx, w.store, exchange.Renewal{Now: syncengine.UnixMilli(w.now.UnixMilli())})
	w.must(err)
	if stands(seen) {
		t.Error("another epoch has begun")
	}
}
