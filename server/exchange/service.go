package exchange

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// Options are what a service needs from outside; every field but Secrets and Random has a default.
type Options struct {
	// Secrets are the realm's keys.
	Secrets *identity.Secrets
	// Random draws tags and ids.
	Random io.Reader
	// Now is the server's clock; the system's when nil.
	Now func() time.Time
	// Log takes faults and decisions, never record content; silent when nil.
	Log *slog.Logger
	// Schema is the newest by which this software can merge records; its own when nil.
	Schema *schema.Schema
	// Hold serves a realm of an older schema by that one until Lift is called: servers that know no newer one serve it too.
	Hold bool
	// Hint is called after a commit with the seq the log has reached; it must not block.
	Hint func(syncengine.Seq)
	// Events are told what the write path does.
	Events Events
	// Ledger keeps changes of identity on other storage, so that a restore undoes none; nil for none.
	Ledger Ledger
	// Inline commits on the caller's goroutine instead of one of the service's own: callers take turns, and what
	// ExchangeTogether brings shares a commit for certain. For a simulation, in which nothing happens by itself.
	Inline bool
	// Shared tells that other servers may have the store open too.
	Shared bool
	// Turns shares the processor with other realms, and between what is short and what is long; nil lets everybody go at once.
	Turns *turns.Realm
	// RunChanges is how many changes of a long batch are handed to the store at a time; a fitting number when 0. Few of
	// them have short batches go the way of long ones, in a simulation.
	RunChanges int
}

// Service is the write path and the reading of one realm.
type Service struct {
	store store.Store
	// schema is the newest that this software knows; caches say which is in force.
	schema  *schema.Schema
	secrets *identity.Secrets
	realm   identity.Realm
	log     *slog.Logger
	hint    func(syncengine.Seq)
	events  Events
	clock   func() time.Time
	nonces  *nonces
	caches  caches
	uploads uploads
	places  places
	aheads  aheads
	// randomMu guards source.
	randomMu sync.Mutex
	source   io.Reader
	// contacts holds when each device was last heard from, as far as it is stored.
	contacts contacts
	// checkpoints holds what each device said last of how far it has the log.
	checkpoints checkpoints
	// witness is the newest head that this server has seen durable.
	witness witness
	// shared is Options.Shared; opened is this server's number among those that have opened the realm.
	shared bool
	opened uint64
	// followed is the entry of the store up to which this server's ledger is known to go.
	followed atomic.Pointer[ledgerEnd]
	// gathers tells that the store wants to know beforehand what it will be asked.
	gathers bool
	// backedUp is how far the newest verified backup reaches; nil when none is known of.
	backedUp atomic.Pointer[syncengine.Coordinate]
	// ledger is Options.Ledger; the group loop alone uses it once the service is open.
	ledger Ledger
	// inForce is the epoch in force.
	inForce atomic.Uint32
	// seen holds the versions of views known to be stored.
	seen sync.Map

	jobs chan *job
	// stop ends the group loop, stopped tells that it has ended.
	stop    context.CancelFunc
	stopped chan struct{}
	// left has a second Close leave nothing more behind.
	left sync.Once
	// inline is Options.Inline; turn lets its callers take turns.
	inline bool
	turn   sync.Mutex
	// turns is Options.Turns.
	turns *turns.Realm
	// run is Options.RunChanges.
	run int
}

// Open starts the service over a store that holds a realm. It refuses a store
// whose secrets it was not given.
func Open(ctx context.Context, st store.Store, o Options) (*Service, error) {
	s := &Service{
		store: st, schema: o.Schema, secrets: o.Secrets, source: o.Random, clock: o.Now, log: o.Log, hint: o.Hint, events: o.Events,
		places: places{keys: map[syncengine.ID]parentPlace{}}, shared: o.Shared, inline: o.Inline, ledger: o.Ledger,
		jobs: make(chan *job, groupJobsMax), stopped: make(chan struct{}),
		run: cmp.Or(o.RunChanges, runChanges), turns: o.Turns,
	}
	s.defaults()
	s.caches.newest, s.caches.own = s.schema, s.secrets.Fingerprint()
	err := st.View(ctx, func(r store.Reader) (err error) {
		if s.realm, err = identity.GetRealm(r); err != nil {
			return err
		}
		if err := errors.Join(identity.CheckSecrets(r, s.secrets), sealed.Check(r), s.caches.opens(r, s.realm)); err != nil {
			return err
		}
		s.gathers = store.Gathering(r) != nil
		s.caches.schemaOf(s.realm.SchemaVersion)
		history, err := readHistory(r)
		s.inForce.Store(uint32(history.Epoch))
		s.witness.saw(r.Head())
		s.nonces = newNonces(s.secrets.NonceKey(history.Epoch), uint64(s.clock().UnixNano()), s.named())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open realm: %w", err)
	}
	for _, step := range []func(context.Context) error{s.openLedger, s.takeOverNonces, s.countOpening} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("open realm: %w", err)
		}
	}
	s.start()
	lift := s.Lift
	if o.Hold && s.realm.SchemaVersion >= s.schema.Oldest() && !s.realm.Merging {
		lift = func(context.Context) error { return nil }
	}
	for _, step := range []func(context.Context) error{lift, s.placeAnew, s.listAside, s.enforce, s.Scrub} {
		if err := step(ctx); err != nil {
			s.Close()
			return nil, fmt.Errorf("upgrade realm: %w", err)
		}
	}
	return s, nil
}

