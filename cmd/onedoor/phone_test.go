package main_test

import (
	"context"
	"crypto/ed25519"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// phone is a device reduced to the protocol: it enrols and pushes changes.
type phone struct {
	w           *world
	client      syncv1.SyncServiceClient
	incarnation syncengine.ID
	key         ed25519.PrivateKey
	nonce       []byte
	cursor      []byte
	position    *syncv1.Coordinate
	// places are the territories by code, as the phone was sent them.
	places  map[string][]byte
	changes []*syncv1.BatchChange
	mark    int
	// wrong is by how much its clock stands before the right one.
	wrong time.Duration
	// epoch is that of the last reply, erased how far it told of erasures.
	epoch  uint32
	erased uint64
}

// enrol calls the server with a join code.
func (w *world) enrol(code string) (*phone, error) {
	w.t.Helper()
	conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.UseCompressor(grpczstd.Name)))
	w.must(err)
	w.t.Cleanup(func() { conn.Close() })
	p := &phone{w: w, client: syncv1.NewSyncServiceClient(conn), incarnation: w.id(), places: map[string][]byte{}}
	var seed [ed25519.SeedSize]byte
	w.random.Read(seed[:])
	p.key = ed25519.NewKeyFromSeed(seed[:])
	req := &syncv1.EnrolRequest{Code: code, Incarnation: p.incarnation[:], PublicKey: p.key.Public().(ed25519.PublicKey), DeviceName: "测试机"}
	req.Signature = ed25519.Sign(p.key, wire.EnrolMessage(req))
	resp, err := p.client.Enrol(context.Background(), req)
	p.nonce = resp.GetNonce()
	return p, err
}

// phone enrols a device of a user and syncs once.
func (w *world) phone(user string) *phone {
	w.t.Helper()
	p, err := w.enrol(w.json("device", "code", "--user", user).text("code"))
	w.must(err)
	p.sync()
	return p
}

func (w *world) id() syncengine.ID {
	var r [10]byte
	w.random.Read(r[:])
	return wire.NewRecordID(syncengine.UnixMilli(time.Now().UnixMilli()), r)
}

// now is the phone's clock, in milliseconds.
func (p *phone) now() int64 { return time.Now().Add(p.wrong).UnixMilli() }

// door creates a door.
func (p *phone) door(territory, address string) syncengine.ID {
	id := p.w.id()
	p.change(&wire.Change{RecordID: id, Create: true}, &recordv1.Premises{Address: proto.String(address), Territory: p.places[territory]})
	return id
}

// edit edits a door.
func (p *phone) edit(id syncengine.ID, m *recordv1.Premises) {
	p.change(&wire.Change{RecordID: id}, m)
}

// change appends a change of a door to the outbox.
func (p *phone) change(c *wire.Change, m *recordv1.Premises) {
	p.w.t.Helper()
	p.put(c.RecordID, c.Create, recordv1.Kind_KIND_PREMISES, m)
}

// put appends a change of a record to the outbox.
func (p *phone) put(id syncengine.ID, create bool, of recordv1.Kind, m proto.Message) {
	p.w.t.Helper()
	c := &wire.Change{RecordID: id, Create: create}
	fields, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	p.w.must(err)
	c.Kind, c.Patch = syncengine.KindNumber(of), &syncv1.Patch{Fields: fields}
	c.DeviceSeq = syncengine.DeviceSeq(len(p.changes) + 1)
	c.Group, c.DeviceTime = c.DeviceSeq, syncengine.UnixMilli(p.now())
	c.OccurredAt = c.DeviceTime
	c.Base = syncengine.Coordinate{Epoch: syncengine.Epoch(p.position.GetEpoch()), Seq: syncengine.Seq(p.position.GetSeq())}
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

// request makes the exchange that sends everything from the mark on.
func (p *phone) request() *syncv1.ExchangeRequest {
	p.w.t.Helper()
	var chain syncengine.Chain
	for _, c := range p.changes[:p.mark] {
		chain = chain.Next(syncengine.InnerDigest(c.GetSalt(), c.GetBody()))
	}
	body := &syncv1.ExchangeBody{
		Realm: 530702, Incarnation: p.incarnation[:], Nonce: p.nonce, Cursor: p.cursor, ClockMs: p.now(),
		Epoch: p.epoch, BarrierSeq: p.erased,
		Status: &syncv1.Status{OutboxCount: uint64(len(p.changes) - p.mark), AppVersion: "test 1"},
	}
	if p.mark < len(p.changes) {
		body.Batch = &syncv1.Batch{ChainBefore: chain[:], SchemaVersion: schema.Version, FirstDeviceSeq: uint64(p.mark + 1), Changes: p.changes[p.mark:]}
	}
	b, err := proto.Marshal(body)
	p.w.must(err)
	return &syncv1.ExchangeRequest{Body: b, Signature: ed25519.Sign(p.key, wire.ExchangeMessage(b))}
}

// exchange calls once and reports whether the phone is caught up.
func (p *phone) exchange() (caughtUp bool) {
	p.w.t.Helper()
	resp, err := p.client.Exchange(context.Background(), p.request())
	p.w.must(err)
	p.mark += len(resp.GetOutcomes().GetResults())
	p.nonce, p.epoch, p.erased = resp.GetNonce(), resp.GetEpoch(), max(p.erased, resp.GetBarrierSeq())
	if resp.GetCursor() != nil {
		p.cursor, p.position = resp.GetCursor(), resp.GetPosition()
	}
	for _, rec := range resp.GetPage().GetRecords() {
		p.learn(rec)
	}
	return resp.GetCaughtUp()
}

// sync calls until everything is decided and the phone is caught up.
func (p *phone) sync() {
	p.w.t.Helper()
	const callsMax = 1000
	for range callsMax {
		if p.exchange() && p.mark == len(p.changes) {
			return
		}
	}
	p.w.t.Fatalf("the phone is not caught up after %d calls", callsMax)
}

// learn keeps the territories of a page.
func (p *phone) learn(rec *syncv1.PageRecord) {
	m := &recordv1.Territory{}
	if rec.GetKind() == uint32(recordv1.Kind_KIND_TERRITORY) && proto.Unmarshal(rec.GetFields(), m) == nil {
		p.places[m.GetCode()] = rec.GetId()
	}
}
