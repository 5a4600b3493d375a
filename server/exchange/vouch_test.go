package exchange_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// showing makes the phone's next request with something more in it.
func (p *phone) showing(more func(*syncv1.ExchangeBody)) *syncv1.ExchangeRequest {
	p.w.t.Helper()
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	more(body)
	return p.sign(body)
}

// enrolment has the phone ask for the realm's word that it is its user's.
func (p *phone) enrolment() *syncv1.Enrolment {
	p.w.t.Helper()
	resp := p.call(p.showing(func(b *syncv1.ExchangeBody) { b.LacksEnrolment = true }))
	p.take(resp)
	return resp.GetEnrolment()
}

func TestExchange_ADeviceThatARestoreLostIsKnownByTheRealmsOwnWord(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	other := w.phone(user)
	other.sync()
	b := w.copied()
	p := w.phone(user)
	p.sync()
	good, theirs := p.enrolment(), other.enrolment()
	if len(good.GetSignature()) == 0 || string(good.GetUserId()) != string(user[:]) {
		t.Fatalf("enrolment %v", good)
	}
	w.restore(b)
	for name, shown := range map[string]*syncv1.Enrolment{
		"nothing":                 nil,
		"another phone's":         theirs,
		"one for another user":    altered(good, func(e *syncv1.Enrolment) { e.UserId = w.gridB[:] }),
		"one with another key":    altered(good, func(e *syncv1.Enrolment) { e.PublicKey = theirs.GetPublicKey() }),
		"one of a higher role":    altered(good, func(e *syncv1.Enrolment) { e.Role = 99 }),
		"one without a signature": altered(good, func(e *syncv1.Enrolment) { e.Signature = nil }),
	} {
		_, err := w.service.Exchange(w.ctx, p.showing(func(b *syncv1.ExchangeBody) { b.Enrolment = shown }))
		if !errors.Is(err, exchange.ErrUnknownDevice) {
			t.Errorf("%s opens: %v", name, err)
		}
	}
	// Whoever captured the enrolment does not have the phone's key.
	stolen := p.showing(func(b *syncv1.ExchangeBody) { b.Enrolment = good })
	stolen.Signature = other.sign(&syncv1.ExchangeBody{}).GetSignature()
	if _, err := w.service.Exchange(w.ctx, stolen); !errors.Is(err, exchange.ErrUnknownDevice) {
		t.Errorf("a captured enrolment opens: %v", err)
	}
	p.take(p.call(p.showing(func(b *syncv1.ExchangeBody) { b.Enrolment = good })))
	p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	w.verify()
}

func altered(e *syncv1.Enrolment, change func(*syncv1.Enrolment)) *syncv1.Enrolment {
	out := proto.CloneOf(e)
	change(out)
	return out
}

func TestExchange_ARevokedDeviceIsNotMadeGoodByItsEnrolment(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	good := p.enrolment()
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error { return identity.RevokeDevice(tx, p.incarnation) }))
	p.create(kindPremises, door(w.gridA, "1"))
	resp := p.call(p.showing(func(b *syncv1.ExchangeBody) { b.Enrolment, b.LacksEnrolment = good, true }))
	if r := resp.GetOutcomes().GetResults()[0]; r.GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED || resp.GetEnrolment() != nil {
		t.Errorf("the reply to a revoked device: %v", resp)
	}
}

func TestExchange_ALostDeviceOfAClosedUserComesBackRevoked(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	b := w.copied()
	p := w.phone(user)
	p.sync()
	good := p.enrolment()
	w.restore(b)
	w.must(w.closeUser(user))
	p.create(kindPremises, door(w.gridA, "1"))
	resp := p.call(p.showing(func(b *syncv1.ExchangeBody) { b.Enrolment, b.Grants = good, p.grants }))
	if r := resp.GetOutcomes().GetResults(); len(r) != 1 || r[0].GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED || resp.GetPage() != nil {
		t.Errorf("the reply: %v", resp)
	}
	w.verify()
}

func TestExchange_GrantsAreTakenUpOnlyWithTheRealmsSignatureAndOnlyNewerOnes(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p := w.phone(user)
	p.sync()
	old := proto.CloneOf(p.grants)
	b := w.copied()
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		_, err := identity.SetGrants(tx, user, []identity.Grant{{Role: uint32(recordv1.Role_ROLE_GRID_WORKER), Territory: w.gridB}}, 5)
		return err
	}))
	p.sync()
	newer := proto.CloneOf(p.grants)
	w.restore(b)
	version := func(shown *syncv1.Grants) uint64 {
		p.take(p.call(p.showing(func(b *syncv1.ExchangeBody) { b.Grants = shown })))
		var v identity.GrantVersion
		w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
			v, err = identity.CurrentGrants(r, user)
			return err
		}))
		return v.Version
	}
	forged := proto.CloneOf(newer)
	forged.Grants[0].TerritoryId = w.county[:]
	if version(forged) != old.GetVersion() || version(old) != old.GetVersion() {
		t.Error("forged or old grants were taken up")
	}
	if version(newer) != newer.GetVersion() {
		t.Error("the realm's own newer grants were not taken up")
	}
	p.create(kindPremises, door(w.gridB, "1"))
	p.take(p.call(p.request()))
	if got := codes(p.last.GetOutcomes()); len(got) != 1 || got[0] != applied {
		t.Errorf("work under them: %v", got)
	}
	w.verify()
}
