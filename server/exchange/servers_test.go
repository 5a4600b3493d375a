package exchange_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// servers are several services over the one store of a world.
type servers struct {
	*world
	all []*exchange.Service
}

// several serves the realm by as many servers as schemas are given; nil is this software's own.
func several(w *world, schemas ...*schema.Schema) *servers {
	w.t.Helper()
	w.must(w.service.Close())
	s := &servers{world: w}
	for _, software := range schemas {
		s.join(software)
	}
	return s.at(0)
}

// join starts one more server.
func (s *servers) join(software *schema.Schema) { s.t.Helper(); s.joinAs(software, false, nil) }

// joinAs starts one more server, which may hold back what older ones do not know.
func (s *servers) joinAs(software *schema.Schema, hold bool, group func(exchange.Group)) {
	s.t.Helper()
	service, err := exchange.Open(s.ctx, s.store, exchange.Options{
		Secrets: s.secrets, Random: s.random, Now: func() time.Time { return s.now }, Schema: software, Shared: true, Hold: hold, Events: exchange.Events{Group: group},
	})
	s.must(err)
	s.all = append(s.all, service)
	s.t.Cleanup(func() { s.must(service.Close()) })
}

// at has everybody speak to one of the servers from now on.
func (s *servers) at(i int) *servers {
	s.service = s.all[i]
	return s
}

func TestServers_AVisitFollowsADoorThatAnotherServerHasMoved(t *testing.T) {
	s := several(newWorld(t), nil, nil)
	p := s.phone(s.user(recordv1.Role_ROLE_COMMUNITY_STAFF, s.community))
	at := p.create(kindPremises, door(s.gridA, "福慧路1号"))
	p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}})
	p.sync()
	p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}})
	p.sync() // The first server has looked up where the door is.
	_, err := s.all[1].Write(s.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: at, Kind: kindPremises, Fields: &recordv1.Premises{Territory: s.gridB[:]}}})
	s.must(err)
	visit := p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}})
	p.sync()
	if keys := s.record(visit).CurrentKeys(); !contains(keys, syncengine.TerritoryKey(s.gridB)) || contains(keys, syncengine.TerritoryKey(s.gridA)) {
		t.Errorf("the visit stands under %v, its door in grid %v", keys, s.gridB)
	}
	s.verify()
}

func contains(keys []syncengine.ScopeKey, key syncengine.ScopeKey) bool {
	for _, k := range keys {
		if k == key {
			return true
		}
	}
	return false
}

func TestServers_GrantsThatOneServerTakesHoldAtTheOther(t *testing.T) {
	s := several(newWorld(t), nil, nil)
	user := s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA)
	p := s.phone(user)
	at := p.create(kindPremises, door(s.gridA, "福慧路1号"))
	p.sync()
	s.at(1).reassign(user, s.gridB, 2)
	s.at(0)
	p.sync()
	p.edit(kindPremises, at, door(s.gridA, "福慧路2号"))
	p.take(p.call(p.request()))
	if got := codes(p.last.GetOutcomes()); len(got) != 1 || got[0] != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
		t.Errorf("a change of a door that was taken away is %v", got)
	}
}

func TestServers_ALeaseThatOneServerShortensIsShortAtTheOther(t *testing.T) {
	s := several(newWorld(t), nil, nil)
	user := s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA)
	p := s.phone(user)
	p.sync()
	s.must(s.at(1).service.SetLease(s.ctx, 24*time.Hour))
	s.at(0).reassign(user, s.gridB, 2)
	p.sync()
	if got := p.grants.GetLeaseUntilMs() - p.grants.GetIssuedMs(); got != 24*60*60_000 {
		t.Errorf("the lease is %v ms long", got)
	}
}

func TestServers_APhoneThatChangesServersNeedsOneMoreTripAndACapturedRequestReadsNothing(t *testing.T) {
	s := several(newWorld(t), nil, nil)
	p := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	p.create(kindPremises, door(s.gridA, "福慧路1号"))
	p.sync()
	captured := p.request()
	s.at(1)
	p.take(p.call(captured))
	if p.last.GetNonceState() != syncv1.NonceState_NONCE_STATE_UNKNOWN || p.last.GetPage() != nil {
		t.Fatalf("the other server says %v", p.last)
	}
	p.take(p.call(p.request()))
	if p.last.GetPage() == nil || !p.last.GetCaughtUp() {
		t.Fatalf("the second trip brings %v", p.last)
	}
	for range 2 {
		for i := range s.all {
			if resp := s.at(i).phoneless(captured); resp.GetPage() != nil || len(resp.GetCursor()) != 0 {
				t.Fatalf("server %d answers the captured request with a page", i)
			}
		}
	}
	s.at(0)
	p.sync()
}

// phoneless plays a request that somebody has captured.
func (s *servers) phoneless(req *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
	s.t.Helper()
	resp, err := s.service.Exchange(s.ctx, proto.CloneOf(req))
	s.must(err)
	return resp
}