func (s *Service) defaults() {
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.schema == nil {
		s.schema = schema.Load()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.hint == nil {
		s.hint = func(syncengine.Seq) {}
	}
}

// start begins the group loop, unless calls commit by themselves.
func (s *Service) start() {
	if s.inline {
		s.stop = sync.OnceFunc(func() { close(s.stopped) })
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.loop(ctx) // stopped by Close
}

// Close finishes the group in hand and stops. The store stays open.
func (s *Service) Close() error {
	s.stop()
	<-s.stopped
	s.left.Do(s.leaveNonces)
	return nil
}

// Realm says which realm this is, in the schema that is in force.
func (s *Service) Realm() identity.Realm {
	realm := s.realm
	realm.SchemaVersion, realm.Merging = s.Schema().Engine.Version, false
	return realm
}

// Schema is the schema that is in force, as far as this server has seen.
func (s *Service) Schema() *schema.Schema { return s.caches.current() }

// Time is the server's clock.
func (s *Service) Time() syncengine.UnixMilli { return s.now() }

func (s *Service) now() syncengine.UnixMilli { return syncengine.UnixMilli(s.clock().UnixMilli()) }

// random fills b; a source of randomness that fails is no state to go on in.
func (s *Service) random(b []byte) {
	s.randomMu.Lock()
	defer s.randomMu.Unlock()
	_, err := io.ReadFull(s.source, b)
	assert(err == nil, "randomness: %v", err)
}

// NewID makes a record id of now.
func (s *Service) NewID() syncengine.ID {
	var b [10]byte
	s.random(b[:])
	return wire.NewRecordID(s.now(), b)
}

// View runs f on a consistent state of the realm.
func (s *Service) View(ctx context.Context, f func(store.Reader) error) error {
	return s.store.View(ctx, func(r store.Reader) error {
		if s.shared {
			// Newer software may have taken the realm over.
			if _, err := s.caches.at(r); err != nil {
				return err
			}
		}
		return f(r)
	})
}

// Exchange answers one call of a phone: it decides the batch, waits until that
// is durable, and cuts the next page.
func (s *Service) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	reply, err := s.ExchangeEncoded(ctx, req)
	wire.TakeApart(reply.GetPage())
	return reply, err
}

// ExchangeEncoded is Exchange for who sends the answer on: the page's records stand in it as the bytes that are sent.
func (s *Service) ExchangeEncoded(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	call, err := s.open(req)
	if err != nil {
		return nil, err
	}
	turns.Note(ctx, call.class())
	if call.class() != turns.Fill { // What is long holds nobody back.
		defer s.turns.Arrive()()
	}
	if err = s.receive(ctx, call, req); err == nil {
		err = s.glance(ctx, call, true)
	}
	if err != nil {
		return nil, err
	}
	if call.answered != nil {
		return s.reply(ctx, call)
	}
	if err := s.submitPush(ctx, call); err != nil {
		return nil, err
	}
	call.push.forget()
	s.uploads.giveWay(ctx)
	return s.reply(ctx, call)
}

// Answer is what came of one of several calls.
type Answer struct {
	Reply *syncv1.ExchangeResponse
	Err   error
}

// ExchangeTogether answers calls that came at the same time, several of one
// phone among them: what they push is put into one group.
func (s *Service) ExchangeTogether(ctx context.Context, reqs []*syncv1.ExchangeRequest) []Answer {
	calls, out := make([]*call, len(reqs)), make([]Answer, len(reqs))
	jobs := make([]*job, len(reqs))
	for i, req := range reqs {
		if calls[i], out[i].Err = s.open(req); out[i].Err == nil {
			out[i].Err = s.receive(ctx, calls[i], req)
		}
		if out[i].Err == nil {
			out[i].Err = s.glance(ctx, calls[i], false)
		}
		if out[i].Err == nil {
			jobs[i] = s.pushJob(ctx, calls[i])
		}
	}
	s.submitAll(jobs)
	for i, c := range calls {
		if j := jobs[i]; j != nil {
			out[i].Err = s.pushed(c, j)
		}
		if out[i].Err == nil {
			out[i].Reply, out[i].Err = s.reply(ctx, c)
			wire.TakeApart(out[i].Reply.GetPage())
		}
	}
	return out
}

// reply says what became of a call's batch and cuts the page.
func (s *Service) reply(ctx context.Context, call *call) (*syncv1.ExchangeResponse, error) {
	reply := replyTo(call)
	if call.push.result.fork == nil {
		a, err := s.answer(ctx, call, reply)
		if err != nil {
			return nil, err
		}
		reply = a.reply
	}
	if reply.Nonce = call.next; reply.Nonce == nil || call.push.result.fork != nil {
		reply.Nonce = s.nonces.issue(s.speaker(call))
	}
	return reply, nil
}

// replyTo begins the reply to a call with what became of its batch.
func replyTo(call *call) *syncv1.ExchangeResponse {
	result := &call.push.result
	return &syncv1.ExchangeResponse{
		Outcomes: result.outcomes, Expected: uint64(result.expected), Receipt: result.receipt, Fork: result.fork,
		NonceState: call.nonce, ClockMs: int64(call.push.received), Epoch: uint32(result.epoch), TakesAhead: call.push.carried,
	}
}

// speaker is who the reply is for: a copied database has a new name from now on.
func (s *Service) speaker(c *call) syncengine.ID {
	if f := c.push.result.fork; f != nil {
		id, _ := syncengine.IDFromBytes(f.GetIncarnation())
		return id
	}
	return c.push.device.Incarnation
}

// call is one exchange on its way.
type call struct {
	body        *syncv1.ExchangeBody
	incarnation syncengine.ID
	push        push
	// ahead is the batch that came before its exchange; nil for one that came with it.
	ahead *aheadBatch
	// from is the phone's position; genuine tells that its cursor was given out by this
	// realm, valid that it names a place of this very log.
	from           cursor
	genuine, valid bool
	// stood is where a phone without a cursor of this realm's last had one; its zero value is nowhere.
	stood cursor
	// nonce is what the call's nonce was found to be, when it was spent.
	nonce syncv1.NonceState
	// next is the nonce that the reply is to hand out; nil for any.
	next []byte
	// epoch is the one in force then.
	epoch syncengine.Epoch
	// contact is what is noted of the phone, stored what was noted last.
	contact, stored identity.Contact
	// answered is the reading half of the reply, where it was read with everything else; nil where it is still to be.
	answered *answering
}

// open reads who calls and where they say they stand, which nobody vouches for yet.
func (s *Service) open(req *syncv1.ExchangeRequest) (*call, error) {
	c := &call{body: &syncv1.ExchangeBody{}}
	if err := proto.Unmarshal(req.GetBody(), c.body); err != nil {
		return nil, badRequest("exchange body: %v", err)
	}
	if c.body.GetRealm() != s.realm.Code {
		return nil, fmt.Errorf("%w: the phone belongs to %06d, this server serves %06d", ErrWrongRealm, c.body.GetRealm(), s.realm.Code)
	}
	var ok bool
	if c.incarnation, ok = syncengine.IDFromBytes(c.body.GetIncarnation()); !ok {
		return nil, badRequest("incarnation of %d bytes", len(c.body.GetIncarnation()))
	}
	if c.from, c.genuine = openCursor(c.body.GetCursor(), s.secrets.CursorKey, c.incarnation); !c.genuine {
		c.stood = s.openStood(c.body.GetStood())
	}
	return c, nil
}

// receive authenticates and decodes a request.
func (s *Service) receive(ctx context.Context, c *call, req *syncv1.ExchangeRequest) error {
	device, at, err := s.callerOf(ctx, c.incarnation)
	if errors.Is(err, ErrUnknownDevice) && c.body.GetEnrolment() != nil {
		device, err = s.adopt(ctx, c, req.GetBody(), req.GetSignature(), c.incarnation)
	}
	if err != nil {
		return err
	}
	if err := s.turns.Do(ctx, c.brings(), func(*turns.Piece) error { return s.admit(c, req, device) }); err != nil {
		return err
	}
	c.epoch = s.epoch()
	if c.nonce, c.next, err = s.useNonce(ctx, c.incarnation, c.body.GetNonce(), at); err != nil {
		return err
	}
	if err := s.takeWiped(ctx, c); err != nil {
		return err
	}
	if err := s.takeGrants(ctx, c); err != nil {
		return err
	}
	if err := s.takeBarriers(ctx, c); err != nil {
		return err
	}
	c.push.shown = s.shownLease(c)
	return nil
}

// admit looks at what a call brings: whose it is, whether it keeps the limits, and what its batch says.
func (s *Service) admit(c *call, req *syncv1.ExchangeRequest, device identity.Device) error {
	if !ed25519.Verify(device.PublicKey, wire.ExchangeMessage(req.GetBody()), req.GetSignature()) {
		return ErrBadSignature
	}
	if err := s.bringAhead(c, c.incarnation); err != nil {
		return err
	}
	if err := c.bounded(); err != nil {
		return err
	}
	return c.prepare(s, device)
}

// bounded reports a call that brings more than a call may.
func (c *call) bounded() error {
	if n := len(c.body.GetStatus().GetDigests()); n > wire.DigestsMax {
		return badRequest("%d digests, %d are allowed", n, wire.DigestsMax)
	}
	if n := len(c.body.GetBarriers()); n > wire.BarriersMax {
		return badRequest("%d barriers, %d are allowed", n, wire.BarriersMax)
	}
	if n, most := len(c.body.GetGrantSwitches()), len(c.body.GetBatch().GetChanges())+1; n > most {
		return badRequest("%d switches of grants for a batch, %d are allowed", n, most)
	}
	if n := len(c.body.GetForks()); n > wire.EpochForksMax {
		return badRequest("%d epochs, %d are allowed", n, wire.EpochForksMax)
	}
	if n := len(c.body.GetPast()); n > wire.PastCheckpointsMax {
		return badRequest("%d past checkpoints, %d are allowed", n, wire.PastCheckpointsMax)
	}
	return nil
}

func (s *Service) deviceOf(ctx context.Context, incarnation syncengine.ID) (d identity.Device, err error) {
	d, _, err = s.callerOf(ctx, incarnation)
	return d, err
}

// callerOf gives the device that calls, and which server attends to it.
func (s *Service) callerOf(ctx context.Context, incarnation syncengine.ID) (d identity.Device, at attended, err error) {
	err = s.store.View(s.askCaller(ctx, incarnation), func(r store.Reader) (err error) {
		if d, err = s.caches.device(r, incarnation); err == nil {
			at, err = s.attendedIn(r, incarnation)
		}
		return err
	})
	return d, at, unknownDevice(err)
}

// prepare fills in what the group needs, outside of it.
func (c *call) prepare(s *Service, device identity.Device) (err error) {
	p := &c.push
	p.device, p.body, p.received = device, c.body, s.now()
	p.first = syncengine.DeviceSeq(c.body.GetBatch().GetFirstDeviceSeq())
	if at := c.body.GetClockMs(); at != 0 {
		p.offset = p.received - syncengine.UnixMilli(at)
	}
	if r := c.body.GetReceipt(); r != nil && wire.VerifyReceipt(s.receiptPublicKey(), r) && string(r.GetIncarnation()) == string(device.Incarnation[:]) {
		p.trusted = r
	}
	if p.changes, err = decodeBatch(c.body.GetBatch(), c.ahead, s.secrets); err != nil {
		return err
	}
	p.sealed = anySealed(p.changes)
	p.carried = len(p.changes) > 0
	return nil
}

// ReceiptKey verifies this realm's receipts.
func (s *Service) ReceiptKey() ed25519.PublicKey { return s.receiptPublicKey() }

func (s *Service) receiptPublicKey() ed25519.PublicKey {
	return s.secrets.ReceiptKey().Public().(ed25519.PublicKey)
}

// receipt signs what is durable once the group's commit has returned.
func (s *Service) receipt(incarnation syncengine.ID, p *storedv1.Progress, now syncengine.UnixMilli) *syncv1.Receipt {
	r := &syncv1.Receipt{
		Incarnation: incarnation[:], DeviceSeq: p.GetMark(), Chain: p.GetChain(), TimeMs: int64(now),
		Coordinate: &syncv1.Coordinate{Epoch: p.GetAt().GetEpoch(), Seq: p.GetAt().GetSeq()},
	}
	s.sign(&r.Signature, wire.ReceiptMessage(r))
	return r
}

// sign puts the realm's signature over a message.
func (s *Service) sign(signature *[]byte, message []byte) {
	*signature = ed25519.Sign(s.secrets.ReceiptKey(), message)
}
