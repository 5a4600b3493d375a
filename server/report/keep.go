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

// keepEvery is how often Keep looks whether a month is to be frozen, or the count to be saved.
const keepEvery = time.Hour

// Keep counts what the log holds, so that the first pull need not wait for it, freezes months as they become ripe and saves the
// count, until ctx ends; then it saves once more. wait waits for a while, or until ctx ends.
func (s *Service) Keep(ctx context.Context, wait func(context.Context, time.Duration) error) {
	for err := s.Warm(ctx); ; {
		if err == nil {
			err = s.keep(ctx)
		}
		switch {
		case ctx.Err() != nil:
			s.saveAtStop(ctx)
			return
		case errors.Is(err, exchange.ErrClosed) || errors.Is(err, store.ErrClosed):
			return
		case err != nil:
			s.log.Warn("reports could not be kept up; it is tried again in an hour", "error", err)
		}
		_ = wait(ctx, keepEvery) // Where ctx has ended the next round is the last.
		err = nil
	}
}

// keep does what is due.
func (s *Service) keep(ctx context.Context) error {
	var err error
	if s.post.Held() {
		_, err = s.FreezeRipe(ctx)
	}
	if err == nil && s.saved != nil {
		_, err = s.Save(ctx, s.saved.after)
	}
	if errors.Is(err, errErased) {
		return nil // What was erased is in no file; the next hour's has what stands.
	}
	return err
}

// saveAtStop saves what was counted when the server stops. What was not counted by then is not waited for.
func (s *Service) saveAtStop(ctx context.Context) {
	if s.saved == nil {
		return
	}
	select {
	case s.taken <- struct{}{}:
		counted := s.projection != nil
		s.release()
		if !counted {
			return
		}
	default:
		return
	}
	if _, err := s.Save(context.WithoutCancel(ctx), s.saved.atStop); err != nil {
		s.log.Info("the count of reports was not saved: the next start counts the log anew", "error", err)
	}
}
