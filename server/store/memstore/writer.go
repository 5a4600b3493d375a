package memstore

import (
	"fmt"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// writer implements store.Writer on a draft. After its first error it writes
// nothing more, and the draft is never published.
type writer struct {
	reader
	broken error
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

// Append adds the next log entry.
func (w *writer) Append(e store.Entry) error {
	if err := w.ready("append a log entry"); err != nil {
		return err
	}
	if e.Seq != w.state.head.Seq+1 {
		return w.refuse("append log entry %d: the next is %d", e.Seq, w.state.head.Seq+1)
	}
	w.state.log = append(w.state.log, ownEntry(e))
	w.state.head.Seq = e.Seq
	return nil
}

// PutRecord writes a record's state.
func (w *writer) PutRecord(rec store.Record) error {
	if err := w.ready("write a record"); err != nil {
		return err
	}
	w.state.records.Set(ownRecord(rec))
	return nil
}

// PutScope writes a row of the scope index.
func (w *writer) PutScope(row store.ScopeRow) error {
	if err := w.ready("write a scope row"); err != nil {
		return err
	}
	if row.Seq > math.MaxInt64 { // A store on SQL keeps a seq in 63 bits.
		return w.refuse("write a scope row: seq %d is above %d", row.Seq, int64(math.MaxInt64))
	}
	w.state.scope.Set(row)
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
