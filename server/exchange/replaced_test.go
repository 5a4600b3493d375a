package exchange_test

import (
	"errors"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// replaced serves a realm whose store is to be replaced beneath the server.
func replaced(t *testing.T) (*servers, *swapped) {
	st := &swapped{memstore.New()}
	return several(newWorldOn(t, st, nil), nil), st
}

// restored begins the epoch of a restore in a copy.
func (w *world) restored(copied store.Store) {
	w.t.Helper()
	_, err := exchange.BeginEpoch(w.ctx, copied, exchange.Renewal{Now: syncengine.UnixMilli(w.now.UnixMilli())})
	w.must(err)
}

// holds reports that a user holds a role over a record.
func (w *world) holds(user, record syncengine.ID) (held bool) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		rec, err := w.service.Record(r, record)
		if err != nil {
			return err
		}
		roles, err := w.service.RolesOver(r, user, rec)
		held = roles != 0
		return err
	}))
	return held
}

func TestServers_WhatIsRememberedOfIdentityIsNotTakenForThatOfTheBackupThatTookItsPlace(t *testing.T) {
	s, st := replaced(t)
	user := s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA)
	p := s.phone(user)
	at := p.create(kindPremises, door(s.gridA, "福慧路1号"))
	p.sync()
	backup := st.Store.(*memstore.Store).Copy()
	s.reassign(user, s.gridB, 2)
	if s.holds(user, at) {
		t.Fatal("the user was given another grid, and holds the door still")
	}
	s.restored(backup)
	other, err := exchange.Open(s.ctx, backup, exchange.Options{Secrets: s.secrets, Random: s.random, Shared: true})
	s.must(err)
	s.must(other.Update(s.ctx, func(store.Writer) error { return nil })) // As many changes as the server remembers.
	s.must(other.Close())
	st.Store = backup
	if !s.holds(user, at) {
		t.Error("the server goes by what the lost history said of the user")
	}
}

func TestServers_ARealmWithOtherKeysThatTookItsPlaceIsNotWrittenTo(t *testing.T) {
	s, st := replaced(t)
	p := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	p.create(kindPremises, door(s.gridA, "福慧路1号"))
	p.sync()
	other := st.Store.(*memstore.Store).Copy()
	s.must(other.Update(s.ctx, func(tx store.Writer) error {
		realm, err := identity.GetRealm(tx)
		realm.Secrets[0]++
		return errors.Join(err, identity.PutRealm(tx, realm))
	}))
	s.restored(other)
	st.Store = other
	var before, after store.Head
	head := func(h *store.Head) {
		s.must(other.View(s.ctx, func(r store.Reader) error { *h = r.Head(); return nil }))
	}
	head(&before)
	p.create(kindPremises, door(s.gridA, "福慧路2号"))
	if _, err := s.service.Exchange(s.ctx, p.request()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a phone's batch: %v", err)
	}
	err := s.service.Update(s.ctx, func(store.Writer) error { return nil })
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, identity.ErrSecretsOther) {
		t.Errorf("a change at the server: %v", err)
	}
	if head(&after); before != after {
		t.Errorf("the other realm's head went from %+v to %+v", before, after)
	}
}
