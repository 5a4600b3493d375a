package pgstore

import (
	"context"
	"errors"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	selectRecord = "SELECT kind, seq, body FROM onedoor_records WHERE realm = $1 AND id = $2"
	selectAny    = "SELECT 1 FROM onedoor_records WHERE realm = $1 AND id >= $2 AND id <= $3 LIMIT 1"
	entryColumns = "seq, type, incarnation, device_seq, record_id, kind, prev, ref, stamp, suspect, reason, rank, salt, body, extra"
	selectEntry  = "SELECT " + entryColumns + " FROM onedoor_log WHERE realm = $1 AND seq = $2"
	selectScope  = "SELECT seq, record_id, type, entered FROM onedoor_scope WHERE realm = $1 AND key = $2 AND seq > $3 ORDER BY seq, record_id LIMIT $4"
	anyScope     = "SELECT 1 FROM onedoor_scope WHERE realm = $1 AND key >= $2 AND key <= $3 LIMIT 1"

	selectDocument = "SELECT value FROM onedoor_documents WHERE realm = $1 AND bucket = $2 AND key = $3"
	selectLast     = "SELECT key, value FROM onedoor_documents WHERE realm = $1 AND bucket = $2 AND key <= $3 ORDER BY key DESC LIMIT 1"
)

// reader implements store.Reader within one transaction of a session.
type reader struct {
	ctx   context.Context
	store *Store
	// s is nil once the transaction has ended, so that later use fails at once.
	s    *session
	head store.Head
	// ahead is what was read before it was asked for.
	ahead answers
	// walking counts the walks in progress; a writer refuses to write meanwhile.
	walking int
	// broken is the first fault in the transaction or the first wrong use of a writer. failed is the first fault, after which
	// the engine takes nothing more, and lost is that where the transaction may be run again.
	broken, failed, lost error
}

// fault explains an error of the engine and remembers the first.
func (r *reader) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	explained := r.store.explain(doing, err)
	if r.broken == nil {
		r.broken = explained
	}
	if r.failed == nil {
		r.failed = explained
		if passing(err) && !final(err) {
			r.lost = lostError{err}
		}
	}
	return explained
}

