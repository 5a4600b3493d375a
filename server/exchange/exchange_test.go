package exchange_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	applied     = syncv1.OutcomeCode_OUTCOME_CODE_APPLIED
	merged      = syncv1.OutcomeCode_OUTCOME_CODE_MERGED
	quarantined = syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED
)

func TestExchange_RepeatedBatchIsAppliedOnce(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	id := p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(3)})
	first := p.call(p.request())
	again := p.call(p.request())
	if got := codes(first.GetOutcomes()); !slices.Equal(got, []syncv1.OutcomeCode{applied, applied}) {
		t.Fatalf("outcomes %v", got)
	}
	if !proto.Equal(first.GetOutcomes(), again.GetOutcomes()) {
		t.Errorf("a repeated batch got other outcomes:\n%v\n%v", first.GetOutcomes(), again.GetOutcomes())
	}
	if again.GetNonceState() != syncv1.NonceState_NONCE_STATE_USED || again.GetPage() != nil {
		t.Errorf("a used nonce was answered with state %v and page %v", again.GetNonceState(), again.GetPage())
	}
	if !wire.VerifyReceipt(w.service.ReceiptKey(), first.GetReceipt()) || first.GetReceipt().GetDeviceSeq() != 2 {
		t.Errorf("receipt %v", first.GetReceipt())
	}
	w.verify()
}

func TestExchange_NoEchoOfOwnAppliedChanges(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, other := w.phone(user), w.phone(user)
	p.sync()
	other.sync()
	id := p.create(kindPremises, door(w.gridA, "福慧路2号"))
	p.sync()
	if _, ok := p.have[id]; ok {
		t.Error("the author was sent its own applied change")
	}
	other.sync()
	if _, ok := other.have[id]; !ok {
		t.Fatal("the colleague was not sent the door")
	}
	other.edit(kindPremises, id, &recordv1.Premises{Headcount: proto.Uint32(4)})
	other.sync()
	p.sync()
	if got := fieldsOf(t, p.have[id], &recordv1.Premises{}); got.GetHeadcount() != 4 || got.GetAddress() != "福慧路2号" {
		t.Errorf("the author sees %v", got)
	}
	w.verify()
}

func TestExchange_ConcurrentEditsConflictAndNothingIsLost(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a, b := w.phone(user), w.phone(user)
	a.sync()
	id := a.create(kindPremises, door(w.gridA, "福慧路3号"))
	a.sync()
	b.sync()
	a.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(2)})
	b.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(5)})
	b.edit(kindPremises, id, &recordv1.Premises{Headcount: proto.Uint32(9)})
	a.sync()
	resp := b.call(b.request())
	if got := codes(resp.GetOutcomes()); !slices.Equal(got, []syncv1.OutcomeCode{merged, applied}) {
		t.Fatalf("outcomes %v", got)
	}
	b.take(resp)
	detail := b.have[id].GetCells()
	i := slices.IndexFunc(detail, func(c *syncv1.CellDetail) bool { return c.GetConflict() == syncv1.ConflictKind_CONFLICT_KIND_CONFLICT })
	if i < 0 || len(detail[i].GetOthers()) != 1 {
		t.Fatalf("no conflict in %v", detail)
	}
	w.verify()
}

func TestExchange_GapIsNamedAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.create(kindPremises, door(w.gridA, "1"))
	p.create(kindPremises, door(w.gridA, "2"))
	p.mark = 1
	resp := p.call(p.request())
	if resp.GetExpected() != 1 || resp.GetOutcomes() != nil {
		t.Errorf("expected %d, outcomes %v", resp.GetExpected(), resp.GetOutcomes())
	}
	p.mark = 0
	p.take(resp)
	p.sync()
	w.verify()
}

func TestExchange_AbsentChangesAreCountedAndWorkGoesOn(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.create(kindPremises, door(w.gridA, "1"))
	id := p.create(kindPremises, door(w.gridA, "2"))
	chain := p.chainAt(1)
	p.mark = 1
	req := p.request()
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(req.GetBody(), body))
	body.Absent = &syncv1.Absent{From: 1, To: 1, Chain: chain[:]}
	p.take(p.call(p.sign(body)))
	if w.record(id) == nil {
		t.Error("the change after the gap was not applied")
	}
	w.verify()
}

