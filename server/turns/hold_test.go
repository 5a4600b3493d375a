package turns_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"onedoor/server/turns"
)

// outlasts is how long behind its end a caller of busy may still wait or work: many times what anybody is held back at a stretch.
// Without it a caller that is held back for ever would keep the bubble's clock going for ever.
const outlasts = time.Minute

// readsMost is how often a clock is read at one instant by some hundred callers, many times over.
const readsMost = 1_000_000

// clock gives the bubble's time and ends the tests where it is asked for without end at one instant: who is woken at once again and
// again, and never sleeps, would keep the bubble's clock from going on.
func clock() func() time.Time {
	var mu sync.Mutex // guards what follows
	var last time.Time
	reads := 0
	return func() time.Time {
		now := time.Now()
		mu.Lock()
		defer mu.Unlock()
		if !now.Equal(last) {
			last, reads = now, 0
		}
		if reads++; reads > readsMost {
			panic("the turns read the clock without end and do not sleep: somebody is woken at once again and again")
		}
		return now
	}
}

// busy has callers work in the realm until the bubble's time is up, in pieces that may be interrupted each millisecond, each of
// them a short call of its own but for fills. It counts milliseconds.
func busy(t *testing.T, wg *sync.WaitGroup, r *turns.Realm, c turns.Class, callers int, until time.Duration) *atomic.Int64 {
	done, ends := new(atomic.Int64), time.Now().Add(until)
	ctx, cancel := context.WithDeadline(t.Context(), ends.Add(outlasts))
	t.Cleanup(cancel)
	for range callers {
		wg.Go(func() {
			for time.Now().Before(ends) {
				left := func() {}
				if c != turns.Fill {
					left = r.Arrive()
				}
				if err := r.Do(ctx, c, func(p *turns.Piece) error { return slowly(p, 20, done) }); err != nil {
					t.Error(err)
				}
				left()
			}
		})
	}
	return done
}

// slowly works for so many milliseconds, and rests in between where it is to.
func slowly(p *turns.Piece, ms int, done *atomic.Int64) error {
	for range ms {
		if err := p.Rest(); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
		done.Add(1)
	}
	return nil
}

// stands wants a count to go no further for ten milliseconds, but for a piece of a millisecond that had begun.
func stands(t *testing.T, done *atomic.Int64) {
	t.Helper()
	time.Sleep(2 * time.Millisecond)
	before := done.Load()
	time.Sleep(10 * time.Millisecond)
	if after := done.Load(); after != before {
		t.Errorf("went on for %d ms while a short call was in hand", after-before)
	}
}

func TestArrive_ABusyRealmRestsWhileAQuietOnesCallIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(4, 1, clock())
		noisy, quiet := all.Join(), all.Join()
		var wg sync.WaitGroup
		done := busy(t, &wg, noisy, turns.Judge, 100, 2*time.Second)
		time.Sleep(time.Second)
		left := quiet.Arrive()
		stands(t, done)
		left()
		time.Sleep(5 * time.Millisecond)
		before := done.Load()
		time.Sleep(10 * time.Millisecond)
		if after := done.Load(); after-before < 25 {
			t.Errorf("three processors did %d ms of work in 10 ms after the call had left", after-before)
		}
		wg.Wait()
	})
}

func TestArrive_AFillRestsForAShortCallOfItsOwnRealm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(2, 1, clock()).Join()
		var wg sync.WaitGroup
		done := busy(t, &wg, r, turns.Fill, 3, time.Second)
		time.Sleep(500 * time.Millisecond)
		left := r.Arrive()
		stands(t, done)
		left()
		wg.Wait()
	})
}

