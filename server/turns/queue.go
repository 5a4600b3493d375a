package turns

import (
	"slices"
	"time"
)

// wait stands in line, and goes at once where that is allowed.
func (r *Realm) wait(c Class) *waiter {
	w := &waiter{got: make(chan struct{})}
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
	t.hand()
	return w
}

// idle reports that the realm neither works nor waits.
func (r *Realm) idle() bool {
	return r.held == 0 && !slices.ContainsFunc(r.queues[:], func(q []*waiter) bool { return len(q) > 0 })
}

// leave takes one who gave up out of the line; it reports false for one who has a permit by now.
func (r *Realm) leave(c Class, w *waiter) bool {
	r.turns.mu.Lock()
	defer r.turns.mu.Unlock()
	at := slices.Index(r.queues[c], w)
	if at < 0 {
		return false
	}
	r.queues[c] = slices.Delete(r.queues[c], at, at+1)
	return true
}

// done takes a permit back and hands it on.
func (r *Realm) done(c Class, took time.Duration) {
	t := r.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	took = max(took, 0) // A clock that was set back costs nobody anything.
	r.held--
	if c == Fill {
		r.fills--
	}
	t.free++
	r.used += took
	r.spent[c] += took / weights[c]
	t.hand()
}

// hand gives free permits to those who are next.
func (t *Turns) hand() {
	for t.free > 0 {
		r, c := t.next()
		if r == nil {
			return
		}
		w := r.queues[c][0]
		r.queues[c] = slices.Delete(r.queues[c], 0, 1)
		r.held++
		if c == Fill {
			r.fills++
		}
		t.free--
		t.stood, r.stood = max(t.stood, r.used), max(r.stood, r.spent[c])
		close(w.got)
	}
}

// next gives the realm that has had the least time of those that wait and may have a permit, and its class; nil when there is none.
func (t *Turns) next() (least *Realm, class Class) {
	most := t.most()
	for _, r := range t.realms {
		if c := r.next(most); c != classes && (least == nil || r.used < least.used) {
			least, class = r, c
		}
	}
	return least, class
}

// next gives the class that has had the least by its weight of those that wait and may have one of most permits; classes when there
// is none. Fills leave a permit to what is short, wherever there are two.
func (r *Realm) next(most int) Class {
	least := classes
	if r.held >= most {
		return least
	}
	for c := range classes {
		if len(r.queues[c]) == 0 || c == Fill && r.fills >= max(1, most-1) {
			continue
		}
		if least == classes || r.spent[c] < r.spent[least] {
			least = c
		}
	}
	return least
}
