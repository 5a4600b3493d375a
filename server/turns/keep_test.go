package turns_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"onedoor/server/turns"
)

// Four pieces a processor may be under way, since most of them wait for the store. One that keeps its processor does not.
func TestKeep_WhoWaitsForAProcessorHoldsNoPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const processors, each = 2, 4
		r := turns.New(processors, each, time.Now).Join()
		var packing atomic.Int32
		let := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 * processors {
			wg.Go(func() {
				err := r.Keep(t.Context(), turns.Page, func() error {
					packing.Add(1)
					<-let
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := packing.Load(); n != processors {
			t.Errorf("%d keep a processor, there are %d", n, processors)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var others []*turns.Piece
		for range processors*each + 1 - processors { // All permits but theirs.
			p, err := r.Take(soon, turns.Page)
			if err != nil {
				t.Fatalf("who asks the store waits behind who packs, with %d permits out: %v", processors+len(others), err)
			}
			others = append(others, p)
		}
		for _, p := range others {
			p.Give()
		}
		close(let)
		wg.Wait()
		if n := packing.Load(); n != 3*processors {
			t.Errorf("%d of %d came to their turn", n, 3*processors)
		}
	})
}

func TestKeep_WhoGivesUpWaitingLeavesTheProcessorToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := turns.New(1, 4, time.Now).Join()
		let := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := r.Keep(t.Context(), turns.Page, func() error { <-let; return nil }); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Keep(short, turns.Page, func() error { return nil }); err == nil {
			t.Error("two pieces kept the one processor")
		}
		close(let)
		wg.Wait()
		if err := r.Keep(t.Context(), turns.Page, func() error { return nil }); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}
