package sqlitestore

import "zombiezen.com/go/sqlite"

// walk is a prepared statement whose rows are handed to a function. That
// function may start the same walk again, which then needs a statement of its own.
type walk struct {
	stmt  *sqlite.Stmt
	query string
	// busy says that the statement stands on a row.
	busy bool
}

// walk hands each row to f until f returns false or the context ends.
func (r *reader) walk(w *walk, doing string, bind func(*sqlite.Stmt), f func(*sqlite.Stmt) bool) error {
	stmt, release, err := r.borrow(w)
	if err != nil {
		return r.fault(doing, err)
	}
	defer release()
	if bind != nil {
		bind(stmt)
	}
	return r.rows(doing, stmt, f)
}

// rows steps a statement that is bound, and hands each row to f until f returns false or the context ends.
func (r *reader) rows(doing string, stmt *sqlite.Stmt, f func(*sqlite.Stmt) bool) error {
	r.walking++
	defer func() { r.walking-- }()
	for {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		found, err := stmt.Step()
		if err != nil {
			return r.fault(doing, err)
		}
		if !found || !f(stmt) {
			return nil
		}
	}
}

// borrow takes the walk's statement, or prepares another while it is in use.
func (r *reader) borrow(w *walk) (stmt *sqlite.Stmt, release func(), err error) {
	if !w.busy {
		w.busy = true
		return w.stmt, func() { _ = w.stmt.Reset(); w.busy = false }, nil
	}
	stmt, _, err = r.s.conn.PrepareTransient(w.query)
	if err != nil {
		return nil, nil, err
	}
	return stmt, func() { _ = stmt.Finalize() }, nil
}
