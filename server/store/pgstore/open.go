package pgstore

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

const (
	insertHead   = "INSERT INTO onedoor_heads (realm, epoch, seq, tag, committed, place) VALUES ($1, 1, 0, $2, 0, $3) ON CONFLICT (realm) DO NOTHING"
	selectRealms = "SELECT realm FROM onedoor_heads ORDER BY realm"
	dropWriters  = "DELETE FROM onedoor_writers WHERE realm = $1 AND at < $2"
	// writersKept is how long the row of a process that is gone stays: far longer than any commit is in doubt.
	writersKept = 30 * 24 * time.Hour
)

// Create makes a new realm in a database and opens it; tables that are not there yet are made. The error is fs.ErrExist
// where the realm is there.
func Create(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, true, func(ctx context.Context, s *Store, sess *session) error {
		if s.realm == "" {
			return settled{fmt.Errorf("no realm is named: add ?%s=CODE to the database's URL", RealmParameter)}
		}
		if err := s.migrate(ctx, sess); err != nil {
			return err
		}
		n, err := sess.exec(ctx, insertHead, s.realm, make([]byte, 8), sess.place)
		if err == nil && n == 0 {
			return settled{fmt.Errorf("%s: make a realm: %w", s.name(), fs.ErrExist)}
		}
		return err
	})
}

// Open opens a realm for reading and writing and brings the schema up to date. Any number of servers may. The error is
// fs.ErrNotExist or one of package store's.
func Open(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, true, func(ctx context.Context, s *Store, sess *session) error {
		if err := s.migrate(ctx, sess); err != nil {
			return err
		}
		if err := s.find(ctx, sess); err != nil {
			return err
		}
		_, err := sess.exec(ctx, dropWriters, s.realm, time.Now().Add(-writersKept).UnixMilli())
		return err
	})
}

// OpenReader opens a realm for reading, also from a standby. It changes nothing; Update gives store.ErrReadOnly.
func OpenReader(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, false, func(ctx context.Context, s *Store, sess *session) error {
		m, err := sess.version(ctx)
		if err != nil {
			return err
		}
		if err := s.mayServe(m); err != nil {
			return err
		}
		if m.version < s.schemaKnown() {
			return settled{fmt.Errorf("database %s has schema %d, this software reads %d: start a server of this software on it first", s.config.Database, m.version, s.schemaKnown())}
		}
		return s.find(ctx, sess)
	})
}

// open makes a store and prepares it with its first connection.
func open(ctx context.Context, o Options, writes bool, prepare func(context.Context, *Store, *session) error) (*Store, error) {
	t, err := o.parse(writes)
	if err != nil {
		return nil, err
	}
	s := newStore(t, writes)
	err = s.trying(ctx, func() error {
		sess, err := s.connect(ctx)
		if err != nil {
			return err
		}
		defer sess.close()
		return ended(ctx, prepare(ctx, s, sess))
	})
	if err != nil {
		return nil, s.explain("open", err)
	}
	return s, nil
}

// find sees that the realm is there, and takes the only one where none is named.
func (s *Store) find(ctx context.Context, sess *session) error {
	names, err := sess.realms(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.realm == "" && len(names) == 1:
		s.realm = names[0]
	case s.realm == "" && len(names) > 1:
		return settled{fmt.Errorf("database %s has several realms: add ?%s= with one of %s to its URL", s.config.Database, RealmParameter, strings.Join(names, ", "))}
	}
	for _, name := range names {
		if name == s.realm {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", s.name(), errAbsent)
}

func (s *session) realms(ctx context.Context) (names []string, err error) {
	rows, err := s.conn.Query(ctx, selectRealms)
	if codeOf(err) == codeUndefinedTable {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if err := rows.Err(); codeOf(err) != codeUndefinedTable {
		return names, err
	}
	return nil, nil
}

// Realms lists the realms of a database.
func Realms(ctx context.Context, o Options) (names []string, err error) {
	t, err := o.parse(false)
	if err != nil {
		return nil, err
	}
	sess, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer sess.close()
	return sess.realms(ctx)
}
