package report

import (
	"context"
	"errors"
	"time"

	"onedoor/server/exchange"
	"onedoor/server/store"
)

// Warm counts what the log holds now, so that the first pull need not wait for it.
func (s *Service) Warm(ctx context.Context) error {
	if err := s.take(ctx, nil); err != nil {
		return err
	}
	defer s.release()
	return s.realm.View(ctx, func(r store.Reader) error { return s.followTo(r, nil) })
}

// keepEvery is how often Keep looks whether a month is to be frozen.
const keepEvery = time.Hour

// Keep counts what the log holds, so that the first pull need not wait for it, and freezes months as they become ripe, until
// ctx ends. wait waits for a while, or until ctx ends.
func (s *Service) Keep(ctx context.Context, wait func(context.Context, time.Duration) error) {
	for err := s.Warm(ctx); ; {
		if err == nil {
			_, err = s.FreezeRipe(ctx)
		}
		switch {
		case errors.Is(err, exchange.ErrClosed) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil:
			return
		case err != nil:
			s.log.Warn("reports could not be kept up; it is tried again in an hour", "error", err)
		}
		if wait(ctx, keepEvery) != nil {
			return
		}
		err = nil
	}
}
