package sim

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// phone is one installation: the real replica, with a line, a clock and a disk that may fail it.
type phone struct {
	w    *world
	id   phoneID
	name string
	user *user
	// disk holds the replica's files. sick is set while it fails or is full.
	disk *disk.Disk
	sick bool
	key  [client.KeyBytes]byte
	// replica is nil while the phone is off.
	replica *client.Replica
	random  *rand.ChaCha8
	// schema is what the phone's app knows; seed is the secret of its key, which the world saw it draw.
	schema *schema.Schema
	seed   []byte
	clock  clock
	// batchChanges asks for small batches; 0 leaves them to the protocol.
	batchChanges int
	heard        heard
	// granted is what it was granted when it was enrolled.
	granted *syncv1.Grants
	// emptied is set when its files were searched since it was last switched on, for what it says to have destroyed.
	emptied bool
	// away is set while it lies in a drawer.
	away bool
	// stale tells that the auditor may not know of all rows that the phone has sealed.
	stale bool
	// void is the call that was under way when the phone destroyed what it held; nil for none.
	void *flight
	// self is the incarnation as last seen.
	self syncengine.ID
	// syncing is the sync under way; nil for none.
	syncing *syncing
	// calls counts the exchanges that were begun, latest is the number of the last one that reached the server.
	calls, latest int
	// aheads counts the batches that were sent ahead.
	aheads int
	// mark is the last change that the auditor was told of.
	mark int64
	// doubts are the last replies that were handed to the replica and are not known to be durable.
	doubts []*flight
	// asked is what the script asks for in the edit under way.
	asked []model.Asked
	// saved is the newest copy of the phone's files; nil for none. peeking takes a request that is only looked at.
	saved   *copied
	peeking *syncv1.ExchangeBody
	// vouched is set when the phone holds the server's signed word that it was enrolled.
	vouched bool
	// lost is set when the phone is gone for good.
	lost bool
}

// killed is what a phone dies of.
type killed struct{}

// newPhone makes a phone that is still off.
func (w *world) newPhone(u *user) *phone {
	number := len(w.phones) + 1
	p := &phone{
		w: w, id: phoneID(number), name: fmt.Sprintf("phone%d", number), user: u, random: stream(w.c.Seed, "phone", number),
		schema: w.software.versionOf(diceFor(w.c.Seed, "app", number)),
	}
	_, _ = p.random.Read(p.key[:])
	p.clock = w.newClock(diceFor(w.c.Seed, "clock", number))
	p.batchChanges = w.drawBatch(diceFor(w.c.Seed, "batches", number))
	var err error
	p.disk, err = disk.New()
	w.must(err, "give "+p.name+" a disk")
	w.phones = append(w.phones, p)
	return p
}

// drawBatch draws how many changes a phone sends at a time; 0 for as many as the protocol allows.
func (w *world) drawBatch(d dice) int {
	if !w.weather.strikes(d, SmallBatches) {
		return 0
	}
	return int(d.between(1, smallBatchMost))
}

// folder is where the replica's files lie on the phone's disk.
const folder = "/phone"

// open switches the phone on.
func (p *phone) open() (err error) {
	p.replica, err = client.Open(folder, p.key[:], client.Options{
		Disk: p.disk, Transport: &line{p}, Now: p.now, Random: p, Wait: p.wait, Go: func(work func()) { work() }, Taken: p.taken,
		PageBytesMax: p.w.weather.pageBytes, BatchChangesMax: p.batchChanges, Schema: p.schema, DeviceName: p.name, AppVersion: "1",
	})
	return err
}

// shut switches the phone off for good, at the end of a run.
func (p *phone) shut() {
	p.syncing.abandon()
	p.syncing = nil
	if p.replica != nil {
		_ = p.replica.Close()
		p.replica = nil
	}
	if p.disk != nil {
		_ = p.disk.Close()
		p.disk = nil
	}
}

