package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// secrets are a realm's keys. All runs share one set: they are no part of what a seed draws.
type secrets = identity.Secrets

// newSecrets draws the keys that all runs of a process share, the same ones every time.
func newSecrets(dir string) (*secrets, error) {
	return identity.CreateSecrets(dir, stream(0, "secrets", 0))
}

// contactKey is the contact key of every run.
var contactKey = sealed.NewKey([32]byte{1: 'k'})

// server is the realm's server: the real service over a real store, which the world can make fail.
type server struct {
	w     *world
	ctx   context.Context
	store *tap
	// peers are the servers, one unless the weather has several; service is the one whose turn it is.
	peers   []peer
	service *exchange.Service
	// schema is that of the newest software among them.
	schema *schema.Schema
	random *rand.ChaCha8
	// waiting are calls that arrived and wait for their group.
	waiting []*arrival
	// turns counts how often it was drawn who serves, wentBack how often the store was put back.
	turns, wentBack int
	// down is set while the server does not run.
	down bool
	// disk holds the store's files; nil for a store in memory or in a database server.
	disk *disk.Disk
	// realms are those that the run made in a database server.
	realms []pgstore.Options
	// ledger is the side ledger; nil for none.
	ledger *sideLedger
	// backups are in the order they were made.
	backups []*backup
	// counted counts reports for countedBy, the service that it was made for.
	counted   *report.Service
	countedBy *exchange.Service
}

// dataFolder and dataFile are where the store's files lie on the server's disk.
const (
	dataFolder = "/data"
	dataFile   = dataFolder + "/realm.db"
)

func newServer(w *world) (*server, error) {
	s := &server{w: w, ctx: context.Background(), schema: w.software.older, random: stream(w.c.Seed, "server", 0)}
	for range w.weather.servers {
		s.peers = append(s.peers, peer{schema: w.software.firstOf(len(s.peers))})
	}
	st, err := s.openStore()
	if err != nil {
		return nil, fmt.Errorf("open the server's store: %w", err)
	}
	if w.weather.ledger {
		s.ledger = &sideLedger{}
	}
	s.store = &tap{Store: st, w: w, calm: true, epoch: 1}
	return s, nil
}

func (s *server) openStore() (store.Store, error) {
	switch {
	case s.elsewhere():
		return s.createRealm()
	case !s.w.weather.sqlite:
		return s.sealed(memstore.New())
	}
	var err error
	if s.disk, err = disk.New(); err != nil {
		return nil, err
	}
	st, err := sqlitestore.Create(s.ctx, dataFile, sqlitestore.Options{Disk: s.disk})
	if err != nil {
		return nil, err
	}
	return s.sealed(st)
}

func (s *server) reopenStore() (store.Store, error) {
	st, err := sqlitestore.Open(s.ctx, dataFile, sqlitestore.Options{Disk: s.disk})
	if err != nil {
		return nil, err
	}
	opened, err := s.sealed(st)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return opened, nil
}

// sealed puts what seals contacts in front of a store, as the real server does.
func (s *server) sealed(st store.Store) (store.Store, error) {
	o := sealed.Options{Key: contactKey, Schema: schema.Load(), Random: stream(s.w.c.Seed, "data key", 0)}
	o.Now = func() time.Time { return time.UnixMilli(int64(s.w.now)) }
	o.Bucket, o.SealsDocument = exchange.SealedDigests(o.Schema)
	return sealed.Open(s.ctx, st, o)
}

// memory gives the store beneath, where it is one in memory.
func (s *server) memory() (*memstore.Store, bool) {
	front, ok := s.store.Store.(*sealed.Store)
	if !ok {
		return nil, false
	}
	mem, ok := front.Inner().(*memstore.Store)
	return mem, ok
}

// runChanges is how many changes of a batch are handed to the store at a time: in three of four runs so few that the
// batches of a day are long ones.
func runChanges(seed uint64) int { return int(seed % 4) }

// start starts the service on what is stored. It is given as many tries as it needs.
func (s *server) start() (err error) {
	calm := s.store.calm
	s.store.calm = true
	defer func() { s.store.calm = calm }()
	err = s.openAll()
	s.down = err != nil
	return err
}

// options are what a server of some software is opened with.
func (s *server) options(software *schema.Schema) exchange.Options {
	o := exchange.Options{
		Secrets: s.w.secrets, Random: s.random, Schema: s.engine(software), Inline: true, RunChanges: runChanges(s.w.c.Seed),
		Shared: len(s.peers) > 1, Hold: software.Engine.Version > s.schema.Engine.Version,
		Now: func() time.Time { return time.UnixMilli(int64(s.w.now)) },
	}
	if s.ledger != nil {
		o.Ledger = s.ledger
	}
	return o
}

// stop ends the service; calls that wait are cut.
func (s *server) stop() {
	s.down = true
	for _, a := range s.waiting {
		a.cut()
	}
	s.waiting = nil
	s.w.must(s.closeAll(), "stop the server")
}

// halted stops the server in order, before its files are put back. Its machine may lose its power in that: then it
// is false, and the server starts again by itself.
func (s *server) halted() bool {
	s.stop()
	if s.disk != nil && s.disk.Off() {
		s.crashed()
		return false
	}
	return true
}

// engine is the schema that a server merges by: with a fault where the weather has poisoned changes.
func (s *server) engine(software *schema.Schema) *schema.Schema {
	if s.w.weather.often[Poison] > 0 && !s.w.healed {
		return faulty(software)
	}
	return software
}

