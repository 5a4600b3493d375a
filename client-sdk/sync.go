package client

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/syncloop"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Report says what one sync did.
type Report struct {
	// Pushed counts the changes that got an outcome: Applied, Merged and Quarantined are its parts.
	Pushed, Applied, Merged, Quarantined int
	// Pulled counts the records that the pages brought, Gone those that left the phone's area.
	Pulled, Gone int
	// RoundTrips counts the calls that were answered.
	RoundTrips int
	// BytesUp and BytesDown count the messages as they travelled, those that failed too.
	BytesUp, BytesDown int64
	// CaughtUp tells that the phone holds all that it may read, as of the last answer.
	CaughtUp bool
}

func (r *Report) add(o *Report) {
	r.Pushed, r.Applied, r.Merged, r.Quarantined = r.Pushed+o.Pushed, r.Applied+o.Applied, r.Merged+o.Merged, r.Quarantined+o.Quarantined
	r.Pulled, r.Gone, r.RoundTrips = r.Pulled+o.Pulled, r.Gone+o.Gone, r.RoundTrips+o.RoundTrips
	r.BytesUp, r.BytesDown = r.BytesUp+o.BytesUp, r.BytesDown+o.BytesDown
	r.CaughtUp = o.CaughtUp
}

// Sync sends what was edited and brings what others did, until the outbox is
// empty and the phone has caught up. The report tells what was done also when
// Sync ends with an error: every answer that was taken stays taken.
func (r *Replica) Sync(ctx context.Context) (*Report, error) {
	if !r.syncing.TryLock() {
		return &Report{}, ErrSyncing
	}
	defer r.syncing.Unlock()
	run, err := r.newRun(ctx)
	if err != nil {
		return &Report{}, err
	}
	err = run.loop(syncloop.New(r.o.policy(), true))
	err = cmp.Or(err, run.handOver())
	if run.report.RoundTrips > 0 {
		r.rest()
	}
	return &run.report, err
}

// rest moves what the write-ahead log holds into the main file, once it is worth
// it, so that edits never wait for it. All of it is durable already, so nobody
// waits for this, and what cannot be done now is done by a later commit. Close
// waits for it.
func (r *Replica) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.resting.Add(1)
		r.o.Go(func() {
			defer r.resting.Done()
			_ = r.db.Rest()
		})
	}
}

// handOver counts what no answer has counted, as the bytes of calls that failed,
// and adds the records that Prepare brought to the first report that somebody reads.
func (u *run) handOver() error {
	now := u.traffic()
	left, read := now.minus(u.counted), u.report.RoundTrips > 0 && u.r.prepared()
	if left == (traffic{}) && !read {
		return nil
	}
	err := u.r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.count(left)
		if read {
			u.report.Pulled += s.pos.Prepared
			s.pos.Prepared = 0
		}
		return s.savePosition(tx)
	})
	if err == nil {
		u.counted = now
	}
	return err
}

// prepared reports that there are records which Prepare brought and no report has told.
func (r *Replica) prepared() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.pos.Prepared > 0
}

// run is one sync under way. It belongs to one goroutine.
type run struct {
	r         *Replica
	ctx       context.Context
	transport Transport
	report    Report
	// begun is what the transport had counted before the run; measured is what the
	// run counts where the transport does not, counted what the database holds of it.
	begun, measured, counted traffic
	// showing is set once a server did not know the phone: the next requests show its enrolment.
	showing bool
	// whole is set once a server did not have what was sent ahead: the next requests bring their changes themselves.
	whole bool
	// ahead is the next call when it is under way already; nil when it is not.
	ahead *call
	// next is the batch behind the one that was sent last.
	next batchAhead
	// failure is what ended the last exchange, for the person who waits.
	failure error
}

func (r *Replica) newRun(ctx context.Context) (*run, error) {
	t, err := r.connect()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.state.enrolled() {
		return nil, ErrNotEnrolled
	}
	u := &run{r: r, ctx: ctx, transport: t}
	u.begun = u.traffic()
	return u, nil
}

// loop does what the machine says until it is done.
func (u *run) loop(m syncloop.Machine) error {
	defer u.end()
	event := syncloop.Event{Kind: syncloop.Begun, DigestsAt: u.digestsAt()}
	var waited syncengine.UnixMilli
	for {
		var action syncloop.Action
		// A wait is over when it returns, also where the clock says otherwise; the next one
		// is as long as was meant, also where the clock was turned back meanwhile.
		now := max(u.r.now(), waited)
		m, action = m.Step(now, event)
		switch action.Kind {
		case syncloop.Exchange:
			event = u.exchange(action.Digests)
		case syncloop.Wait:
			if err := u.r.o.Wait(u.ctx, time.Duration(action.Until-now)*time.Millisecond); err != nil {
				return errors.Join(u.failure, err)
			}
			event, waited = syncloop.Event{Kind: syncloop.Ticked}, action.Until
		case syncloop.Finish:
			return nil
		case syncloop.Stuck:
			return ErrStuck
		default:
			return u.failure
		}
	}
}

// end drops a call that is under way and tells the bytes of the run.
func (u *run) end() {
	u.drop()
	u.next.unpack()
	all := u.traffic()
	u.report.BytesUp, u.report.BytesDown = all.up, all.down
}

