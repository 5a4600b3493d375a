package sqlitestore

import (
	"onedoor/server/store"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	selectAllScope     = "SELECT key, seq, record_id, type, entered FROM scope ORDER BY key, seq, record_id"
	selectAllDocuments = "SELECT bucket, key, value FROM documents ORDER BY CAST(bucket AS BLOB), key"
	selectSize         = "SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM scope), (SELECT count(*) FROM documents)"
)

var _ store.Whole = (*reader)(nil)

// all hands each row of a query that is asked once to f until f returns false.
func (r *reader) all(doing, query string, f func(*sqlite.Stmt) bool) error {
	stmt, _, err := r.s.conn.PrepareTransient(query)
	if err != nil {
		return r.fault(doing, err)
	}
	defer func() { _ = stmt.Finalize() }() // What a row failed with is told by its step.
	return r.rows(doing, stmt, f)
}

// AllScope walks the whole scope index.
func (r *reader) AllScope(f func(store.ScopeRow) bool) error {
	return r.all("walk the scope index", selectAllScope, func(stmt *sqlite.Stmt) bool {
		row := store.ScopeRow{
			Key: syncengine.ScopeKey(column(stmt, 0)), Seq: syncengine.Seq(stmt.ColumnInt64(1)),
			Type: store.ScopeRowType(stmt.ColumnInt64(3)), Entered: syncengine.Seq(stmt.ColumnInt64(4)),
		}
		stmt.ColumnBytes(2, row.RecordID[:])
		return f(row)
	})
}

// AllDocuments walks all documents.
func (r *reader) AllDocuments(f func(bucket string, d store.Document) bool) error {
	return r.all("walk the documents", selectAllDocuments, func(stmt *sqlite.Stmt) bool {
		return f(stmt.ColumnText(0), store.Document{Key: column(stmt, 1), Value: column(stmt, 2)})
	})
}

// Size counts records, scope rows and documents.
func (r *reader) Size() (records, rows, documents int64, err error) {
	err = sqlitex.ExecuteTransient(r.s.conn, selectSize, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		records, rows, documents = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)
		return nil
	}})
	return records, rows, documents, r.fault("count", err)
}
