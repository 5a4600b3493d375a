package turns

import (
	"sync"
	"time"
)

const (
	// patienceMost is how long others can be held back at a stretch: a dozen short calls, and no time that somebody who fetches
	// many pages notices.
	patienceMost = 50 * time.Millisecond
	// lingers is how long a short call counts as in hand after it is answered: until what was answered is packed and sent.
	lingers = time.Millisecond
	// loadLight is a load that nobody is held back for having: a twentieth of a processor.
	loadLight = 0.05
	// loadMore is how many times the load of another realm one has that is held back for it. Realms that need about as much
	// share by the time that they used.
	loadMore = 2
)

// hold is who is held back for whom. Time in which somebody is held back is taken from the patience, time in which nobody is
// comes back to it. Once there is none left nobody is held back until half of it is there again.
type hold struct {
	// patience is as of at; spent tells that it has run out.
	patience time.Duration
	at       time.Time
	spent    bool
	// back tells that somebody has been held back since at.
	back bool
	// any tells that a short call is in hand, least is the least load of the realms that have one; from until on that may be
	// another, though nobody comes or goes.
	any   bool
	until time.Time
	least float64
	// ends hands on when nobody is held back any more; armed tells that it will.
	ends  *time.Timer
	armed bool
}

// pass brings the patience to the present.
func (h *hold) pass(now time.Time) {
	passed := max(0, now.Sub(h.at))
	h.at = now
	if h.back {
		h.patience -= passed
	} else {
		h.patience = min(patienceMost, h.patience+passed)
	}
	switch {
	case h.patience <= 0:
		h.patience, h.spent = 0, true
	case h.patience >= patienceMost/2:
		h.spent = false
	}
}

// Arrive notes a short call in hand, until left is called. A fill is none: it holds nobody back.
func (r *Realm) Arrive() (left func()) {
	if r == nil {
		return func() {}
	}
	r.count(1)
	return sync.OnceFunc(func() { r.count(-1) })
}

func (r *Realm) count(calls int) {
	t := r.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	r.short += calls
	r.lingers = t.now().Add(lingers)
	r.load.hear(Judge, t.now())
	t.hand()
}

// look sees who has short calls in hand.
func (t *Turns) look(now time.Time) {
	h := &t.hold
	h.pass(now)
	h.any, h.until = false, now.Add(patienceMost)
	for _, r := range t.realms {
		if !r.hurries(now) {
			continue
		}
		if l := r.load.now(now); !h.any || l < h.least {
			h.least = l
		}
		h.any = true
		if r.short == 0 && r.lingers.Before(h.until) {
			h.until = r.lingers
		}
	}
}

// hurries reports that a short call of the realm is in hand, or its answer on its way out.
func (r *Realm) hurries(now time.Time) bool { return r.short > 0 || now.Before(r.lingers) }

// heldBack reports that a class of a realm is to wait for others' short calls.
func (t *Turns) heldBack(r *Realm, c Class, now time.Time) bool {
	if !t.hold.any || t.hold.spent {
		return false
	}
	return c == Fill && r.hurries(now) || r.load.now(now) > max(loadLight, loadMore*t.hold.least)
}

// press tells pieces under way whether any of them is to rest, and notes whether anybody who waits is held back.
func (t *Turns) press(now time.Time) {
	rests, back := false, false
	for _, r := range t.realms {
		if r.idle() {
			continue
		}
		fill, short := t.heldBack(r, Fill, now), t.heldBack(r, Judge, now)
		rests = rests || fill && r.fills > 0 || short && r.held > r.fills
		back = back || fill && r.waiting(Fill) > 0 || short && r.waiting(Judge)+r.waiting(Page) > 0
	}
	t.pressed.Store(rests)
	t.hold.back = back
}

// waiting counts who waits to begin or to go on.
func (r *Realm) waiting(c Class) int { return len(r.queues[c]) + len(r.resting[c]) }

// rests reports that a piece under way is to rest.
func (r *Realm) rests(c Class) bool {
	t := r.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.look(now)
	return t.heldBack(r, c, now)
}

// wake has permits handed on when those that are held back need not be any longer, though nobody comes or goes.
func (t *Turns) wake() {
	h := &t.hold
	left := min(h.patience, h.until.Sub(h.at))
	switch {
	case h.back && h.ends == nil:
		h.ends, h.armed = time.AfterFunc(left, t.handOn), true
	case h.back:
		h.ends.Reset(left)
		h.armed = true
	case h.armed:
		h.ends.Stop()
		h.armed = false
	}
}

func (t *Turns) handOn() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hand()
}
