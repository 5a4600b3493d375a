package sqlitestore

import (
	"fmt"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
)

const (
	insertEntry  = "INSERT INTO log (" + entryColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	rewriteEntry = "UPDATE log SET salt = ?13, body = ?14, extra = ?15 WHERE seq = ?1 AND type = ?2 AND incarnation = ?3 AND device_seq = ?4" +
		" AND record_id = ?5 AND kind = ?6 AND prev = ?7 AND ref = ?8 AND stamp = ?9 AND suspect = ?10 AND reason = ?11 AND rank = ?12"
	upsertRecord   = "INSERT INTO records (id, kind, seq, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, seq = excluded.seq, body = excluded.body"
	upsertScope    = "INSERT OR REPLACE INTO scope (key, seq, record_id, type, entered) VALUES (?, ?, ?, ?, ?)"
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

// Append adds the next log entry.
func (w *writer) Append(e store.Entry) error {
	if err := w.ready("append a log entry"); err != nil {
		return err
	}
	if e.Seq != w.head.Seq+1 {
		return w.refuse("append log entry %d: the next is %d", e.Seq, w.head.Seq+1)
	}
	stmt := w.s.append
	bindEntry(stmt, &e)
	stmt.BindBytes(13, e.Salt)
	stmt.BindBytes(14, e.Body)
	stmt.BindBytes(15, e.Extra)
	if err := w.write("append a log entry", stmt); err != nil {
		return err
	}
	w.head.Seq = e.Seq
	return nil
}

// bindEntry binds all of an entry but its payload.
func bindEntry(stmt *sqlite.Stmt, e *store.Entry) {
	stmt.BindInt64(1, int64(e.Seq))
	stmt.BindInt64(2, int64(e.Type))
	stmt.BindBytes(3, e.Incarnation[:])
	stmt.BindInt64(4, int64(e.DeviceSeq))
	stmt.BindBytes(5, e.RecordID[:])
	stmt.BindInt64(6, int64(e.Kind))
	stmt.BindInt64(7, int64(e.Prev))
	stmt.BindInt64(8, int64(e.Ref))
	stmt.BindInt64(9, int64(e.Stamp))
	stmt.BindBool(10, e.Suspect)
	stmt.BindInt64(11, int64(e.Reason))
	stmt.BindInt64(12, int64(e.Rank))
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
	bindEntry(stmt, &e)
	stmt.BindBytes(13, e.Salt)
	stmt.BindBytes(14, e.Body)
	stmt.BindBytes(15, e.Extra)
	if err := w.write("rewrite a log entry", stmt); err != nil {
		return err
	}
	if w.s.conn.Changes() != 1 {
		return w.refuse("rewrite log entry %d: more than its payload would change", e.Seq)
	}
	return nil
}

// PutRecord writes a record's state.
func (w *writer) PutRecord(rec store.Record) error {
	if err := w.ready("write a record"); err != nil {
		return err
	}
	stmt := w.s.putRecord
	stmt.BindBytes(1, rec.ID[:])
	stmt.BindInt64(2, int64(rec.Kind))
	stmt.BindInt64(3, int64(rec.Seq))
	stmt.BindBytes(4, rec.Body)
	return w.write("write a record", stmt)
}

// PutScope writes a row of the scope index.
func (w *writer) PutScope(row store.ScopeRow) error {
	if err := w.ready("write a scope row"); err != nil {
		return err
	}
	if row.Seq > math.MaxInt64 { // Above it the column's order would not be the seq's.
		return w.refuse("write a scope row: seq %d is above %d", row.Seq, int64(math.MaxInt64))
	}
	stmt := w.s.putScope
	w.bindScope(stmt, row.Key, row.Seq, &row.RecordID)
	stmt.BindInt64(4, int64(row.Type))
	stmt.BindInt64(5, int64(row.Entered))
	return w.write("write a scope row", stmt)
}

func (w *writer) bindScope(stmt *sqlite.Stmt, key syncengine.ScopeKey, seq syncengine.Seq, record *syncengine.ID) {
	w.key = append(w.key[:0], key...)
	stmt.BindBytes(1, w.key)
	stmt.BindInt64(2, int64(seq))
	stmt.BindBytes(3, record[:])
}

// DeleteScope removes a row of the scope index.
func (w *writer) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	if err := w.ready("remove a scope row"); err != nil {
		return err
	}
	w.bindScope(w.s.deleteScope, key, seq, &record)
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
