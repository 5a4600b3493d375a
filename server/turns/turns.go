// Package turns shares the processor between the realms of a process and, within a realm, between what is short and what goes on
// for long. Whoever has a piece of work that keeps a processor busy (decoding a batch, judging a group, cutting a page) waits for
// a permit and gives it back when the piece is done. It knows nothing of what the work is, stops nobody in the middle of a piece,
// and never refuses: who waits too long is ended by their own context.
//
// Of those who wait the realm that has had the least time goes first, and within it the class that has had the least by its
// weight: start-time fair queuing (Goyal, Vin, Cheng, SIGCOMM 1996) with the time that pieces took as their cost. A realm that
// was idle begins where the least of the others stands, so that nobody saves up; so a busy realm waits for itself. Where there
// are several realms none holds all permits: one is left for who comes. Nor do a realm's fills hold all that it may have.
//
// Invariants: no more permits are out than there are; no realm waits while a permit that it may have is free; within a class
// whoever came first goes first. Read this file first, then queue.go.
package turns

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Class is a kind of work.
type Class uint8

// The classes, by what hurries most.
const (
	// Judge is what phones send: decoding it and deciding of it. A batch that waits can lose its line.
	Judge Class = iota
	// Page is what somebody who is up to date fetches.
	Page
	// Fill is what somebody fetches for the first time, page after page; a phone with 200,000 records does for minutes.
	Fill
	classes
)

// weights are the shares of the classes of one realm where all of them wait. A fill goes on, at a tenth of the realm's time, and
// has all of it while nobody else wants any.
var weights = [classes]time.Duration{Judge: 5, Page: 4, Fill: 1}

// Turns are the permits of a process.
type Turns struct {
	now func() time.Time
	// mu guards what follows and all realms.
	mu     sync.Mutex
	free   int
	total  int
	realms []*Realm
	// stood is the time used of the realm that went last: where one that was idle begins.
	stood time.Duration
}

// New makes turns with so many permits, which are as many pieces as may run at once; now is the clock by which they are measured.
func New(permits int, now func() time.Time) *Turns {
	return &Turns{now: now, free: permits, total: permits}
}

// Join takes a realm in.
func (t *Turns) Join() *Realm {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &Realm{turns: t, used: t.stood}
	t.realms = append(t.realms, r)
	return r
}

// Leave takes a realm out, once nobody of it works or waits any more.
func (r *Realm) Leave() {
	r.turns.mu.Lock()
	defer r.turns.mu.Unlock()
	r.turns.realms = slices.DeleteFunc(r.turns.realms, func(o *Realm) bool { return o == r })
}

// most is how many permits one realm may hold.
func (t *Turns) most() int {
	if len(t.realms) > 1 {
		return max(1, t.total-1)
	}
	return t.total
}

// Realm is one realm's side of it. A nil one lets everybody go at once.
type Realm struct {
	turns *Turns
	// held counts the permits that it has, fills those of its fills; used is the time that its pieces took.
	held, fills int
	used        time.Duration
	// queues holds who waits, spent the time of each class by its weight.
	queues [classes][]*waiter
	spent  [classes]time.Duration
	// stood is what the class that went last had spent.
	stood time.Duration
}

// waiter waits for a permit; got is closed when it has one.
type waiter struct{ got chan struct{} }

// Take waits for a permit, or until ctx ends; give ends the piece and may be called more than once.
func (r *Realm) Take(ctx context.Context, c Class) (give func(), err error) {
	if r == nil {
		return func() {}, nil
	}
	w := r.wait(c)
	select {
	case <-w.got:
	case <-ctx.Done():
		if !r.leave(c, w) {
			r.done(c, 0) // It came at the same moment.
		}
		return nil, context.Cause(ctx)
	}
	began := r.turns.now()
	return sync.OnceFunc(func() { r.done(c, r.turns.now().Sub(began)) }), nil
}

// Do runs a piece.
func (r *Realm) Do(ctx context.Context, c Class, piece func() error) error {
	give, err := r.Take(ctx, c)
	if err != nil {
		return err
	}
	defer give()
	return piece()
}
