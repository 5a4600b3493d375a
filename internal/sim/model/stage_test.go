package model_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// stage is a small district with real phones and a real server that tells a
// model of everything that happens, so that stories can show what it finds.
type stage struct {
	t       *testing.T
	ctx     context.Context
	store   *memstore.Store
	service *exchange.Service
	secrets *identity.Secrets
	random  *rand.ChaCha8
	now     time.Time
	model   *model.Model
	schema  *schema.Schema
	told    syncengine.Seq
	// epoch is the one that the model was last told of.
	epoch syncengine.Epoch
	// write changes what the model is told that the log says, body what a request said:
	// they stand for a server and a phone that write or say something else.
	write  func(*store.Entry)
	body   func(*syncv1.ExchangeBody)
	grids  map[string]syncengine.ID
	phones map[model.PhoneID]*actor
	// erases is what the privacy desk destroys of a record, a visit's note where a story says nothing.
	erases syncengine.Cells
}

// The places of the stories.
const (
	county    = "530702"
	street    = "530702001"
	community = "530702001001"
	gridA     = "530702001001001"
	gridB     = "530702001001002"
)

func newStage(t *testing.T) *stage { return newStageWith(t, schema.Load()) }

// newStageWith begins with a server of another schema.
func newStageWith(t *testing.T, sc *schema.Schema) *stage {
	t.Helper()
	s := &stage{
		t: t, ctx: t.Context(), store: memstore.New(), random: rand.NewChaCha8([32]byte{7}), now: time.UnixMilli(1_780_000_000_000),
		model: model.New(model.Options{Schema: sc}), schema: sc, grids: map[string]syncengine.ID{}, phones: map[model.PhoneID]*actor{},
		erases: syncengine.Cells{Field: noteField},
	}
	var err error
	s.secrets, err = identity.CreateSecrets(t.TempDir(), s.random)
	s.must(err)
	s.must(s.store.Update(s.ctx, func(tx store.Writer) error {
		for i, code := range []string{county, street, community, gridA, gridB} {
			s.territory(tx, code, [...]string{"county", "street", "community", "grid", "grid"}[i])
		}
		return identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: sc.Engine.Version, Secrets: s.secrets.Fingerprint()})
	}))
	s.serve()
	t.Cleanup(func() { s.must(s.service.Close()) })
	return s
}

func (s *stage) serve() {
	var err error
	s.service, err = exchange.Open(s.ctx, s.store, exchange.Options{
		Secrets: s.secrets, Random: s.random, Now: func() time.Time { return s.now }, Schema: s.schema, Inline: true,
	})
	s.must(err)
	s.committed()
}

// restart stops the server and starts it with a schema.
func (s *stage) restart(sc *schema.Schema) {
	s.must(s.service.Close())
	s.later(time.Second)
	s.schema = sc
	s.model.ServerSchema(sc)
	s.serve()
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) later(d time.Duration) { s.now = s.now.Add(d) }

func (s *stage) id() syncengine.ID {
	var r [10]byte
	_, err := s.random.Read(r[:])
	s.must(err)
	return wire.NewRecordID(syncengine.UnixMilli(s.now.UnixMilli()), r)
}

func (s *stage) territory(tx store.Writer, code, level string) {
	id := s.id()
	s.grids[code] = id
	s.must(identity.PutTerritory(tx, identity.Territory{ID: id, Parent: s.parent(code), Code: code, Name: "名" + code, Level: level}))
	s.model.Territory(id, s.parent(code))
}

func (s *stage) parent(code string) syncengine.ID {
	for _, digits := range []int{12, 9, 6} {
		if len(code) > digits {
			return s.grids[code[:digits]]
		}
	}
	return syncengine.ID{}
}

