// Package sqlitescrub makes what was deleted from a SQLite database unreadable in its files. Databases that use it run with
// secure_delete=FAST, by which a row that goes is zeroed in its page at no cost. That leaves four places: pages that are
// free, the room between the rows of a page, where rows stood that were moved when pages were split and merged, the room
// behind a long value in the last of its pages, and the write-ahead log, which holds pages as they were.
//
// It never touches a row and knows no table. What it overwrites is what no row stands on, inside a transaction of the
// caller's, so that a crash leaves a whole database and work to be done again.
//
// Read Free, Pages and Log in this order, which is the order to call them in; page.go is the layout of a page.
package sqlitescrub

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// pagesMax keeps the first byte of a page that is none of a tree at 0, by which it is told from one that is.
const pagesMax = 1 << 25

// ErrLayout: the file is none that can be scrubbed.
var ErrLayout = errors.New("the database's layout cannot be scrubbed")

// Free writes zeros over every free page, by a value that takes all of them and goes again. It runs within a transaction.
func Free(conn *sqlite.Conn) error {
	free, err := number(conn, "PRAGMA freelist_count")
	if err != nil || free == 0 {
		return err
	}
	s, err := open(conn)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"CREATE TABLE scrub (b BLOB) STRICT",
		fmt.Sprintf("INSERT INTO scrub VALUES (zeroblob(%d))", free*int64(s.usable-nextBytes)),
		"DROP TABLE scrub",
	} {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			return err
		}
	}
	return nil
}

// Pages zeroes what no row stands on in up to count pages from one on, within a transaction, and gives the page to go on
// from; 0 at the end. The first page is 1.
func Pages(conn *sqlite.Conn, from, count int64) (next int64, err error) {
	s, err := open(conn)
	if err != nil {
		return 0, err
	}
	for n := from; n <= min(s.pages, from+count-1); n++ {
		if err := s.scrub(n); err != nil {
			return 0, err
		}
	}
	if next = from + count; next > s.pages {
		next = 0
	}
	return next, nil
}

// Log moves the write-ahead log into the database and cuts it to nothing; busy tells that a reader kept that from
// happening. It runs outside of a transaction.
func Log(conn *sqlite.Conn) (busy bool, err error) {
	n, err := number(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
	return n != 0, err
}

// scrubbing is a database's pages in the hands of Pages.
type scrubbing struct {
	conn   *sqlite.Conn
	pages  int64
	usable int
	// page and rest are room for a page of a tree and one of a long value.
	page, rest []byte
}

func open(conn *sqlite.Conn) (*scrubbing, error) {
	s := &scrubbing{conn: conn}
	var size, vacuum int64
	for pragma, into := range map[string]*int64{"page_count": &s.pages, "page_size": &size, "auto_vacuum": &vacuum} {
		var err error
		if *into, err = number(conn, "PRAGMA "+pragma); err != nil {
			return nil, err
		}
	}
	if vacuum != 0 || s.pages >= pagesMax {
		return nil, fmt.Errorf("%w: %d pages, auto_vacuum %d", ErrLayout, s.pages, vacuum)
	}
	s.page, s.rest = make([]byte, size), make([]byte, size)
	if err := s.read(1, s.page); err != nil {
		return nil, err
	}
	s.usable = int(size) - int(s.page[reservedAt])
	return s, nil
}

// scrub zeroes one page's room, and that behind the long values that begin in it.
func (s *scrubbing) scrub(n int64) error {
	if err := s.read(n, s.page); err != nil {
		return err
	}
	t, ok := treePage(s.page, n, s.usable)
	if !ok {
		return nil
	}
	if t.clear() {
		if err := s.write(n, s.page); err != nil {
			return err
		}
	}
	for long := range t.longValues() {
		if err := s.behind(long); err != nil {
			return err
		}
	}
	return nil
}

// behind zeroes the room behind a long value in the last of its pages.
func (s *scrubbing) behind(long longValue) error {
	room := s.usable - nextBytes
	for n, left := long.first, long.bytes; n != 0 && n <= s.pages; left -= room {
		if err := s.read(n, s.rest); err != nil {
			return err
		}
		if left <= room {
			if zero(s.rest[nextBytes+left : s.usable]) {
				return s.write(n, s.rest)
			}
			return nil
		}
		n = nextOf(s.rest)
	}
	return nil
}

func (s *scrubbing) read(n int64, page []byte) error {
	return sqlitex.Execute(s.conn, "SELECT data FROM sqlite_dbpage WHERE pgno = ?", &sqlitex.ExecOptions{
		Args: []any{n},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			if stmt.ColumnLen(0) != len(page) {
				return fmt.Errorf("%w: page %d of %d bytes", ErrLayout, n, stmt.ColumnLen(0))
			}
			stmt.ColumnBytes(0, page)
			return nil
		},
	})
}

func (s *scrubbing) write(n int64, page []byte) error {
	return sqlitex.Execute(s.conn, "UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", &sqlitex.ExecOptions{Args: []any{page, n}})
}

// number gives the first column of a pragma's row.
func number(conn *sqlite.Conn, pragma string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(conn, pragma, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			n = stmt.ColumnInt64(0)
			return nil
		},
	})
	return n, err
}