// goOn starts the server again, unless it runs. Its machine may lose its power in that.
func (s *server) goOn(how string) {
	if !s.down {
		return
	}
	err := s.start()
	switch {
	case err != nil && s.disk != nil && s.disk.Off():
		s.crashed()
	case s.w.must(err, "start the server"):
		s.w.trace.tell(s.w.now, "server", "%s", how)
	}
}

// crashed ends the server as a loss of power does, and starts it again on what had reached the disk.
func (s *server) crashed() {
	durable := s.store.Store
	if mem, ok := s.memory(); ok {
		// What the service writes while it is closed is what a killed one does not.
		var err error
		if durable, err = s.sealed(mem.Copy()); !s.w.must(err, "open what was durable") {
			return
		}
	}
	s.stop()
	s.store.Store = durable
	if s.disk != nil {
		// The power is off: what the process has open is dead, and closing it says so.
		_ = s.store.Store.Close()
		s.disk.PowerOn()
		st, err := s.reopenStore()
		if !s.w.must(err, "open the server's store again") {
			return
		}
		s.store.Store = st
		s.w.lookAgain()
		s.store.tellDurable()
	}
	s.w.trace.tell(s.w.now, "server", "loses its power")
	s.w.after(1000, func() { s.goOn("starts again") })
}

// feelPower ends the server where its machine lost its power in what it did last.
func (s *server) feelPower() {
	if s.disk != nil && s.disk.Off() && !s.down {
		s.crashed()
	}
}

// mend ends every fault of the server.
func (s *server) mend() {
	if s.disk != nil {
		s.disk.Heal()
	}
	s.store.full, s.store.calm = false, true
	s.goOn("starts again")
}

// shut closes everything for good.
func (s *server) shut() {
	if !s.down {
		_ = s.closeAll()
	}
	_ = s.store.Store.Close()
	s.dropRealms()
	if s.disk != nil {
		_ = s.disk.Close()
	}
}

// newID makes an id of now.
func (s *server) newID() syncengine.ID {
	var b [10]byte
	_, _ = s.random.Read(b[:])
	return wire.NewRecordID(s.w.unix(), b)
}

// act does something at the server itself and tells the auditor around it. Where the machine lost its power in it, what had
// reached the disk is part of it.
func (s *server) act(a model.Act, do func() error) error {
	s.w.model.Acting(a)
	err := do()
	s.feelPower()
	s.w.model.Acted(err)
	return err
}

// view reads the store as it is.
func (s *server) view(f func(store.Reader) error) {
	s.w.must(s.store.Store.View(s.ctx, f), "read the server's store")
}

// arrival is one copy of a request at the server.
type arrival struct {
	w       *world
	flight  *flight
	request *syncv1.ExchangeRequest
	// stranger is set for a request that no phone of ours made: the auditor is not told of it.
	stranger bool
	// answered takes what the server says; cut is called when it never says anything.
	answered func(call model.CallID, reply *syncv1.ExchangeResponse, err error)
	cut      func()
}

// arrive lets a request reach the server, where it waits for its group in a weather that has groups.
func (s *server) arrive(a *arrival) {
	if s.down {
		a.cut()
		return
	}
	s.waiting = append(s.waiting, a)
	switch {
	case s.w.weather.often[Together] == 0:
		s.commit()
	case len(s.waiting) == 1:
		s.w.after(s.w.weather.groupMs, s.commit)
		s.w.importDue()
	}
}

// commit answers the calls that wait, as one group.
func (s *server) commit() {
	group := s.waiting
	s.waiting = nil
	if len(group) == 0 {
		return
	}
	s.w.countTogether(group)
	calls, requests := make([]model.CallID, len(group)), make([]*syncv1.ExchangeRequest, len(group))
	for i, a := range group {
		requests[i] = clone(a.request)
		if !a.stranger {
			calls[i] = s.w.model.Arrived(s.w.wholeBody(a.request), s.w.unix())
		}
	}
	answers := s.receiver().ExchangeTogether(s.ctx, requests)
	s.feelPower()
	for i, answer := range answers {
		if !group[i].stranger {
			s.w.model.Answered(calls[i], clone(answer.Reply), answer.Err)
		}
	}
	for i, answer := range answers {
		s.checkLooks(bodyOf(group[i].request).GetIncarnation(), answer.Reply)
		group[i].answered(calls[i], answer.Reply, answer.Err)
	}
}

// countTogether counts groups of copies of one batch, and of several phones' batches.
func (w *world) countTogether(group []*arrival) {
	phones, flights := map[*phone]bool{}, map[*flight]bool{}
	for _, a := range group {
		phones[a.flight.phone], flights[a.flight] = true, true
	}
	if len(phones) > 1 {
		w.strike(Together)
	}
	if len(flights) < len(group) {
		w.strike(Twins)
	}
}

// bodyOf reads a request; an empty body where it cannot be read.
func bodyOf(req *syncv1.ExchangeRequest) *syncv1.ExchangeBody {
	body := &syncv1.ExchangeBody{}
	if err := proto.Unmarshal(req.GetBody(), body); err != nil {
		return &syncv1.ExchangeBody{}
	}
	return body
}

// clone has a message go over the wire.
func clone[M proto.Message](m M) M {
	if !m.ProtoReflect().IsValid() {
		return m
	}
	b, err := proto.Marshal(m)
	if err != nil {
		panic(errors.New("sim: a message that cannot be encoded: " + err.Error()))
	}
	out := m.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(b, out); err != nil {
		panic(errors.New("sim: a message that cannot be decoded: " + err.Error()))
	}
	return out
}
