package memstore

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// writer implements store.Writer on a draft. After its first error it writes
// nothing more, and the draft is never published.
type writer struct {
	reader
	broken error
	// rewritten tells that the log is a copy of the draft's own.
	rewritten bool
}

// ready refuses a write after an error, and within a walk, whose rows it would disturb.
func (w *writer) ready(doing string) error {
	if w.broken == nil && w.walking > 0 {
		w.broken = fmt.Errorf("%s: refused inside a walk over the store: collect first, then write", doing)
	}
	return w.broken
}

// refuse ends the draft's chance to be published because of wrong use.
func (w *writer) refuse(format string, args ...any) error {
	w.broken = fmt.Errorf(format, args...)
	return w.broken
}

// Append adds the next log entries.
func (w *writer) Append(entries ...store.Entry) error {
	if err := w.ready("append a log entry"); err != nil {
		return err
	}
	for _, e := range entries {
		if e.Seq != w.state.head.Seq+1 {
			return w.refuse("append log entry %d: the next is %d", e.Seq, w.state.head.Seq+1)
		}
		w.state.log = append(w.state.log, ownEntry(e))
		w.state.head.Seq = e.Seq
	}
	return nil
}

// RewriteEntry replaces the payload of an entry.
func (w *writer) RewriteEntry(e store.Entry) error {
	if err := w.ready("rewrite a log entry"); err != nil {
		return err
	}
	if e.Seq == 0 || e.Seq > w.state.head.Seq {
		return w.refuse("rewrite log entry %d: the log ends at %d", e.Seq, w.state.head.Seq)
	}
	if !w.rewritten { // The states of before keep the log they have.
		w.state.log, w.rewritten = slices.Clone(w.state.log), true
	}
	was := &w.state.log[e.Seq-1]
	if !sameButPayload(*was, e) {
		return w.refuse("rewrite log entry %d: more than its payload would change", e.Seq)
	}
	*was = ownEntry(e)
	return nil
}

// sameButPayload reports that two entries differ in salt, body and extra at most.
func sameButPayload(a, b store.Entry) bool {
	a.Salt, a.Body, a.Extra = nil, nil, nil
	b.Salt, b.Body, b.Extra = nil, nil, nil
	return reflect.DeepEqual(a, b)
}

// PutRecord writes the states of records.
func (w *writer) PutRecord(recs ...store.Record) error {
	if err := w.ready("write a record"); err != nil {
		return err
	}
	for _, rec := range recs {
		w.state.records.Set(ownRecord(rec))
	}
	return nil
}

// PutScope writes rows of the scope index.
func (w *writer) PutScope(rows ...store.ScopeRow) error {
	if err := w.ready("write a scope row"); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Seq > math.MaxInt64 { // A store on SQL keeps a seq in 63 bits.
			return w.refuse("write a scope row: seq %d is above %d", row.Seq, int64(math.MaxInt64))
		}
		w.state.scope.Set(row)
	}
	return nil
}

// DeleteScope removes a row of the scope index.
func (w *writer) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	if err := w.ready("remove a scope row"); err != nil {
		return err
	}
	w.state.scope.Delete(store.ScopeRow{Key: key, Seq: seq, RecordID: record})
	return nil
}

// PutDocument writes a document.
func (w *writer) PutDocument(bucket string, key, value []byte) error {
	if err := w.ready("write a document"); err != nil {
		return err
	}
	w.state.documents.Set(document{bucket: bucket, Document: ownDocument(store.Document{Key: key, Value: value})})
	return nil
}

// DeleteDocument removes a document.
func (w *writer) DeleteDocument(bucket string, key []byte) error {
	if err := w.ready("remove a document"); err != nil {
		return err
	}
	w.state.documents.Delete(at(bucket, key))
	return nil
}

// SetHead sets epoch, tag and commit time.
func (w *writer) SetHead(h store.Head) error {
	if err := w.ready("set the head"); err != nil {
		return err
	}
	if h.Seq != w.state.head.Seq {
		return w.refuse("set the head to seq %d: the last entry is %d", h.Seq, w.state.head.Seq)
	}
	w.state.head = h
	return nil
}
