package exchange_test

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
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
	"onedoor/server/store/memstore"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

const (
	kindPremises   = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	kindVisit      = syncengine.KindNumber(recordv1.Kind_KIND_VISIT)
	kindAttachment = syncengine.KindNumber(recordv1.Kind_KIND_ATTACHMENT)
	kindHazard     = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
	kindTerritory  = syncengine.KindNumber(recordv1.Kind_KIND_TERRITORY)
)

// world is a realm with two grids, served from memory, and a clock that tests turn.
type world struct {
	t       testing.TB
	ctx     context.Context
	store   store.Store
	service *exchange.Service
	random  *rand.ChaCha8
	now     time.Time
	secrets *identity.Secrets
	// gridA and gridB are neighbours in one community.
	county, community, gridA, gridB syncengine.ID
	// grids counts those that were added.
	grids int
	// turns is the realm's part of the processor; nil lets everybody go at once.
	turns *turns.Realm
}

func newWorld(t testing.TB) *world { return newWorldWith(t, nil) }

// newWorldWith serves the realm with another schema than this software's.
func newWorldWith(t testing.TB, s *schema.Schema) *world { return newWorldOn(t, memstore.New(), s) }

func newWorldOn(t testing.TB, st store.Store, s *schema.Schema) *world {
	w := &world{t: t, ctx: t.Context(), store: st, random: rand.NewChaCha8([32]byte{1}), now: time.UnixMilli(1_780_000_000_000)}
	var err error
	w.secrets, err = identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	w.must(w.store.Update(w.ctx, func(tx store.Writer) error {
		w.county = w.territory(tx, syncengine.ID{}, "530702", "county")
		street := w.territory(tx, w.county, "530702001", "street")
		w.community = w.territory(tx, street, "530702001001", "community")
		w.gridA = w.territory(tx, w.community, "530702001001001", "grid")
		w.gridB = w.territory(tx, w.community, "530702001001002", "grid")
		return identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: versionOf(s), Secrets: w.secrets.Fingerprint()})
	}))
	w.open(s)
	t.Cleanup(func() { w.must(w.service.Close()) })
	return w
}

func versionOf(s *schema.Schema) uint32 {
	if s == nil {
		return schema.Version
	}
	return s.Engine.Version
}

func (w *world) open(s *schema.Schema) {
	var err error
	w.service, err = exchange.Open(w.ctx, w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Schema: s, Turns: w.turns,
	})
	w.must(err)
}

// reopen restarts the service, as an upgrade does.
func (w *world) reopen(s *schema.Schema) {
	w.must(w.service.Close())
	w.open(s)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) id() syncengine.ID {
	var r [10]byte
	w.random.Read(r[:])
	return wire.NewRecordID(syncengine.UnixMilli(w.now.UnixMilli()), r)
}

func (w *world) territory(tx store.Writer, parent syncengine.ID, code, level string) syncengine.ID {
	id := w.id()
	w.must(identity.PutTerritory(tx, identity.Territory{ID: id, Parent: parent, Code: code, Name: code, Level: level}))
	return id
}

// user adds a user with one territory.
func (w *world) user(role recordv1.Role, territory syncengine.ID) syncengine.ID {
	w.t.Helper()
	id := w.id()
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		u := identity.User{ID: id, Name: "测试", Role: uint32(role), TerritoryID: territory, State: identity.UserActive}
		if err := identity.PutUser(tx, u); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(tx, id, 1)
		return err
	}))
	return id
}

// verify reduces the log again and wants no problem.
func (w *world) verify() {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		v, err := exchange.Verify(r, w.service.Schema(), nil)
		if err != nil {
			return err
		}
		for _, p := range v.Problems {
			w.t.Errorf("verify: %s", p)
		}
		return nil
	}))
}

func (w *world) record(id syncengine.ID) (rec *syncengine.Record) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
		rec, err = w.service.Record(r, id)
		return err
	}))
	return rec
}