func TestExchange_CopiedDatabaseGetsItsOwnName(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "shared"))
	p.sync()
	twin := *p
	twin.changes = slices.Clone(p.changes)
	p.create(kindPremises, door(w.gridA, "of the phone"))
	p.sync()
	id := twin.create(kindPremises, door(w.gridA, "of the copy"))
	resp := twin.call(twin.request())
	f := resp.GetFork()
	if f == nil || f.GetLastCommon() != 1 || resp.GetOutcomes() != nil {
		t.Fatalf("fork %v, outcomes %v", f, resp.GetOutcomes())
	}
	twin.incarnation, twin.cursor = syncengine.ID(f.GetIncarnation()), nil
	twin.nonce, twin.mark = resp.GetNonce(), int(f.GetLastCommon())
	twin.sync()
	if w.record(id) == nil {
		t.Error("the copy's own change was lost")
	}
	w.verify()
}

func TestExchange_ACopyIsJudgedByTheGrantsItKnowsAndNotByThoseThatTheOtherConfirmed(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p := w.phone(user)
	p.sync()
	twin := *p
	w.reassign(user, w.gridB, 2)
	p.sync()
	w.now = w.now.Add(2 * time.Minute) // so that the next call says something new of the phone
	p.take(p.call(p.request()))
	twin.create(kindPremises, door(w.gridA, "made before the handover was heard of"))
	if got := codes(twin.call(twin.request()).GetOutcomes()); !slices.Equal(got, []syncv1.OutcomeCode{applied}) {
		t.Errorf("outcomes %v", got)
	}
	w.verify()
}

func TestExchange_OutOfScopeIsQuarantinedAndReleasable(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	id := p.create(kindPremises, door(w.gridB, "over the fence"))
	p.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(7)})
	mine := p.create(kindPremises, door(w.gridA, "mine"))
	resp := p.call(p.request())
	p.take(resp)
	r := resp.GetOutcomes().GetResults()
	if got := codes(resp.GetOutcomes()); !slices.Equal(got, []syncv1.OutcomeCode{quarantined, quarantined, applied}) ||
		r[0].GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE ||
		r[1].GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED {
		t.Fatalf("outcomes %v", resp.GetOutcomes())
	}
	if w.record(id) != nil || w.record(mine) == nil {
		t.Fatal("the wrong record was made")
	}
	w.must(w.service.Release(w.ctx, syncengine.Seq(r[0].GetSeq()), syncengine.ID{}, "门牌归错了网格"))
	rec := w.record(id)
	if rec == nil {
		t.Fatal("release made no record")
	}
	if cell, ok := rec.Find(syncengine.CellKey{Field: fieldNumber(t, w, kindPremises, "rooms")}); !ok || cell.Shown().Cleared {
		t.Error("the later change was not released with the creation")
	}
	p.sync()
	if len(p.heard) != 2 || !p.heard[0].GetReleased() || p.heard[0].GetReason() != "门牌归错了网格" {
		t.Errorf("the author heard %v", p.heard)
	}
	if err := w.service.Release(w.ctx, syncengine.Seq(r[0].GetSeq()), syncengine.ID{}, ""); !errors.Is(err, exchange.ErrNotWaiting) {
		t.Errorf("second release: %v", err)
	}
	w.verify()
}

func TestExchange_AReleasedChangeOfAWrongClockStaysSuspectInTheLog(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	now := w.now
	w.now = now.Add(-10 * 365 * 24 * time.Hour)
	p.create(kindPremises, door(w.gridB, "over the fence, ten years ago"))
	w.now = now
	resp := p.call(p.request())
	w.must(w.service.Release(w.ctx, syncengine.Seq(resp.GetOutcomes().GetResults()[0].GetSeq()), syncengine.ID{}, ""))
	w.verify()
}

func TestExchange_UnknownRecordIsReleasedWhenItAppears(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a, b := w.phone(user), w.phone(user)
	a.sync()
	b.sync()
	id := a.create(kindPremises, door(w.gridA, "late"))
	b.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(7)})
	resp := b.call(b.request())
	b.take(resp)
	if r := resp.GetOutcomes().GetResults()[0]; r.GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD {
		t.Fatalf("outcome %v", r)
	}
	a.sync()
	rec := w.record(id)
	if _, ok := rec.Find(syncengine.CellKey{Field: fieldNumber(t, w, kindPremises, "rooms")}); !ok {
		t.Error("the waiting change was not released")
	}
	b.sync()
	if len(b.heard) != 1 || b.have[id] == nil {
		t.Errorf("heard %v, has the record: %v", b.heard, b.have[id] != nil)
	}
	w.verify()
}