func TestArrive_NobodyIsHeldBackForMoreThanHalfOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(2, 1, clock())
		noisy, quiet := all.Join(), all.Join()
		var wg sync.WaitGroup
		done := busy(t, &wg, noisy, turns.Judge, 10, 10*time.Second)
		time.Sleep(time.Second)
		before := done.Load()
		defer quiet.Arrive()() // And stays.
		time.Sleep(8 * time.Second)
		if got := done.Load() - before; got < 3800 {
			t.Errorf("a call that stays in hand left a busy realm %d ms of 8 s", got)
		}
		wg.Wait()
	})
}

func TestArrive_AFillGoesOnBesideShortCallsWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(2, 1, clock()).Join()
		var wg sync.WaitGroup
		fills := busy(t, &wg, r, turns.Fill, 2, 10*time.Second)
		short := busy(t, &wg, r, turns.Page, 8, 10*time.Second)
		wg.Wait()
		if f, s := fills.Load(), short.Load(); f < 800 || s < 10_000 {
			t.Errorf("fills had %d ms, short calls %d", f, s)
		}
	})
}

func TestArrive_RealmsThatNeedAsMuchHoldNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(2, 1, clock())
		var wg sync.WaitGroup
		a := busy(t, &wg, all.Join(), turns.Judge, 50, 10*time.Second)
		b := busy(t, &wg, all.Join(), turns.Judge, 50, 10*time.Second)
		wg.Wait()
		if a, b := a.Load(), b.Load(); a < 9000 || b < 9000 {
			t.Errorf("of ten seconds of a processor each, one had %d ms and the other %d", a, b)
		}
	})
}

func TestRest_EndsWithTheContextAndTakesNoPermitAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(1, 1, clock()).Join()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		p, err := r.Take(ctx, turns.Fill)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Rest(); err != nil {
			t.Errorf("a piece that need not rest: %v", err)
		}
		left := r.Arrive()
		if err := p.Rest(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a piece that rests past its end: %v", err)
		}
		p.Give()
		left()
		one, two := taken(t, r), taken(t, r)
		nothingLeft(t, r)
		one.Give()
		two.Give()
	})
}

// pool is what a piece holds beside its permit: connections to a database, of which there are few.
type pool chan struct{}

// reads takes a permit, then a connection, and cuts a page of so many rows.
func (p pool) reads(t *testing.T, r *turns.Realm, c turns.Class, rows int) {
	if c != turns.Fill {
		defer r.Arrive()()
	}
	err := r.Do(t.Context(), c, func(piece *turns.Piece) error {
		p <- struct{}{}
		defer func() { <-p }()
		return slowly(piece, rows, new(atomic.Int64))
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRest_WhoRestsWithAConnectionDoesNotWaitForThoseWhoWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, connections := turns.New(1, 1, time.Now).Join(), make(pool, 1)
		var wg sync.WaitGroup
		began := time.Now()
		wg.Go(func() { connections.reads(t, r, turns.Fill, 100) })
		time.Sleep(10 * time.Millisecond)
		for range 10 { // They take all permits while the fill rests for them.
			wg.Go(func() { connections.reads(t, r, turns.Page, 1) })
		}
		wg.Wait()
		if took := time.Since(began); took > time.Second {
			t.Errorf("all ended after %v", took)
		}
	})
}

func TestRest_WhoBeginsWaitsUntilAsManyHaveComeBackAsWentOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(1, 1, time.Now) // Two permits.
		r, done := all.Join(), new(atomic.Int64)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := r.Do(t.Context(), turns.Fill, func(p *turns.Piece) error { return slowly(p, 5000, done) }); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(10 * time.Millisecond)
		left := r.Arrive()
		time.Sleep(2 * time.Millisecond)
		stands(t, done)
		one, two := taken(t, r), taken(t, r)
		left()
		time.Sleep(10 * time.Millisecond)
		if done.Load() < 15 {
			t.Errorf("who rested did %d ms, and others have the permits", done.Load())
		}
		one.Give() // Those that are out are as many as there are again.
		nothingLeft(t, r)
		two.Give()
		taken(t, r).Give()
		wg.Wait()
	})
}