// call is one exchange on its way. done takes its end.
type call struct {
	sent   *sending
	cancel context.CancelFunc
	done   chan struct{}
	reply  *syncv1.ExchangeResponse
	err    error
}

// start sends a request on a goroutine of its own, which ends with the call.
func (u *run) start(sent *sending) *call {
	if sent.ahead {
		sent.packed, u.next.packed = u.next.packed, nil
	}
	ctx, cancel := context.WithCancel(u.ctx)
	c := &call{sent: sent, cancel: cancel, done: make(chan struct{})}
	u.r.o.Go(func() {
		defer close(c.done)
		c.reply, c.err = u.transport.Exchange(ctx, sent.request)
	})
	return c
}

// drop ends a call that was begun ahead and is of no use any more.
func (u *run) drop() {
	if u.ahead != nil {
		u.ahead.cancel()
		u.ahead.wait()
		u.ahead = nil
	}
}

// wait waits for a call's end.
func (c *call) wait() {
	<-c.done
	c.cancel()
	c.sent.unpack()
}

// exchange makes one call and takes its answer in.
func (u *run) exchange(digests bool) syncloop.Event {
	c := u.ahead
	u.ahead = nil
	if c == nil {
		sent, err := u.nextRequest(digests)
		if err != nil {
			return u.failed(err, false)
		}
		c = u.start(sent)
	}
	if err := u.readAhead(c.sent); err != nil {
		u.ahead = c
		u.drop()
		return u.failed(err, false)
	}
	c.wait()
	if u.unknown(c.err) {
		u.showing = true
		return u.exchange(digests)
	}
	if !u.whole && aheadUnknown(c.err) {
		u.whole = true
		return u.exchange(digests)
	}
	if c.err != nil {
		return u.failed(c.err, isPassing(u.ctx, c.err))
	}
	u.meter(c)
	a, err := readAnswer(c.sent, c.reply)
	if err != nil {
		return u.failed(err, false)
	}
	if err := u.callAhead(a); err != nil {
		return u.failed(err, false)
	}
	now := u.traffic()
	taken, err := u.r.take(a, now.minus(u.counted))
	if err != nil {
		return u.failed(err, false)
	}
	u.counted = now
	if len(a.GetBarriers()) > 0 {
		// What was made ready may hold what was just erased.
		u.next.unpack()
		u.next = batchAhead{}
	}
	taken.RoundTrips = 1
	u.report.add(&taken.Report)
	if taken.revoked && !taken.handsOn {
		return u.goneFrom(a, taken)
	}
	return syncloop.Event{Kind: syncloop.Replied, More: taken.more, Progress: taken.progress}
}

func (u *run) failed(err error, passing bool) syncloop.Event {
	u.failure = err
	return syncloop.Event{Kind: syncloop.Failed, Passing: passing, After: asked(err), Jitter: u.r.jitter()}
}

// asked gives how long a server that has no room wants to be left alone; 0 for any other error.
func asked(err error) syncengine.UnixMilli {
	var fault *Fault
	if errors.As(err, &fault) && fault.Reason == wire.ReasonBusy {
		return syncengine.UnixMilli(fault.After.Milliseconds())
	}
	return 0
}

// jitter draws a number in [0, 1), so that phones that lost their line at the same time do not come back at the same time.
func (r *Replica) jitter() float64 {
	var b [8]byte
	r.draw(b[:])
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// isPassing reports that another try may succeed. What a transport does not
// explain is taken as a line that failed.
func isPassing(ctx context.Context, err error) bool {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault.Passing
	}
	return ctx.Err() == nil
}

// unknownDevice is the reason of a server that does not know the phone.
const unknownDevice = "UNKNOWN_DEVICE"

// unknown reports that a server does not know the phone and has not been shown
// its enrolment yet.
func (u *run) unknown(err error) bool {
	var fault *Fault
	if u.showing || !errors.As(err, &fault) || fault.Reason != unknownDevice {
		return false
	}
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	return u.r.state.pos.Enrolment
}

func (u *run) nextRequest(digests bool) (sent *sending, err error) {
	u.next.sent.wait()
	err = u.r.view(func(tx *localdb.Tx, s *state) error {
		shown := *s
		shown.showing = u.showing
		sent, err = u.r.request(tx, &shown, &u.next, digests && !s.pos.Pulling && !s.pos.Checkpoint.IsZero())
		return err
	})
	return sent, err
}

func (u *run) digestsAt() syncengine.UnixMilli {
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	return u.r.state.pos.DigestsAt
}

// meter counts a call's messages where the transport does not.
func (u *run) meter(c *call) {
	if _, ok := u.transport.(Meter); ok {
		return
	}
	u.measured.up += int64(proto.Size(c.sent.request))
	u.measured.down += int64(proto.Size(c.reply))
}

// Prepare makes a freshly enrolled phone ready to go offline: it brings all that
// the phone may read. The next sync's report counts the records as pulled.
func (r *Replica) Prepare(ctx context.Context) error {
	report, err := r.Sync(ctx)
	if err != nil {
		return fmt.Errorf("first sync: %w", err)
	}
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Prepared = report.Pulled
		return s.savePosition(tx)
	})
}
