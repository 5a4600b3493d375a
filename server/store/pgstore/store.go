package pgstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"onedoor/server/store"
)

// Store keeps one realm of a database. It implements store.Store.
type Store struct {
	*target
	// readers and writer hold the connections that are not in use. A nil session is the right to open one. writer is nil
	// when the store only reads.
	readers, writer chan *session
	// closed is closed by the first Close.
	closed  chan struct{}
	closing sync.Once
	// tries is how often more a transaction is tried while its engine is gone.
	tries int
	// id names this store among the realm's writers.
	id [16]byte
	// tx counts the transactions that wrote something, acknowledged is the newest that is known to be durable, and place
	// is where the last writing session led. They are guarded by holding the writing session.
	tx, acknowledged int64
	place            string
}

var _ store.Store = (*Store)(nil)

// newStore makes a store without connections.
func newStore(t *target, writes bool) *Store {
	s := &Store{target: t, readers: make(chan *session, t.readers), closed: make(chan struct{}), tries: triesMax}
	_, _ = rand.Read(s.id[:]) // It never fails.
	for range t.readers {
		s.readers <- nil
	}
	if writes {
		s.writer = make(chan *session, 1)
		s.writer <- nil
	}
	return s
}

// Realm names the realm.
func (s *Store) Realm() string { return s.realm }

// take waits for a connection until the context ends or the store is closed.
func (s *Store) take(ctx context.Context, from chan *session) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-s.closed:
		return nil, store.ErrClosed
	default:
	}
	select {
	case sess := <-from:
		return sess, nil
	case <-s.closed:
		return nil, store.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// turn is the right to use one connection.
type turn struct {
	store *Store
	to    chan *session
	// pool is where the connection came from; nil for the store's own.
	pool chan *session
	sess *session
}

// begin waits for a turn; give ends it.
func (s *Store) begin(ctx context.Context, from chan *session) (*turn, error) {
	sess, err := s.take(ctx, from)
	if err != nil {
		return nil, err
	}
	if s.pool == nil || from != s.readers {
		return &turn{store: s, to: from, sess: sess}, nil
	}
	lent, err := s.take(ctx, s.pool.idle)
	if err != nil {
		from <- sess
		return nil, err
	}
	return &turn{store: s, to: from, pool: s.pool.idle, sess: lent}, nil
}

// rest ends what is left of a transaction; a connection that cannot be used is given up.
func (t *turn) rest() {
	if t.sess != nil && !t.sess.idle() {
		t.drop()
	}
}

func (t *turn) drop() {
	t.sess.close()
	t.sess = nil
}

// give ends the turn. Of a transaction that is open it leaves the end on the line.
func (t *turn) give() {
	if t.sess != nil && !t.sess.leave() {
		t.drop()
	}
	if t.pool != nil {
		t.pool <- t.sess
		t.sess = nil
	}
	t.to <- t.sess
}

// session gives the connection, a new one where there is none.
func (t *turn) session(ctx context.Context) (*session, error) {
	if t.sess != nil && !t.sess.left(ctx) {
		t.drop()
	}
	if t.sess == nil {
		sess, err := t.store.connect(ctx)
		if err != nil {
			return nil, err
		}
		t.sess = sess
	}
	return t.sess, nil
}

// open begins a transaction, on a new connection where the old one is found to be lost.
func (t *turn) open(ctx context.Context, within time.Duration, begin, head string) (h stored, fresh bool, err error) {
	sess, err := t.session(ctx)
	if err != nil {
		return h, false, err
	}
	fresh = sess.fresh
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if h, err = sess.begin(bounded, begin, head, t.store.realm, store.Asked(ctx)); err != nil {
		t.rest()
		return h, fresh, ended(ctx, err)
	}
	return h, fresh, nil
}

// View runs f on a snapshot.
func (s *Store) View(ctx context.Context, f func(store.Reader) error) error {
	t, err := s.begin(ctx, s.readers)
	if err != nil {
		return err
	}
	defer t.give()
	var h stored
	err = s.trying(ctx, func() (err error) {
		h, _, err = t.open(ctx, patience, beginRead, selectHead)
		return err
	})
	if err != nil {
		return s.explain("begin a view", err)
	}
	r := &reader{ctx: ctx, store: s, s: t.sess, head: h.Head, ahead: h.ahead}
	defer func() { r.s = nil }()
	return f(r)
}

// Close waits for running transactions and closes the connections. Transactions that wait for a connection, and later
// ones, get store.ErrClosed. A function that a transaction runs must not call it.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		for range cap(s.readers) {
			(<-s.readers).close()
		}
		if s.writer != nil {
			(<-s.writer).close()
		}
	})
	return nil
}

const (
	// triesMax and pauseMost bound how long a transaction waits for an engine that is gone, some twenty seconds: the time
	// of a fail-over. What fails then is called again by its phone.
	triesMax   = 14
	pauseFirst = 20 * time.Millisecond
	pauseMost  = 2 * time.Second
)

// trying runs a step until it succeeds, fails for good, or has been tried often enough.
func (s *Store) trying(ctx context.Context, step func() error) error {
	for try := 0; ; try++ {
		err := step()
		if err == nil || ctx.Err() != nil || !passing(err) || final(err) || try == s.tries {
			return err
		}
		s.log.Warn("the database did not take a transaction: trying again", "realm", s.realm, "try", try+1, "error", err)
		if e := s.pause(ctx, try); e != nil {
			return fmt.Errorf("%w: %w", e, err)
		}
	}
}

// pause waits longer after every try, until the context ends or the store is closed.
func (s *Store) pause(ctx context.Context, try int) error {
	timer := time.NewTimer(min(pauseMost, pauseFirst<<min(try, 10)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.closed:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
