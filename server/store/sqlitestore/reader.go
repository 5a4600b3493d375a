package sqlitestore

import (
	"context"
	"fmt"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
)

const (
	selectHead   = "SELECT epoch, tag, committed, (SELECT max(seq) FROM log) FROM head"
	selectRecord = "SELECT kind, seq, body, rowid FROM records WHERE id = ?"
	selectAny    = "SELECT 1 FROM records WHERE id BETWEEN ? AND ? LIMIT 1"
	// The order is that of the index on id, so no sorting is done.
	selectRecords  = "SELECT kind, seq, body, id FROM records ORDER BY id"
	entryColumns   = "seq, " + entryRest
	entryRest      = "type, incarnation, device_seq, record_id, kind, prev, ref, stamp, suspect, reason, rank, salt, body, extra"
	selectEntry    = "SELECT " + entryColumns + " FROM log WHERE seq = ?"
	selectEntries  = "SELECT " + entryColumns + " FROM log WHERE seq > ? ORDER BY seq"
	selectScope    = "SELECT seq, record_id, type, entered FROM scope WHERE key = ? AND seq > ? ORDER BY seq, record_id LIMIT ?"
	selectAnyScope = "SELECT 1 FROM scope WHERE key BETWEEN ? AND ? LIMIT 1"

	selectDocument      = "SELECT value FROM documents WHERE bucket = ? AND key = ?"
	selectDocuments     = "SELECT key, value FROM documents WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key"
	selectDocumentsFrom = "SELECT key, value FROM documents WHERE bucket = ? AND key >= ? ORDER BY key"
	selectLastDocument  = "SELECT key, value FROM documents WHERE bucket = ? AND key <= ? ORDER BY key DESC LIMIT 1"
)

// reader implements store.Reader within one transaction of a session.
type reader struct {
	ctx   context.Context
	store *Store
	// s is nil once the transaction has ended, so that later use fails at once.
	s    *session
	head store.Head
	// walking counts the walks in progress; a writer refuses to write meanwhile.
	walking int
	// trail is where a View has read records; nil for a writer, who may write between two of them.
	trail *trail
	// broken is the first fault of the engine in the transaction.
	broken error
}

// readHead fixes the snapshot: it is the first read of the transaction.
func (r *reader) readHead() error {
	stmt := r.s.head
	found, err := stmt.Step()
	if err != nil {
		return r.fault("read the head", err)
	}
	if !found {
		return fmt.Errorf("%w: %s has no head: %s", store.ErrDamaged, r.store.path, restoreAdvice)
	}
	r.head.Epoch = syncengine.Epoch(stmt.ColumnInt64(0))
	stmt.ColumnBytes(1, r.head.Tag[:])
	r.head.Committed = syncengine.UnixMilli(stmt.ColumnInt64(2))
	r.head.Seq = syncengine.Seq(stmt.ColumnInt64(3))
	return r.fault("read the head", stmt.Reset())
}

// fault explains an error of the engine and remembers the first.
func (r *reader) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = r.store.explain(doing, err)
	if r.broken == nil {
		r.broken = err
	}
	return err
}

// Head gives the end of the log.
func (r *reader) Head() store.Head { return r.head }

// Record gives a record.
func (r *reader) Record(id syncengine.ID) (rec store.Record, ok bool, err error) {
	return r.record(id, nil)
}

// lentBytesMax is the largest memory that a session keeps for bodies that are lent: all but few records fit into it.
const lentBytesMax = 64 << 10

// Lend lends a record: its body stands in memory of the session, until the next one is lent.
func (r *reader) Lend(id syncengine.ID) (rec store.Record, ok bool, err error) {
	rec, ok, err = r.record(id, r.s.lent)
	if n := cap(rec.Body); n > cap(r.s.lent) && n <= lentBytesMax {
		r.s.lent = rec.Body
	}
	return rec, ok, err
}

