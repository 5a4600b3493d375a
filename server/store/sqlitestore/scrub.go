package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// What was erased must be in no page of the files. secure_delete zeroes a row that
// goes in its page, and pages that become free. Three places are left: pages that
// were free before, the room between the rows of a page, where rows stood that were
// moved when pages were split and merged, and the write-ahead log, which holds
// pages as they were. Scrub sees to them in this order.

const (
	// overflowBytes is what a page of a long value holds of it, at least.
	overflowBytes = pageBytes - 32 - 4
	// scrubPages is how many pages are looked at in one transaction: 16 MiB, some
	// tens of milliseconds in which other writers wait.
	scrubPages = 2000
	// scrubPagesMax keeps the first byte of a page that is none of a tree at 0, by
	// which it is told from one that is: 256 GiB.
	scrubPagesMax = 1 << 25
)

var (
	// errReaders: the log could not be emptied while Views read from it.
	errReaders = errors.New("readers stand in the way of emptying the write-ahead log: try again when they are done")
	// errLayout: the file is none that this software lays out.
	errLayout = errors.New("the file's layout is not one that can be scrubbed")
)

// Scrub overwrites what rows that are gone have left behind, and empties the
// write-ahead log. It reads the whole file once; a crash leaves it to be done again.
func (s *Store) Scrub(ctx context.Context) error {
	if s.writer == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrReadOnly, s.path)
	}
	if err := s.scrubbing(ctx, "overwrite free pages", fillFree); err != nil {
		return err
	}
	for from := int64(1); from != 0; {
		err := s.scrubbing(ctx, "overwrite the room between rows", func(conn *sqlite.Conn) (err error) {
			from, err = clearPages(conn, from)
			return err
		})
		if err != nil {
			return err
		}
	}
	for busy := true; busy; {
		err := s.scrubbing(ctx, "empty the write-ahead log", func(conn *sqlite.Conn) (err error) {
			busy, err = emptyLog(conn)
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

// fillFree writes zeros over every free page, by a value that takes all of them and goes again.
func fillFree(conn *sqlite.Conn) (err error) {
	free, err := askInt(conn, "PRAGMA freelist_count")
	if err != nil || free == 0 {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	for _, statement := range []string{
		"CREATE TABLE scrub (b BLOB) STRICT",
		fmt.Sprintf("INSERT INTO scrub VALUES (zeroblob(%d))", free*overflowBytes),
		"DROP TABLE scrub",
	} {
		if err := run(conn, statement); err != nil {
			return err
		}
	}
	return nil
}

// clearPages zeroes the room between the rows of some pages, and gives the page to
// go on from; 0 at the end.
func clearPages(conn *sqlite.Conn, from int64) (next int64, err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return 0, err
	}
	defer end(&err)
	pages, err := askInt(conn, "PRAGMA page_count")
	if err != nil {
		return 0, err
	}
	if vacuum, err := askInt(conn, "PRAGMA auto_vacuum"); err != nil || vacuum != 0 || pages >= scrubPagesMax {
		return 0, errors.Join(err, fmt.Errorf("%w: %d pages, auto_vacuum %d", errLayout, pages, vacuum))
	}
	page := make([]byte, pageBytes)
	for n := from; n <= min(pages, from+scrubPages-1); n++ {
		if err := readPage(conn, n, page); err != nil {
			return 0, err
		}
		if !clearPage(page, n) {
			continue
		}
		if err := sqlitex.Execute(conn, "UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", &sqlitex.ExecOptions{Args: []any{page, n}}); err != nil {
			return 0, err
		}
	}
	if next = from + scrubPages; next > pages {
		next = 0
	}
	return next, nil
}

func readPage(conn *sqlite.Conn, n int64, page []byte) error {
	return sqlitex.Execute(conn, "SELECT data FROM sqlite_dbpage WHERE pgno = ?", &sqlitex.ExecOptions{
		Args: []any{n},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			if stmt.ColumnLen(0) != len(page) {
				return fmt.Errorf("%w: page %d of %d bytes", errLayout, n, stmt.ColumnLen(0))
			}
			stmt.ColumnBytes(0, page)
			return nil
		},
	})
}

// emptyLog moves the log into the database and cuts it to nothing; busy tells
// that a reader kept that from happening.
func emptyLog(conn *sqlite.Conn) (busy bool, err error) {
	n, err := askInt(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
	return n != 0, err
}