func TestServers_APhoneWhoseCallsAreSpreadOverAllServersIsAnsweredAtEachCall(t *testing.T) {
	s := several(newWorld(t), nil, nil, nil)
	p := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	p.sync()
	s.at(1).sync1(p) // The first call elsewhere is told that its nonce is not known.
	var played []*syncv1.ExchangeRequest
	for i := range 12 {
		p.create(kindPremises, door(s.gridA, "福慧路"))
		req := p.request()
		s.at((i + 2) % 3)
		if p.take(p.call(req)); !p.last.GetCaughtUp() {
			t.Fatalf("call %d at server %d was answered %v", i, (i+2)%3, p.last)
		}
		played = append(played, req)
	}
	for i := range s.all {
		for _, req := range played {
			if resp := s.at(i).phoneless(req); resp.GetPage() != nil || len(resp.GetCursor()) > 0 {
				t.Fatalf("server %d answers a captured request with a page", i)
			}
		}
	}
}

func TestServers_ANonceOfAFileThatWasPutBackReadsNothingAtServersThatStartOverIt(t *testing.T) {
	st := &swapped{memstore.New()}
	s := several(newWorldOn(t, st, nil), nil, nil)
	p := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	p.sync()
	s.at(1).sync1(p) // The nonce of this reply stands in the file, for any server.
	captured := p.request()
	before := st.Store.(*memstore.Store).Copy()
	if resp := s.at(0).phoneless(captured); resp.GetPage() == nil {
		t.Fatalf("the first server answers %v", resp)
	}
	st.Store = before
	s.join(nil)
	if resp := s.at(2).phoneless(captured); resp.GetPage() != nil || len(resp.GetCursor()) > 0 {
		t.Error("a server that was started over the file answers a captured request with a page")
	}
}

// sync1 calls once.
func (s *servers) sync1(p *phone) { p.take(p.call(p.request())) }

func TestServers_NewerSoftwareMergesWhatIsHeldAndShutsOlderOut(t *testing.T) {
	older := schema.Load().Without("premises", "headcount")
	s := several(newWorldWith(t, older), older, older)
	p := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	full := door(s.gridA, "福慧路1号")
	full.Headcount = proto.Uint32(4)
	at := p.create(kindPremises, full)
	p.sync()
	s.join(nil)
	for i := range 2 {
		if _, err := s.all[i].Exchange(s.ctx, p.request()); !errors.Is(err, store.ErrNewer) {
			t.Errorf("older server %d answers with %v", i, err)
		}
		if err := s.all[i].Update(s.ctx, func(store.Writer) error { return nil }); !errors.Is(err, store.ErrNewer) {
			t.Errorf("older server %d writes with %v", i, err)
		}
	}
	if err := s.all[0].Close(); err != nil {
		t.Fatal(err)
	}
	_, err := exchange.Open(s.ctx, s.store, exchange.Options{
		Secrets: s.secrets, Random: s.random, Now: func() time.Time { return s.now }, Schema: older, Shared: true,
	})
	if !errors.Is(err, store.ErrNewer) {
		t.Errorf("an older server opens with %v", err)
	}
	s.at(2)
	p.sync()
	if got := fieldsOf(t, p.have[at], &recordv1.Premises{}).GetHeadcount(); got != 4 {
		t.Errorf("the phone reads a headcount of %d", got)
	}
	s.verify()
}

func TestServers_NewerSoftwareServesBesideOlderAsOlderDoesUntilItLifts(t *testing.T) {
	newer := schema.Load().Introducing("premises", "headcount")
	older := newer.At(newer.Oldest())
	s := several(newWorldWith(t, older), older, older)
	old, fresh := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA)), s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	s.joinAs(newer, true, nil)
	s.joinAs(newer, true, nil)
	full := door(s.gridA, "福慧路1号")
	full.Headcount = proto.Uint32(4)
	at := fresh.create(kindPremises, full)
	for i := range s.all { // Any phone speaks with any server, and none is filled anew for it.
		s.at(i)
		fresh.sync()
		old.sync()
		if i > 0 && old.last.GetView() != nil {
			t.Errorf("server %d fills the phone anew", i)
		}
		if seen := fieldsOf(t, old.have[at], &recordv1.Premises{}); seen.Headcount != nil || seen.GetAddress() == "" {
			t.Fatalf("server %d shows %v before the realm is lifted", i, seen)
		}
		if v := s.all[i].Schema().Engine.Version; v != older.Engine.Version {
			t.Errorf("server %d goes by schema %d", i, v)
		}
	}
	s.must(s.all[2].Lift(s.ctx))
	s.must(s.all[3].Lift(s.ctx)) // There is nothing left to do.
	for i := range 2 {
		if _, err := s.all[i].Exchange(s.ctx, old.request()); !errors.Is(err, store.ErrNewer) {
			t.Errorf("older server %d answers with %v", i, err)
		}
	}
	for i := range 2 {
		s.at(2 + i)
		old.sync()
		if got := fieldsOf(t, old.have[at], &recordv1.Premises{}).GetHeadcount(); got != 4 {
			t.Errorf("after the lift server %d shows a headcount of %d", 2+i, got)
		}
		if v := s.service.Schema().Engine.Version; v != newer.Engine.Version || s.service.Realm().SchemaVersion != v {
			t.Errorf("server %d goes by schema %d", 2+i, v)
		}
	}
	s.verify()
}