// phone is a device reduced to the protocol: it keeps what it was sent, by id.
type phone struct {
	w           *world
	incarnation syncengine.ID
	key         ed25519.PrivateKey
	nonce       []byte
	cursor      []byte
	position    *syncv1.Coordinate
	checkpoint  *syncv1.Coordinate
	grants      *syncv1.Grants
	// chain is the chain after every change made; mark what the server has decided.
	changes []*syncv1.BatchChange
	mark    int
	have    map[syncengine.ID]*syncv1.PageRecord
	gone    map[syncengine.ID]bool
	heard   []*syncv1.Decision
	// page bounds the size of pages, 0 for the server's own.
	page uint32
	last *syncv1.ExchangeResponse
}

func (w *world) phone(user syncengine.ID) *phone {
	w.t.Helper()
	p := &phone{w: w, incarnation: w.id(), have: map[syncengine.ID]*syncv1.PageRecord{}, gone: map[syncengine.ID]bool{}}
	var seed [32]byte
	w.random.Read(seed[:])
	p.key = ed25519.NewKeyFromSeed(seed[:])
	var code identity.Code
	w.must(w.service.Update(w.ctx, func(tx store.Writer) (err error) {
		code, _, err = identity.NewCode(tx, user, syncengine.UnixMilli(w.now.UnixMilli()), w.random)
		return err
	}))
	req := &syncv1.EnrolRequest{Code: string(code), Incarnation: p.incarnation[:], PublicKey: p.key.Public().(ed25519.PublicKey)}
	req.Signature = ed25519.Sign(p.key, wire.EnrolMessage(req))
	resp, err := w.service.Enrol(w.ctx, req)
	w.must(err)
	p.nonce, p.grants = resp.GetNonce(), resp.GetGrants()
	return p
}

// change appends a change to the phone's outbox.
func (p *phone) change(c *wire.Change, fields proto.Message) syncengine.ID {
	p.w.t.Helper()
	if c.Patch == nil {
		c.Patch = &syncv1.Patch{}
	}
	if fields != nil {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(fields)
		p.w.must(err)
		c.Patch.Fields = b
	}
	c.DeviceSeq = syncengine.DeviceSeq(len(p.changes) + 1)
	c.DeviceTime = syncengine.UnixMilli(p.w.now.UnixMilli())
	c.OccurredAt = c.DeviceTime
	kind, _ := schema.Load().Kind(c.Kind)
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	p.w.must(err)
	out := &syncv1.BatchChange{}
	if c.Salted = wire.NeedsSalt(kind, cells); c.Salted {
		out.Salt = make([]byte, wire.SaltBytes)
		p.w.random.Read(out.Salt)
	}
	out.Body, err = wire.EncodeChange(c)
	p.w.must(err)
	p.changes = append(p.changes, out)
	return c.RecordID
}

// unchecked creates a record as a phone does that checks nothing.
func (p *phone) unchecked(kind syncengine.KindNumber, fields proto.Message) {
	p.w.t.Helper()
	b, err := proto.Marshal(fields)
	p.w.must(err)
	c := &wire.Change{
		RecordID: p.w.id(), Kind: kind, Create: true, Base: p.base(), Patch: &syncv1.Patch{Fields: b}, Salted: true,
		DeviceSeq: syncengine.DeviceSeq(len(p.changes) + 1), DeviceTime: syncengine.UnixMilli(p.w.now.UnixMilli()),
	}
	out := &syncv1.BatchChange{Salt: make([]byte, wire.SaltBytes)}
	out.Body, err = wire.EncodeChange(c)
	p.w.must(err)
	p.changes = append(p.changes, out)
}

func (p *phone) base() syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(p.position.GetEpoch()), Seq: syncengine.Seq(p.position.GetSeq())}
}

func (p *phone) create(kind syncengine.KindNumber, fields proto.Message) syncengine.ID {
	p.w.t.Helper()
	return p.change(&wire.Change{RecordID: p.w.id(), Kind: kind, Create: true, Base: p.base()}, fields)
}

