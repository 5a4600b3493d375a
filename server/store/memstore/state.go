package memstore

import (
	"bytes"
	"cmp"

	"onedoor/server/store"

	"github.com/tidwall/btree"
)

// state is everything a realm holds at one commit. A published one never changes.
type state struct {
	head store.Head
	// log holds entry n at index n-1.
	log       []store.Entry
	records   *btree.BTreeG[store.Record]
	scope     *btree.BTreeG[store.ScopeRow]
	documents *btree.BTreeG[document]
}

// document is a store.Document with its bucket.
type document struct {
	bucket string
	store.Document
}

// empty is the state of a new realm.
func empty() *state {
	// A draft has one goroutine and a published tree is only read, so no locks. A
	// small update copies one node a level: small nodes make that cheap.
	options := btree.Options{NoLocks: true, Degree: 8}
	return &state{
		head:      store.Head{Epoch: 1},
		records:   btree.NewBTreeGOptions(recordLess, options),
		scope:     btree.NewBTreeGOptions(scopeLess, options),
		documents: btree.NewBTreeGOptions(documentLess, options),
	}
}

// draft gives a state that may be changed while s stays as it is.
func (s *state) draft() *state {
	return &state{
		head: s.head, log: s.log,
		records: s.records.Copy(), scope: s.scope.Copy(), documents: s.documents.Copy(),
	}
}

func recordLess(a, b store.Record) bool { return bytes.Compare(a.ID[:], b.ID[:]) < 0 }

func scopeLess(a, b store.ScopeRow) bool {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.RecordID[:], b.RecordID[:])) < 0
}

func documentLess(a, b document) bool {
	return cmp.Or(cmp.Compare(a.bucket, b.bucket), bytes.Compare(a.Key, b.Key)) < 0
}

// own copies bytes that cross the store's edge; absent and empty are both nil.
func own(b []byte) []byte { return append([]byte(nil), b...) }

func ownRecord(r store.Record) store.Record {
	r.Body = own(r.Body)
	return r
}

func ownEntry(e store.Entry) store.Entry {
	e.Salt, e.Body, e.Extra = own(e.Salt), own(e.Body), own(e.Extra)
	return e
}

func ownDocument(d store.Document) store.Document {
	return store.Document{Key: own(d.Key), Value: own(d.Value)}
}