func TestExchange_VisitToAnUnknownDoorFollowsItWhenItAppears(t *testing.T) {
	w := newWorld(t)
	a, b := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)), w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB))
	a.sync()
	b.sync()
	doorID := w.id()
	visit := a.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{doorID[:]}})
	a.sync()
	if keys := w.record(visit).CurrentKeys(); !slices.Contains(keys, syncengine.DeviceKey(a.incarnation)) {
		t.Fatalf("the visit is under %q", keys)
	}
	b.change(&wire.Change{RecordID: doorID, Kind: kindPremises, Create: true, Base: b.base()}, door(w.gridB, "new"))
	b.sync()
	if keys := w.record(visit).CurrentKeys(); !slices.Contains(keys, syncengine.TerritoryKey(w.gridB)) || slices.Contains(keys, syncengine.DeviceKey(a.incarnation)) {
		t.Fatalf("the visit is under %q", keys)
	}
	b.sync()
	a.sync()
	if b.have[visit] == nil || !a.gone[visit] {
		t.Errorf("b has the visit: %v, a was told it is gone: %v", b.have[visit] != nil, a.gone[visit])
	}
	w.verify()
}

func TestExchange_AttachmentFollowsItsVisitToAnotherDoor(t *testing.T) {
	w := newWorld(t)
	a, b := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)), w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB))
	a.sync()
	b.sync()
	here, there := a.create(kindPremises, door(w.gridA, "1")), b.create(kindPremises, door(w.gridB, "2"))
	visit := a.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{here[:]}})
	photo := a.create(kindAttachment, &recordv1.Attachment{OwnerId: visit[:], Sha256: make([]byte, 32)})
	b.sync()
	a.sync()
	a.edit(kindVisit, visit, &recordv1.Visit{PremisesIds: [][]byte{there[:]}})
	a.sync()
	b.sync()
	if b.have[visit] == nil || b.have[photo] == nil {
		t.Errorf("the neighbours have the visit: %v, its photo: %v", b.have[visit] != nil, b.have[photo] != nil)
	}
	w.verify()
}

func TestExchange_AttachmentThatCameBeforeItsVisitFollowsIt(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a, b, late := w.phone(user), w.phone(user), w.id()
	a.sync()
	b.sync()
	photo := a.create(kindAttachment, &recordv1.Attachment{OwnerId: late[:], Sha256: make([]byte, 32)})
	a.sync()
	b.change(&wire.Change{RecordID: late, Kind: kindVisit, Create: true, Base: b.base()}, &recordv1.Visit{Territory: w.gridA[:]})
	b.sync()
	if b.sync(); b.have[photo] == nil {
		t.Error("the visit's phone was not sent the photo")
	}
	w.verify()
}

func TestExchange_MovedDoorTakesItsVisitsAlong(t *testing.T) {
	for _, page := range []uint32{0, 1} {
		w := newWorld(t)
		a, b := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)), w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB))
		a.page, b.page = page, page
		a.sync()
		b.sync()
		id := a.create(kindPremises, door(w.gridA, "moves"))
		visit := a.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{id[:]}, Note: proto.String("看过")})
		hazard := a.create(kindHazard, &recordv1.Hazard{PremisesId: id[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum()})
		a.sync()
		w.moveDoor(id, w.gridB)
		b.sync()
		a.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(1)})
		resp := a.call(a.request())
		a.take(resp)
		if r := resp.GetOutcomes().GetResults()[0]; !r.GetAfterHandover() || r.GetCode() == quarantined {
			t.Errorf("late work of the old team: %v", r)
		}
		a.sync()
		for _, rec := range []syncengine.ID{id, visit, hazard} {
			if b.have[rec] == nil || !a.gone[rec] {
				t.Errorf("page %d: record %s: b has it %v, a was told it is gone %v", page, rec, b.have[rec] != nil, a.gone[rec])
			}
		}
		w.verify()
	}
}

