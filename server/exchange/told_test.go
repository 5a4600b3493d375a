package exchange_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
)

// failing is a store whose next commits fail when everything is written.
type failing struct {
	store.Store
	failures int
}

var errFullDisk = errors.New("no space left on device")

func (f *failing) Update(ctx context.Context, do func(store.Writer) error) error {
	return f.Store.Update(ctx, func(w store.Writer) error {
		if err := do(w); err != nil || f.failures == 0 {
			return err
		}
		f.failures--
		return errFullDisk
	})
}

func TestExchange_WhatIsNotCommittedIsNotAcknowledged(t *testing.T) {
	st := &failing{Store: memstore.New()}
	w := newWorldOn(t, st, nil)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	id := p.create(kindPremises, door(w.gridA, "新华街1号"))
	before := w.head()
	st.failures = 1
	if resp, err := w.service.Exchange(w.ctx, p.request()); !errors.Is(err, errFullDisk) {
		t.Fatalf("the phone was answered %v, %v", resp, err)
	}
	if w.head() != before {
		t.Errorf("the head went from %v to %v", before, w.head())
	}
	p.sync()
	if w.record(id) == nil || w.head().Seq != before.Seq+1 {
		t.Errorf("after another try the log stands at %d, from %d", w.head().Seq, before.Seq)
	}
	w.verify()
}

func TestExchangeTogether_EachPhoneHearsWhatBecameOfItsOwnWork(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a, b := w.phone(user), w.phone(user)
	a.sync()
	b.sync()
	a.create(kindPremises, door(w.gridA, "新华街1号"))
	b.create(kindPremises, door(w.gridB, "新华街2号"))
	answers := w.service.ExchangeTogether(w.ctx, []*syncv1.ExchangeRequest{a.request(), b.request()})
	want := []syncv1.OutcomeCode{syncv1.OutcomeCode_OUTCOME_CODE_APPLIED, syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED}
	for i, answer := range answers {
		w.must(answer.Err)
		if got := codes(answer.Reply.GetOutcomes()); !slices.Equal(got, want[i:i+1]) {
			t.Errorf("phone %d was told %v, want %v", i+1, got, want[i])
		}
	}
}

func TestExchange_WhoeverSaysThatADoorIsTheirsMayStillNotWriteToIt(t *testing.T) {
	w := newWorld(t)
	owner := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB))
	stranger := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	owner.sync()
	stranger.sync()
	id := owner.create(kindPremises, door(w.gridB, "新华街3号"))
	owner.sync()
	stranger.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(9)})
	stranger.change(&wire.Change{RecordID: id, Kind: kindPremises, Create: true, Base: stranger.base()}, door(w.gridA, "新华街4号"))
	before := w.record(id)
	resp := stranger.call(stranger.request())
	for _, o := range resp.GetOutcomes().GetResults() {
		if o.GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
			t.Errorf("outcome %v", o)
		}
	}
	if after := w.record(id); after.Seq != before.Seq {
		t.Errorf("the door went from entry %d to %d", before.Seq, after.Seq)
	}
}
