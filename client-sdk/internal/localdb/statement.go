package localdb

import (
	"iter"

	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
)

// statement is a prepared statement on its way through binding, stepping and release. The first error stays in err, and
// what follows it does nothing, so that a chain of calls has one place to look.
type statement struct {
	tx    *Tx
	shelf *shelf
	stmt  *sqlite.Stmt
	bound int
	err   error
}

// shelf holds the prepared statements of one text that nobody is stepping through.
type shelf struct{ idle []*sqlite.Stmt }

// take gives one of them; nil when there is none.
func (s *shelf) take() *sqlite.Stmt {
	if len(s.idle) == 0 {
		return nil
	}
	last := len(s.idle) - 1
	stmt := s.idle[last]
	s.idle = s.idle[:last]
	return stmt
}

// statement takes a prepared statement that nobody steps through, and prepares one where there is none: a loop over a
// query may run the same query inside.
func (tx *Tx) statement(sql string) *statement {
	s := &statement{tx: tx}
	if tx.over {
		s.err = ErrClosed
		return s
	}
	if s.shelf = tx.db.shelves[sql]; s.shelf == nil {
		s.shelf = &shelf{}
		tx.db.shelves[sql] = s.shelf
	}
	if s.stmt = s.shelf.take(); s.stmt != nil {
		return s
	}
	var err error
	s.stmt, _, err = tx.db.conn.PrepareTransient(sql)
	s.err = cryptvfs.Explain(err)
	return s
}

// write is statement for one that changes tables.
func (tx *Tx) write(sql string) *statement {
	if !tx.writes {
		return &statement{tx: tx, err: ErrReadOnly}
	}
	return tx.statement(sql)
}

// int binds the next parameter.
func (s *statement) int(v int64) *statement {
	s.bound++
	if s.err == nil {
		s.stmt.BindInt64(s.bound, v)
	}
	return s
}

// bool binds the next parameter as 0 or 1.
func (s *statement) bool(v bool) *statement {
	if v {
		return s.int(1)
	}
	return s.int(0)
}

// blob binds the next parameter; nil is an empty BLOB.
func (s *statement) blob(v []byte) *statement {
	s.bound++
	if s.err == nil {
		s.stmt.BindBytes(s.bound, v)
	}
	return s
}

// nullable binds the next parameter; an empty one is NULL.
func (s *statement) nullable(v []byte) *statement {
	if len(v) > 0 || s.err != nil {
		return s.blob(v)
	}
	s.bound++
	s.stmt.BindNull(s.bound)
	return s
}

// id binds the next parameter.
func (s *statement) id(v syncengine.ID) *statement { return s.blob(v[:]) }

// idOrEmpty binds the next parameter; the zero id is an empty BLOB.
func (s *statement) idOrEmpty(v syncengine.ID) *statement {
	if v.IsZero() {
		return s.blob(nil)
	}
	return s.id(v)
}

// text binds the next parameter.
func (s *statement) text(v string) *statement {
	s.bound++
	if s.err == nil {
		s.stmt.BindText(s.bound, v)
	}
	return s
}

// next steps to the next row and reports whether there is one.
func (s *statement) next() bool {
	if s.err != nil {
		return false
	}
	row, err := s.stmt.Step()
	s.err = cryptvfs.Explain(err)
	return row && err == nil
}

// release hands the statement back and gives its error. A statement that failed is not used again.
func (s *statement) release() error {
	if s.stmt == nil {
		return s.err
	}
	stmt := s.stmt
	s.stmt = nil
	if s.err != nil {
		_ = stmt.Finalize() // it repeats the error of the step
		return s.err
	}
	if s.err = cryptvfs.Explain(stmt.Reset()); s.err == nil {
		s.shelf.idle = append(s.shelf.idle, stmt)
	}
	return s.err
}

// run steps to the end and releases.
func (s *statement) run() error {
	for s.next() {
	}
	return s.release()
}

// number gives the first column of the first row, 0 where there is none, and releases.
func (s *statement) number() (n int64, err error) {
	if s.next() {
		n = s.columnInt(0)
	}
	return n, s.release()
}

func (s *statement) columnInt(i int) int64 { return s.stmt.ColumnInt64(i) }

func (s *statement) columnBool(i int) bool { return s.stmt.ColumnInt64(i) != 0 }

// columnBlob gives a copy of a column, nil for NULL and for an empty BLOB.
func (s *statement) columnBlob(i int) []byte {
	n := s.stmt.ColumnLen(i)
	if n == 0 {
		return nil
	}
	return s.copyColumn(i, make([]byte, n))
}

// roomMost is how much a room grows by at most, roomFirst how much it begins with: a reader of one row takes little, and
// a reader of a batch asks the allocator for few pieces.
const roomFirst, roomMost = 512, 64 << 10

// room is where the blobs of many rows are put side by side. What it gave stays as it is, and keeps its piece of the room
// in memory.
type room struct {
	free []byte
	size int
}

// columnBlob is statement.columnBlob in the room.
func (r *room) columnBlob(s *statement, i int) []byte {
	n := s.stmt.ColumnLen(i)
	if n == 0 {
		return nil
	}
	if n > len(r.free) {
		r.size = min(max(roomFirst, 2*r.size), roomMost)
		r.free = make([]byte, max(n, r.size))
	}
	var blob []byte
	blob, r.free = r.free[:n:n], r.free[n:]
	return s.copyColumn(i, blob)
}

func (s *statement) copyColumn(i int, dst []byte) []byte {
	s.stmt.ColumnBytes(i, dst)
	return dst
}

// columnID gives an id; an empty BLOB is the zero id.
func (s *statement) columnID(i int) (id syncengine.ID) {
	s.stmt.ColumnBytes(i, id[:])
	return id
}

// one reads the row of a statement that gives at most one.
func one[T any](s *statement, scan func(*statement) (T, error)) (v T, ok bool, err error) {
	if ok = s.next(); ok {
		v, err = scan(s)
	}
	if released := s.release(); err == nil {
		err = released
	}
	return v, ok && err == nil, err
}

// each gives the rows of the statement that start binds. An error ends the sequence.
func each[T any](start func() *statement, scan func(*statement) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		s := start()
		defer s.release()
		for s.next() {
			v, err := scan(s)
			if !yield(v, err) || err != nil {
				return
			}
		}
		if s.err != nil {
			var none T
			yield(none, s.err)
		}
	}
}
