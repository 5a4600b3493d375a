package pgstore

import (
	"context"
	"errors"
)

// Drop removes a realm with all that is of it, in one transaction. It is for what was never served: a realm whose making
// failed, or one that a test or a measurement made for itself.
func Drop(ctx context.Context, o Options) error {
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	t, err := s.begin(ctx, s.writer)
	if err != nil {
		return err
	}
	err = s.trying(ctx, func() error { return t.removeRealm(ctx) })
	t.give()
	return errors.Join(s.explain("remove a realm", err), s.Close())
}

// removeRealm deletes a realm's rows under its lock.
func (t *turn) removeRealm(ctx context.Context) error {
	if _, _, err := t.open(ctx, turnPatience, beginWrite, lockHead); err != nil {
		return err
	}
	defer t.rest()
	if err := t.store.mustKnow(ctx, t.sess); err != nil {
		return err
	}
	if err := t.sess.removeRows(ctx, t.store.realm, tables); err != nil {
		return err
	}
	_, err := t.sess.exec(context.WithoutCancel(ctx), commitTx)
	return err
}

// removeRows deletes the rows of a realm in some tables.
func (s *session) removeRows(ctx context.Context, realm string, tables []string) error {
	for _, table := range tables {
		// Not the patience of one trip: a realm may be large.
		if _, err := s.conn.Exec(ctx, "DELETE FROM "+table+" WHERE realm = $1", realm); err != nil {
			return ended(ctx, err)
		}
	}
	return nil
}
