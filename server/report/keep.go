package report

import (
	"context"
	"errors"
	"time"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/exchange"
	"onedoor/server/store"
)

// Warm counts what the log holds now, so that the first pull need not wait for it.
func (s *Service) Warm(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.realm.View(ctx, func(r store.Reader) error { return s.followTo(r, nil) })
}

// FreezeRipe freezes every month that is over long enough, the oldest first, and says which.
func (s *Service) FreezeRipe(ctx context.Context) (out []metrics.Month, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	realm := s.realm.Realm()
	first := metrics.DayOf(domain.UnixMilli(realm.Created))
	if first == metrics.NoDay {
		return nil, nil
	}
	for m := metrics.MonthOf(first); ripe(m, realm, s.realm.Time()); m = m.Next() {
		done, err := s.freezeOne(ctx, m)
		if err != nil {
			return out, err
		}
		if done {
			out = append(out, m)
		}
	}
	return out, nil
}

// freezeOne freezes a month that is not frozen yet.
func (s *Service) freezeOne(ctx context.Context, m metrics.Month) (done bool, err error) {
	err = s.realm.View(ctx, func(r store.Reader) error {
		z, err := readFrozen(r, m)
		if err != nil || z != nil {
			return err
		}
		if _, err = s.treeOf(r); err == nil {
			done, err = true, s.followTo(r, nil)
		}
		return err
	})
	if err != nil || !done {
		return false, err
	}
	return true, s.freeze(ctx, s.tree, m)
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