func TestServers_ALiftThatTakesSeveralTransactionsAnswersNobodyUntilItIsDone(t *testing.T) {
	newer := schema.Load().Introducing("premises", "headcount")
	older := newer.At(newer.Oldest())
	s := several(newWorldWith(t, older), older)
	p := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
	full := door(s.gridA, "福慧路1号")
	full.Headcount = proto.Uint32(4)
	at := p.create(kindPremises, full)
	for range exchange.UpgradeEntriesMax {
		p.edit(kindPremises, at, &recordv1.Premises{Headcount: proto.Uint32(5)})
	}
	p.sync()
	ctx, cut := context.WithCancel(s.ctx)
	s.joinAs(newer, true, func(exchange.Group) { cut() })
	s.joinAs(newer, true, nil)
	if err := s.all[1].Lift(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("a lift that is cut off after its first transaction: %v", err)
	}
	for i := 1; i < 3; i++ {
		if _, err := s.all[i].Exchange(s.ctx, p.request()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("server %d answers in the middle of a lift: %v", i, err)
		}
	}
	s.must(s.all[2].Lift(s.ctx))
	s.at(2)
	p.sync()
	if got := fieldsOf(t, p.have[at], &recordv1.Premises{}).GetHeadcount(); got != 5 {
		t.Errorf("the phone reads a headcount of %d", got)
	}
	s.verify()
}

// swapped is a store that somebody puts another in the place of while servers have it open.
type swapped struct{ store.Store }

func TestServers_AStoreThatIsPutBackBeneathThemBeginsAnEpochBeforeAnybodyIsServed(t *testing.T) {
	for _, noticed := range []string{"by a phone that knows nothing", "by the operator"} {
		t.Run(noticed, func(t *testing.T) {
			st := &swapped{memstore.New()}
			s := several(newWorldOn(t, st, nil), nil, nil)
			p, other := s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA)), s.phone(s.user(recordv1.Role_ROLE_GRID_WORKER, s.gridA))
			p.sync()
			other.sync()
			before := st.Store.(*memstore.Store).Copy()
			lost := p.create(kindPremises, door(s.gridA, "lost"))
			p.sync()
			st.Store = before
			if noticed == "by the operator" {
				s.must(s.service.Update(s.ctx, func(store.Writer) error { return nil }))
			} else {
				other.take(other.call(other.request()))
			}
			if e := s.epochs(); len(e) != 1 || !e[0].ByStore || e[0].Epoch != 2 || !e[0].RevealedBy.IsZero() {
				t.Fatalf("epochs %+v", e)
			}
			s.at(1)
			other.sync()
			p.take(p.call(p.request()))
			if p.last.GetEpoch() != 2 || p.last.GetExpected() != 1 {
				t.Fatalf("the phone is told %v", p.last)
			}
			p.sync()
			if s.record(lost) == nil || len(s.epochs()) != 1 {
				t.Errorf("the lost door is %v, epochs %+v", s.record(lost), s.epochs())
			}
			s.verify()
		})
	}
}

// rollingBack is a store whose next commit fails when all is written.
type rollingBack struct {
	store.Store
	next bool
}

var errCommit = errors.New("the commit failed")

func (f *rollingBack) Update(ctx context.Context, do func(store.Writer) error) error {
	return f.Store.Update(ctx, func(w store.Writer) error {
		err := do(w)
		if err == nil && f.next {
			f.next = false
			return errCommit
		}
		return err
	})
}

func TestExchange_WhatATransactionReadThatWasRolledBackIsForgotten(t *testing.T) {
	st := &rollingBack{Store: memstore.New()}
	w := newWorldOn(t, st, nil)
	w.inline()
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	st.next = true
	err := w.service.UpdateAndWrite(w.ctx, syncengine.ID{}, func(tx store.Writer) ([]exchange.ServerChange, error) {
		u, err := identity.GetUser(tx, user)
		if err != nil {
			return nil, err
		}
		u.Role = uint32(recordv1.Role_ROLE_STREET_LEAD)
		if err := errors.Join(identity.PutUser(tx, u), exchange.RaiseRevision(tx)); err != nil {
			return nil, err
		}
		// Whoever asks within the transaction sees what it wrote.
		role, err := w.service.RoleOf(tx, user)
		if err == nil && role != recordv1.Role_ROLE_STREET_LEAD {
			t.Errorf("within the transaction the user is %v", role)
		}
		return nil, err
	})
	if !errors.Is(err, errCommit) {
		t.Fatalf("the commit came to %v", err)
	}
	w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB) // The next change of identity has the revision that the other would have had.
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		role, err := w.service.RoleOf(r, user)
		if err == nil && role != recordv1.Role_ROLE_GRID_WORKER {
			t.Errorf("after it was rolled back the user is %v", role)
		}
		return err
	}))
}