// committed tells the model what the log has gained.
func (s *stage) committed() {
	s.t.Helper()
	s.renewed()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		var added []store.Entry
		if err := r.Entries(s.told, func(e store.Entry) bool { added = append(added, e); return true }); err != nil || len(added) == 0 {
			return err
		}
		s.told = r.Head().Seq
		for i := range added {
			if s.write != nil {
				s.write(&added[i])
			}
		}
		s.model.Committed(r.Head(), added)
		return nil
	}))
}

// renewed tells the model where the server has begun an epoch by itself.
func (s *stage) renewed() {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		if e := r.Head().Epoch; s.epoch == 0 || s.epoch == e {
			s.epoch = e
			return nil
		}
		h, err := exchange.History(r)
		s.epoch = h.Epoch
		s.model.EpochBegan(h)
		return err
	}))
}

// user adds a user over a territory.
func (s *stage) user(name string, role recordv1.Role, territory string) syncengine.ID {
	s.t.Helper()
	id := s.id()
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		return identity.PutUser(tx, identity.User{ID: id, Name: name, Role: uint32(role), TerritoryID: s.grids[territory], State: identity.UserActive})
	}))
	s.model.User(id, uint32(role))
	s.refresh(id)
	return id
}

// refresh makes what follows for a user the grants in force.
func (s *stage) refresh(user syncengine.ID) {
	s.t.Helper()
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		_, err := identity.RefreshGrants(tx, user, syncengine.UnixMilli(s.now.UnixMilli()))
		return err
	}))
	s.grantedNow(user)
}

// grantedNow tells the model which grants of a user are in force.
func (s *stage) grantedNow(user syncengine.ID) {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		v, err := identity.CurrentGrants(r, user)
		s.model.Granted(user, v)
		return err
	}))
}

// changeUser alters a user and what they are granted.
func (s *stage) changeUser(user syncengine.ID, change func(*identity.User)) {
	s.t.Helper()
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		if err != nil {
			return err
		}
		change(&u)
		s.model.User(user, u.Role)
		return identity.PutUser(tx, u)
	}))
	s.refresh(user)
}

// act does something at the server.
func (s *stage) act(a model.Act) error {
	s.model.Acting(a)
	var err error
	switch {
	case a.Release != 0:
		err = s.service.Release(s.ctx, a.Release, a.By, "对的")
	case a.Reject != 0:
		err = s.service.Reject(s.ctx, a.Reject, a.By, "不对")
	case len(a.Erase) > 0:
		_, err = s.service.Erase(s.ctx, a.By, "", []exchange.Erasing{{RecordID: a.Erase[0], Cells: []syncengine.Cells{s.erases}}})
	default:
		_, err = s.service.Write(s.ctx, a.By, a.Writes)
	}
	s.committed()
	s.model.Acted(err)
	return err
}

// moveDoor has the server put a door into another territory.
func (s *stage) moveDoor(door syncengine.ID, territory string) {
	s.t.Helper()
	to := s.grids[territory]
	s.must(s.act(model.Act{Writes: []exchange.ServerChange{{
		RecordID: door, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Fields: &recordv1.Premises{Territory: to[:]},
	}}}))
}

// waiting lists the seqs of quarantined changes.
func (s *stage) waiting() (out []syncengine.Seq) {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		return s.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool { out = append(out, q.Seq); return true })
	}))
	return out
}

// clean wants that nothing was found until now, at the server and on every phone.
func (s *stage) clean() {
	s.t.Helper()
	for _, v := range s.look() {
		s.t.Error(v)
	}
}

func (s *stage) look() (found []model.Violation) {
	s.t.Helper()
	found = s.model.CheckStep()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		found = append(found, s.model.CheckServer(r)...)
		return nil
	}))
	for _, id := range slices.Sorted(maps.Keys(s.phones)) {
		found = append(found, s.model.CheckPhone(id, s.phones[id].Replica)...)
	}
	return found
}

