package pgstore

import (
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// A walk reads in pages: a connection answers one query at a time, and the function that is given the rows may read and
// walk again. Pages begin behind the last key, within one snapshot, so nothing is passed over or seen twice.
const (
	// pageFirst is how many rows the first page of a walk has: many walks stop at their first rows.
	pageFirst = 16
	// pageMost bounds a page: bodies of a kilobyte make it half a megabyte.
	pageMost = 512
)

const (
	selectRecords      = "SELECT id, kind, seq, body FROM onedoor_records WHERE realm = $1 ORDER BY id LIMIT $2"
	selectRecordsAfter = "SELECT id, kind, seq, body FROM onedoor_records WHERE realm = $1 AND id > $3 ORDER BY id LIMIT $2"
	selectEntries      = "SELECT " + entryColumns + " FROM onedoor_log WHERE realm = $1 AND seq > $3 ORDER BY seq LIMIT $2"

	selectDocuments      = "SELECT key, value FROM onedoor_documents WHERE realm = $1 AND bucket = $3 AND key >= $4 ORDER BY key LIMIT $2"
	selectDocumentsTo    = "SELECT key, value FROM onedoor_documents WHERE realm = $1 AND bucket = $3 AND key >= $4 AND key < $5 ORDER BY key LIMIT $2"
	selectDocumentsAfter = "SELECT key, value FROM onedoor_documents WHERE realm = $1 AND bucket = $3 AND key > $4 ORDER BY key LIMIT $2"
	selectDocumentsOn    = "SELECT key, value FROM onedoor_documents WHERE realm = $1 AND bucket = $3 AND key > $4 AND key < $5 ORDER BY key LIMIT $2"
)

// page is the query of a walk's next rows, with what follows realm and limit among its arguments.
type page struct {
	query string
	args  []any
}

// walk hands each row to f until f returns false or the context ends. next gives the query of what follows a row, or of
// the beginning where there is none yet.
func walk[T any](r *reader, doing string, row func(pgx.Rows) (T, error), next func(last *T) page, f func(T) bool) error {
	first, err := readPage(r, doing, row, next(nil), pageFirst)
	if err != nil {
		return err
	}
	return walkOn(r, doing, first, pageFirst, row, next, f)
}

// walkOn is walk where the first page of so many rows has been read.
func walkOn[T any](r *reader, doing string, rows []T, size int, row func(pgx.Rows) (T, error), next func(last *T) page, f func(T) bool) (err error) {
	r.walking++
	defer func() { r.walking-- }()
	for {
		for i := range rows {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			if !f(rows[i]) {
				return nil
			}
		}
		if len(rows) < size {
			return r.ctx.Err()
		}
		size = min(2*size, pageMost)
		if rows, err = readPage(r, doing, row, next(&rows[len(rows)-1]), size); err != nil {
			return err
		}
	}
}

// readPage reads a page of so many rows.
func readPage[T any](r *reader, doing string, row func(pgx.Rows) (T, error), p page, size int) ([]T, error) {
	rows := make([]T, 0, size)
	err := r.all(doing, p.query, append([]any{r.store.realm, int64(size)}, p.args...), func(read pgx.Rows) error {
		v, err := row(read)
		rows = append(rows, v)
		return err
	})
	return rows, err
}

// Records walks all records in id order.
func (r *reader) Records(f func(store.Record) bool) error {
	// f owns the record, so what comes next is remembered apart.
	var at syncengine.ID
	next := func(last *store.Record) page {
		if last == nil {
			return page{query: selectRecords}
		}
		at = last.ID
		return page{selectRecordsAfter, []any{at[:]}}
	}
	return walk(r, "walk the records", recordRow, next, f)
}

func recordRow(rows pgx.Rows) (rec store.Record, err error) {
	var kind, seq int64
	var id pgtype.DriverBytes
	err = rows.Scan(&id, &kind, &seq, &rec.Body)
	copy(rec.ID[:], id)
	rec.Kind, rec.Seq, rec.Body = syncengine.KindNumber(kind), syncengine.Seq(seq), kept(rec.Body)
	return rec, err
}

// Entries walks the log upwards.
func (r *reader) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	if after >= r.head.Seq || after > math.MaxInt64 {
		return nil
	}
	next := func(last *store.Entry) page {
		if last != nil {
			after = last.Seq
		}
		return page{selectEntries, []any{int64(after)}}
	}
	return walk(r, "walk the log", entryRow, next, f)
}

// walked is a document with a key of the walk's own.
type walked struct {
	store.Document
	key string
}

// Documents walks the documents of a range.
func (r *reader) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	next := func(last *walked) page { return documentsFrom(bucket, from, to, last) }
	each := func(d walked) bool { return f(d.Document) }
	if first, known := r.ahead.begins(bucket, from, to); known {
		return walkOn(r, "walk the documents", first, beginning, documentRow, next, each)
	}
	return walk(r, "walk the documents", documentRow, next, each)
}

// documentsFrom is the query of a walk's documents behind one, or from its beginning.
func documentsFrom(bucket string, from, to []byte, last *walked) page {
	first, on, at := selectDocuments, selectDocumentsAfter, given(from)
	if to != nil {
		first, on = selectDocumentsTo, selectDocumentsOn
	}
	p := page{first, []any{[]byte(bucket), at}}
	if last != nil {
		p = page{on, []any{[]byte(bucket), []byte(last.key)}}
	}
	if to != nil {
		p.args = append(p.args, to)
	}
	return p
}

func documentRow(rows pgx.Rows) (d walked, err error) {
	err = rows.Scan(&d.Key, &d.Value)
	d.key = string(d.Key)
	d.Key, d.Value = kept(d.Key), kept(d.Value)
	return d, err
}
