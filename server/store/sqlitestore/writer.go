package sqlitestore

import (
	"fmt"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
)

var (
	// insertEntry leaves the seq to the engine: the number behind the greatest, which the head is. A seq that is given
	// may be none of a row, and for that the engine would copy each page that many rows touch.
	insertEntry  = insertion{head: "INSERT", table: "log (" + entryRest + ")", columns: 14}
	upsertRecord = insertion{head: "INSERT", table: "records (id, kind, seq, body)", columns: 4,
		tail: " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, seq = excluded.seq, body = excluded.body"}
	upsertScope = insertion{head: "INSERT OR REPLACE", table: "scope (key, seq, record_id, type, entered)", columns: 5}
)

const (
	rewriteEntry = "UPDATE log SET salt = ?12, body = ?13, extra = ?14 WHERE seq = ?15 AND type = ?1 AND incarnation = ?2 AND device_seq = ?3" +
		" AND record_id = ?4 AND kind = ?5 AND prev = ?6 AND ref = ?7 AND stamp = ?8 AND suspect = ?9 AND reason = ?10 AND rank = ?11"
	deleteScope    = "DELETE FROM scope WHERE key = ? AND seq = ? AND record_id = ?"
	upsertDocument = "INSERT OR REPLACE INTO documents (bucket, key, value) VALUES (?, ?, ?)"
	deleteDocument = "DELETE FROM documents WHERE bucket = ? AND key = ?"
	updateHead     = "UPDATE head SET epoch = ?, tag = ?, committed = ?"
)

// writer implements store.Writer within the write transaction. After its first
// error it writes nothing more, and the transaction cannot commit: SQLite may
// have ended it already, and what came next would commit by itself.
type writer struct {
	reader
	// key is room to bind a scope key without an allocation each time.
	key []byte
}

// write runs a bound statement.
func (w *writer) write(doing string, stmt *sqlite.Stmt) error {
	return w.fault(doing, do(stmt))
}

// ready refuses a write after an error, and within a walk, whose rows it would disturb.
func (w *writer) ready(doing string) error {
	if w.broken == nil && w.walking > 0 {
		w.broken = fmt.Errorf("%s: refused inside a walk over the store: collect first, then write", doing)
	}
	return w.broken
}

// refuse ends the transaction's chance to commit because of wrong use.
func (w *writer) refuse(format string, args ...any) error {
	w.broken = fmt.Errorf(format, args...)
	return w.broken
}

// Append adds the next log entries.
func (w *writer) Append(entries ...store.Entry) error {
	if err := w.ready("append a log entry"); err != nil {
		return err
	}
	for i := range entries {
		if next := w.head.Seq + 1 + syncengine.Seq(i); entries[i].Seq != next {
			return w.refuse("append log entry %d: the next is %d", entries[i].Seq, next)
		}
	}
	if err := insert(w, "append a log entry", &w.s.append, entries, bindEntry); err != nil || len(entries) == 0 {
		return err
	}
	w.head.Seq += syncengine.Seq(len(entries))
	if last := w.s.conn.LastInsertRowID(); last != int64(w.head.Seq) {
		return w.refuse("append a log entry: it stands as %d, the head says %d", last, w.head.Seq)
	}
	return nil
}

// RewriteEntry replaces the payload of an entry.
func (w *writer) RewriteEntry(e store.Entry) error {
	if err := w.ready("rewrite a log entry"); err != nil {
		return err
	}
	if e.Seq == 0 || e.Seq > w.head.Seq {
		return w.refuse("rewrite log entry %d: the log ends at %d", e.Seq, w.head.Seq)
	}
	stmt := w.s.rewrite
	bindEntry(w, stmt, 0, &e)
	stmt.BindInt64(insertEntry.columns+1, int64(e.Seq))
	if err := w.write("rewrite a log entry", stmt); err != nil {
		return err
	}
	if w.s.conn.Changes() != 1 {
		return w.refuse("rewrite log entry %d: more than its payload would change", e.Seq)
	}
	return nil
}

