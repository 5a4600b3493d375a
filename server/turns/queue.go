package turns

import (
	"slices"
	"time"
)

// wait stands in line to begin, and goes at once where that is allowed.
func (r *Realm) wait(c Class, keeps bool) *waiter {
	w := &waiter{got: make(chan struct{}), keeps: keeps}
	t := r.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.idle() {
		r.used = max(r.used, t.stood)
		r.stood = max(r.stood, r.spent[c])
	}
	if len(r.queues[c]) == 0 {
		r.spent[c] = max(r.spent[c], r.stood)
	}
	r.queues[c] = append(r.queues[c], w)
	r.load.hear(c, t.now())
	t.hand()
	return w
}

// rest stands aside in the middle of a piece, whose permit is given back, until nobody is to go first.
func (r *Realm) rest(c Class) *waiter {
	w := &waiter{got: make(chan struct{})}
	t := r.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	r.resting[c] = append(r.resting[c], w)
	t.hand()
	return w
}

// idle reports that the realm neither works nor waits.
func (r *Realm) idle() bool {
	waits := func(q []*waiter) bool { return len(q) > 0 }
	return r.held == 0 && !slices.ContainsFunc(r.queues[:], waits) && !slices.ContainsFunc(r.resting[:], waits)
}

// leave takes one who gave up out of the line; it reports false for one who has a permit by now.
func (r *Realm) leave(c Class, w *waiter) bool {
	r.turns.mu.Lock()
	defer r.turns.mu.Unlock()
	for _, line := range []*[]*waiter{&r.queues[c], &r.resting[c]} {
		if at := slices.Index(*line, w); at >= 0 {
			*line = slices.Delete(*line, at, at+1)
			return true
		}
	}
	return false
}

// done takes a permit back and hands it on.
func (r *Realm) done(c Class, took time.Duration, kept bool) {
	t := r.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	took = max(took, 0) // A clock that was set back costs nobody anything.
	r.held--
	if c == Fill {
		r.fills--
	}
	if kept {
		t.kept--
	}
	t.free++
	r.used += took
	r.spent[c] += took / weights[c]
	r.load.add(t.now(), took)
	t.hand()
}

// hand has those go on that need not rest any longer, and gives free permits to those who are next.
func (t *Turns) hand() {
	now := t.now()
	t.look(now)
	for _, r := range t.realms {
		for c := range classes {
			t.resume(r, c, now)
		}
	}
	for t.free > 0 {
		r, c := t.next(now)
		if r == nil {
			break
		}
		at := r.first(c)
		w := r.queues[c][at]
		r.queues[c] = slices.Delete(r.queues[c], at, at+1)
		t.stood, r.stood = max(t.stood, r.used), max(r.stood, r.spent[c])
		r.goes(c, w)
	}
	t.press(now)
	t.wake()
}

// resume has a class of a realm go on in what it has begun, unless it is still to rest: whether a permit is free is not asked.
func (t *Turns) resume(r *Realm, c Class, now time.Time) {
	if len(r.resting[c]) == 0 || t.heldBack(r, c, now) {
		return
	}
	for _, w := range r.resting[c] {
		r.goes(c, w)
	}
	r.resting[c] = nil
}

// goes counts a permit as out and tells who waits for it.
func (r *Realm) goes(c Class, w *waiter) {
	r.held++
	if c == Fill {
		r.fills++
	}
	if w.keeps {
		r.turns.kept++
	}
	r.turns.free--
	close(w.got)
}

// first gives the place in line of whoever may begin first; below 0 for nobody.
func (r *Realm) first(c Class) int {
	return slices.IndexFunc(r.queues[c], func(w *waiter) bool { return !w.keeps || r.turns.kept < r.turns.processors })
}

// next gives the realm that has had the least time of those that wait and may have a permit, and its class; nil when there is none.
func (t *Turns) next(now time.Time) (least *Realm, class Class) {
	for _, r := range t.realms {
		if least != nil && r.used >= least.used {
			continue
		}
		if c := r.next(now); c != classes {
			least, class = r, c
		}
	}
	return least, class
}

// next gives the class that has had the least by its weight of those that wait and may have a permit; classes when there is none.
func (r *Realm) next(now time.Time) Class {
	least := classes
	if r.idle() {
		return least
	}
	for c := range classes {
		if r.first(c) < 0 || r.full(c, now) {
			continue
		}
		if !r.turns.heldBack(r, c, now) && (least == classes || r.spent[c] < r.spent[least]) {
			least = c
		}
	}
	return least
}

// full reports that a class of the realm has as many permits as it may: of several realms never all; with company that is heard of
// never one for each processor, and fills neither while short calls are. What is short does not wait for fills, which rest for it.
func (r *Realm) full(c Class, now time.Time) bool {
	t, company := r.turns, r.company(now)
	switch {
	case len(t.realms) > 1 && r.held >= t.all-1:
		return true
	case company && c == Fill:
		return r.held >= t.shared
	case company:
		return r.held-r.fills >= t.shared
	case c != Fill:
		return false
	case r.shortLately(now):
		return r.fills >= t.shared
	}
	return r.fills >= max(1, t.all-1)
}

// shortLately reports that a short call of the realm has been heard of lately.
func (r *Realm) shortLately(now time.Time) bool { return now.Sub(r.load.short) < companyFor }

// company reports that another realm has been heard of lately.
func (r *Realm) company(now time.Time) bool {
	return slices.ContainsFunc(r.turns.realms, func(o *Realm) bool { return o != r && o.load.heard(now) })
}