// rest lets every phone sync and wants everything to be in order then.
func (s *stage) rest() {
	s.t.Helper()
	for range 2 {
		for _, id := range slices.Sorted(maps.Keys(s.phones)) {
			s.phones[id].sync()
		}
	}
	for _, v := range s.atRest() {
		s.t.Error(v)
	}
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		v, err := exchange.Verify(r, s.schema, nil)
		if err == nil && len(v.Problems) > 0 {
			s.t.Errorf("verify: %v", v.Problems)
		}
		return err
	}))
}

func (s *stage) atRest() (found []model.Violation) {
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		screens := map[model.PhoneID]model.Screen{}
		for id, p := range s.phones {
			screens[id] = p.Replica
		}
		found = s.model.AtRest(r, screens)
		return nil
	}))
	return found
}

// actor is a phone of the story with its line and its own clock error.
type actor struct {
	*client.Replica
	s     *stage
	id    model.PhoneID
	dir   string
	user  syncengine.ID
	skew  time.Duration
	page  int
	batch int
	// app is what the phone's software knows; nil is all.
	app    *schema.Schema
	random *rand.ChaCha8
	// told counts the rows that the model knows of.
	told int
	// open is the call whose reply is not known to be taken yet.
	open *openCall
	// pass lets the next replies through, lose loses those after them; once cut is set no call reaches the server.
	pass, lose int
	cut        bool
	// twist changes what reaches the phone, which the model is not told of: it stands
	// for a phone that handles a reply wrongly.
	twist func(*syncv1.ExchangeResponse)
	// sent is the last request that the phone made.
	sent *syncv1.ExchangeRequest
	// alter changes the next replies on their way from the server to model and phone.
	alter func(*syncv1.ExchangeResponse)
}

type openCall struct {
	id    model.CallID
	reply *syncv1.ExchangeResponse
}

var errLine = errors.New("the line was cut")

// phone enrols a new user's phone.
func (s *stage) phone(name string, role recordv1.Role, territory string) *actor {
	s.t.Helper()
	return s.phoneOf(s.user(name, role, territory))
}

// phoneOf enrols a phone for a user.
func (s *stage) phoneOf(user syncengine.ID) *actor {
	s.t.Helper()
	id := model.PhoneID(len(s.phones) + 1)
	p := &actor{s: s, id: id, dir: filepath.Join(s.t.TempDir(), "replica"), user: user, random: rand.NewChaCha8([32]byte{byte(id)})}
	p.start()
	var code string
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		c, _, err := identity.NewCode(tx, user, syncengine.UnixMilli(s.now.UnixMilli()), s.random)
		code = string(c)
		return err
	}))
	s.must(p.Enrol(s.ctx, "plain", code))
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		v, err := identity.CurrentGrants(r, user)
		s.model.Enrolled(id, p.incarnation(), user, v.Version)
		return err
	}))
	s.phones[id] = p
	s.t.Cleanup(func() { s.must(p.Close()) })
	return p
}