// record reads a record, its body into the memory given where that is enough.
func (r *reader) record(id syncengine.ID, into []byte) (rec store.Record, ok bool, err error) {
	if rec, ok, err = r.behind(id, into); ok || err != nil {
		return rec, ok, err
	}
	stmt := r.s.record
	stmt.BindBytes(1, id[:])
	if ok, err = stmt.Step(); err != nil {
		return store.Record{}, false, r.fault("read a record", err)
	}
	if ok {
		rec = recordRow(stmt, into)
		rec.ID = id
		r.stood(stmt.ColumnInt64(3))
	}
	return rec, ok, r.fault("read a record", stmt.Reset())
}

// AnyRecord reports whether there is a record in a range of ids.
func (r *reader) AnyRecord(from, to syncengine.ID) (found bool, err error) {
	return r.any("look for a record", r.s.anyRecord, from[:], to[:])
}

// any reports whether a statement finds something between two values.
func (r *reader) any(doing string, stmt *sqlite.Stmt, from, to []byte) (found bool, err error) {
	stmt.BindBytes(1, from)
	stmt.BindBytes(2, to)
	if found, err = stmt.Step(); err != nil {
		return false, r.fault(doing, err)
	}
	return found, r.fault(doing, stmt.Reset())
}

// recordRow reads all but the id, the body into the memory given where that is enough.
func recordRow(stmt *sqlite.Stmt, into []byte) store.Record {
	return store.Record{
		Kind: syncengine.KindNumber(stmt.ColumnInt64(0)),
		Seq:  syncengine.Seq(stmt.ColumnInt64(1)),
		Body: columnInto(stmt, 2, into),
	}
}

// column copies a BLOB; one of length 0 is nil.
func column(stmt *sqlite.Stmt, col int) []byte { return columnInto(stmt, col, nil) }

// columnInto is column, into the memory given where that is enough.
func columnInto(stmt *sqlite.Stmt, col int, into []byte) []byte {
	n := stmt.ColumnLen(col)
	switch {
	case n == 0:
		return nil
	case n > cap(into):
		into = make([]byte, n)
	}
	stmt.ColumnBytes(col, into[:n])
	return into[:n]
}

// Records walks all records in id order.
func (r *reader) Records(f func(store.Record) bool) error {
	return r.walk(&r.s.records, "walk the records", nil, func(stmt *sqlite.Stmt) bool {
		rec := recordRow(stmt, nil)
		stmt.ColumnBytes(3, rec.ID[:])
		return f(rec)
	})
}

// Entry gives a log entry.
func (r *reader) Entry(seq syncengine.Seq) (e store.Entry, ok bool, err error) {
	if seq == 0 || seq > r.head.Seq {
		return store.Entry{}, false, nil
	}
	stmt := r.s.entry
	stmt.BindInt64(1, int64(seq))
	if ok, err = stmt.Step(); err != nil {
		return store.Entry{}, false, r.fault("read a log entry", err)
	}
	if ok {
		e = entryRow(stmt)
	}
	return e, ok, r.fault("read a log entry", stmt.Reset())
}

// Entries walks the log upwards.
func (r *reader) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	if after >= r.head.Seq {
		return nil
	}
	bind := func(stmt *sqlite.Stmt) { stmt.BindInt64(1, int64(after)) }
	return r.walk(&r.s.entries, "walk the log", bind, func(stmt *sqlite.Stmt) bool {
		return f(entryRow(stmt))
	})
}

