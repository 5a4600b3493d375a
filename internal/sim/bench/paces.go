package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	client "onedoor/client-sdk"

	"onedoor/internal/sim/child"
)

// What phones of a realm do beside those of another: at a pace, as people work; as fast as they can; or being filled.

// visitHere makes a visit of a phone's own place, offline.
func (p *benchPhone) visitHere(next *visits) error {
	place, err := p.gridID()
	if err != nil {
		return err
	}
	m := next.visit([][]byte{nil}, time.Now())
	m.PremisesIds, m.Territory = nil, place[:]
	return p.inGroups(1, func(g *client.Group, _ int) error {
		_, err := g.Add(m)
		return err
	})
}

// pace has every phone make a visit and sync, then rest, for so long; each at its own time of the same beat.
func (p *crowdPart) pace(c command) (a answer, err error) {
	ends, beat := time.Now().Add(seconds(c.WindowS)), seconds(c.BeatS)
	var mu sync.Mutex
	errs := make([]error, len(p.phones))
	var wg sync.WaitGroup
	for i, ph := range p.phones {
		wg.Go(func() {
			next := newVisits(c.Seed + uint64(i))
			errs[i] = child.Wait(p.ctx, beat*time.Duration(i)/time.Duration(len(p.phones)))
			for at := time.Now(); errs[i] == nil && at.Before(ends); at = at.Add(beat) {
				if errs[i] = child.Wait(p.ctx, time.Until(at)); errs[i] != nil {
					return
				}
				if errs[i] = ph.visitHere(next); errs[i] != nil {
					return
				}
				began := time.Now()
				rep, err := ph.replica.Sync(p.ctx)
				took := float64(time.Since(began).Microseconds()) / 1000
				mu.Lock()
				a.Latencies, a.Pushed = append(a.Latencies, took), a.Pushed+rep.Pushed
				mu.Unlock()
				errs[i] = err
			}
		})
	}
	wg.Wait()
	slices.Sort(a.Latencies)
	return a, firstOf(errs)
}

// flood has every phone make visits and sync without rest for so long. A server with no room is what a flood asks for.
func (p *crowdPart) flood(c command) (a answer, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, seconds(c.WindowS))
	defer cancel()
	var mu sync.Mutex
	errs := make([]error, len(p.phones))
	var wg sync.WaitGroup
	for i, ph := range p.phones {
		wg.Go(func() {
			next := newVisits(c.Seed + uint64(i))
			for ctx.Err() == nil {
				if errs[i] = ph.visitHere(next); errs[i] != nil {
					return
				}
				rep, err := ph.replica.Sync(ctx)
				mu.Lock()
				a.Pushed, a.RoundTrips = a.Pushed+rep.Pushed, a.RoundTrips+rep.RoundTrips
				mu.Unlock()
				if fault, ok := errors.AsType[*client.Fault](err); err != nil && ctx.Err() == nil && !(ok && fault.Passing) {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	return a, firstOf(errs)
}

// pull has one fresh phone after the other fetch what its place has, for so long.
func (p *crowdPart) pull(c command) (a answer, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, seconds(c.WindowS))
	defer cancel()
	for _, ph := range p.phones {
		rep, err := ph.replica.Sync(ctx)
		a.Pulled, a.RoundTrips = a.Pulled+rep.Pulled, a.RoundTrips+rep.RoundTrips
		if ctx.Err() != nil {
			return a, nil
		}
		if err != nil {
			return a, err
		}
	}
	return a, fmt.Errorf("%d fresh phones were filled with %d records before the time was up: take more records or less time", len(p.phones), a.Pulled)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