func (p *actor) start() {
	p.s.t.Helper()
	r, err := client.Open(p.dir, make([]byte, client.KeyBytes), client.Options{
		Transport: line{p}, Random: p.random, Tries: 1, PageBytesMax: p.page, BatchChangesMax: p.batch, Schema: p.app, Go: func(f func()) { f() },
		Now:  func() time.Time { return p.s.now.Add(p.skew) },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	p.s.must(err)
	p.Replica = r
}

func (p *actor) incarnation() syncengine.ID {
	p.s.t.Helper()
	written := syncengine.ID{}
	_, err := decodeHex(written[:], p.Self().Incarnation)
	p.s.must(err)
	return written
}

// pages has the phone ask for pages of another size from now on.
func (p *actor) pages(bytes int) {
	p.s.must(p.Close())
	p.page = bytes
	p.start()
}

// oneAtATime has the phone send one change at a time from now on.
func (p *actor) oneAtATime() {
	p.s.must(p.Close())
	p.batch = 1
	p.start()
}

// knows has the phone run software from now on that knows a schema.
func (p *actor) knows(sc *schema.Schema) {
	p.s.must(p.Close())
	p.app = sc
	p.s.model.PhoneSchema(p.id, sc)
	p.start()
}

// do edits and tells the model what rows came of it.
func (p *actor) do(edit func() error) {
	p.s.t.Helper()
	p.s.must(edit())
	p.tell()
}

func (p *actor) tell() {
	p.s.t.Helper()
	written, err := p.Written(int64(p.told + 1))
	p.s.must(err)
	var rows []model.Row
	for _, w := range written {
		rows = append(rows, model.Row{DeviceSeq: syncengine.DeviceSeq(w.DeviceSeq), Body: w.Body, Salt: w.Salt})
	}
	p.told += len(rows)
	p.s.model.Wrote(p.id, rows, nil)
}

func (p *actor) add(m proto.Message) (id syncengine.ID) {
	p.s.t.Helper()
	p.do(func() (err error) { id, err = p.Add(m); return err })
	return id
}

func (p *actor) edit(id syncengine.ID, m proto.Message, cleared ...string) {
	p.s.t.Helper()
	p.do(func() error { return p.Edit(id, m, cleared...) })
}

// sync syncs once; a line that is cut ends it.
func (p *actor) sync() {
	p.s.t.Helper()
	if err := p.trySync(); err != nil && !errors.Is(err, errLine) {
		p.s.t.Fatal(err)
	}
}

func (p *actor) trySync() error {
	_, err := p.Sync(p.s.ctx)
	if err == nil {
		p.taken()
	}
	p.open = nil
	return err
}

// taken tells the model that the phone took the last reply, as its next call or
// the end of its sync shows.
func (p *actor) taken() {
	if p.open != nil {
		p.s.model.Took(p.id, p.open.id, p.open.reply)
		p.open = nil
	}
}

// line is the connection of an actor: plain calls that the model is told of.
type line struct{ p *actor }

func (l line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	return l.p.s.service.Enrol(ctx, req)
}

// Exchange carries one call, telling the model of it.
func (l line) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	p := l.p
	p.taken()
	if p.cut {
		return nil, errLine
	}
	p.sent = proto.CloneOf(req)
	reply, call, err := p.s.exchange(ctx, req, p.alter)
	if err != nil {
		return nil, err
	}
	if p.pass > 0 {
		p.pass--
	} else if p.lose > 0 {
		p.lose--
		return nil, errLine
	}
	p.open = &openCall{call, proto.CloneOf(reply)}
	if p.twist != nil {
		p.twist(reply)
	}
	return reply, nil
}

// exchange has the server answer a request.
func (s *stage) exchange(ctx context.Context, req *syncv1.ExchangeRequest, alter func(*syncv1.ExchangeResponse)) (*syncv1.ExchangeResponse, model.CallID, error) {
	body := &syncv1.ExchangeBody{}
	s.must(proto.Unmarshal(req.GetBody(), body))
	if s.body != nil {
		s.body(body)
	}
	call := s.model.Arrived(body, syncengine.UnixMilli(s.now.UnixMilli()))
	reply, err := s.service.Exchange(ctx, proto.CloneOf(req))
	if body.GetGrants() != nil {
		// The phone may have handed back what a restore had lost.
		for _, p := range s.phones {
			s.grantedNow(p.user)
		}
	}
	s.committed()
	if err != nil {
		s.model.Answered(call, nil, err)
		return nil, call, err
	}
	reply = proto.CloneOf(reply)
	if alter != nil {
		alter(reply)
	}
	s.model.Answered(call, proto.CloneOf(reply), nil)
	return reply, call, nil
}

// repeat has the server answer a copy of a phone's last request; nobody gets the reply.
func (s *stage) repeat(p *actor) {
	s.t.Helper()
	_, _, err := s.exchange(s.ctx, p.sent, p.alter)
	s.must(err)
}

// Watch is not used by stories.
func (l line) Watch(context.Context, *syncv1.WatchRequest, func(uint64)) error { return nil }
