package pgstore

import (
	"bytes"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// A writer sees its own writes: a single row is looked for among what is pending first, and before a range is read what
// is pending is sent. What was read ahead is dropped where something is written, so that it is as good as read now.

// Record gives a record.
func (w *writer) Record(id syncengine.ID) (store.Record, bool, error) {
	if rec, ok := w.pending.records[id]; ok {
		rec.Body = own(rec.Body)
		return rec, true, nil
	}
	return w.reader.Record(id)
}

// Gathering says that this writer gathers.
func (w *writer) Gathering() store.Gatherer { return w }

// Gather reads the answers to what will be asked next. What is pending is not among them.
func (w *writer) Gather(q store.Questions) error {
	if err := w.reader.Gather(q); err != nil {
		return err
	}
	for id := range w.pending.records {
		w.ahead.wroteRecord(id)
	}
	for row := range w.pending.scope {
		w.ahead.wroteRow(row.key)
	}
	for d := range w.pending.documents {
		w.ahead.wroteDocument(d.bucket, []byte(d.key))
	}
	return nil
}

// own copies bytes for the caller; none are nil.
func own(b []byte) []byte { return kept(bytes.Clone(b)) }

// AnyRecord reports whether there is a record in a range of ids.
func (w *writer) AnyRecord(from, to syncengine.ID) (bool, error) {
	if err := w.send(); err != nil {
		return false, err
	}
	return w.reader.AnyRecord(from, to)
}

// Records walks all records in id order.
func (w *writer) Records(f func(store.Record) bool) error {
	if err := w.send(); err != nil {
		return err
	}
	return w.reader.Records(f)
}

// Entry gives a log entry.
func (w *writer) Entry(seq syncengine.Seq) (store.Entry, bool, error) {
	if n := len(w.pending.entries); n > 0 && seq >= w.pending.entries[0].Seq && seq <= w.head.Seq {
		e := w.pending.entries[seq-w.pending.entries[0].Seq]
		e.Salt, e.Body, e.Extra = own(e.Salt), own(e.Body), own(e.Extra)
		return e, true, nil
	}
	return w.reader.Entry(seq)
}

// Entries walks the log upwards.
func (w *writer) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	if err := w.send(); err != nil {
		return err
	}
	return w.reader.Entries(after, f)
}

// Scope appends rows of a key.
func (w *writer) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	if _, known := w.ahead.scope(key, after, limit); !known {
		if err := w.send(); err != nil {
			return dst, err
		}
	}
	return w.reader.Scope(dst, key, after, limit)
}

// AnyScope reports whether there is a row in a range of keys.
func (w *writer) AnyScope(from, to syncengine.ScopeKey) (bool, error) {
	if err := w.send(); err != nil {
		return false, err
	}
	return w.reader.AnyScope(from, to)
}

// Document gives a document's value.
func (w *writer) Document(bucket string, key []byte) ([]byte, bool, error) {
	if d, ok := w.pending.documents[documentKey{bucket, string(key)}]; ok {
		return own(d.value), !d.gone, nil
	}
	return w.reader.Document(bucket, key)
}

// Documents walks the documents of a range.
func (w *writer) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	if !w.ahead.whole(bucket, from, to) {
		if err := w.send(); err != nil {
			return err
		}
	}
	return w.reader.Documents(bucket, from, to, f)
}

// LastDocument gives the document with the greatest key at or below one.
func (w *writer) LastDocument(bucket string, atMost []byte) (store.Document, bool, error) {
	if _, _, known := w.ahead.lastDocument(bucket, atMost); !known {
		if err := w.send(); err != nil {
			return store.Document{}, false, err
		}
	}
	return w.reader.LastDocument(bucket, atMost)
}
