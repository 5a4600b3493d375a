// Package turns shares the processor between the realms of a process and, within a realm, between what is short and what goes on
// for long. Whoever has a piece of work that keeps a processor busy (decoding a batch, judging a group, cutting or packing a page)
// waits for a permit and gives it back when the piece is done. It knows nothing of what the work is, and never refuses: who waits
// too long is ended by their own context.
//
// Of those who wait the realm that has had the least time goes first, and within it the class that has had the least by its
// weight: start-time fair queuing (Goyal, Vin, Cheng, SIGCOMM 1996) with the time that pieces took as their cost. A realm that
// was idle begins where the least of the others stands, so that nobody saves up; so a busy realm waits for itself. While others
// have been heard of, none holds so many permits that every processor is its own, nor do fills: who comes finds one that is free.
//
// While a short call of a realm that needs little is in hand, a realm that needs much begins no piece, and rests in those that it
// has begun where they can be interrupted; so do fills of the same realm. Patience for that runs out: half of the time at least
// is everybody's.
//
// Who rests keeps what it holds beside the permit: a connection, a snapshot, a realm's write lock. Others may hold a permit and
// wait for just that. So a rest ends by time alone, never by somebody else's giving a permit back: who has rested goes on
// beside the permits that are out meanwhile, and nobody begins until as many have come back.
//
// Invariants: nobody begins a piece unless a permit is free; no realm waits while a permit that it may have is free; within a class
// whoever came first goes first, but for who is to keep a processor while each is kept; nobody is held back for more than half of the time; no rest is longer than the patience. Read this
// file first, then queue.go, hold.go and load.go.
package turns

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
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
	// all is how many permits there are; shared is how many of them who has company may hold. processors is what New was told.
	all, shared, processors int
	// pressed tells those that are under way that somebody is to rest.
	pressed atomic.Bool
	// mu guards what follows and all realms.
	mu sync.Mutex
	// free is below 0 while some go on that have rested, beside the permits that are out.
	free int
	// kept counts the processors that are kept: pieces of Keep under way.
	kept   int
	realms []*Realm
	// stood is the time used of the realm that went last: where one that was idle begins.
	stood time.Duration
	hold  hold
}

// New makes turns for so many processors, with so many pieces at once on each of them and one beside, for who comes while the
// others are out; now is the clock by which pieces are measured.
func New(processors, each int, now func() time.Time) *Turns {
	all := processors*each + 1
	return &Turns{now: now, free: all, all: all, shared: max(1, (processors-1)*each), processors: processors, hold: hold{patience: patienceMost, at: now()}}
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

// Realm is one realm's side of it. A nil one lets everybody go at once.
type Realm struct {
	turns *Turns
	// held counts the permits that it has, fills those of its fills; used is the time that its pieces took.
	held, fills int
	used        time.Duration
	// queues holds who waits to begin, resting who has begun and rests; spent is the time of each class by its weight.
	queues, resting [classes][]*waiter
	spent           [classes]time.Duration
	// stood is what the class that went last had spent.
	stood time.Duration
	// short counts its short calls in hand; the last one that was answered counts until lingers.
	short   int
	lingers time.Time
	load    load
}

// waiter waits for a permit; got is closed when it has one. keeps tells that it waits for a processor besides.
type waiter struct {
	got   chan struct{}
	keeps bool
}

// Piece is a piece of work under way. A nil one may rest and give, and does nothing.
type Piece struct {
	realm *Realm
	ctx   context.Context
	class Class
	began time.Time
	given bool
	// keeps tells of a piece of Keep.
	keeps bool
}

// Take waits for a permit, or until ctx ends. The piece belongs to one goroutine.
func (r *Realm) Take(ctx context.Context, c Class) (*Piece, error) {
	if r == nil {
		return nil, nil
	}
	p := &Piece{realm: r, ctx: ctx, class: c, given: true}
	return p, p.await(r.wait(c, false))
}

// Keep runs a piece that keeps a processor from its beginning to its end, and waits for nothing: packing does. No more of them are
// under way than there are processors: of more, some would wait with a permit in hand, by which others could ask the store.
func (r *Realm) Keep(ctx context.Context, c Class, piece func() error) error {
	if r == nil {
		return piece()
	}
	p := &Piece{realm: r, ctx: ctx, class: c, given: true, keeps: true}
	if err := p.await(r.wait(c, true)); err != nil {
		return err
	}
	defer p.Give()
	return piece()
}

// await waits for the permit that a place in a line brings.
func (p *Piece) await(w *waiter) error {
	r := p.realm
	select {
	case <-w.got:
	case <-p.ctx.Done():
		if !r.leave(p.class, w) {
			r.done(p.class, 0, p.keeps) // It came at the same moment.
		}
		return context.Cause(p.ctx)
	}
	p.began, p.given = r.turns.now(), false
	return nil
}

// Give ends the piece; it may be called more than once.
func (p *Piece) Give() {
	if p != nil && !p.given {
		p.given = true
		p.realm.done(p.class, p.realm.turns.now().Sub(p.began), p.keeps)
	}
}

// Rest gives the permit back while somebody is to go first, and goes on once nobody is, which is soon, whether or not others have
// all permits by then. A piece calls it often: it costs nothing while nobody is to go first. Where the context that it was taken
// with ends, the piece has ended.
func (p *Piece) Rest() error {
	if p == nil || p.given || !p.realm.turns.pressed.Load() || !p.realm.rests(p.class) {
		return nil
	}
	p.Give()
	return p.await(p.realm.rest(p.class))
}

// Do runs a piece.
func (r *Realm) Do(ctx context.Context, c Class, piece func(*Piece) error) error {
	p, err := r.Take(ctx, c)
	if err != nil {
		return err
	}
	defer p.Give()
	return piece(p)
}
