package sealed

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Store is a store whose sealed parts are opened for its readers and sealed for
// its writers.
type Store struct {
	store.Store
	// codec seals and opens by the data keys that stood in the store at the last transaction, key is what they are wrapped by.
	codec atomic.Pointer[codec]
	key   *Key
}

// Inner is the store that holds the sealed bytes.
func (s *Store) Inner() store.Store { return s.Store }

// View runs f on a consistent state.
func (s *Store) View(ctx context.Context, f func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return f(&reader{Reader: r, codec: s.codec.Load()}) })
}

// Update runs f in a write transaction.
func (s *Store) Update(ctx context.Context, f func(store.Writer) error) error {
	return s.Store.Update(askingKeys(ctx), func(w store.Writer) error {
		c, err := s.current(w)
		if err != nil {
			return err
		}
		return f(&writer{reader{w, c}, w})
	})
}

// reader opens what it reads.
type reader struct {
	store.Reader
	codec *codec
}

// Record gives a record, opened.
func (r *reader) Record(id syncengine.ID) (store.Record, bool, error) {
	return r.opened(r.Reader.Record(id))
}

// Lend lends a record, opened: what is opened stands in memory of its own.
func (r *reader) Lend(id syncengine.ID) (store.Record, bool, error) {
	return r.opened(store.Lend(r.Reader, id))
}

func (r *reader) opened(rec store.Record, ok bool, err error) (store.Record, bool, error) {
	if err != nil || !ok || r.codec.kind(rec.Kind).fields == nil {
		return rec, ok, err
	}
	rec, err = r.codec.openRecord(rec)
	return rec, err == nil, err
}

// Gathering says whether the store gathers; what it has read ahead is opened when it is asked for.
func (r *reader) Gathering() store.Gatherer { return store.Gathering(r.Reader) }

// Records walks the records, opened.
func (r *reader) Records(f func(store.Record) bool) error {
	var failed error
	err := r.Reader.Records(func(rec store.Record) bool {
		rec, failed = r.codec.openRecord(rec)
		return failed == nil && f(rec)
	})
	return errors.Join(failed, err)
}

// Entry gives a log entry, opened.
func (r *reader) Entry(seq syncengine.Seq) (store.Entry, bool, error) {
	e, ok, err := r.Reader.Entry(seq)
	if err != nil || !isSealed(e.Body) {
		return e, ok, err
	}
	e, err = r.codec.openEntry(e)
	return e, err == nil, err
}

// Entries walks the log, opened.
func (r *reader) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	var failed error
	err := r.Reader.Entries(after, func(e store.Entry) bool {
		e, failed = r.codec.openEntry(e)
		return failed == nil && f(e)
	})
	return errors.Join(failed, err)
}

// Document gives a document's value, opened.
func (r *reader) Document(bucket string, key []byte) ([]byte, bool, error) {
	value, ok, err := r.Reader.Document(bucket, key)
	if err != nil || !ok || bucket != r.codec.bucket {
		return value, ok, err
	}
	value, err = r.codec.openDocument(bucket, key, value)
	return value, err == nil, err
}

// Documents walks the documents of a bucket, opened.
func (r *reader) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	var failed error
	err := r.Reader.Documents(bucket, from, to, func(d store.Document) bool {
		d.Value, failed = r.codec.openDocument(bucket, d.Key, d.Value)
		return failed == nil && f(d)
	})
	return errors.Join(failed, err)
}

// LastDocument gives the document with the greatest key <= atMost, opened.
func (r *reader) LastDocument(bucket string, atMost []byte) (store.Document, bool, error) {
	d, ok, err := r.Reader.LastDocument(bucket, atMost)
	if err != nil || !ok {
		return d, ok, err
	}
	d.Value, err = r.codec.openDocument(bucket, d.Key, d.Value)
	return d, err == nil, err
}

// writer seals what it writes.
type writer struct {
	reader
	w store.Writer
}

// Append adds the next log entries, their changes sealed where they must be, with
// their places in the index. The caller's slice stays as it is.
func (w *writer) Append(entries ...store.Entry) error {
	out := entries
	var sealed []int
	for i := range entries {
		if !w.codec.sealsEntry(&entries[i]) {
			continue
		}
		if sealed == nil {
			out = slices.Clone(entries)
		}
		sealed = append(sealed, i)
		out[i] = w.codec.sealEntry(entries[i])
	}
	if err := w.w.Append(out...); err != nil {
		return err
	}
	for _, i := range sealed {
		if err := w.list(&entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// RewriteEntry replaces the payload of an entry; what it no longer names leaves the index.
func (w *writer) RewriteEntry(e store.Entry) error {
	was, ok, err := w.Entry(e.Seq)
	if err != nil {
		return err
	}
	out, seals := e, w.codec.sealsEntry(&e)
	if seals {
		out = w.codec.sealEntry(e)
	}
	if err := w.w.RewriteEntry(out); err != nil {
		return err
	}
	if ok {
		if err := w.unlist(&was); err != nil {
			return err
		}
	}
	if !seals {
		return nil
	}
	return w.list(&e)
}

// PutRecord writes the states of records, sealed where they must be.
func (w *writer) PutRecord(recs ...store.Record) error {
	out, changed := recs, false
	for i, rec := range recs {
		if w.codec.kind(rec.Kind).fields == nil {
			continue
		}
		turned, err := w.codec.sealRecord(rec)
		if err != nil {
			return err
		}
		if !changed {
			out, changed = slices.Clone(recs), true
		}
		out[i] = turned
	}
	return w.w.PutRecord(out...)
}

// PutDocument writes a document, sealed where it must be.
func (w *writer) PutDocument(bucket string, key, value []byte) error {
	return w.w.PutDocument(bucket, key, w.codec.sealDocument(bucket, key, value))
}

// PutScope, DeleteScope, DeleteDocument and SetHead pass through.
func (w *writer) PutScope(rows ...store.ScopeRow) error { return w.w.PutScope(rows...) }

// DeleteScope removes a row of the scope index.
func (w *writer) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	return w.w.DeleteScope(key, seq, record)
}

// DeleteDocument removes a document.
func (w *writer) DeleteDocument(bucket string, key []byte) error {
	return w.w.DeleteDocument(bucket, key)
}

// SetHead sets epoch, tag and commit time.
func (w *writer) SetHead(h store.Head) error { return w.w.SetHead(h) }
