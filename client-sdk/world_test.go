package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// world is a district with two grids, served from memory, and a clock that the
// story turns.
type world struct {
	// aheads counts the batches that came before their exchange over gRPC.
	aheads  atomic.Int64
	t       testing.TB
	store   store.Store
	service *exchange.Service
	secrets *identity.Secrets
	random  *rand.ChaCha8
	now     time.Time
	grids   map[string]syncengine.ID
	phones  []*phone
	// disk is what the files of phones stand on that are enrolled from now on.
	disk client.Disk
	// inline has the service work on the caller's goroutine, so that the same steps follow each other every time.
	inline bool
}

// The places of the stories.
const (
	community = "530702001001"
	gridA     = "530702001001001"
	gridB     = "530702001001002"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, memstore.New())
}

// newWorldOn makes a district in an empty store.
func newWorldOn(t testing.TB, st store.Store) *world {
	t.Helper()
	w := &world{
		t: t, store: st, random: rand.NewChaCha8([32]byte{1}), now: time.UnixMilli(1_780_000_000_000),
		grids: map[string]syncengine.ID{},
	}
	var err error
	w.secrets, err = identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	w.must(w.store.Update(t.Context(), func(tx store.Writer) error {
		w.territory(tx, "", "530702", "county")
		w.territory(tx, "530702", "530702001", "street")
		w.territory(tx, "530702001", community, "community")
		w.territory(tx, community, gridA, "grid")
		w.territory(tx, community, gridB, "grid")
		return identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: 1, Secrets: w.secrets.Fingerprint()})
	}))
	w.serve()
	t.Cleanup(func() { w.must(w.service.Close()) })
	w.publishTerritories()
	return w
}

func (w *world) serve() {
	w.t.Helper()
	w.must(w.tryServe())
}

// tryServe opens the service, where the store lets it.
func (w *world) tryServe() (err error) {
	w.service, err = exchange.Open(w.t.Context(), w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Inline: w.inline,
	})
	return err
}

// restart stops the server and starts it on what it had stored.
func (w *world) restart() {
	w.t.Helper()
	w.must(w.service.Close())
	w.serve()
}

// crash ends the server where it stands and starts it on what it had stored.
func (w *world) crash() {
	w.t.Helper()
	stored := w.store.(*memstore.Store).Copy()
	w.must(w.service.Close())
	w.store = stored
	w.serve()
}

// kill ends the server as a loss of power does and starts it on what was durable
// before: unlike one that stops in order it forgets the nonces it gave out.
func (w *world) kill() {
	w.t.Helper()
	durable := w.store.(*memstore.Store).Copy()
	w.must(w.service.Close())
	w.store = durable
	w.serve()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// later turns the clock.
func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) id() syncengine.ID {
	var r [10]byte
	_, err := w.random.Read(r[:])
	w.must(err)
	return wire.NewRecordID(syncengine.UnixMilli(w.now.UnixMilli()), r)
}

func (w *world) territory(tx store.Writer, parent, code, level string) {
	id := w.id()
	w.grids[code] = id
	w.must(identity.PutTerritory(tx, identity.Territory{ID: id, Parent: w.grids[parent], Code: code, Name: "名" + code, Level: level}))
}

// publishTerritories makes the records by which phones know the territories.
func (w *world) publishTerritories() {
	w.t.Helper()
	for _, code := range slices.Sorted(maps.Keys(w.grids)) {
		id := w.grids[code]
		w.write(id, recordv1.Kind_KIND_TERRITORY, true, &recordv1.Territory{
			Code: &code, Name: proto.String("名" + code), Level: recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID.Enum(), ParentId: parentOf(w, code),
		})
	}
}

func parentOf(w *world, code string) []byte {
	for _, digits := range []int{12, 9, 6} {
		if len(code) > digits {
			id := w.grids[code[:digits]]
			return id[:]
		}
	}
	return nil
}

