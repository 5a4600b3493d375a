package adminrpc_test

import (
	"bytes"
	"crypto/ed25519"
	"slices"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// phone is a device reduced to the protocol: it pushes changes and remembers
// what it was sent.
type phone struct {
	w           *world
	incarnation syncengine.ID
	key         ed25519.PrivateKey
	nonce       []byte
	cursor      []byte
	position    *syncv1.Coordinate
	grants      uint64
	changes     []*syncv1.BatchChange
	mark        int
	have        map[syncengine.ID]*syncv1.PageRecord
	// under lists the scope keys of each record it has.
	under map[syncengine.ID][][]byte
}

// phone enrols a device of a user with a join code.
func (w *world) phone(user syncengine.ID) *phone {
	w.t.Helper()
	code, err := w.client.CreateJoinCode(w.operator, &adminv1.CreateJoinCodeRequest{UserId: user[:]})
	w.must(err)
	p := &phone{w: w, incarnation: w.id(), key: w.seed(), have: map[syncengine.ID]*syncv1.PageRecord{}, under: map[syncengine.ID][][]byte{}}
	req := &syncv1.EnrolRequest{Code: code.GetCode(), Incarnation: p.incarnation[:], PublicKey: p.key.Public().(ed25519.PublicKey), DeviceName: "phone"}
	req.Signature = ed25519.Sign(p.key, wire.EnrolMessage(req))
	resp, err := w.realm.Enrol(w.ctx, req)
	w.must(err)
	p.nonce, p.grants = resp.GetNonce(), resp.GetGrants().GetVersion()
	return p
}

func (p *phone) create(kind recordv1.Kind, fields proto.Message) syncengine.ID {
	id := p.w.id()
	p.change(&wire.Change{RecordID: id, Kind: syncengine.KindNumber(kind), Create: true}, fields)
	return id
}

func (p *phone) edit(kind recordv1.Kind, id syncengine.ID, fields proto.Message) {
	p.change(&wire.Change{RecordID: id, Kind: syncengine.KindNumber(kind)}, fields)
}

// change appends a change to the outbox.
func (p *phone) change(c *wire.Change, fields proto.Message) {
	p.w.t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(fields)
	p.w.must(err)
	c.Patch = &syncv1.Patch{Fields: b}
	c.DeviceSeq = syncengine.DeviceSeq(len(p.changes) + 1)
	c.Base = syncengine.Coordinate{Epoch: syncengine.Epoch(p.position.GetEpoch()), Seq: syncengine.Seq(p.position.GetSeq())}
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
}

// sync calls until everything is decided and the phone is caught up, and gives
// the outcomes of what it pushed.
func (p *phone) sync() (out []*syncv1.Outcome) {
	p.w.t.Helper()
	for range 100 {
		resp, err := p.w.realm.Exchange(p.w.ctx, p.request())
		p.w.must(err)
		out = append(out, resp.GetOutcomes().GetResults()...)
		p.take(resp)
		if resp.GetCaughtUp() && p.mark == len(p.changes) {
			return out
		}
	}
	p.w.t.Fatal("phone never caught up")
	return nil
}

func (p *phone) request() *syncv1.ExchangeRequest {
	var chain syncengine.Chain
	for _, c := range p.changes[:p.mark] {
		chain = chain.Next(syncengine.InnerDigest(c.GetSalt(), c.GetBody()))
	}
	body := &syncv1.ExchangeBody{
		Realm: 530702, Incarnation: p.incarnation[:], Nonce: p.nonce, Cursor: p.cursor, ClockMs: p.w.now.UnixMilli(),
		Status: &syncv1.Status{GrantVersion: p.grants, GrantSwitchDeviceSeq: uint64(p.mark), OutboxCount: uint64(len(p.changes) - p.mark), AppVersion: "test 1"},
	}
	if p.mark < len(p.changes) {
		body.Batch = &syncv1.Batch{ChainBefore: chain[:], SchemaVersion: 1, FirstDeviceSeq: uint64(p.mark + 1), Changes: p.changes[p.mark:]}
	}
	b, err := proto.Marshal(body)
	p.w.must(err)
	return &syncv1.ExchangeRequest{Body: b, Signature: ed25519.Sign(p.key, wire.ExchangeMessage(b))}
}

func (p *phone) take(resp *syncv1.ExchangeResponse) {
	p.mark += len(resp.GetOutcomes().GetResults())
	p.nonce = resp.GetNonce()
	if g := resp.GetGrants(); g != nil {
		p.grants = g.GetVersion()
	}
	if resp.GetCursor() == nil {
		return
	}
	p.cursor, p.position = resp.GetCursor(), resp.GetPosition()
	if resp.GetView() != nil {
		p.purge(resp.GetView())
	}
	for _, id := range resp.GetPage().GetGone() {
		delete(p.have, syncengine.ID(id))
	}
	for _, rec := range resp.GetPage().GetRecords() {
		id := syncengine.ID(rec.GetId())
		p.have[id], p.under[id] = rec, nil
		for _, key := range rec.GetKeys() {
			p.under[id] = append(p.under[id], resp.GetPage().GetKeys()[key])
		}
	}
}

// purge drops what is under none of the keys that the phone still holds.
func (p *phone) purge(view *syncv1.View) {
	for id := range p.have {
		held := slices.ContainsFunc(view.GetKeys(), func(k *syncv1.KeyView) bool {
			return slices.ContainsFunc(p.under[id], func(key []byte) bool { return bytes.Equal(key, k.GetKey()) })
		})
		if !held {
			delete(p.have, id)
		}
	}
}

// push makes one exchange and gives its outcomes.
func (p *phone) push() []*syncv1.Outcome {
	p.w.t.Helper()
	resp, err := p.w.realm.Exchange(p.w.ctx, p.request())
	p.w.must(err)
	p.take(resp)
	return resp.GetOutcomes().GetResults()
}
