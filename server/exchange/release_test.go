package exchange_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// quarantinedSeq sends what waits and gives the seq of the last outcome, which must be a quarantine.
func (p *phone) quarantinedSeq() syncengine.Seq {
	p.w.t.Helper()
	p.take(p.call(p.request()))
	results := p.last.GetOutcomes().GetResults()
	last := results[len(results)-1]
	if last.GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
		p.w.t.Fatalf("outcome %v, want quarantine", last)
	}
	return syncengine.Seq(last.GetSeq())
}

func TestRelease_DoesNotWriteOverWhatItsAuthorCouldNotRead(t *testing.T) {
	w := newWorld(t)
	worker := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	helper := w.phone(w.user(recordv1.Role_ROLE_HELPER, w.gridA))
	fields := door(w.gridA, "大研街道1号")
	fields.Contact = &recordv1.Contact{Name: proto.String("木某某")}
	id := worker.create(kindPremises, fields)
	worker.sync()
	helper.sync()
	helper.edit(kindPremises, id, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String("和某某")}})
	w.must(w.service.Release(w.ctx, helper.quarantinedSeq(), syncengine.ID{}, ""))
	cell, _ := w.record(id).Find(syncengine.CellKey{Field: fieldNumber(t, w, kindPremises, "contact")})
	if len(cell.Values) != 2 {
		t.Errorf("the cell holds %d values; the one the helper never saw must stand beside the released one", len(cell.Values))
	}
	w.verify()
}

func TestRelease_KeepsTheStampOfFirstReceipt(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	made := w.now
	id := p.create(kindPremises, door(w.gridB, "over the fence"))
	// The phone's clock is an hour behind, which the exchange measures.
	w.now = w.now.Add(time.Hour)
	req := p.request()
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(req.GetBody(), body))
	body.ClockMs = made.UnixMilli()
	p.take(p.call(p.sign(body)))
	w.now = w.now.Add(time.Hour)
	w.must(w.service.Release(w.ctx, syncengine.Seq(p.last.GetOutcomes().GetResults()[0].GetSeq()), syncengine.ID{}, ""))
	cell, _ := w.record(id).Find(syncengine.CellKey{Field: syncengine.LifeField})
	if got, want := cell.Shown().Write.Stamp, syncengine.UnixMilli(made.Add(time.Hour).UnixMilli()); got != want {
		t.Errorf("stamp %d, want %d: the device's time corrected by the offset measured when it arrived", got, want)
	}
	w.verify()
}

func TestExchange_ADoorThatMovedBeforeItsAuthorHeardOfItIsGone(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	id := p.create(kindPremises, door(w.gridA, "soon elsewhere"))
	p.call(p.request()) // The reply is lost.
	_, err := w.service.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: kindPremises, Fields: &recordv1.Premises{Territory: w.gridB[:]}}})
	w.must(err)
	p.sync()
	if !p.gone[id] {
		t.Error("its author, who folds the own creation in, is not told that the door left")
	}
}

func TestExchange_ABaseOnTheEmptyLogBoundsNoStamp(t *testing.T) {
	w := newWorld(t)
	early, late := w.twoWorkers()
	early.sync()
	made := w.now
	early.change(&wire.Change{RecordID: w.id(), Kind: kindPremises, Create: true, Base: early.base()}, door(w.gridA, "before the first commit"))
	w.now = w.now.Add(time.Hour)
	late.create(kindPremises, door(w.gridA, "the first commit"))
	late.sync()
	early.take(early.call(early.request()))
	o := early.last.GetOutcomes().GetResults()[0]
	if o.GetSuspect() || o.GetStampDiffMs() != 0 {
		t.Errorf("made at %v, the stamp was bounded: %v", made, o)
	}
}

// raise gives a user another role.
func (w *world) raise(user syncengine.ID, role recordv1.Role) {
	w.t.Helper()
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		if err != nil {
			return err
		}
		u.Role = identity.Role(role)
		if err := identity.PutUser(tx, u); err != nil {
			return err
		}
		_, err = identity.RefreshGrants(tx, user, syncengine.UnixMilli(w.now.UnixMilli()))
		return err
	}))
}

// A grid worker becomes a helper, writes over a contact that a helper may not read, and is a grid worker again. The restored
// server hears of the newest grants before it is sent the change, and of those of the helper only beside it.
func TestRelease_LooksWithTheGrantsThatTheChangeWasMadeUnder(t *testing.T) {
	w := newWorld(t)
	worker := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	helper := w.phone(user)
	fields := door(w.gridA, "大研街道1号")
	fields.Contact = &recordv1.Contact{Name: proto.String("木某某")}
	id := worker.create(kindPremises, fields)
	worker.sync()
	w.raise(user, recordv1.Role_ROLE_HELPER)
	b := w.copied()
	helper.sync()
	made := helper.grants.GetVersion()
	helper.edit(kindPremises, id, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String("和某某")}})
	w.restore(b)
	w.raise(user, recordv1.Role_ROLE_GRID_WORKER)
	helper.take(helper.call(helper.repeat(1)))
	helper.take(helper.call(helper.repeat(1)))
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(helper.repeat(0).GetBody(), body))
	body.GrantSwitches = []*syncv1.GrantSwitch{{Version: made}}
	body.Status.GrantSwitchDeviceSeq = 1
	helper.take(helper.call(helper.sign(body)))
	results := helper.last.GetOutcomes().GetResults()
	if len(results) != 1 || results[0].GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED {
		t.Fatalf("outcomes %v, want the change quarantined as not permitted", results)
	}
	w.must(w.service.Release(w.ctx, syncengine.Seq(results[0].GetSeq()), syncengine.ID{}, ""))
	cell, _ := w.record(id).Find(syncengine.CellKey{Field: fieldNumber(t, w, kindPremises, "contact")})
	if len(cell.Values) != 2 {
		t.Errorf("the cell holds %d values, %d kept; the one the helper never saw must stand beside the released one", len(cell.Values), len(cell.Kept))
	}
	w.verify()
}
