package observe

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"onedoor/server/store"
)

// Store is a store whose times and refusals are counted.
type Store struct {
	store.Store
	realm *Realm
	now   func() time.Time
	// refused is why the last transaction that the store itself refused was; nil once one succeeded.
	refused atomic.Pointer[error]
	// mu guards pending: when each transaction under way was asked for.
	mu      sync.Mutex
	pending map[*time.Time]struct{}
}

// Watch counts what a store does.
func (r *Realm) Watch(st store.Store, now func() time.Time) *Store {
	return &Store{Store: st, realm: r, now: now, pending: map[*time.Time]struct{}{}}
}

// Refused says why the store took nothing when it was last asked to; nil when it did.
func (s *Store) Refused() error {
	if err := s.refused.Load(); err != nil {
		return *err
	}
	return nil
}

// Pending gives since when the oldest write transaction under way waits to be confirmed; no time for none. Histograms tell what has
// ended: a disk that stands still is seen here alone.
func (s *Store) Pending() (since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for began := range s.pending {
		if since.IsZero() || began.Before(since) {
			since = *began
		}
	}
	return since
}

// begins notes a transaction until what it gives is called.
func (s *Store) begins(at time.Time) (ended func()) {
	began := &at
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[began] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.pending, began)
	}
}

// View runs f on a consistent state.
func (s *Store) View(ctx context.Context, f func(store.Reader) error) error {
	began := s.now()
	err := s.Store.View(ctx, f)
	s.took(opView, began, s.now())
	return err
}

// Update runs f in a write transaction. An error of f's own is none of the store's.
func (s *Store) Update(ctx context.Context, f func(store.Writer) error) error {
	began := s.now()
	defer s.begins(began)()
	var turn, handed time.Time
	var own error
	err := s.Store.Update(ctx, func(w store.Writer) error {
		turn = s.now()
		own = f(w)
		handed = s.now()
		return own
	})
	if turn.IsZero() {
		turn, handed = s.now(), time.Time{}
	}
	s.took(opWait, began, turn)
	if !handed.IsZero() {
		s.took(opWrite, turn, handed)
	}
	if !handed.IsZero() && own == nil {
		s.took(opCommit, handed, s.now())
	}
	s.note(ctx, err, own)
	return err
}

// note remembers whether the store takes anything.
func (s *Store) note(ctx context.Context, err, own error) {
	if err == nil {
		s.refused.Store(nil)
		return
	}
	name, ofStore := refusal(err)
	if !ofStore && (own != nil || ctx.Err() != nil) {
		return
	}
	s.realm.m.storeErrs.WithLabelValues(s.realm.code, name).Inc()
	s.refused.Store(&err)
}

// refusal names an error; ofStore tells that it is one of the store's own, whoever returned it.
func refusal(err error) (name string, ofStore bool) {
	for _, r := range refusals {
		if r.err == nil || errors.Is(err, r.err) {
			return r.name, r.err != nil
		}
	}
	return "", false
}

func (s *Store) took(operation string, from, to time.Time) {
	s.realm.m.store.WithLabelValues(s.realm.code, operation).Observe(to.Sub(from).Seconds())
}
