package pgstore

import (
	"bytes"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Questions that are announced go to the engine together, in one trip, and their answers wait in memory. One record,
// document or row after the other would be a trip each.

// Each of many keys is looked up by itself, in a subquery that an engine cannot but answer by the whole key. A list of keys or a
// join leaves to it whether to walk the realm instead, which it does where it believes that a realm is small, as one is
// that was just made.
const (
	selectThese = "SELECT u.id, r.kind, r.seq, r.body FROM unnest($2::bytea[]) AS u (id)" +
		" CROSS JOIN LATERAL (SELECT kind, seq, body FROM onedoor_records WHERE realm = $1 AND id = u.id LIMIT 1) AS r"
	selectTheseDocuments = "SELECT u.bucket, u.key, d.value FROM unnest($2::bytea[], $3::bytea[]) AS u (bucket, key)" +
		" CROSS JOIN LATERAL (SELECT value FROM onedoor_documents WHERE realm = $1 AND bucket = u.bucket AND key = u.key LIMIT 1) AS d"
	selectNotBare = "SELECT u.key FROM unnest($2::bytea[]) AS u (key)" +
		" CROSS JOIN LATERAL (SELECT 1 FROM onedoor_scope WHERE realm = $1 AND key = u.key LIMIT 1) AS s"
	selectTheseEntries = "SELECT " + entryColumns + " FROM onedoor_log WHERE realm = $1 AND seq >= $2 AND seq <= $3"

	// beginning is how many documents are read of a walk that is announced: as many as its first page has.
	beginning = pageFirst
	// questionsAtOnce bounds the statements of one trip; what is beyond it goes with the next one.
	questionsAtOnce = 1_000
)

// documentRange names the beginning of a walk within a bucket.
type documentRange struct {
	from, to string
	// open tells that the walk has no end.
	open bool
}

func rangeOf(from, to []byte) documentRange {
	return documentRange{string(from), string(to), to == nil}
}

// answers are what was read ahead in one transaction. Absent rows are told as such: a record that is nil, a document that
// is gone, an entry with seq 0.
type answers struct {
	records   map[syncengine.ID]*store.Record
	documents map[documentKey]documentState
	// beginnings and last are told by bucket.
	beginnings map[string]map[documentRange][]walked
	last       map[string]map[string]*store.Document
	entries    map[syncengine.Seq]store.Entry
	rows       map[store.RowsOf][]store.ScopeRow
	// bare are keys that have no row.
	bare map[syncengine.ScopeKey]bool
}

func newAnswers() answers {
	return answers{
		records: map[syncengine.ID]*store.Record{}, documents: map[documentKey]documentState{},
		beginnings: map[string]map[documentRange][]walked{}, last: map[string]map[string]*store.Document{},
		entries: map[syncengine.Seq]store.Entry{}, rows: map[store.RowsOf][]store.ScopeRow{}, bare: map[syncengine.ScopeKey]bool{},
	}
}

// A question is one statement of a batch, with what takes each of its rows.
type question struct {
	query string
	args  []any
	row   func(pgx.Rows) error
}

// questions turns what is asked and not known yet into statements. Until a row comes, what is asked for is not there.
func (a *answers) questions(realm string, q *store.Questions) (out []question) {
	if a.records == nil {
		*a = newAnswers()
	}
	out = append(a.askRecords(realm, q.Records), a.askDocuments(realm, q.Documents)...)
	for _, d := range q.Beginnings {
		out = append(out, a.askBeginning(realm, d)...)
	}
	for _, d := range q.Last {
		out = append(out, a.askLast(realm, d)...)
	}
	for _, b := range q.Entries {
		out = append(out, question{selectTheseEntries, []any{realm, int64(b.From), int64(b.To)}, a.takeEntry})
	}
	for _, r := range q.Rows {
		out = append(out, a.askRows(realm, r)...)
	}
	return append(out, a.askBare(realm, q.Bare)...)
}

// add puts a key into a set of answers as one of which nothing is there; false where it is known already.
func add[K comparable, V any](into map[K]V, key K, none V) bool {
	if _, known := into[key]; known {
		return false
	}
	into[key] = none
	return true
}

// within gives the answers of a bucket.
func within[K comparable, V any](all map[string]map[K]V, bucket string) map[K]V {
	add(all, bucket, map[K]V{})
	return all[bucket]
}

func (a *answers) askRecords(realm string, ids []syncengine.ID) []question {
	list := make([][]byte, 0, len(ids))
	for i := range ids {
		if add(a.records, ids[i], nil) {
			list = append(list, ids[i][:])
		}
	}
	return ask(list, selectThese, []any{realm, list}, func(rows pgx.Rows) error {
		rec, err := recordRow(rows)
		a.records[rec.ID] = &rec
		return err
	})
}

// ask is the statement about a list of keys; none where the list is empty.
func ask(list [][]byte, query string, args []any, row func(pgx.Rows) error) []question {
	if len(list) == 0 {
		return nil
	}
	return []question{{query, args, row}}
}

func (a *answers) askDocuments(realm string, keys []store.DocumentKey) []question {
	var buckets, list [][]byte
	for _, d := range keys {
		if add(a.documents, documentKey{d.Bucket, string(d.Key)}, documentState{gone: true}) {
			buckets, list = append(buckets, []byte(d.Bucket)), append(list, given(d.Key))
		}
	}
	return ask(list, selectTheseDocuments, []any{realm, buckets, list}, func(rows pgx.Rows) error {
		var bucket, key pgtype.DriverBytes
		var value []byte
		err := rows.Scan(&bucket, &key, &value)
		a.documents[documentKey{string(bucket), string(key)}] = documentState{value: value}
		return err
	})
}

func (a *answers) askBeginning(realm string, d store.DocumentRange) []question {
	of, at := within(a.beginnings, d.Bucket), rangeOf(d.From, d.To)
	if !add(of, at, nil) {
		return nil
	}
	p := documentsFrom(d.Bucket, d.From, d.To, nil)
	return []question{{p.query, append([]any{realm, int64(beginning)}, p.args...), func(rows pgx.Rows) error {
		doc, err := documentRow(rows)
		of[at] = append(of[at], doc)
		return err
	}}}
}

func (a *answers) askLast(realm string, d store.DocumentKey) []question {
	of := within(a.last, d.Bucket)
	if !add(of, string(d.Key), nil) {
		return nil
	}
	return []question{{selectLast, []any{realm, []byte(d.Bucket), given(d.Key)}, func(rows pgx.Rows) error {
		doc := &store.Document{}
		of[string(d.Key)] = doc
		return rows.Scan(&doc.Key, &doc.Value)
	}}}
}

func (a *answers) takeEntry(rows pgx.Rows) error {
	e, err := entryRow(rows)
	a.entries[e.Seq] = e
	return err
}

func (a *answers) askRows(realm string, r store.RowsOf) []question {
	if !add(a.rows, r, nil) {
		return nil
	}
	return []question{{selectScope, []any{realm, []byte(r.Key), int64(r.After), int64(r.Limit)}, func(rows pgx.Rows) error {
		row, err := rowOf(rows, r.Key)
		a.rows[r] = append(a.rows[r], row)
		return err
	}}}
}

func (a *answers) askBare(realm string, keys []syncengine.ScopeKey) []question {
	list := make([][]byte, 0, len(keys))
	for _, key := range keys {
		if add(a.bare, key, true) {
			list = append(list, []byte(key))
		}
	}
	return ask(list, selectNotBare, []any{realm, list}, func(rows pgx.Rows) error {
		var key pgtype.DriverBytes
		err := rows.Scan(&key)
		delete(a.bare, syncengine.ScopeKey(key))
		return err
	})
}

// read takes the answer of one statement.
func (q question) read(results pgx.BatchResults) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := q.row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Gathering says that this reader gathers.
func (r *reader) Gathering() store.Gatherer { return r }

// Gather reads the answers to what will be asked next.
func (r *reader) Gather(q store.Questions) error {
	if r.failed != nil {
		return r.failed
	}
	for part := range slices.Chunk(r.ahead.questions(r.store.realm, &q), questionsAtOnce) {
		if err := r.fault("read ahead", r.s.ask(part)); err != nil {
			r.ahead = answers{} // What did not come is not absent.
			return err
		}
	}
	return nil
}

// The rest looks an answer up. Bytes that are given belong to who asks: a record is given once, others are copied.

func (a *answers) record(id syncengine.ID) (rec store.Record, ok, known bool) {
	got, known := a.records[id]
	if !known || got == nil {
		return store.Record{}, false, known
	}
	delete(a.records, id)
	return *got, true, true
}

func (a *answers) document(bucket string, key []byte) (value []byte, ok, known bool) {
	d, known := a.documents[documentKey{bucket, string(key)}]
	return own(d.value), known && !d.gone, known
}

func (a *answers) lastDocument(bucket string, atMost []byte) (doc store.Document, ok, known bool) {
	got, known := a.last[bucket][string(atMost)]
	if got == nil {
		return doc, false, known
	}
	return store.Document{Key: own(got.Key), Value: own(got.Value)}, true, true
}

func (a *answers) entry(seq syncengine.Seq) (e store.Entry, ok bool) {
	e, ok = a.entries[seq]
	e.Salt, e.Body, e.Extra = own(e.Salt), own(e.Body), own(e.Extra)
	return e, ok
}

func (a *answers) scope(key syncengine.ScopeKey, after syncengine.Seq, limit int) (rows []store.ScopeRow, known bool) {
	if rows, known = a.rows[store.RowsOf{Key: key, After: after, Limit: limit}]; known {
		return rows, true
	}
	return nil, a.bare[key]
}

// begins gives the first page of a walk that was announced.
func (a *answers) begins(bucket string, from, to []byte) (page []walked, known bool) {
	found, known := a.beginnings[bucket][rangeOf(from, to)]
	page = make([]walked, len(found))
	for i, d := range found {
		page[i] = walked{store.Document{Key: bytes.Clone(d.Key), Value: bytes.Clone(d.Value)}, d.key}
	}
	return page, known
}

// whole reports that a walk has no more documents than were read.
func (a *answers) whole(bucket string, from, to []byte) bool {
	found, known := a.beginnings[bucket][rangeOf(from, to)]
	return known && len(found) < beginning
}

// What a transaction writes is no longer as it was read.

func (a *answers) wroteRecord(id syncengine.ID) { delete(a.records, id) }

func (a *answers) wroteRow(key syncengine.ScopeKey) {
	delete(a.bare, key)
	for r := range a.rows {
		if r.Key == key {
			delete(a.rows, r)
		}
	}
}

func (a *answers) wroteDocument(bucket string, key []byte) {
	delete(a.documents, documentKey{bucket, string(key)})
	delete(a.beginnings, bucket)
	delete(a.last, bucket)
}
