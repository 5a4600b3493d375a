package sim

import (
	"context"
	"errors"
	"fmt"
	"os"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/syncengine"
)

// What happens to a phone's files: it dies and starts again on what had reached the disk, it is put back to an older copy
// of itself, two phones run on one copy, or it is gone for good.

// crashFiles copies the files as they are at this moment into the folder of the phone's next life.
func (p *phone) crashFiles() {
	next := p.folder()
	p.w.must(os.CopyFS(next, os.DirFS(p.dir)), "copy the files of "+p.name)
	p.dir = next
}

// mortal does something on the phone that it may not survive.
func (p *phone) mortal(do func() error) (err error, dead bool) {
	defer func() {
		if fault := recover(); fault != nil {
			if _, ok := fault.(killed); !ok {
				panic(fault)
			}
			dead = true
		}
	}()
	return do(), false
}

// kill ends the phone's process at this moment and starts it again later.
func (p *phone) kill() {
	if !p.on() {
		return
	}
	p.crashFiles()
	p.died("dies")
}

// died drops what the process held in memory. The files of its next life are in place; it starts a while later.
func (p *phone) died(how string) {
	p.fuse = 0
	p.syncing.abandon()
	p.syncing = nil
	p.incarnation()
	dead := p.replica
	p.replica = nil
	if err := dead.Close(); err != nil {
		p.w.trace.tell(p.w.now, p.name, "closes with %v", err)
	}
	p.w.trace.tell(p.w.now, p.name, "%s", how)
	p.w.after(p.w.weather.paceMs, p.start)
}

// start opens the phone again and finds out what had become durable.
func (p *phone) start() {
	if p.lost || p.replica != nil {
		return
	}
	if !p.w.must(p.open(), "start "+p.name+" again") {
		return
	}
	p.recall()
	n := p.tellRows(p.lastAsked())
	p.w.trace.tell(p.w.now, p.name, "starts again with %d more changes", n)
}

// lastAsked is what the script had asked for when the phone died. Nothing of it may be there; then nothing was asked.
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

// save copies the phone's files aside, as a backup of the whole device does.
func (p *phone) save() {
	if !p.on() {
		return
	}
	p.w.saves++
	p.saved = &copied{name: fmt.Sprintf("copy%d", p.w.saves), dir: fmt.Sprintf("%s/copy%d", p.w.dir, p.w.saves), mark: p.mark, self: p.incarnation()}
	p.w.must(os.CopyFS(p.saved.dir, os.DirFS(p.dir)), "copy the files of "+p.name)
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
	p.w.must(p.replica.Close(), "close "+p.name)
	p.replica = nil
	p.use(p.saved)
	p.w.trace.tell(p.w.now, p.name, "is put back to %s", p.saved.name)
}

// use puts a copy in the place of the phone's files.
func (p *phone) use(c *copied) {
	p.dir = p.folder()
	p.w.must(os.CopyFS(p.dir, os.DirFS(c.dir)), "put back "+c.name)
	p.mark, p.self, p.doubts = c.mark, c.self, nil
	p.w.model.PutBack(p.id, c.name)
	p.w.must(p.open(), "open "+p.name)
}

// clone starts a second phone on the copy that was made of this one.
func (p *phone) clone() {
	if p.saved == nil {
		return
	}
	p.w.strike(Clone)
	c := p.w.newPhone(p.user)
	c.key = p.key
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

// copied is a copy of a phone's files.
type copied struct {
	name, dir string
	mark      int64
	self      syncengine.ID
}
