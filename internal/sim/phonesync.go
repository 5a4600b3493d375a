package sim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
)

// A sync is a coroutine: the real Replica.Sync, which pauses where it calls over the network or waits, and goes on when
// the world lets it. In between the phone's owner may edit, and the phone may die.

// pause is why a sync does not run: a call on its way, or a wait.
type pause struct {
	flight *flight
	wait   time.Duration
}

// syncing is one sync under way.
type syncing struct {
	phone *phone
	next  func() (*pause, bool)
	stop  func()
	// yield pauses the coroutine; it reports false when the phone dies meanwhile. at is why it is paused now.
	yield func(*pause) bool
	at    *pause
	// handed are the replies that the replica was given and has not taken in yet.
	handed map[*syncv1.ExchangeResponse]*flight
	report *client.Report
	err    error
	// busied counts the calls during which the owner has worked.
	busied int
}

// beginSync begins a sync, unless one is under way.
func (p *phone) beginSync() {
	if !p.on() || p.syncing != nil {
		return
	}
	s := &syncing{phone: p, handed: map[*syncv1.ExchangeResponse]*flight{}}
	s.next, s.stop = iter.Pull(func(yield func(*pause) bool) {
		s.yield = yield
		s.report, s.err = p.replica.Sync(context.Background())
	})
	p.syncing = s
	p.w.trace.tell(p.w.now, p.name, "syncs")
	s.run(nil)
}

// pause stops the coroutine until the world goes on with it.
func (s *syncing) pause(why *pause) {
	if !s.yield(why) {
		panic(killed{})
	}
}

// run lets a sync that is paused at a place go on until it pauses again, ends, or the phone dies. Where it is no longer
// paused there, what it waited for comes too late.
func (s *syncing) run(at *pause) {
	p := s.phone
	if p.syncing != s || s.at != at {
		return
	}
	why, paused, dead := s.resume()
	s.at = why
	switch {
	case dead:
		p.syncing = nil
		p.died("dies while it syncs")
	case !paused:
		p.syncing = nil
		p.synced(s)
	case why.flight != nil:
		p.w.send(why.flight)
	default:
		p.w.after(why.wait.Milliseconds(), func() { s.run(why) })
	}
}

// resume runs the coroutine and catches the phone's death in it.
func (s *syncing) resume() (why *pause, paused, dead bool) {
	defer func() {
		if fault := recover(); fault != nil {
			if _, ok := fault.(killed); !ok {
				panic(fault)
			}
			dead = true
		}
	}()
	why, paused = s.next()
	return why, paused, false
}

// abandon ends a sync that will not go on; nil is none.
func (s *syncing) abandon() {
	if s == nil {
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			if _, ok := fault.(killed); !ok {
				panic(fault)
			}
		}
	}()
	s.stop()
}

// synced tells how a sync ended.
func (p *phone) synced(s *syncing) {
	var fault *client.Fault
	if errors.Is(s.err, client.ErrWiped) && !p.disk.Off() {
		if !p.clings() {
			p.wiped()
		}
		return
	}
	if p.hurt(s.err, "syncs") {
		return
	}
	p.doubts = nil
	switch {
	case s.err == nil:
		p.w.trace.tell(p.w.now, p.name, "has synced: %s", reported(s.report))
		p.w.lookFor(p)
	case errors.Is(s.err, errLine), errors.Is(s.err, client.ErrRevoked), errors.As(s.err, &fault),
		!p.w.healed && errors.Is(s.err, client.ErrStuck): // A store that fails again and again lets nobody make headway.
		p.w.trace.tell(p.w.now, p.name, "gives up: %v (%s)", s.err, reported(s.report))
	default:
		p.w.broken(model.I14, p, "cannot sync: %v", s.err)
	}
}

func reported(r *client.Report) string {
	return fmt.Sprintf("pushed %d: %d applied, %d merged, %d quarantined; pulled %d, gone %d; trips %d, caught up %v",
		r.Pushed, r.Applied, r.Merged, r.Quarantined, r.Pulled, r.Gone, r.RoundTrips, r.CaughtUp)
}
