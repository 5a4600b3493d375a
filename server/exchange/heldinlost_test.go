package exchange_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// concerned reports that a phone may hold what an erasure destroyed.
func (p *phone) concerned(at syncengine.Coordinate) (concerned bool) {
	p.w.t.Helper()
	p.w.must(p.w.service.View(p.w.ctx, func(r store.Reader) error {
		d, err := identity.GetDevice(r, p.incarnation)
		if err == nil {
			concerned, err = p.w.service.ErasureConcerns(r, at.Seq, d)
		}
		return err
	}))
	return concerned
}

func TestErase_WhoHoldsARecordByKeysOfALostHistoryIsToldUntilItIsFilledFromThisOne(t *testing.T) {
	w := newWorld(t)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB)
	p, early := w.phone(user), w.phone(user)
	a.sync()
	visit, later := a.noted(w.gridA), a.noted(w.gridA)
	a.create(kindPremises, door(w.gridB, "福慧路1号"))
	a.sync()
	p.sync()
	early.sync()
	backup := w.copied()
	_, err := w.service.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: visit, Kind: kindVisit, Fields: &recordv1.Visit{Territory: w.gridB[:]}}})
	w.must(err)
	p.sync()
	if p.have[visit] == nil {
		t.Fatal("the phone does not hold the visit in the history that is to be lost")
	}
	w.restore(backup)
	at := w.eraseNote(visit)
	p.take(p.call(p.request())) // It is another epoch, of which its nonce is not.
	first := p.call(p.request())
	if len(first.GetBarriers()) != 1 || syncengine.ID(first.GetBarriers()[0].GetRecordId()) != visit {
		t.Errorf("the first page comes with %v", first.GetBarriers())
	}
	p.take(first)
	if !p.concerned(at) {
		t.Error("the desk is not told that the phone may hold a copy")
	}
	early.sync()
	if len(early.last.GetBarriers()) != 0 || early.concerned(at) {
		t.Errorf("a phone that has seen nothing of the lost history is told %v", early.last.GetBarriers())
	}
	p.sync()
	w.eraseNote(later)
	p.sync()
	if len(p.last.GetBarriers()) != 0 {
		t.Errorf("once it is filled it is told %v", p.last.GetBarriers())
	}
	w.verify()
}
