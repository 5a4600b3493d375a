package sqlitestore

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// rowsAtOnce is how many rows one statement of a large insert writes. Sixteen take the better part of what a
// statement costs beside its rows; more of them gain little.
const rowsAtOnce = 16

// insertion is a statement that inserts rows, in its parts.
type insertion struct {
	head    string
	columns int
	tail    string
}

// of gives the statement for so many rows.
func (i insertion) of(rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", i.columns), ", ") + ")"
	return i.head + " VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ") + i.tail
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
		rows = rows[rowsAtOnce:]
	}
	for i := range rows {
		bind(w, into.one, 0, &rows[i])
		if err := w.write(doing, into.one); err != nil {
			return err
		}
	}
	return nil
}
