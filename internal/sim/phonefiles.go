package sim

import (
	"context"
	"errors"
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/model"
	"onedoor/syncengine"
)

// What happens to a phone's files: it dies and starts again on what had reached the disk, the disk fails or is full, the
// phone is put back to an older copy of itself, two phones run on one copy, or it is gone for good.

// kill ends the phone's process at this moment; it starts again later.
func (p *phone) kill(d dice) {
	if !p.on() {
		return
	}
	loss := pick(d, disk.Losses)
	p.disk.PowerOff(loss, d.Rand)
	p.died("dies and loses " + loss.String() + " of what was not synced")
}

// hurt looks after a phone that did something: whether it died in it, or whether its disk failed. Then what it did may
// have become durable or not.
func (p *phone) hurt(err error, what string) bool {
	switch {
	case p.disk.Off():
		p.w.strike(KillInCommit)
		p.died("dies while it " + what)
	case err != nil && p.sick && !expected(err):
		p.w.trace.tell(p.w.now, p.name, "%s and cannot: %s", what, p.w.known.named(err.Error()))
		p.disk.PowerOff(disk.Nothing, nil)
		p.died("is ended by its owner")
	default:
		return false
	}
	return true
}

// died drops what the process held in memory. It starts again a while later, on what had reached the disk.
func (p *phone) died(how string) {
	p.syncing.abandon()
	p.syncing = nil
	p.incarnation()
	dead := p.replica
	p.replica, p.emptied = nil, false
	// The power is off: what the process has open is dead, and closing it says so.
	_ = dead.Close()
	p.w.trace.tell(p.w.now, p.name, "%s", how)
	p.w.after(p.w.weather.paceMs, p.start)
}

// start opens the phone again and finds out what had become durable.
func (p *phone) start() {
	if p.lost || p.away || p.replica != nil {
		return
	}
	p.disk.PowerOn()
	p.sick = false
	err := p.open()
	if errors.Is(err, client.ErrWiped) {
		p.wiped()
		return
	}
	if !p.w.must(err, "start "+p.name+" again") {
		return
	}
	p.recall()
	n := p.tellRows(p.lastAsked())
	p.w.trace.tell(p.w.now, p.name, "starts again with %d more changes", n)
}

// ail marks the disk as one that fails, and has it mended later.
func (p *phone) ail(d dice) {
	p.sick = true
	p.w.trace.tell(p.w.now, p.name, "has a disk that fails")
	p.w.after(d.between(p.w.weather.paceMs, 20*p.w.weather.paceMs), p.recover)
}

// recover mends the phone's disk.
func (p *phone) recover() {
	if p.on() {
		p.disk.Heal()
		p.sick = false
	}
}

// lastAsked is what the script had asked for when the phone died. Where nothing of it is there, nothing was asked.
func (p *phone) lastAsked() []model.Asked {
	asked := p.asked
	p.asked = nil
	list, err := p.replica.Written(p.mark + 1)
	if !p.w.must(err, "read what "+p.name+" wrote") || len(list) == 0 {
		return nil
	}
	return asked
}

// recall finds out whether the last replies that the phone was handed are durable: its next request says so by its nonce.
func (p *phone) recall() {
	doubts := p.doubts
	p.doubts = nil
	if len(doubts) == 0 {
		return
	}
	body := p.peek()
	for i, f := range doubts {
		if string(f.heard.GetNonce()) == string(body.GetNonce()) {
			for _, earlier := range doubts[:i+1] {
				p.toldTaken(earlier)
			}
		}
	}
}

// errPeek ends a sync that was begun to see its request only.
var errPeek = &client.Fault{Reason: "PEEK", Cause: errors.New("only looked at")}

// peek gives the request that the phone would send now.
func (p *phone) peek() *syncv1.ExchangeBody {
	body := &syncv1.ExchangeBody{}
	p.peeking = body
	defer func() { p.peeking = nil }()
	if _, err := p.replica.Sync(context.Background()); !errors.Is(err, errPeek) {
		p.w.fail("%s was to say what it would send: %w", p.name, err)
	}
	return body
}

// copied is a copy of a phone's files.
type copied struct {
	name  string
	files disk.Snapshot
	mark  int64
	self  syncengine.ID
	heard heard
}

// save copies the phone's files aside, as a backup of the whole device does.
func (p *phone) save() {
	if !p.on() {
		return
	}
	p.w.saves++
	p.saved = &copied{name: fmt.Sprintf("copy%d", p.w.saves), files: p.disk.Snapshot(folder), mark: p.mark, self: p.incarnation(), heard: p.heard}
	p.w.model.Saved(p.id, p.saved.name)
	p.w.trace.tell(p.w.now, p.name, "is copied aside as %s", p.saved.name)
}

// putBack puts the phone back to the copy that was made of it.
func (p *phone) putBack() {
	if !p.on() || p.saved == nil {
		return
	}
	p.w.strike(OldBackup)
	p.syncing.abandon()
	p.syncing = nil
	p.disk.PowerOff(disk.Nothing, nil)
	_ = p.replica.Close()
	p.replica = nil
	p.disk.PowerOn()
	p.sick = false
	p.use(p.saved)
	p.w.trace.tell(p.w.now, p.name, "is put back to %s", p.saved.name)
}

// use puts a copy in the place of the phone's files.
func (p *phone) use(c *copied) {
	p.disk.PutBack(folder, c.files)
	p.mark, p.self, p.doubts, p.asked, p.heard = c.mark, c.self, nil, nil, c.heard
	p.stale = true
	p.w.model.PutBack(p.id, c.name)
	p.w.model.PhoneSchema(p.id, p.schema)
	p.w.must(p.open(), "open "+p.name)
}

// clone starts a second phone on the copy that was made of this one.
func (p *phone) clone() {
	if p.saved == nil {
		return
	}
	p.w.strike(Clone)
	c := p.w.newPhone(p.user)
	c.key, c.seed, c.schema, c.vouched = p.key, p.seed, p.schema, p.vouched
	c.use(p.saved)
	p.w.trace.tell(p.w.now, c.name, "runs on %s, a copy of %s", p.saved.name, p.name)
}

// lose takes the phone away for good; its user gets a new one.
func (p *phone) lose() {
	if !p.on() || p.w.server.down {
		return
	}
	p.w.strike(PhoneLost)
	p.incarnation()
	p.shut()
	p.lost = true
	p.w.model.Lost(p.id)
	p.w.trace.tell(p.w.now, p.name, "is lost with what it did not send")
	p.w.replace(p.user)
}

// replace gives a user another phone.
func (w *world) replace(u *user) {
	for i, other := range w.staff.users {
		if other == u {
			w.staff.next = i
		}
	}
	w.equip()
}
