package pgstore

import (
	"context"
	"fmt"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"
)

const rewriteEntry = "UPDATE onedoor_log SET salt = $14, body = $15, extra = $16 WHERE realm = $1 AND seq = $2 AND type = $3 AND incarnation = $4 AND device_seq = $5" +
	" AND record_id = $6 AND kind = $7 AND prev = $8 AND ref = $9 AND stamp = $10 AND suspect = $11 AND reason = $12 AND rank = $13"

// writer implements store.Writer within the write transaction. What it is given waits in pending until there is much of
// it, until a range that may hold some of it is read, or until the commit. After its first fault it writes nothing more,
// and the transaction cannot commit.
type writer struct {
	reader
	pending pending
	// sent tells that something was written in the transaction.
	sent bool
	// stored is the head as the engine has it.
	stored stored
}

func newWriter(ctx context.Context, s *Store, sess *session, h stored) *writer {
	return &writer{reader: reader{ctx: ctx, store: s, s: sess, head: h.Head, ahead: h.ahead}, stored: h}
}

// end has later use fail at once.
func (w *writer) end() { w.s = nil }

// wrote reports that there is something to commit.
func (w *writer) wrote() bool { return w.sent || !w.pending.empty() || w.head != w.stored.Head }

// ready refuses a write after a fault, and within a walk, whose rows it would disturb.
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

// taken sends what is pending once there is much of it.
func (w *writer) taken() error {
	if !w.pending.full() {
		return nil
	}
	return w.send()
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
	for _, e := range entries {
		w.pending.entry(e)
	}
	w.head.Seq += syncengine.Seq(len(entries))
	return w.taken()
}

// RewriteEntry replaces the payload of an entry.
func (w *writer) RewriteEntry(e store.Entry) error {
	if err := w.ready("rewrite a log entry"); err != nil {
		return err
	}
	if e.Seq == 0 || e.Seq > w.head.Seq {
		return w.refuse("rewrite log entry %d: the log ends at %d", e.Seq, w.head.Seq)
	}
	if err := w.send(); err != nil {
		return err
	}
	w.sent = true
	delete(w.ahead.entries, e.Seq)
	n, err := w.s.exec(context.Background(), rewriteEntry, w.store.realm, int64(e.Seq), int16(e.Type), e.Incarnation[:], int64(e.DeviceSeq), e.RecordID[:],
		int64(e.Kind), int64(e.Prev), int64(e.Ref), int64(e.Stamp), e.Suspect, int16(e.Reason), int16(e.Rank), given(e.Salt), given(e.Body), given(e.Extra))
	if err != nil {
		return w.fault("rewrite a log entry", err)
	}
	if n != 1 {
		return w.refuse("rewrite log entry %d: more than its payload would change", e.Seq)
	}
	return nil
}

// PutRecord writes the states of records.
func (w *writer) PutRecord(recs ...store.Record) error {
	if err := w.ready("write a record"); err != nil {
		return err
	}
	for _, rec := range recs {
		w.ahead.wroteRecord(rec.ID)
		w.pending.record(rec)
	}
	return w.taken()
}

// PutScope writes rows of the scope index.
func (w *writer) PutScope(rows ...store.ScopeRow) error {
	if err := w.ready("write a scope row"); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Seq > math.MaxInt64 { // Above it the column's order would not be the seq's.
			return w.refuse("write a scope row: seq %d is above %d", row.Seq, int64(math.MaxInt64))
		}
		w.ahead.wroteRow(row.Key)
		w.pending.row(row, false)
	}
	return w.taken()
}

// DeleteScope removes a row of the scope index.
func (w *writer) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	if err := w.ready("remove a scope row"); err != nil {
		return err
	}
	w.ahead.wroteRow(key)
	w.pending.row(store.ScopeRow{Key: key, Seq: seq, RecordID: record}, true)
	return w.taken()
}

// PutDocument writes a document.
func (w *writer) PutDocument(bucket string, key, value []byte) error {
	if err := w.ready("write a document"); err != nil {
		return err
	}
	w.ahead.wroteDocument(bucket, key)
	w.pending.document(bucket, key, value, false)
	return w.taken()
}

// DeleteDocument removes a document.
func (w *writer) DeleteDocument(bucket string, key []byte) error {
	if err := w.ready("remove a document"); err != nil {
		return err
	}
	w.ahead.wroteDocument(bucket, key)
	w.pending.document(bucket, key, nil, true)
	return w.taken()
}

// SetHead sets epoch, tag and commit time.
func (w *writer) SetHead(h store.Head) error {
	if err := w.ready("set the head"); err != nil {
		return err
	}
	if h.Seq != w.head.Seq {
		return w.refuse("set the head to seq %d: the last entry is %d", h.Seq, w.head.Seq)
	}
	w.head = h
	return nil
}