// given gives an argument: absent bytes are none, not NULL.
func given(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// kept gives a column as the contract has it: none is nil.
func kept(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// one reads the one row of a query; ok is false when there is none.
func (r *reader) one(doing, query string, args []any, into ...any) (ok bool, err error) {
	if r.failed != nil {
		return false, r.failed
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = r.s.conn.QueryRow(ctx, query, args...).Scan(into...)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, r.fault(doing, err)
}

// all reads the rows of a query.
func (r *reader) all(doing, query string, args []any, row func(pgx.Rows) error) error {
	if r.failed != nil {
		return r.failed
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rows, err := r.s.conn.Query(ctx, query, args...)
	if err != nil {
		return r.fault(doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return r.fault(doing, err)
		}
	}
	return r.fault(doing, rows.Err())
}

// Head gives the end of the log.
func (r *reader) Head() store.Head { return r.head }

// Record gives a record.
func (r *reader) Record(id syncengine.ID) (rec store.Record, ok bool, err error) {
	if rec, ok, known := r.ahead.record(id); known {
		return rec, ok, nil
	}
	var kind, seq int64
	ok, err = r.one("read a record", selectRecord, []any{r.store.realm, id[:]}, &kind, &seq, &rec.Body)
	if err != nil || !ok {
		return store.Record{}, false, err
	}
	return store.Record{ID: id, Kind: syncengine.KindNumber(kind), Seq: syncengine.Seq(seq), Body: kept(rec.Body)}, true, nil
}

// AnyRecord reports whether there is a record in a range of ids.
func (r *reader) AnyRecord(from, to syncengine.ID) (bool, error) {
	var one int
	return r.one("look for a record", selectAny, []any{r.store.realm, from[:], to[:]}, &one)
}

// AnyScope reports whether there is a row in a range of keys.
func (r *reader) AnyScope(from, to syncengine.ScopeKey) (bool, error) {
	var one int
	return r.one("look for a scope row", anyScope, []any{r.store.realm, []byte(from), []byte(to)}, &one)
}

// Entry gives a log entry.
func (r *reader) Entry(seq syncengine.Seq) (e store.Entry, ok bool, err error) {
	if seq == 0 || seq > r.head.Seq {
		return store.Entry{}, false, nil
	}
	if e, known := r.ahead.entry(seq); known {
		return e, true, nil
	}
	err = r.all("read a log entry", selectEntry, []any{r.store.realm, int64(seq)}, func(rows pgx.Rows) (err error) {
		e, err = entryRow(rows)
		ok = true
		return err
	})
	if err != nil {
		return store.Entry{}, false, err
	}
	return e, ok, nil
}

// entryRow reads a row of entryColumns.
func entryRow(rows pgx.Rows) (e store.Entry, err error) {
	var seq, deviceSeq, kind, prev, ref, stamp int64
	var kindOfEntry, reason, rank int16
	var incarnation, record pgtype.DriverBytes
	err = rows.Scan(&seq, &kindOfEntry, &incarnation, &deviceSeq, &record, &kind, &prev, &ref, &stamp, &e.Suspect, &reason, &rank, &e.Salt, &e.Body, &e.Extra)
	e.Seq, e.Type, e.DeviceSeq, e.Kind = syncengine.Seq(seq), store.EntryType(kindOfEntry), syncengine.DeviceSeq(deviceSeq), syncengine.KindNumber(kind)
	e.Prev, e.Ref, e.Stamp = syncengine.Seq(prev), syncengine.Seq(ref), syncengine.UnixMilli(stamp)
	e.Reason, e.Rank = uint8(reason), syncengine.Rank(rank)
	copy(e.Incarnation[:], incarnation)
	copy(e.RecordID[:], record)
	e.Salt, e.Body, e.Extra = kept(e.Salt), kept(e.Body), kept(e.Extra)
	return e, err
}

// Scope appends rows of a key.
func (r *reader) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	if limit <= 0 || after >= math.MaxInt64 {
		return dst, nil
	}
	if rows, known := r.ahead.scope(key, after, limit); known {
		return append(dst, rows...), nil
	}
	err := r.all("read the scope index", selectScope, []any{r.store.realm, []byte(key), int64(after), int64(limit)}, func(rows pgx.Rows) error {
		row, err := rowOf(rows, key)
		dst = append(dst, row)
		return err
	})
	return dst, err
}

// rowOf reads a row of a key.
func rowOf(rows pgx.Rows, key syncengine.ScopeKey) (store.ScopeRow, error) {
	var seq, entered int64
	var kind int16
	var record pgtype.DriverBytes
	err := rows.Scan(&seq, &record, &kind, &entered)
	row := store.ScopeRow{Key: key, Seq: syncengine.Seq(seq), Type: store.ScopeRowType(kind), Entered: syncengine.Seq(entered)}
	copy(row.RecordID[:], record)
	return row, err
}

// Document gives a document's value.
func (r *reader) Document(bucket string, key []byte) (value []byte, ok bool, err error) {
	if value, ok, known := r.ahead.document(bucket, key); known {
		return value, ok, nil
	}
	ok, err = r.one("read a document", selectDocument, []any{r.store.realm, []byte(bucket), given(key)}, &value)
	if err != nil || !ok {
		return nil, false, err
	}
	return kept(value), true, nil
}

// LastDocument gives the document with the greatest key at or below one.
func (r *reader) LastDocument(bucket string, atMost []byte) (doc store.Document, ok bool, err error) {
	if doc, ok, known := r.ahead.lastDocument(bucket, atMost); known {
		return doc, ok, nil
	}
	ok, err = r.one("read the last document", selectLast, []any{r.store.realm, []byte(bucket), given(atMost)}, &doc.Key, &doc.Value)
	if err != nil || !ok {
		return store.Document{}, false, err
	}
	return store.Document{Key: kept(doc.Key), Value: kept(doc.Value)}, true, nil
}
