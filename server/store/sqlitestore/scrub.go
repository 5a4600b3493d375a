package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"onedoor/internal/sqlitescrub"
	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// scrubPages is how many pages are looked at in one transaction: 16 MiB, some
// tens of milliseconds in which other writers wait.
const scrubPages = 2000

// errReaders: the log could not be emptied while Views read from it.
var errReaders = errors.New("readers stand in the way of emptying the write-ahead log: try again when they are done")

// Scrub overwrites what rows that are gone have left behind, and empties the
// write-ahead log. It reads the whole file once; a crash leaves it to be done again.
func (s *Store) Scrub(ctx context.Context) error {
	if s.writer == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrReadOnly, s.path)
	}
	if err := s.scrubbing(ctx, "overwrite free pages", together(sqlitescrub.Free)); err != nil {
		return err
	}
	for from := int64(1); from != 0; {
		err := s.scrubbing(ctx, "overwrite the room between rows", together(func(conn *sqlite.Conn) (err error) {
			from, err = sqlitescrub.Pages(conn, from, scrubPages)
			return err
		}))
		if err != nil {
			return err
		}
	}
	for busy := true; busy; {
		err := s.scrubbing(ctx, "empty the write-ahead log", func(conn *sqlite.Conn) (err error) {
			busy, err = sqlitescrub.Log(conn)
			return err
		})
		if err != nil {
			return err
		}
		// Each try has waited for the readers of before, as long as busyWait.
		if busy && ctx.Err() != nil {
			return fmt.Errorf("%w: %w", errReaders, ctx.Err())
		}
	}
	return nil
}

// together runs a step in a transaction.
func together(step func(*sqlite.Conn) error) func(*sqlite.Conn) error {
	return func(conn *sqlite.Conn) (err error) {
		end, err := sqlitex.ImmediateTransaction(conn)
		if err != nil {
			return err
		}
		defer end(&err)
		return step(conn)
	}
}

// scrubbing runs one step on the writer's connection.
func (s *Store) scrubbing(ctx context.Context, doing string, step func(*sqlite.Conn) error) error {
	sess, err := s.take(ctx, s.writer, s.openWriter)
	if err != nil {
		return err
	}
	defer give(sess, s.writer)
	if err := step(sess.conn); err != nil {
		return s.explain(doing, err)
	}
	return nil
}
