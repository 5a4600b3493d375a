package pgstore

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/store"

	"github.com/jackc/pgx/v5"
)

const selectWriter = "SELECT tx FROM onedoor_writers WHERE realm = $1 AND writer = $2"

// lostError marks a fault of the engine or the line in a transaction that was not committed: it may be run again.
type lostError struct{ error }

func (e lostError) Unwrap() error { return e.error }

// final reports an error that no other try changes: what is told by anybody but the engine and the line.
func final(err error) bool {
	for _, sentinel := range []error{store.ErrClosed, store.ErrWentBack, store.ErrUnknown, store.ErrDamaged, store.ErrNewer, errAbsent, settled{}} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// settled wraps an error that is neither the engine's nor the line's, such as that of a transaction's function: no other
// try changes it.
type settled struct{ error }

// Is reports any settled error.
func (settled) Is(target error) bool { _, ok := target.(settled); return ok }

// Update runs f in the realm's write transaction; see package store for what it promises.
func (s *Store) Update(ctx context.Context, f func(store.Writer) error) error {
	if s.writer == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrReadOnly, s.name())
	}
	t, err := s.begin(ctx, s.writer)
	if err != nil {
		return err
	}
	defer t.give()
	return s.explain("update", s.trying(ctx, func() error { return s.attempt(ctx, t, f) }))
}

// attempt runs f in one transaction. What it fails with is f's own, or a fault.
func (s *Store) attempt(ctx context.Context, t *turn, f func(store.Writer) error) error {
	h, fresh, err := t.open(ctx, turnPatience, beginWrite, lockHead)
	if err != nil {
		return err
	}
	defer t.rest() // Also where f panics or ends its goroutine.
	if fresh {
		if err := s.recognise(t.sess, h); err != nil {
			return err
		}
	}
	w := newWriter(ctx, s, t.sess, h)
	defer w.end()
	err = f(w)
	switch {
	case w.lost != nil:
		return w.lost // Whatever f made of it.
	case err != nil:
		return settled{err}
	case w.broken != nil:
		return settled{w.broken}
	}
	return s.commit(t, w)
}

// commit writes what is pending and commits, in one trip. Where the answer is lost, it finds out what happened.
func (s *Store) commit(t *turn, w *writer) error {
	if !w.wrote() {
		_, _ = t.sess.exec(context.Background(), commitTx) // Nothing depends on it.
		return nil
	}
	s.tx++
	sent, err := w.finish(s.tx)
	switch {
	case err == nil:
		s.acknowledged = s.tx
		return nil
	case !sent || told(err):
		return err // The engine passes over a commit that stands behind what it refused.
	}
	s.log.Warn("a commit was cut off: finding out whether it happened", "realm", s.realm, "error", err)
	t.drop()
	return s.settle(t, err)
}

// settle finds out whether the commit that was cut off happened: the process's row tells its newest transaction. It does
// not end before it is known, and what happened is as durable as any other commit, or the store is closed.
func (s *Store) settle(t *turn, cause error) error {
	for try := 0; ; try++ {
		newest, err := s.newest(t)
		if err == nil {
			if newest == s.tx {
				s.acknowledged = s.tx
				return nil
			}
			return lostError{cause}
		}
		s.log.Warn("a commit is in doubt: the database cannot be asked", "realm", s.realm, "try", try+1, "error", err)
		if errors.Is(err, errAbsent) || s.pause(context.Background(), try) != nil {
			return fmt.Errorf("%w: %s: %w", store.ErrUnknown, s.name(), errors.Join(cause, err))
		}
	}
}

// newest reads, behind whatever transaction still holds the lock, the number of this store's newest transaction, and makes sure of
// the one in doubt where it is that. The connection is left as new: what it says of the place is looked at by the next transaction.
func (s *Store) newest(t *turn) (tx int64, err error) {
	ctx := context.Background()
	if _, _, err := t.open(ctx, turnPatience, beginWrite, lockHead); err != nil {
		return 0, err
	}
	defer t.rest()
	tx, err = s.ownRow(t.sess)
	t.sess.fresh = true
	if err == nil && tx == s.tx {
		_, err = s.sendCommit(t.sess, &pgx.Batch{}, tx)
	}
	return tx, err
}

func (s *Store) ownRow(sess *session) (tx int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = sess.conn.QueryRow(ctx, selectWriter, s.realm, s.id[:]).Scan(&tx)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return tx, err
}

// recognise looks, on a new connection and under the lock, whether the engine still has what this process was told is
// durable, and whether it is the one of before.
func (s *Store) recognise(sess *session, h stored) error {
	newest, err := s.ownRow(sess)
	if err != nil {
		return err
	}
	if lost := s.acknowledged - newest; lost > 0 {
		s.log.Error("the database went back: it lacks commits that it had acknowledged, as a replica does that lagged behind and was promoted",
			"realm", s.realm, "head", h.Seq, "lost_transactions", lost, "was_at", s.place, "is_at", sess.place)
		s.acknowledged, s.tx = newest, newest
		sess.fresh = true // The place is looked at by the next transaction.
		return fmt.Errorf("%w: %s: %d transactions that were acknowledged are gone", store.ErrWentBack, s.name(), lost)
	}
	before := s.place
	if before == "" {
		before = h.place
	}
	if before != "" && sess.place != "" && before != sess.place {
		s.log.Warn("the database was promoted or moved since the last transaction: every commit that this process knows of is there",
			"realm", s.realm, "head", h.Seq, "was_at", before, "is_at", sess.place)
	}
	s.place = sess.place
	return nil
}
