package turns_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"onedoor/server/turns"
)

// piece works for a while with a permit.
func piece(t *testing.T, r *turns.Realm, c turns.Class, took time.Duration) {
	if err := r.Do(t.Context(), c, func(*turns.Piece) error {
		time.Sleep(took)
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// flood has callers work without rest until the bubble's time is up, and counts pieces.
func flood(t *testing.T, wg *sync.WaitGroup, r *turns.Realm, c turns.Class, callers int, took, until time.Duration) *int {
	var mu sync.Mutex
	count, ends := new(int), time.Now().Add(until)
	for range callers {
		wg.Go(func() {
			for time.Now().Before(ends) {
				piece(t, r, c, took)
				mu.Lock()
				*count++
				mu.Unlock()
			}
		})
	}
	return count
}

// neverWaits wants each of fifty short pages of a realm to begin at once.
func neverWaits(t *testing.T, r *turns.Realm) {
	t.Helper()
	for range 50 {
		began := time.Now()
		piece(t, r, turns.Page, time.Millisecond)
		if waited := time.Since(began) - time.Millisecond; waited > 0 {
			t.Errorf("a page waited %v", waited)
		}
		time.Sleep(7 * time.Millisecond)
	}
}

func TestTake_ABusyRealmWaitsForItselfAndAQuietOneDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(1, 1, time.Now)
		noisy, quiet := all.Join(), all.Join()
		var wg sync.WaitGroup
		flood(t, &wg, noisy, turns.Judge, 100, 10*time.Millisecond, time.Second)
		neverWaits(t, quiet)
		wg.Wait()
	})
}

func TestTake_TwoBusyRealmsShareTheTimeWhateverTheirNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(1, 1, time.Now)
		var wg sync.WaitGroup
		flood(t, &wg, all.Join(), turns.Judge, 5, 10*time.Millisecond, 10*time.Second) // Two permits for three.
		many := flood(t, &wg, all.Join(), turns.Judge, 100, 10*time.Millisecond, 10*time.Second)
		few := flood(t, &wg, all.Join(), turns.Judge, 2, 5*time.Millisecond, 10*time.Second)
		wg.Wait()
		if a, b := 10**many, 5**few; a > b*12/10 || b > a*12/10 {
			t.Errorf("one had %d ms and the other %d ms", a, b)
		}
	})
}

func TestTake_AFillGivesWayAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(1, 1, time.Now).Join()
		var wg sync.WaitGroup
		fills := flood(t, &wg, r, turns.Fill, 4, 10*time.Millisecond, 10*time.Second)
		pages := flood(t, &wg, r, turns.Page, 4, 10*time.Millisecond, 10*time.Second)
		wg.Wait()
		if *fills < *pages/6 || *fills > *pages/3 {
			t.Errorf("%d fills beside %d pages, a fourth is theirs", *fills, *pages)
		}
	})
}

func TestTake_APageFindsAPermitWhileFillsAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(2, 1, time.Now).Join()
		var wg sync.WaitGroup
		flood(t, &wg, r, turns.Fill, 10, 50*time.Millisecond, time.Second)
		neverWaits(t, r)
		wg.Wait()
	})
}

func TestTake_ARealmThatWasIdleHasSavedUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(1, 1, time.Now)
		busy, idle := all.Join(), all.Join()
		for range 100 {
			piece(t, busy, turns.Judge, 10*time.Millisecond)
		}
		var wg sync.WaitGroup
		flood(t, &wg, all.Join(), turns.Judge, 2, 10*time.Millisecond, time.Second) // Two permits for three.
		a := flood(t, &wg, busy, turns.Judge, 2, 10*time.Millisecond, time.Second)
		b := flood(t, &wg, idle, turns.Judge, 2, 10*time.Millisecond, time.Second)
		wg.Wait()
		if *a < *b/2 {
			t.Errorf("the one that had worked did %d, the one that had rested %d", *a, *b)
		}
	})
}

// taken takes a permit that is free.
func taken(t *testing.T, r *turns.Realm) *turns.Piece {
	t.Helper()
	p, err := r.Take(t.Context(), turns.Page)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// nothingLeft wants no permit to be free for the realm.
func nothingLeft(t *testing.T, r *turns.Realm) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := r.Take(ctx, turns.Page); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a permit was given that there is not: %v", err)
	}
}

func TestTake_WhoLeavesTakesNoPermitAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(1, 1, time.Now).Join()
		one, two := taken(t, r), taken(t, r)
		nothingLeft(t, r)
		one.Give()
		one.Give() // Twice is once.
		one = taken(t, r)
		nothingLeft(t, r)
		one.Give()
		two.Give()
	})
}

func TestLeave_TheOneThatIsLeftHasAllPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(1, 1, time.Now)
		stays, goes := all.Join(), all.Join()
		piece(t, goes, turns.Page, time.Millisecond)
		defer taken(t, stays).Give()
		nothingLeft(t, stays)
		piece(t, goes, turns.Page, time.Millisecond)
		goes.Leave()
		taken(t, stays).Give()
	})
}

func TestTake_ARealmWithCompanyThatIsHeardOfLeavesAProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := turns.New(2, 1, time.Now)
		r, other := all.Join(), all.Join()
		defer taken(t, r).Give()
		taken(t, r).Give()
		other.Arrive()()
		nothingLeft(t, r)
		time.Sleep(5 * time.Second)
		taken(t, r).Give()
	})
}

func TestNote_TellsWhoAskedWhatACallTurnedOutToBe(t *testing.T) {
	ctx := turns.Classing(t.Context())
	turns.Note(ctx, turns.Fill)
	turns.Note(t.Context(), turns.Fill) // Nobody has asked.
	if asked, other := turns.Noted(ctx), turns.Noted(t.Context()); asked != turns.Fill || other != turns.Page {
		t.Errorf("noted %v, and %v where nothing was", asked, other)
	}
}

func TestTake_WithoutTurnsNobodyWaits(t *testing.T) {
	var none *turns.Realm
	if err := none.Do(t.Context(), turns.Fill, func(p *turns.Piece) error { return p.Rest() }); err != nil {
		t.Error(err)
	}
}
