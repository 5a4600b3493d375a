package exchange_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// ways a store becomes what a copy of it holds, which knows no view that a phone got later.
var ways = map[string]func(*world, *memstore.Store){
	"put back without a word": func(w *world, b *memstore.Store) { w.putBack(b) },
	"restored":                func(w *world, b *memstore.Store) { w.restore(b) },
}

// reassign gives a user another territory.
func (w *world) reassign(user, territory syncengine.ID, at syncengine.UnixMilli) {
	w.t.Helper()
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		if err != nil {
			return err
		}
		u.TerritoryID = territory
		if err := identity.PutUser(tx, u); err != nil {
			return err
		}
		_, err = identity.RefreshGrants(tx, user, at)
		return err
	}))
}

// moveDoor has the server put a door into another territory.
func (w *world) moveDoor(id, to syncengine.ID) {
	w.t.Helper()
	_, err := w.service.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{
		RecordID: id, Kind: kindPremises, Fields: &recordv1.Premises{Territory: to[:]},
	}})
	w.must(err)
}

func TestExchange_AStoreThatDoesNotKnowThePhonesViewStillTellsWhatChanged(t *testing.T) {
	for name, goBack := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			officer := w.phone(w.user(recordv1.Role_ROLE_POLICE_OFFICER, w.gridA))
			stays, moves := officer.create(kindPremises, door(w.gridA, "1")), officer.create(kindPremises, door(w.gridA, "2"))
			officer.sync()
			p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
			b := w.copied()
			p.sync()
			goBack(w, b)
			w.moveDoor(moves, w.gridB)
			officer.sync()
			added := officer.create(kindPremises, door(w.gridA, "3"))
			officer.sync()
			p.sync()
			if p.have[stays] == nil || p.have[added] == nil || !p.gone[moves] {
				t.Errorf("it holds the old door: %v, the new one: %v; it was told that one left: %v", p.have[stays] != nil, p.have[added] != nil, p.gone[moves])
			}
			w.verify()
		})
	}
}

func TestExchange_AStoreThatDoesNotKnowTheViewBeforeAFillBeginsItAgain(t *testing.T) {
	for name, goBack := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			officer := w.phone(w.user(recordv1.Role_ROLE_POLICE_OFFICER, w.gridB))
			for _, number := range []string{"1", "2", "3"} {
				officer.create(kindPremises, door(w.gridB, number))
			}
			officer.sync()
			user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.community)
			p := w.phone(user)
			b := w.copied()
			w.reassign(user, w.gridA, 2)
			p.sync()
			w.reassign(user, w.community, 3)
			p.page = 1
			p.take(p.call(p.request()))
			if p.last.GetCaughtUp() || p.last.GetView() == nil {
				t.Fatalf("the fill is not under way: %v", p.last)
			}
			goBack(w, b)
			for p.take(p.call(p.request())); p.last.GetCursor() == nil; {
				p.take(p.call(p.request()))
			}
			if v := p.last.GetView(); len(v.GetKeys()) == 0 || len(v.GetFilled()) != len(v.GetKeys()) {
				t.Errorf("it is told to fill %d of %d keys", len(v.GetFilled()), len(v.GetKeys()))
			}
			p.sync()
			w.verify()
		})
	}
}

// A door's case moves with it to a grid in which the worker only helps out: helpers read doors and no cases.
func TestExchange_WhatMovesToWhereARoleDoesNotReadItIsGone(t *testing.T) {
	w := newWorld(t)
	staff := w.phone(w.user(recordv1.Role_ROLE_COMMUNITY_STAFF, w.community))
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		_, err := identity.SetGrants(tx, user, []identity.Grant{
			{Role: uint32(recordv1.Role_ROLE_GRID_WORKER), Territory: w.gridA}, {Role: uint32(recordv1.Role_ROLE_HELPER), Territory: w.gridB},
		}, 2)
		return err
	}))
	home := staff.create(kindPremises, door(w.gridA, "1"))
	dispute := staff.create(kindDispute, &recordv1.Dispute{
		PremisesId: home[:], Title: proto.String("楼道堆物"), Category: recordv1.DisputeCategory_DISPUTE_CATEGORY_NEIGHBOUR.Enum(), Territory: w.gridA[:],
	})
	staff.sync()
	p := w.phone(user)
	p.sync()
	if p.have[dispute] == nil {
		t.Fatal("the worker was not sent the case")
	}
	w.moveDoor(home, w.gridB)
	p.sync()
	if !p.gone[dispute] || p.have[home] == nil {
		t.Errorf("the case is gone from the phone: %v, the door is there: %v", p.gone[dispute], p.have[home] != nil)
	}
	w.verify()
}

// In the middle of a pull a door moves, and its visit goes to a newer row, behind what the phone has been sent. The
// restore has lost the move: the visit stands where the phone has been by already.
func TestExchange_APullThatARestoreInterruptsLacksNothing(t *testing.T) {
	w := newWorld(t)
	worker := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.community))
	p.sync()
	first, second := worker.create(kindPremises, door(w.gridA, "1")), worker.create(kindPremises, door(w.gridA, "2"))
	visit := worker.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{second[:]}, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()})
	third, fourth := worker.create(kindPremises, door(w.gridA, "3")), worker.create(kindPremises, door(w.gridA, "4"))
	worker.sync()
	b := w.copied()
	p.page = 1
	for range 2 {
		p.take(p.call(p.request()))
	}
	w.moveDoor(second, w.gridB)
	p.take(p.call(p.request()))
	if p.last.GetCaughtUp() || p.have[visit] != nil || p.have[third] == nil || p.have[fourth] != nil {
		t.Fatal("the phone is not where the visit was")
	}
	w.restore(b)
	p.page = 0
	p.sync()
	for i, id := range []syncengine.ID{first, second, visit, third, fourth} {
		if p.have[id] == nil {
			t.Errorf("the phone lacks record %d", i+1)
		}
	}
	w.verify()
}