func TestExchange_HelperNeverReceivesAContact(t *testing.T) {
	w := newWorld(t)
	worker, helper := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)), w.phone(w.user(recordv1.Role_ROLE_HELPER, w.gridA))
	worker.sync()
	helper.sync()
	m := door(w.gridA, "sealed")
	m.Contact = &recordv1.Contact{Name: proto.String("测试人甲")}
	id := worker.create(kindPremises, m)
	worker.sync()
	helper.sync()
	got := fieldsOf(t, helper.have[id], &recordv1.Premises{})
	if got.GetContact() != nil || got.GetAddress() != "sealed" {
		t.Errorf("the helper was sent %v", got)
	}
	helper.edit(kindPremises, id, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String("x")}})
	resp := helper.call(helper.request())
	if r := resp.GetOutcomes().GetResults()[0]; r.GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED {
		t.Errorf("a helper's contact: %v", r)
	}
	w.verify()
}

func TestExchange_FillIsResumableAndGrowsWithGrants(t *testing.T) {
	w := newWorld(t)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	var ids []syncengine.ID
	for range 7 {
		ids = append(ids, a.create(kindPremises, door(w.gridA, "x")))
	}
	a.sync()
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB)
	b := w.phone(user)
	b.page = 1
	b.sync()
	if len(b.have) != 0 {
		t.Fatalf("b was sent %d records outside its grid", len(b.have))
	}
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		if err := identity.PutFurtherGrants(tx, user, []identity.Grant{{Role: uint32(recordv1.Role_ROLE_GRID_WORKER), Territory: w.gridA}}); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(tx, user, 2)
		return err
	}))
	b.take(b.call(b.request()))
	if v := b.last.GetView(); v == nil || len(v.GetFilled()) == 0 || b.last.GetCaughtUp() {
		t.Fatalf("first page after the grant: view %v, caught up %v", v, b.last.GetCaughtUp())
	}
	a.edit(kindPremises, ids[0], &recordv1.Premises{Rooms: proto.Uint32(2)})
	a.sync()
	b.sync()
	for _, id := range ids {
		if b.have[id] == nil {
			t.Errorf("record %s is missing after the fill", id)
		}
	}
	if got := fieldsOf(t, b.have[ids[0]], &recordv1.Premises{}); got.GetRooms() != 2 {
		t.Error("an edit made during the fill is missing")
	}
}

func TestExchange_ForgedCursorIsFilledFromTheStart(t *testing.T) {
	w := newWorld(t)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	id := a.create(kindPremises, door(w.gridA, "x"))
	a.sync()
	a.cursor = slices.Clone(a.cursor)
	a.cursor[3] ^= 1
	a.sync()
	if a.have[id] == nil {
		t.Error("the phone was not filled again")
	}
}

func TestExchange_RefusesForgeriesAndStrangers(t *testing.T) {
	w := newWorld(t)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	id := a.create(kindPremises, door(w.gridA, "x"))
	good := a.request()
	bad := proto.CloneOf(good)
	bad.Signature[0] ^= 1
	stranger := *a
	stranger.incarnation = w.id()
	foreign := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(good.GetBody(), foreign))
	foreign.Realm = 530721
	for _, tc := range []struct {
		name string
		req  *syncv1.ExchangeRequest
		want error
	}{
		{"a changed signature", bad, exchange.ErrBadSignature},
		{"an unknown device", stranger.request(), exchange.ErrUnknownDevice},
		{"another realm", a.sign(foreign), exchange.ErrWrongRealm},
		{"noise", &syncv1.ExchangeRequest{Body: []byte{0xff, 0xff}}, exchange.ErrBadRequest},
	} {
		if _, err := w.service.Exchange(w.ctx, tc.req); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if w.record(id) != nil {
		t.Error("a refused request changed something")
	}
}

func TestExchange_PoisonedChangeDelaysNobody(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.create(kindPremises, door(w.gridA, "before"))
	p.changes = append(p.changes, &syncv1.BatchChange{Body: []byte{0xff, 0x01}})
	after := p.create(kindPremises, door(w.gridA, "after"))
	resp := p.call(p.request())
	p.take(resp)
	if got := codes(resp.GetOutcomes()); !slices.Equal(got, []syncv1.OutcomeCode{applied, quarantined, applied}) {
		t.Fatalf("outcomes %v", got)
	}
	if w.record(after) == nil {
		t.Error("the change behind the poisoned one was lost")
	}
	w.verify()
}

