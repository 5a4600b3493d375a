package sim

import (
	"errors"
	"fmt"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// A phone that has not been heard of for long, by its own clock as the last exchange corrected it, shows and takes nothing
// until it syncs. Clocks that jump make it happen in a world that is a day old. The world keeps, for each phone, what its
// clock can have told it, and holds the phone to it both ways.

// heard is what a phone can know of the time.
type heard struct {
	// offset is what the server's clock was ahead of the phone's at the last reply it took; most is the greatest time seen since.
	offset, most instant
	// replied and caughtUp are the server's time of the last reply, and of the last one that the phone had caught up with.
	replied, caughtUp instant
	// destroyed tells that the phone was found to have destroyed what it held.
	destroyed bool
}

const (
	// lockedAfter is when a phone locks for certain, leasedFor how long its lease lasts at least after any reply.
	lockedAfter, leasedFor instant = 14 * dayMs, 8 * dayMs
	// destroyedAfter is when a phone destroys what it holds.
	destroyedAfter instant = 30 * dayMs
	// clockSlack is what a clock that runs back an hour a reading may come to within one exchange.
	clockSlack instant = 2 * dayMs
)

// reads notes a reading of the phone's clock.
func (h *heard) reads(at instant) { h.most = max(h.most, at+h.offset) }

// hears notes the server's time in a reply, and whether the phone has caught up by it.
func (p *phone) hears(reply *syncv1.ExchangeResponse, caughtUp bool) {
	at := instant(reply.GetClockMs())
	p.heard.offset, p.heard.most, p.heard.replied = at-(p.w.now+instant(p.clock.ahead)), at, at
	if caughtUp {
		p.heard.caughtUp = at
	}
}

// enrolled notes the time at which the phone was made.
func (p *phone) enrolled() {
	now := p.w.now
	p.heard = heard{offset: -instant(p.clock.ahead), most: now, replied: now, caughtUp: now}
}

// opened opens what a phone has sealed, as the realm does.
func (w *world) opened(number uint32, seq syncengine.DeviceSeq, box []byte) (body, salt []byte, err error) {
	key, known := w.secrets.SealingKey(number)
	if !known {
		return nil, nil, fmt.Errorf("no key %d", number)
	}
	return wire.Unseal(key, seq, box)
}

// tellSealed tells the auditor what the phone has sealed since it was last told.
func (p *phone) tellSealed() {
	if !p.stale || !p.on() {
		return
	}
	list, err := p.replica.Written(1)
	if !p.w.must(err, "read what "+p.name+" wrote") {
		return
	}
	var sealed []syncengine.DeviceSeq
	for _, c := range list {
		if c.Sealed {
			sealed = append(sealed, syncengine.DeviceSeq(c.DeviceSeq))
		}
	}
	if len(sealed) > 0 {
		p.w.strike(SealedRows)
	}
	p.stale = false
	first := syncengine.DeviceSeq(p.mark + 1)
	if len(list) > 0 {
		first = syncengine.DeviceSeq(list[0].DeviceSeq)
	}
	p.w.model.Sealed(p.id, first, sealed)
}

// clings looks after a phone that has carried out the order to wipe and whose disk would not let go of its files: whoever opens
// the app next takes away what is left.
func (p *phone) clings() bool {
	left := func(name string) bool { there, _ := p.disk.Exists(folder + "/" + name); return there }
	if !p.sick || !slices.ContainsFunc([]string{client.DatabaseFile, client.LogFile}, left) {
		return false
	}
	p.disk.PowerOff(disk.Nothing, nil)
	p.died("is wiped, and its disk fails when its files go")
	return true
}

// wiped looks after a phone that has carried out the order to wipe: nothing may be left of it.
func (p *phone) wiped() {
	for _, name := range []string{client.DatabaseFile, client.LogFile} {
		if there, _ := p.disk.Exists(folder + "/" + name); there {
			p.w.broken(model.I20, p, "is wiped and still has %s", name)
		}
	}
	p.w.model.Wiped(p.id)
	p.shut()
	p.lost = true
	p.w.trace.tell(p.w.now, p.name, "is wiped")
}

// barring reports an error by which a phone shows and takes nothing.
func barring(err error) bool {
	return errors.Is(err, client.ErrLocked) || errors.Is(err, client.ErrDestroyed) || errors.Is(err, client.ErrLeaseEnded)
}

// barred tells whether the phone shows nothing, and whether that is right.
func (p *phone) barred() bool {
	_, err := p.replica.List(client.Query{Kind: "premises"})
	late := p.w.now + instant(p.clock.ahead) + p.heard.offset - p.heard.replied
	switch {
	case errors.Is(err, client.ErrWiped):
		return true
	case barring(err):
		p.w.strike(Barred)
		// What was destroyed comes back with the next sync that begins after it.
		again := p.heard.destroyed && errors.Is(err, client.ErrDestroyed)
		p.heard.destroyed = errors.Is(err, client.ErrDestroyed)
		if p.heard.destroyed && !again && p.syncing != nil && p.syncing.at != nil {
			p.void = p.syncing.at.flight
		}
		if !again && p.heard.most-p.heard.caughtUp < leasedFor-clockSlack {
			p.w.broken(model.I8, p, "shows nothing, though it was heard of %d h before by its clock: %v", (p.heard.most-p.heard.caughtUp)/hourMs, err)
		}
		p.w.trace.tell(p.w.now, p.name, "shows nothing: %v", err)
		p.stale = p.stale || errors.Is(err, client.ErrDestroyed)
		p.tellSealed()
		switch {
		case p.heard.destroyed && !(again && p.emptied):
			p.emptied = true
			p.w.model.Destroyed(p.id)
			p.w.search(p)
		case !p.heard.destroyed && late > destroyedAfter+clockSlack:
			p.w.broken(model.I11, p, "holds what it was to destroy, %d h after it was heard of: %v", late/hourMs, err)
		}
		return true
	case p.hurt(err, "looks at its doors"):
		// It may have destroyed what it held before it died, and is destroyed still when it has heard of the time again.
		p.heard.destroyed = p.heard.destroyed || p.heard.most-p.heard.caughtUp >= destroyedAfter-clockSlack
		return true
	case err == nil && late > lockedAfter+clockSlack:
		p.w.broken(model.I10, p, "shows what it holds %d h after it was heard of", late/hourMs)
	}
	p.heard.destroyed = p.heard.destroyed && err != nil
	p.tellSealed()
	return false
}