// on reports that the phone is there and switched on.
func (p *phone) on() bool { return p.replica != nil && !p.lost }

// incarnation is the database's name as last seen.
func (p *phone) incarnation() syncengine.ID {
	if p.replica == nil {
		return p.self
	}
	if id, err := parseID(p.replica.Self().Incarnation); err == nil {
		p.self = id
	}
	return p.self
}

func parseID(text string) (syncengine.ID, error) { return wire.ParseID(text) }

// now is what the phone's clock says.
func (p *phone) now() time.Time {
	at := p.clock.read(p.w.now)
	p.heard.reads(at)
	return time.UnixMilli(int64(at))
}

// Read draws chance for the replica.
func (p *phone) Read(b []byte) (int, error) {
	n, err := p.random.Read(b)
	if p.seed == nil && len(b) == ed25519.SeedSize {
		p.seed = slices.Clone(b)
	}
	return n, err
}

var _ io.Reader = (*phone)(nil)

// taken notes that a reply is durable on the phone.
func (p *phone) taken(reply *syncv1.ExchangeResponse) {
	f := p.syncing.handed[reply]
	if f == nil {
		p.w.fail("%s took a reply that it was not given", p.name)
		return
	}
	delete(p.syncing.handed, reply)
	p.vouched = reply.GetEnrolment() != nil || reply.GetFork().GetEnrolment() != nil || p.vouched && reply.GetFork() == nil
	p.toldTaken(f)
}

func (p *phone) toldTaken(f *flight) {
	p.doubts = slices.DeleteFunc(p.doubts, func(other *flight) bool { return other == f })
	p.stale = true
	p.w.model.Void(p.id, p.void == f)
	p.hears(f.reply, p.w.model.Took(p.id, f.call, f.reply))
}

// tellRows tells the auditor what the phone has written since it was last told, and what the script had asked for.
func (p *phone) tellRows(asked []model.Asked) (n int) {
	list, err := p.replica.Written(p.mark + 1)
	if !p.w.must(err, "read what "+p.name+" wrote") || len(list) == 0 {
		return 0
	}
	rows := make([]model.Row, len(list))
	for i, c := range list {
		rows[i] = model.Row{DeviceSeq: syncengine.DeviceSeq(c.DeviceSeq), Body: c.Body, Salt: c.Salt}
	}
	p.mark = list[len(list)-1].DeviceSeq
	p.w.model.Wrote(p.id, rows, asked)
	return len(rows)
}

// clock is a phone's clock.
type clock struct {
	// ahead is how far it is wrong, in milliseconds.
	ahead int64
	// back is by how much it runs back whenever it is read; 0 for a clock that runs on.
	back int64
}

// read reads the clock.
func (c *clock) read(now instant) instant {
	c.ahead -= c.back
	return now + instant(c.ahead)
}

// The sizes of wrong clocks, in milliseconds.
const (
	minuteMs = 60_000
	hourMs   = 60 * minuteMs
	dayMs    = 24 * hourMs
	yearMs   = 365 * dayMs
)

// drift draws how far a clock is wrong: mostly minutes, sometimes ten years.
func drift(d dice) int64 {
	most := pick(d, []int64{2 * minuteMs, 3 * hourMs, 40 * dayMs, 10 * yearMs})
	return d.between(-most, most)
}

func (w *world) newClock(d dice) clock {
	if !w.weather.strikes(d, Skew) {
		return clock{ahead: d.between(-500, 500)}
	}
	w.strike(Skew)
	return clock{ahead: drift(d)}
}

// wait pauses a sync that waits before its next try.
func (p *phone) wait(_ context.Context, d time.Duration) error {
	p.syncing.pause(&pause{wait: d})
	return nil
}

// digestOf shortens a digest for the trace.
func digestOf(hex string) string { return hex[:min(8, len(hex))] }

// number reads a counter from bytes, for tags in the trace.
func number(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
