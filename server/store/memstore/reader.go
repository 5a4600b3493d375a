package memstore

import (
	"bytes"
	"context"
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// reader implements store.Reader on one state.
type reader struct {
	ctx context.Context
	// state is nil once the transaction has ended, so that later use fails at once.
	state *state
	// walking counts the walks in progress; a writer refuses to write meanwhile.
	walking int
	// lent is the body that was lent last.
	lent []byte
}

// Head gives the end of the log.
func (r *reader) Head() store.Head { return r.state.head }

// Record gives a record.
func (r *reader) Record(id syncengine.ID) (store.Record, bool, error) {
	rec, ok := r.state.records.Get(store.Record{ID: id})
	return ownRecord(rec), ok, nil
}

// Lend lends a record until the next one is lent: then its body is spoilt, so that whoever kept any of it is found out.
func (r *reader) Lend(id syncengine.ID) (store.Record, bool, error) {
	r.takeBack()
	rec, ok, err := r.Record(id)
	r.lent = rec.Body
	return rec, ok, err
}

// spoilt stands wherever a body stood that was lent. No record begins with it.
const spoilt = 0xdb

// takeBack spoils what was lent.
func (r *reader) takeBack() {
	for i := range r.lent {
		r.lent[i] = spoilt
	}
	r.lent = nil
}

// end takes back what was lent and ends the reading.
func (r *reader) end() {
	r.takeBack()
	r.state = nil
}

// AnyRecord reports whether there is a record in a range of ids.
func (r *reader) AnyRecord(from, to syncengine.ID) (found bool, err error) {
	r.state.records.Ascend(store.Record{ID: from}, func(rec store.Record) bool {
		found = bytes.Compare(rec.ID[:], to[:]) <= 0
		return false
	})
	return found, nil
}

// walk counts a walk in and gives what counts it out.
func (r *reader) walk() (done func()) {
	r.walking++
	return func() { r.walking-- }
}

// Records walks all records in id order.
func (r *reader) Records(f func(store.Record) bool) (err error) {
	defer r.walk()()
	r.state.records.Scan(func(rec store.Record) bool {
		err = r.ctx.Err()
		return err == nil && f(ownRecord(rec))
	})
	return err
}

// Entry gives a log entry.
func (r *reader) Entry(seq syncengine.Seq) (store.Entry, bool, error) {
	if seq == 0 || seq > r.state.head.Seq {
		return store.Entry{}, false, nil
	}
	return ownEntry(r.state.log[seq-1]), true, nil
}

// Entries walks the log upwards.
func (r *reader) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	defer r.walk()()
	for after < r.state.head.Seq {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if !f(ownEntry(r.state.log[after])) {
			return nil
		}
		after++
	}
	return nil
}

// Scope appends rows of a key.
func (r *reader) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	if limit <= 0 || after >= math.MaxInt64 {
		return dst, nil
	}
	r.state.scope.Ascend(store.ScopeRow{Key: key, Seq: after + 1}, func(row store.ScopeRow) bool {
		if row.Key != key {
			return false
		}
		dst = append(dst, row)
		limit--
		return limit > 0
	})
	return dst, nil
}

// AnyScope reports whether there is a row in a range of keys.
func (r *reader) AnyScope(from, to syncengine.ScopeKey) (found bool, err error) {
	r.state.scope.Ascend(store.ScopeRow{Key: from}, func(row store.ScopeRow) bool {
		found = row.Key <= to
		return false
	})
	return found, nil
}

// at is the place of a key among the documents.
func at(bucket string, key []byte) document {
	return document{bucket: bucket, Document: store.Document{Key: key}}
}

// Document gives a document's value.
func (r *reader) Document(bucket string, key []byte) ([]byte, bool, error) {
	d, ok := r.state.documents.Get(at(bucket, key))
	return own(d.Value), ok, nil
}

// Documents walks the documents of a range.
func (r *reader) Documents(bucket string, from, to []byte, f func(store.Document) bool) (err error) {
	defer r.walk()()
	r.state.documents.Ascend(at(bucket, from), func(d document) bool {
		if d.bucket != bucket || to != nil && bytes.Compare(d.Key, to) >= 0 {
			return false
		}
		err = r.ctx.Err()
		return err == nil && f(ownDocument(d.Document))
	})
	return err
}

// LastDocument gives the document with the greatest key at or below one.
func (r *reader) LastDocument(bucket string, atMost []byte) (doc store.Document, ok bool, err error) {
	r.state.documents.Descend(at(bucket, atMost), func(d document) bool {
		if ok = d.bucket == bucket; ok {
			doc = ownDocument(d.Document)
		}
		return false
	})
	return doc, ok, nil
}
