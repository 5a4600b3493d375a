package pgstore

import (
	"onedoor/server/store"
	"onedoor/syncengine"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	rowsOfScope         = "SELECT key, seq, record_id, type, entered FROM onedoor_scope WHERE realm = $1"
	orderOfScope        = " ORDER BY key, seq, record_id LIMIT $2"
	selectAllScope      = rowsOfScope + orderOfScope
	selectAllScopeAfter = rowsOfScope + " AND (key, seq, record_id) > ($3, $4, $5)" + orderOfScope

	rowsOfDocuments         = "SELECT bucket, key, value FROM onedoor_documents WHERE realm = $1"
	orderOfDocuments        = " ORDER BY bucket, key LIMIT $2"
	selectAllDocuments      = rowsOfDocuments + orderOfDocuments
	selectAllDocumentsAfter = rowsOfDocuments + " AND (bucket, key) > ($3, $4)" + orderOfDocuments

	selectSize = "SELECT (SELECT count(*) FROM onedoor_records WHERE realm = $1), (SELECT count(*) FROM onedoor_scope WHERE realm = $1)," +
		" (SELECT count(*) FROM onedoor_documents WHERE realm = $1)"
)

var _ store.Whole = (*reader)(nil)

// AllScope walks the whole scope index.
func (r *reader) AllScope(f func(store.ScopeRow) bool) error {
	next := func(last *store.ScopeRow) page {
		if last == nil {
			return page{query: selectAllScope}
		}
		return page{selectAllScopeAfter, []any{[]byte(last.Key), int64(last.Seq), last.RecordID[:]}}
	}
	return walk(r, "walk the scope index", scopeRow, next, f)
}

func scopeRow(rows pgx.Rows) (row store.ScopeRow, err error) {
	var seq, entered int64
	var kind int16
	var key, record pgtype.DriverBytes
	err = rows.Scan(&key, &seq, &record, &kind, &entered)
	row.Key, row.Seq, row.Type, row.Entered = syncengine.ScopeKey(key), syncengine.Seq(seq), store.ScopeRowType(kind), syncengine.Seq(entered)
	copy(row.RecordID[:], record)
	return row, err
}

// placed is a document with its bucket.
type placed struct {
	walked
	bucket string
}

// AllDocuments walks all documents.
func (r *reader) AllDocuments(f func(bucket string, d store.Document) bool) error {
	next := func(last *placed) page {
		if last == nil {
			return page{query: selectAllDocuments}
		}
		return page{selectAllDocumentsAfter, []any{[]byte(last.bucket), []byte(last.key)}}
	}
	return walk(r, "walk the documents", placedRow, next, func(d placed) bool { return f(d.bucket, d.Document) })
}

func placedRow(rows pgx.Rows) (d placed, err error) {
	var bucket pgtype.DriverBytes
	err = rows.Scan(&bucket, &d.Key, &d.Value)
	d.bucket, d.key = string(bucket), string(d.Key)
	d.Key, d.Value = kept(d.Key), kept(d.Value)
	return d, err
}

// Size counts records, scope rows and documents.
func (r *reader) Size() (records, rows, documents int64, err error) {
	_, err = r.long("count", selectSize, &records, &rows, &documents)
	return records, rows, documents, err
}
