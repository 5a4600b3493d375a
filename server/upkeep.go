package server

import (
	"cmp"
	"context"
	"sync"
	"time"

	"onedoor/server/retention"
)

// upkeep is what the server does by itself beside answering calls.
type upkeep struct {
	// end stops it, ended is closed when it has stopped; both nil before it began.
	end   context.CancelFunc
	ended chan struct{}
}

// startUpkeep begins to destroy, once a day, what may no longer be kept, and to count for reports.
func (h *hosted) startUpkeep(context.Context) error {
	h.observed.Standing(h.standing)
	ctx, end := context.WithCancel(context.Background())
	h.upkeep = upkeep{end: end, ended: make(chan struct{})}
	go func() { // stopped by stopUpkeep
		defer close(h.upkeep.ended)
		var both sync.WaitGroup
		both.Go(func() { h.reports.Keep(ctx, wait) })
		both.Go(func() { h.keepBackedUp(ctx) })
		if h.config.shared() {
			both.Go(func() { h.keepPost(ctx) })
			both.Go(func() { h.forgetGuesses(ctx) })
		}
		retention.Keep(ctx, h.realm, h.post, func(ctx context.Context, d time.Duration) error { return wait(ctx, cmp.Or(h.config.RetainEvery, d)) }, h.retained)
		both.Wait()
	}()
	return nil
}

func (h *hosted) stopUpkeep() {
	if h.upkeep.end != nil {
		h.upkeep.end()
		<-h.upkeep.ended
	}
}

// watchCases looks at deadlines once that may begin.
func (h *hosted) watchCases(ctx context.Context) {
	if h.config.LookFrom != nil {
		select {
		case <-h.config.LookFrom:
		case <-ctx.Done():
			return
		}
	}
	h.cases.Watch(ctx)
}

// retained tells the log what a run of retention came to.
func (h *hosted) retained(out retention.Result, err error) {
	if err != nil {
		h.config.Log.Error("what may no longer be kept was not destroyed; it is tried again in an hour", "error", err)
		return
	}
	h.config.Log.Info("what may no longer be kept was destroyed", "records", out.Records, "held", out.Held, "access_entries", out.LedgerEntries)
}

// wait waits for a while, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