// entryRow reads a row of entryColumns. Its three slices share one allocation.
func entryRow(stmt *sqlite.Stmt) store.Entry {
	e := store.Entry{
		Seq:       syncengine.Seq(stmt.ColumnInt64(0)),
		Type:      store.EntryType(stmt.ColumnInt64(1)),
		DeviceSeq: syncengine.DeviceSeq(stmt.ColumnInt64(3)),
		Kind:      syncengine.KindNumber(stmt.ColumnInt64(5)),
		Prev:      syncengine.Seq(stmt.ColumnInt64(6)),
		Ref:       syncengine.Seq(stmt.ColumnInt64(7)),
		Stamp:     syncengine.UnixMilli(stmt.ColumnInt64(8)),
		Suspect:   stmt.ColumnBool(9),
		Reason:    uint8(stmt.ColumnInt64(10)),
		Rank:      syncengine.Rank(stmt.ColumnInt64(11)),
	}
	stmt.ColumnBytes(2, e.Incarnation[:])
	stmt.ColumnBytes(4, e.RecordID[:])
	saltLen, bodyLen, extraLen := stmt.ColumnLen(12), stmt.ColumnLen(13), stmt.ColumnLen(14)
	buf := make([]byte, saltLen+bodyLen+extraLen)
	e.Salt, buf = cut(stmt, 12, buf, saltLen)
	e.Body, buf = cut(stmt, 13, buf, bodyLen)
	e.Extra, _ = cut(stmt, 14, buf, extraLen)
	return e
}

// cut fills the first n bytes of buf from a column; appending to them moves
// them instead of overwriting what follows.
func cut(stmt *sqlite.Stmt, col int, buf []byte, n int) (head, rest []byte) {
	if n == 0 {
		return nil, buf
	}
	stmt.ColumnBytes(col, buf[:n])
	return buf[:n:n], buf[n:]
}

// Scope appends rows of a key.
func (r *reader) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	if limit <= 0 || after >= math.MaxInt64 { // To SQLite a negative limit is none.
		return dst, nil
	}
	stmt := r.s.scope
	stmt.BindBytes(1, []byte(key))
	stmt.BindInt64(2, int64(after))
	stmt.BindInt64(3, int64(limit))
	for {
		found, err := stmt.Step()
		if err != nil {
			return dst, r.fault("read the scope index", err)
		}
		if !found {
			return dst, r.fault("read the scope index", stmt.Reset())
		}
		dst = append(dst, store.ScopeRow{
			Key:     key,
			Seq:     syncengine.Seq(stmt.ColumnInt64(0)),
			Type:    store.ScopeRowType(stmt.ColumnInt64(2)),
			Entered: syncengine.Seq(stmt.ColumnInt64(3)),
		})
		stmt.ColumnBytes(1, dst[len(dst)-1].RecordID[:])
	}
}

// AnyScope reports whether there is a row in a range of keys.
func (r *reader) AnyScope(from, to syncengine.ScopeKey) (found bool, err error) {
	return r.any("look for a scope row", r.s.anyScope, []byte(from), []byte(to))
}

// Document gives a document's value.
func (r *reader) Document(bucket string, key []byte) (value []byte, ok bool, err error) {
	stmt := r.s.document
	stmt.BindText(1, bucket)
	stmt.BindBytes(2, key)
	if ok, err = stmt.Step(); err != nil {
		return nil, false, r.fault("read a document", err)
	}
	if ok {
		value = column(stmt, 0)
	}
	return value, ok, r.fault("read a document", stmt.Reset())
}

// Documents walks the documents of a range.
func (r *reader) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	w := &r.s.documents
	if to == nil {
		w = &r.s.documentsFrom
	}
	bind := func(stmt *sqlite.Stmt) {
		stmt.BindText(1, bucket)
		stmt.BindBytes(2, from)
		if to != nil {
			stmt.BindBytes(3, to)
		}
	}
	return r.walk(w, "walk the documents", bind, func(stmt *sqlite.Stmt) bool {
		return f(store.Document{Key: column(stmt, 0), Value: column(stmt, 1)})
	})
}

// LastDocument gives the document with the greatest key at or below one.
func (r *reader) LastDocument(bucket string, atMost []byte) (doc store.Document, ok bool, err error) {
	stmt := r.s.lastDocument
	stmt.BindText(1, bucket)
	stmt.BindBytes(2, atMost)
	if ok, err = stmt.Step(); err != nil {
		return store.Document{}, false, r.fault("read the last document", err)
	}
	if ok {
		doc = store.Document{Key: column(stmt, 0), Value: column(stmt, 1)}
	}
	return doc, ok, r.fault("read the last document", stmt.Reset())
}