func TestExchange_ManyPhonesShareCommits(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	const phones, each = 20, 5
	var all []*phone
	var requests []*syncv1.ExchangeRequest
	for range phones {
		p := w.phone(user)
		for range each {
			p.create(kindPremises, door(w.gridA, "x"))
		}
		all, requests = append(all, p), append(requests, p.request())
	}
	replies := make([]*syncv1.ExchangeResponse, phones)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { replies[i], _ = w.service.Exchange(w.ctx, requests[i]) })
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for i, resp := range replies {
		if resp.GetReceipt().GetDeviceSeq() != each || string(resp.GetReceipt().GetIncarnation()) != string(all[i].incarnation[:]) {
			t.Errorf("phone %d got receipt %v", i, resp.GetReceipt())
		}
		for _, r := range resp.GetOutcomes().GetResults() {
			if r.GetCode() != applied || seen[r.GetSeq()] {
				t.Errorf("phone %d: outcome %v", i, r)
			}
			seen[r.GetSeq()] = true
		}
	}
	w.verify()
}

func TestExchange_UndeclaredStepIsQuarantined(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	d := p.create(kindPremises, door(w.gridA, "x"))
	h := p.create(kindHazard, &recordv1.Hazard{PremisesId: d[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum()})
	state := uint32(fieldNumber(t, w, kindHazard, "state"))
	step := func(from, to recordv1.HazardState) {
		p.change(&wire.Change{RecordID: h, Kind: kindHazard, Base: p.base(), Patch: &syncv1.Patch{From: []*syncv1.StateFrom{{Field: state, State: int32(from)}}}},
			&recordv1.Hazard{State: to.Enum()})
	}
	step(recordv1.HazardState_HAZARD_STATE_FOUND, recordv1.HazardState_HAZARD_STATE_NOTIFIED)
	step(recordv1.HazardState_HAZARD_STATE_FOUND, recordv1.HazardState_HAZARD_STATE_CLOSED)
	resp := p.call(p.request())
	r := resp.GetOutcomes().GetResults()
	if r[2].GetCode() != applied || r[3].GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_UNDECLARED_STEP {
		t.Errorf("outcomes %v", resp.GetOutcomes())
	}
	w.verify()
}

func fieldNumber(t *testing.T, w *world, kind syncengine.KindNumber, name string) syncengine.FieldNumber {
	t.Helper()
	k, _ := w.service.Schema().Kind(kind)
	f, ok := k.FieldByName(name)
	if !ok {
		t.Fatalf("no field %s", name)
	}
	return f.Engine.Number
}

func TestWrite_AFieldThatTheServerDoesNotKnowIsRefused(t *testing.T) {
	w := newWorldWith(t, schema.Load().Without("premises", "headcount"))
	m := door(w.gridA, "of an importer that is newer than the server")
	m.Headcount = proto.Uint32(4)
	_, err := w.service.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: w.id(), Kind: kindPremises, Create: true, Fields: m}})
	if !errors.Is(err, exchange.ErrBadRequest) {
		t.Errorf("got %v", err)
	}
	w.reopen(nil)
	w.verify()
}

func TestExchange_HeldCellsOfAReleasedChangeAppearAfterTheUpgrade(t *testing.T) {
	w := newWorldWith(t, schema.Load().Without("premises", "headcount"))
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	m := door(w.gridB, "over the fence, of newer software")
	m.Headcount = proto.Uint32(4)
	id := p.create(kindPremises, m)
	resp := p.call(p.request())
	w.must(w.service.Release(w.ctx, syncengine.Seq(resp.GetOutcomes().GetResults()[0].GetSeq()), syncengine.ID{}, ""))
	w.verify()
	w.reopen(nil)
	key := syncengine.CellKey{Field: fieldNumber(t, w, kindPremises, "headcount")}
	if cell, ok := w.record(id).Find(key); !ok || cell.Shown().Cleared {
		t.Error("the held cell of the released change did not appear")
	}
	w.verify()
}