// write has the server itself make or change a record.
func (w *world) write(id syncengine.ID, kind recordv1.Kind, create bool, m proto.Message) {
	w.t.Helper()
	_, err := w.service.Write(w.t.Context(), syncengine.ID{}, []exchange.ServerChange{
		{RecordID: id, Kind: syncengine.KindNumber(kind), Create: create, Fields: m},
	})
	w.must(err)
}

// user adds a user over a territory.
func (w *world) user(name string, role recordv1.Role, territory string) syncengine.ID {
	w.t.Helper()
	id := w.id()
	w.must(w.service.Update(w.t.Context(), func(tx store.Writer) error {
		u := identity.User{ID: id, Name: name, Role: uint32(role), TerritoryID: w.grids[territory], State: identity.UserActive}
		if err := identity.PutUser(tx, u); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(tx, id, syncengine.UnixMilli(w.now.UnixMilli()))
		return err
	}))
	return id
}

// moveUser gives a user another territory.
func (w *world) moveUser(user syncengine.ID, territory string) {
	w.t.Helper()
	w.changeUser(user, func(u *identity.User) { u.TerritoryID = w.grids[territory] })
}

func (w *world) changeUser(user syncengine.ID, change func(*identity.User)) {
	w.t.Helper()
	w.must(w.service.Update(w.t.Context(), func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		if err != nil {
			return err
		}
		change(&u)
		if err := identity.PutUser(tx, u); err != nil {
			return err
		}
		_, err = identity.RefreshGrants(tx, user, syncengine.UnixMilli(w.now.UnixMilli()))
		return err
	}))
}

func (w *world) code(user syncengine.ID) (code string) {
	w.t.Helper()
	w.must(w.service.Update(w.t.Context(), func(tx store.Writer) error {
		c, _, err := identity.NewCode(tx, user, syncengine.UnixMilli(w.now.UnixMilli()), w.random)
		code = string(c)
		return err
	}))
	return code
}

// verify has the server reduce its log again.
func (w *world) verify() {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
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

// line is the connection between a phone and the server: plain calls that can fail.
type line struct {
	w *world
	// loseRequest and loseReply make the next calls fail, before or after the server has worked.
	loseRequest, loseReply int
	// failAfter makes every call fail after so many more; 0 for none.
	failAfter int
	calls     int
	// seen looks at every reply, sent at every request.
	seen func(*syncv1.ExchangeResponse)
	sent func(*syncv1.ExchangeBody)
	// keeps holds the requests where it is set, as a network does that delivers one twice.
	keeps *[]*syncv1.ExchangeRequest
}

var errLine = errors.New("the line was cut")

func (l *line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	return l.w.service.Enrol(ctx, clone(l.w.t, req))
}

func (l *line) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	l.calls++
	if take(&l.loseRequest) || l.failAfter > 0 && l.calls > l.failAfter {
		return nil, errLine
	}
	if l.sent != nil {
		body := &syncv1.ExchangeBody{}
		if err := proto.Unmarshal(req.GetBody(), body); err != nil {
			return nil, err
		}
		l.sent(body)
	}
	if l.keeps != nil {
		*l.keeps = append(*l.keeps, clone(l.w.t, req))
	}
	resp, err := l.w.service.Exchange(ctx, clone(l.w.t, req))
	if errors.Is(err, exchange.ErrUnknownDevice) {
		return nil, &client.Fault{Reason: "UNKNOWN_DEVICE", Cause: err}
	}
	if err != nil {
		return nil, err
	}
	if take(&l.loseReply) {
		return nil, errLine
	}
	if l.seen != nil {
		l.seen(resp)
	}
	return clone(l.w.t, resp), nil
}