func (p *phone) edit(kind syncengine.KindNumber, id syncengine.ID, fields proto.Message) {
	p.w.t.Helper()
	p.change(&wire.Change{RecordID: id, Kind: kind, Base: p.base()}, fields)
}

func (p *phone) chainAt(n int) (chain syncengine.Chain) {
	for _, c := range p.changes[:n] {
		chain = chain.Next(syncengine.InnerDigest(c.GetSalt(), c.GetBody()))
	}
	return chain
}

// request makes the exchange that sends everything from the mark on.
func (p *phone) request() *syncv1.ExchangeRequest {
	chain := p.chainAt(p.mark)
	body := &syncv1.ExchangeBody{
		Realm: 530702, Incarnation: p.incarnation[:], Nonce: p.nonce, Cursor: p.cursor, PageBytesMax: p.page,
		ClockMs: p.w.now.UnixMilli(), Epoch: p.last.GetEpoch(),
		Status: &syncv1.Status{GrantVersion: p.grants.GetVersion(), GrantSwitchDeviceSeq: uint64(p.mark), OutboxCount: uint64(len(p.changes) - p.mark)},
	}
	body.Status.Checkpoint = p.checkpoint
	if p.mark < len(p.changes) {
		body.Batch = &syncv1.Batch{
			ChainBefore: chain[:], SchemaVersion: 1, FirstDeviceSeq: uint64(p.mark + 1), Changes: p.changes[p.mark:],
		}
	}
	return p.sign(body)
}

func (p *phone) sign(body *syncv1.ExchangeBody) *syncv1.ExchangeRequest {
	b, err := proto.Marshal(body)
	p.w.must(err)
	return &syncv1.ExchangeRequest{Body: b, Signature: ed25519.Sign(p.key, wire.ExchangeMessage(b))}
}

func (p *phone) call(req *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
	p.w.t.Helper()
	resp, err := p.w.service.Exchange(p.w.ctx, req)
	p.w.must(err)
	return resp
}

// take applies a reply.
func (p *phone) take(resp *syncv1.ExchangeResponse) {
	p.mark += len(resp.GetOutcomes().GetResults())
	if e := int(resp.GetExpected()); e > 0 {
		p.mark = min(p.mark, e-1)
	}
	p.nonce = resp.GetNonce()
	p.last = resp
	if g := resp.GetGrants(); g != nil {
		p.grants = g
	}
	if resp.GetCursor() == nil {
		return
	}
	p.cursor, p.position = resp.GetCursor(), resp.GetPosition()
	if resp.GetCaughtUp() {
		p.checkpoint = p.position
	}
	for _, id := range resp.GetPage().GetGone() {
		delete(p.have, syncengine.ID(id))
		p.gone[syncengine.ID(id)] = true
	}
	for _, rec := range resp.GetPage().GetRecords() {
		p.have[syncengine.ID(rec.GetId())] = rec
	}
	p.heard = append(p.heard, resp.GetPage().GetDecisions()...)
}

// sync calls until everything is decided and the phone is caught up.
func (p *phone) sync() {
	p.w.t.Helper()
	for range 1000 {
		p.take(p.call(p.request()))
		if p.last.GetCaughtUp() && p.mark == len(p.changes) {
			return
		}
	}
	p.w.t.Fatal("phone never caught up")
}

func codes(o *syncv1.Outcomes) (out []syncv1.OutcomeCode) {
	for _, r := range o.GetResults() {
		out = append(out, r.GetCode())
	}
	return out
}

func door(territory syncengine.ID, address string) *recordv1.Premises {
	return &recordv1.Premises{Address: proto.String(address), Territory: territory[:]}
}

func fieldsOf[M proto.Message](t testing.TB, rec *syncv1.PageRecord, m M) M {
	t.Helper()
	if err := proto.Unmarshal(rec.GetFields(), m); err != nil {
		t.Fatal(err)
	}
	return m
}