func bindEntry(_ *writer, stmt *sqlite.Stmt, at int, e *store.Entry) {
	stmt.BindInt64(at+1, int64(e.Type))
	stmt.BindBytes(at+2, e.Incarnation[:])
	stmt.BindInt64(at+3, int64(e.DeviceSeq))
	stmt.BindBytes(at+4, e.RecordID[:])
	stmt.BindInt64(at+5, int64(e.Kind))
	stmt.BindInt64(at+6, int64(e.Prev))
	stmt.BindInt64(at+7, int64(e.Ref))
	stmt.BindInt64(at+8, int64(e.Stamp))
	stmt.BindBool(at+9, e.Suspect)
	stmt.BindInt64(at+10, int64(e.Reason))
	stmt.BindInt64(at+11, int64(e.Rank))
	stmt.BindBytes(at+12, e.Salt)
	stmt.BindBytes(at+13, e.Body)
	stmt.BindBytes(at+14, e.Extra)
}

// PutRecord writes the states of records.
func (w *writer) PutRecord(recs ...store.Record) error {
	if err := w.ready("write a record"); err != nil {
		return err
	}
	return insert(w, "write a record", &w.s.putRecord, recs, bindRecord)
}

func bindRecord(_ *writer, stmt *sqlite.Stmt, at int, rec *store.Record) {
	stmt.BindBytes(at+1, rec.ID[:])
	stmt.BindInt64(at+2, int64(rec.Kind))
	stmt.BindInt64(at+3, int64(rec.Seq))
	stmt.BindBytes(at+4, rec.Body)
}

// PutScope writes rows of the scope index.
func (w *writer) PutScope(rows ...store.ScopeRow) error {
	if err := w.ready("write a scope row"); err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Seq > math.MaxInt64 { // Above it the column's order would not be the seq's.
			return w.refuse("write a scope row: seq %d is above %d", rows[i].Seq, int64(math.MaxInt64))
		}
	}
	return insert(w, "write a scope row", &w.s.putScope, rows, bindScopeRow)
}

func bindScopeRow(w *writer, stmt *sqlite.Stmt, at int, row *store.ScopeRow) {
	w.bindScope(stmt, at, row.Key, row.Seq, &row.RecordID)
	stmt.BindInt64(at+4, int64(row.Type))
	stmt.BindInt64(at+5, int64(row.Entered))
}

func (w *writer) bindScope(stmt *sqlite.Stmt, at int, key syncengine.ScopeKey, seq syncengine.Seq, record *syncengine.ID) {
	w.key = append(w.key[:0], key...)
	stmt.BindBytes(at+1, w.key)
	stmt.BindInt64(at+2, int64(seq))
	stmt.BindBytes(at+3, record[:])
}

// DeleteScope removes a row of the scope index.
func (w *writer) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	if err := w.ready("remove a scope row"); err != nil {
		return err
	}
	w.bindScope(w.s.deleteScope, 0, key, seq, &record)
	return w.write("remove a scope row", w.s.deleteScope)
}

// PutDocument writes a document.
func (w *writer) PutDocument(bucket string, key, value []byte) error {
	if err := w.ready("write a document"); err != nil {
		return err
	}
	stmt := w.s.putDocument
	stmt.BindText(1, bucket)
	stmt.BindBytes(2, key)
	stmt.BindBytes(3, value)
	return w.write("write a document", stmt)
}

// DeleteDocument removes a document.
func (w *writer) DeleteDocument(bucket string, key []byte) error {
	if err := w.ready("remove a document"); err != nil {
		return err
	}
	stmt := w.s.deleteDocument
	stmt.BindText(1, bucket)
	stmt.BindBytes(2, key)
	return w.write("remove a document", stmt)
}

// SetHead sets epoch, tag and commit time.
func (w *writer) SetHead(h store.Head) error {
	if err := w.ready("set the head"); err != nil {
		return err
	}
	if h.Seq != w.head.Seq {
		return w.refuse("set the head to seq %d: the last entry is %d", h.Seq, w.head.Seq)
	}
	stmt := w.s.setHead
	stmt.BindInt64(1, int64(h.Epoch))
	stmt.BindBytes(2, h.Tag[:])
	stmt.BindInt64(3, int64(h.Committed))
	if err := w.write("set the head", stmt); err != nil {
		return err
	}
	w.head = h
	return nil
}