func (l *line) Watch(ctx context.Context, req *syncv1.WatchRequest, _ func(uint64)) error {
	if err := l.w.service.CheckWatch(ctx, req); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func take(n *int) bool {
	if *n == 0 {
		return false
	}
	*n--
	return true
}

// clone has a message go over the wire.
func clone[M proto.Message](t testing.TB, m M) M {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := m.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// phone is one replica in the story, with its line and its own clock error.
type phone struct {
	*client.Replica
	w      *world
	name   string
	dir    string
	key    []byte
	line   *line
	user   syncengine.ID
	skew   time.Duration
	random *rand.ChaCha8
	page   int
	batch  int
	tries  int
	// atOnce does what the phone does beside a call at once.
	atOnce bool
	// disk is what its files stand on; nil is the system's.
	disk client.Disk
}

// phone enrols a new user's phone.
func (w *world) phone(name string, role recordv1.Role, territory string) *phone {
	w.t.Helper()
	return w.phoneOf(name, w.user(name, role, territory))
}

// phoneOf enrols a phone for a user.
func (w *world) phoneOf(name string, user syncengine.ID) *phone {
	w.t.Helper()
	seed := [32]byte{byte(len(w.phones) + 2)}
	p := &phone{
		w: w, name: name, user: user, dir: filepath.Join(w.t.TempDir(), "replica"), key: make([]byte, client.KeyBytes),
		line: &line{w: w}, random: rand.NewChaCha8(seed), disk: w.disk,
	}
	_, err := p.random.Read(p.key)
	w.must(err)
	p.open()
	w.must(p.Enrol(w.t.Context(), "plain", w.code(user)))
	w.phones = append(w.phones, p)
	w.t.Cleanup(func() { w.must(p.Close()) })
	return p
}

func (p *phone) open() {
	p.w.t.Helper()
	p.w.must(p.tryOpen())
}

// tryOpen opens the replica, where the disk lets it.
func (p *phone) tryOpen() error {
	o := client.Options{
		Transport: p.line, Random: p.random, Tries: max(p.tries, 1), PageBytesMax: p.page, BatchChangesMax: p.batch, Disk: p.disk,
		Now:  func() time.Time { return p.w.now.Add(p.skew) },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if p.disk != nil || p.atOnce {
		o.Go = func(work func()) { work() } // so that the same steps of the disk follow each other every time
	}
	r, err := client.Open(p.dir, p.key, o)
	p.Replica = r
	return err
}

// restart closes the app and opens it again.
func (p *phone) restart() {
	p.w.t.Helper()
	p.w.must(p.Close())
	p.open()
}

func (p *phone) sync() *client.Report {
	p.w.t.Helper()
	report, err := p.Sync(p.w.t.Context())
	if err != nil {
		p.w.t.Fatalf("%s syncs: %v", p.name, err)
	}
	return report
}

func (p *phone) add(kind, text string) string {
	p.w.t.Helper()
	p.w.later(time.Second)
	id, err := p.AddJSON(kind, text)
	if err != nil {
		p.w.t.Fatalf("%s adds a %s: %v", p.name, kind, err)
	}
	return id
}

func (p *phone) edit(id, text string) {
	p.w.t.Helper()
	p.w.later(time.Second)
	if err := p.EditJSON(id, text); err != nil {
		p.w.t.Fatalf("%s edits: %v", p.name, err)
	}
}

// shows checks fields of a record as the phone shows it; nil means that the field has no value.
func (p *phone) shows(id string, want map[string]any) {
	p.w.t.Helper()
	text, err := p.ShowJSON(id)
	if err != nil {
		p.w.t.Fatalf("%s shows %s: %v", p.name, id, err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		p.w.t.Fatal(err)
	}
	for field, value := range want {
		if fmt.Sprint(got[field]) != fmt.Sprint(value) {
			p.w.t.Errorf("%s shows %s %v, want %v", p.name, field, got[field], value)
		}
	}
}

func (p *phone) status() *client.Status {
	p.w.t.Helper()
	s, err := p.Status()
	p.w.must(err)
	return s
}

func (p *phone) conflicts() []*client.Conflict {
	p.w.t.Helper()
	c, err := p.Conflicts()
	p.w.must(err)
	return c
}

// ids lists the records of a kind that the phone lists.
func (p *phone) ids(q client.Query) map[string]bool {
	p.w.t.Helper()
	records, err := p.List(q)
	p.w.must(err)
	out := map[string]bool{}
	for _, r := range records {
		out[r.ID.String()] = true
	}
	return out
}

// settle syncs all phones until nothing moves, and checks that each holds what
// the server would send it: base, view, conflicts and digests.
func (w *world) settle() {
	w.t.Helper()
	for range 3 {
		for _, p := range w.phones {
			p.sync()
		}
	}
	for _, p := range w.phones {
		w.matches(p)
	}
	w.verify()
}

// matches compares what a phone has come to with what the server sends it when
// it is filled from the start.
func (w *world) matches(p *phone) {
	w.t.Helper()
	s := p.status()
	if s.Pending != 0 {
		w.t.Errorf("%s has %d changes pending after the sync", p.name, s.Pending)
	}
	if n, err := p.Outcomes(); err != nil || n != p.Changes() {
		w.t.Errorf("%s made %d changes and has outcomes of %d, %v", p.name, p.Changes(), n, err)
	}
	before := map[string]map[string]string{}
	for _, kind := range kinds {
		before[kind] = w.dump(p, kind)
	}
	w.must(p.Refill())
	p.sync()
	if again := p.status(); again.Digest != s.Digest || again.Seq != s.Seq || again.Conflicts != s.Conflicts {
		w.t.Errorf("%s stood at %d with %d conflicts and digest %s; filled anew at %d with %d and %s",
			p.name, s.Seq, s.Conflicts, s.Digest, again.Seq, again.Conflicts, again.Digest)
	}
	for _, kind := range kinds {
		have, want := before[kind], w.dump(p, kind)
		for id := range have {
			if _, ok := want[id]; !ok {
				w.t.Errorf("%s held %s %s, the server does not send it", p.name, kind, id)
			}
		}
		for id, text := range want {
			if have[id] != text {
				w.t.Errorf("%s held of %s %s\n  %s\nthe server sends\n  %s", p.name, kind, id, have[id], text)
			}
		}
	}
}

var kinds = []string{"premises", "visit", "hazard", "dispute", "case_event", "task", "attachment", "territory", "staff"}

// dump gives every record of a kind with all that the phone can say of it.
func (w *world) dump(p *phone, kind string) map[string]string {
	w.t.Helper()
	records, err := p.List(client.Query{Kind: kind, Deleted: true})
	w.must(err)
	out := map[string]string{}
	for _, rec := range records {
		reasons, err := p.Why(rec.ID)
		w.must(err)
		all := make([]any, 0, len(reasons))
		for _, r := range reasons {
			all = append(all, r.Object())
		}
		text, err := p.ShowJSON(rec.ID.String())
		w.must(err)
		why, err := json.Marshal(all)
		w.must(err)
		out[rec.ID.String()] = text + fmt.Sprint(rec.Conflicts, rec.Deleted, string(why))
	}
	return out
}

func parse(text string) (syncengine.ID, error) { return wire.ParseID(text) }

func mustParse(t testing.TB, text string) syncengine.ID {
	t.Helper()
	id, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// copyOf copies a phone's database, as a backup of the whole device does.
func (p *phone) copyOf() *phone {
	p.w.t.Helper()
	p.w.must(p.Close())
	c := &phone{
		w: p.w, name: p.name + "的副本", user: p.user, dir: filepath.Join(p.w.t.TempDir(), "copy"), key: p.key,
		line: &line{w: p.w}, random: rand.NewChaCha8([32]byte{77}),
	}
	p.w.must(os.CopyFS(c.dir, os.DirFS(p.dir)))
	p.open()
	c.open()
	p.w.phones = append(p.w.phones, c)
	p.w.t.Cleanup(func() { p.w.must(c.Close()) })
	return c
}
