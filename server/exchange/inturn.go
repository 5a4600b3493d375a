package exchange

import (
	"onedoor/server/store"
	"onedoor/syncengine"
)

// inTurn is a group's store while another goroutine writes what the group has handed over: whoever reads or writes
// waits until that is done, so that what is seen does not depend on which of the two is faster. The head stays where
// it was before.
type inTurn struct {
	storing *storing
	// set holds what the transaction has read of identity; raised tells that it changed some of it.
	set    *cacheSet
	raised bool
}

// mine gives the store once it is the group's again.
func (t *inTurn) mine() store.Writer {
	t.storing.rest()
	return t.storing.w
}

// Head gives the head without what was handed over.
func (t *inTurn) Head() store.Head {
	if t.storing.begun {
		return t.storing.head
	}
	return t.storing.w.Head()
}

// Gathering gives the store's way to read ahead, if it has one, once the store is the group's again.
func (t *inTurn) Gathering() store.Gatherer { return store.Gathering(t.mine()) }

// Record gives a record.
func (t *inTurn) Record(id syncengine.ID) (store.Record, bool, error) { return t.mine().Record(id) }

// AnyRecord looks for a record in a range.
func (t *inTurn) AnyRecord(from, to syncengine.ID) (bool, error) { return t.mine().AnyRecord(from, to) }

// Records walks the records.
func (t *inTurn) Records(f func(store.Record) bool) error { return t.mine().Records(f) }

// Entry gives a log entry.
func (t *inTurn) Entry(seq syncengine.Seq) (store.Entry, bool, error) { return t.mine().Entry(seq) }

// Entries walks the log.
func (t *inTurn) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	return t.mine().Entries(after, f)
}

// Scope gives rows of a key.
func (t *inTurn) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	return t.mine().Scope(dst, key, after, limit)
}

// AnyScope looks for a row in a range of keys.
func (t *inTurn) AnyScope(from, to syncengine.ScopeKey) (bool, error) {
	return t.mine().AnyScope(from, to)
}

// Document gives a document.
func (t *inTurn) Document(bucket string, key []byte) ([]byte, bool, error) {
	return t.mine().Document(bucket, key)
}

// Documents walks documents.
func (t *inTurn) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	return t.mine().Documents(bucket, from, to, f)
}

// LastDocument gives the last document at or below a key.
func (t *inTurn) LastDocument(bucket string, atMost []byte) (store.Document, bool, error) {
	return t.mine().LastDocument(bucket, atMost)
}

// Append adds log entries.
func (t *inTurn) Append(entries ...store.Entry) error { return t.mine().Append(entries...) }

// RewriteEntry replaces the payload of an entry.
func (t *inTurn) RewriteEntry(e store.Entry) error { return t.mine().RewriteEntry(e) }

// PutRecord writes records.
func (t *inTurn) PutRecord(recs ...store.Record) error { return t.mine().PutRecord(recs...) }

// PutScope writes rows of the scope index.
func (t *inTurn) PutScope(rows ...store.ScopeRow) error { return t.mine().PutScope(rows...) }

// DeleteScope removes a row.
func (t *inTurn) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	return t.mine().DeleteScope(key, seq, record)
}

// PutDocument writes a document.
func (t *inTurn) PutDocument(bucket string, key, value []byte) error {
	t.raised = t.raised || bucket == bucketRevision
	return t.mine().PutDocument(bucket, key, value)
}

// DeleteDocument removes a document.
func (t *inTurn) DeleteDocument(bucket string, key []byte) error {
	return t.mine().DeleteDocument(bucket, key)
}

// SetHead moves the head.
func (t *inTurn) SetHead(h store.Head) error { return t.mine().SetHead(h) }
