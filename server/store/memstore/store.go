package memstore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"onedoor/server/store"
)

// Store keeps one realm in memory. It implements store.Store.
type Store struct {
	// state is the newest commit.
	state atomic.Pointer[state]
	// writer holds one token: the right to write.
	writer chan struct{}
	// closed is closed by the first Close.
	closed chan struct{}

	// mu guards running and closing.
	mu sync.Mutex
	// running counts transactions; idle is signalled when it reaches 0.
	running int
	idle    sync.Cond
	closing bool
}

var _ store.Store = (*Store)(nil)

// New makes an empty realm: epoch 1, no entries.
func New() *Store {
	s := &Store{writer: make(chan struct{}, 1), closed: make(chan struct{})}
	s.idle.L = &s.mu
	s.state.Store(empty())
	s.writer <- struct{}{}
	return s
}

// enter counts a transaction in, unless the context has ended or the store is closed.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return store.ErrClosed
	}
	s.running++
	return nil
}

func (s *Store) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.running == 0 {
		s.idle.Broadcast()
	}
}

// Scrub has nothing to do: what was written over is in no file, and in memory only while a View reads it.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.leave()
	return nil
}

// View runs f on the newest state.
func (s *Store) View(ctx context.Context, f func(store.Reader) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	r := &reader{ctx: ctx, state: s.state.Load()}
	defer r.end()
	return f(r)
}

// Update runs f on a draft and publishes it when f and every write succeeded.
func (s *Store) Update(ctx context.Context, f func(store.Writer) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	select {
	case <-s.writer:
	case <-s.closed:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.writer <- struct{}{} }()
	w := &writer{reader: reader{ctx: ctx, state: s.state.Load().draft()}}
	draft := w.state
	defer func() { w.state = nil }()
	if err := f(w); err != nil {
		return err
	}
	if w.broken != nil {
		return w.broken
	}
	s.state.Store(draft)
	return nil
}

// Check finds nothing: there is no file that could be damaged.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	s.leave()
	return nil, nil
}

// Close waits for running transactions; those that wait for the writer's turn,
// and later ones, get store.ErrClosed. A function that a transaction runs must
// not call it.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.closing = true
		close(s.closed)
	}
	for s.running > 0 {
		s.idle.Wait()
	}
	return nil
}

// Copy gives a store of its own that holds what s held at its newest commit, as
// a backup does. A published state is never changed, so it costs a few
// pointers; only the log's end is marked, beyond which s alone goes on in place.
func (s *Store) Copy() *Store {
	token := <-s.writer
	defer func() { s.writer <- token }()
	out := New()
	copied := s.state.Load().draft()
	copied.log = slices.Clip(copied.log)
	out.state.Store(copied)
	return out
}
