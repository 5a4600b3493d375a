package sabotage

import (
	"context"
	"sync"
)

const (
	// blockLeast is how many seeds a process plays at first: most saboteurs are
	// caught within them, and a process costs about as much to start as a seed.
	blockLeast = 8
	// blockMost bounds it, so that the workers share the last saboteur evenly.
	blockMost = 64
)

// hunt is the search for the first seed that catches one saboteur. Blocks of its
// seeds may be played at the same time; the least seed that was caught counts.
type hunt struct {
	saboteur *Saboteur
	// next is how many seeds were given out, from the first on.
	next int
	// caught is the verdict with the least seed so far.
	caught *Verdict
	// fault is what kept a block from being played.
	fault error
	// running holds the blocks in hand.
	running map[*block]bool
}

// block is a run of seeds that one process plays.
type block struct {
	hunt *hunt
	// from and count say which of the hunt's seeds, counted from 0.
	from, count int
	// ctx ends when nobody waits for the block any more.
	ctx    context.Context
	cancel context.CancelFunc
}

// hunts gives out blocks: seeds ascend over all saboteurs alike, so that what is
// caught early is known early.
type hunts struct {
	// mu guards all below it and every hunt.
	mu    sync.Mutex
	all   []*hunt
	seeds int
	// ended is called when a hunt is decided.
	ended func(*hunt)
}

func newHunts(saboteurs []Saboteur, seeds int, ended func(*hunt)) *hunts {
	h := &hunts{seeds: seeds, ended: ended}
	for i := range saboteurs {
		h.all = append(h.all, &hunt{saboteur: &saboteurs[i], running: map[*block]bool{}})
	}
	return h
}

// take gives the next block; nil when every seed that is wanted was given out.
func (h *hunts) take(ctx context.Context) *block {
	h.mu.Lock()
	defer h.mu.Unlock()
	var least *hunt
	for _, t := range h.all {
		if t.caught == nil && t.fault == nil && t.next < h.seeds && (least == nil || t.next < least.next) {
			least = t
		}
	}
	if least == nil {
		return nil
	}
	b := &block{hunt: least, from: least.next}
	b.count = min(max(blockLeast, least.next), blockMost, h.seeds-least.next)
	b.ctx, b.cancel = context.WithCancel(ctx)
	least.next += b.count
	least.running[b] = true
	return b
}

// done notes what a block came to. Blocks behind a caught seed are of no more use.
func (h *hunts) done(b *block, v Verdict, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := b.hunt
	gaveUp := b.ctx.Err() != nil
	b.cancel()
	delete(t.running, b)
	switch {
	case err != nil && !gaveUp:
		t.fault = err
	case err == nil && v.Violated && (t.caught == nil || v.Seed < t.caught.Seed):
		t.caught = &v
	}
	for other := range t.running {
		if t.fault != nil || t.caught != nil && other.from > b.from {
			other.cancel()
		}
	}
	if len(t.running) == 0 && (t.caught != nil || t.fault != nil || t.next == h.seeds) {
		h.ended(t)
	}
}
