package server

import (
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
func (s *Server) startUpkeep(context.Context) error {
	s.observed.Standing(s.standing)
	ctx, end := context.WithCancel(context.Background())
	s.upkeep = upkeep{end: end, ended: make(chan struct{})}
	go func() { // stopped by stopUpkeep
		defer close(s.upkeep.ended)
		var both sync.WaitGroup
		both.Go(func() { s.reports.Keep(ctx, wait) })
		both.Go(func() { s.keepBackedUp(ctx) })
		if s.config.shared() {
			both.Go(func() { s.keepPost(ctx) })
		}
		retention.Keep(ctx, s.realm, s.post, wait, s.retained)
		both.Wait()
	}()
	return nil
}

func (s *Server) stopUpkeep() {
	if s.upkeep.end != nil {
		s.upkeep.end()
		<-s.upkeep.ended
	}
}

// watchCases looks at deadlines once that may begin.
func (s *Server) watchCases(ctx context.Context) {
	if s.config.LookFrom != nil {
		select {
		case <-s.config.LookFrom:
		case <-ctx.Done():
			return
		}
	}
	s.cases.Watch(ctx)
}

// retained tells the log what a run of retention came to.
func (s *Server) retained(out retention.Result, err error) {
	if err != nil {
		s.config.Log.Error("what may no longer be kept was not destroyed; it is tried again in an hour", "error", err)
		return
	}
	s.config.Log.Info("what may no longer be kept was destroyed", "records", out.Records, "held", out.Held, "access_entries", out.LedgerEntries)
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
