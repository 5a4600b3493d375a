package pgstore

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// pendingBytes bounds the bodies that wait for one trip to the engine.
	pendingBytes = 8 << 20
	// pendingRows bounds the rows.
	pendingRows = 10_000
)

// pending is what an update has written and not yet sent: the newest state of each row. Rows of a kind go to the engine
// together, since a trip and a statement cost more than a row.
type pending struct {
	entries   []store.Entry
	records   map[syncengine.ID]store.Record
	scope     map[scopeKey]scopeState
	documents map[documentKey]documentState
	// bytes counts the bodies.
	bytes int
}

type scopeKey struct {
	key    syncengine.ScopeKey
	seq    syncengine.Seq
	record syncengine.ID
}

// scopeState is what a row becomes; gone when it is removed.
type scopeState struct {
	store.ScopeRow
	gone bool
}

type documentKey struct{ bucket, key string }

// documentState is what a document becomes; gone when it is removed.
type documentState struct {
	value []byte
	gone  bool
}

func (p *pending) empty() bool {
	return len(p.entries)+len(p.records)+len(p.scope)+len(p.documents) == 0
}

// full reports that it is time to send.
func (p *pending) full() bool {
	return p.bytes > pendingBytes || len(p.entries)+len(p.records)+len(p.scope)+len(p.documents) > pendingRows
}

// entry takes a log entry; it keeps none of its slices.
func (p *pending) entry(e store.Entry) {
	p.bytes += len(e.Salt) + len(e.Body) + len(e.Extra)
	e.Salt, e.Body, e.Extra = bytes.Clone(e.Salt), bytes.Clone(e.Body), bytes.Clone(e.Extra)
	p.entries = append(p.entries, e)
}

func (p *pending) record(rec store.Record) {
	if p.records == nil {
		p.records = map[syncengine.ID]store.Record{}
	}
	p.bytes += len(rec.Body)
	rec.Body = bytes.Clone(rec.Body)
	p.records[rec.ID] = rec
}

func (p *pending) row(row store.ScopeRow, gone bool) {
	if p.scope == nil {
		p.scope = map[scopeKey]scopeState{}
	}
	p.scope[scopeKey{row.Key, row.Seq, row.RecordID}] = scopeState{row, gone}
}

func (p *pending) document(bucket string, key, value []byte, gone bool) {
	if p.documents == nil {
		p.documents = map[documentKey]documentState{}
	}
	p.bytes += len(value)
	p.documents[documentKey{bucket, string(key)}] = documentState{bytes.Clone(value), gone}
}

// sortedRecords gives the records in id order, so that one history makes one sequence of rows.
func (p *pending) sortedRecords() []store.Record {
	return slices.SortedFunc(maps.Values(p.records), func(a, b store.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// sortedScope gives the rows to write and those to remove, each in the order of the index.
func (p *pending) sortedScope() (put, gone []store.ScopeRow) {
	all := slices.SortedFunc(maps.Values(p.scope), func(a, b scopeState) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.RecordID[:], b.RecordID[:]))
	})
	for _, row := range all {
		if row.gone {
			gone = append(gone, row.ScopeRow)
		} else {
			put = append(put, row.ScopeRow)
		}
	}
	return put, gone
}

// sortedDocuments gives the keys of the documents to write and of those to remove, each in order.
func (p *pending) sortedDocuments() (put, gone []documentKey) {
	all := slices.SortedFunc(maps.Keys(p.documents), func(a, b documentKey) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.key, b.key))
	})
	for _, key := range all {
		if p.documents[key].gone {
			gone = append(gone, key)
		} else {
			put = append(put, key)
		}
	}
	return put, gone
}
