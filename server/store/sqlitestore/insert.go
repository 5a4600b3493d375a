package sqlitestore

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// rowsAtOnce is how many rows one statement of a large insert writes. Sixteen take the better part of what a
// statement costs beside its rows; more of them gain little.
const rowsAtOnce = 16

// insertion is a statement that inserts a row, in its parts: what comes before the table, the table with its columns,
// and what comes behind the row.
type insertion struct {
	head    string
	table   string
	columns int
	tail    string
}

// one gives the statement for one row.
func (i insertion) one() string { return i.head + " INTO " + i.table + " VALUES " + i.row() + i.tail }

// many gives the statement for rowsAtOnce new rows. It passes over a row that cannot be inserted: a statement that could
// fail half way has the engine copy each page before it is touched.
func (i insertion) many() string {
	return "INSERT OR IGNORE INTO " + i.table + " VALUES " + strings.TrimSuffix(strings.Repeat(i.row()+", ", rowsAtOnce), ", ")
}

func (i insertion) row() string {
	return "(" + strings.TrimSuffix(strings.Repeat("?, ", i.columns), ", ") + ")"
}

// inserter is an insertion prepared for one row and for rowsAtOnce.
type inserter struct {
	one, many *sqlite.Stmt
	columns   int
}

// insert writes rows; bind binds one of them behind the parameters of those before it in the statement.
func insert[T any](w *writer, doing string, into *inserter, rows []T, bind func(w *writer, stmt *sqlite.Stmt, at int, row *T)) error {
	for len(rows) >= rowsAtOnce {
		for i := range rowsAtOnce {
			bind(w, into.many, i*into.columns, &rows[i])
		}
		if err := w.write(doing, into.many); err != nil {
			return err
		}
		if w.s.conn.Changes() != rowsAtOnce {
			if err := insertEach(w, doing, into, rows[:rowsAtOnce], bind); err != nil {
				return err
			}
		}
		rows = rows[rowsAtOnce:]
	}
	return insertEach(w, doing, into, rows, bind)
}

// insertEach writes rows one by one: few of them, and those of which one stood already or cannot stand.
func insertEach[T any](w *writer, doing string, into *inserter, rows []T, bind func(w *writer, stmt *sqlite.Stmt, at int, row *T)) error {
	for i := range rows {
		bind(w, into.one, 0, &rows[i])
		if err := w.write(doing, into.one); err != nil {
			return err
		}
	}
	return nil
}