func TestExchange_HeldCellsAppearAfterTheUpgrade(t *testing.T) {
	w := newWorldWith(t, schema.Load().Without("premises", "headcount"))
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	newer, _ := schema.Load().Kind(kindPremises)
	m := door(w.gridA, "of newer software")
	m.Headcount = proto.Uint32(4)
	id := p.create(kindPremises, m)
	resp := p.call(p.request())
	p.take(resp)
	if got := codes(resp.GetOutcomes()); !slices.Equal(got, []syncv1.OutcomeCode{merged}) {
		t.Fatalf("outcomes %v", got)
	}
	headcount, _ := newer.FieldByName("headcount")
	key := syncengine.CellKey{Field: headcount.Engine.Number}
	if _, ok := w.record(id).Find(key); ok {
		t.Fatal("old software merged a field it does not know")
	}
	w.verify()
	w.reopen(nil)
	if cell, ok := w.record(id).Find(key); !ok || cell.Shown().Cleared {
		t.Fatal("the held cell did not appear")
	}
	w.verify()
	p.sync()
	if got := fieldsOf(t, p.have[id], &recordv1.Premises{}); got.GetHeadcount() != 4 || got.GetAddress() != "of newer software" {
		t.Errorf("the phone sees %v", got)
	}
}

// TestExchange_WhatFollowsARecordMovesWithItsHeldCells has a case bring in a lawyer by newer software: who joins by
// role reads the case's events too, and a seal that was held would have to close over them.
func TestExchange_WhatFollowsARecordMovesWithItsHeldCells(t *testing.T) {
	w := newWorldWith(t, schema.Load().Without("dispute", "participants"))
	p := w.phone(w.user(recordv1.Role_ROLE_COMMUNITY_STAFF, w.community))
	p.sync()
	lawyer := w.user(recordv1.Role_ROLE_MEDIATOR, w.gridB)
	dispute := p.create(syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE), &recordv1.Dispute{
		Title: proto.String("漏水"), Category: recordv1.DisputeCategory_DISPUTE_CATEGORY_NEIGHBOUR.Enum(), Territory: w.gridA[:],
		Participants: [][]byte{lawyer[:]},
	})
	event := p.create(syncengine.KindNumber(recordv1.Kind_KIND_CASE_EVENT), &recordv1.CaseEvent{
		CaseId: dispute[:], What: recordv1.CaseEventKind_CASE_EVENT_KIND_ACCEPTED.Enum(),
	})
	p.sync()
	theirs := syncengine.UserKey(lawyer)
	if slices.Contains(w.record(dispute).CurrentKeys(), theirs) {
		t.Fatal("old software placed a record by a field that it does not know")
	}
	w.reopen(nil)
	for name, id := range map[string]syncengine.ID{"the case": dispute, "its event": event} {
		if keys := w.record(id).CurrentKeys(); !slices.Contains(keys, theirs) {
			t.Errorf("%s does not stand under the lawyer's key after the upgrade: %q", name, keys)
		}
	}
	w.verify()
}

func TestExchange_FreshPhoneGetsEveryRecordOfALargeGrid(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a := w.phone(user)
	a.sync()
	const doors = 1700
	for range doors {
		a.create(kindPremises, door(w.gridA, "x"))
	}
	a.sync()
	for _, page := range []uint32{0, 5000} {
		b := w.phone(user)
		b.page = page
		b.sync()
		if len(b.have) != doors {
			t.Errorf("pages of %d bytes: the phone has %d of %d doors", page, len(b.have), doors)
		}
	}
}

func TestExchange_MoreElementsThanAFieldTakesAtOnceAreKeptInvalid(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	crowded := door(w.gridA, "1")
	crowded.GradeReasons = slices.Repeat([]string{"堆放杂物"}, 11)
	p.create(kindPremises, crowded)
	named := door(w.gridA, "2")
	named.Contact = &recordv1.Contact{Name: proto.String(strings.Repeat("赵", 41))}
	p.unchecked(kindPremises, named)
	resp := p.call(p.request())
	for i, o := range resp.GetOutcomes().GetResults() {
		if o.GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_INVALID {
			t.Errorf("change %d: %v", i+1, o)
		}
	}
	if n := len(resp.GetOutcomes().GetResults()); n != 2 {
		t.Errorf("%d outcomes", n)
	}
	w.verify()
}
