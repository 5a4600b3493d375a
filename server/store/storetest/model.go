package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"reflect"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// model is the contract taken at its word: it copies everything at every
// transaction and sorts at every read. It is for one goroutine and held views.
type model struct{ state modelState }

type rowKey struct {
	key    syncengine.ScopeKey
	seq    syncengine.Seq
	record syncengine.ID
}

type docKey struct{ bucket, key string }

type modelState struct {
	head    store.Head
	log     []store.Entry
	records map[syncengine.ID]store.Record
	rows    map[rowKey]store.ScopeRow
	docs    map[docKey]string
	spoiled bool
}

func newModel() *model { return &model{modelState{head: store.Head{Epoch: 1}}.copy()} }

func (m modelState) copy() modelState {
	m.log = slices.Clone(m.log)
	m.records, m.rows, m.docs = cloned(m.records), cloned(m.rows), cloned(m.docs)
	return m
}

func cloned[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return make(map[K]V)
	}
	return maps.Clone(m)
}

func (m *model) View(_ context.Context, f func(store.Reader) error) error {
	state := m.state.copy()
	return f(&state)
}

func (m *model) Update(_ context.Context, f func(store.Writer) error) error {
	state := m.state.copy()
	if err := f(&state); err != nil {
		return err
	}
	if state.spoiled {
		return errSpoiled
	}
	m.state = state
	return nil
}

func (m *model) Scrub(context.Context) error             { return nil }
func (m *model) Check(context.Context) ([]string, error) { return nil, nil }
func (m *model) Close() error                            { return nil }

func (m *modelState) Head() store.Head { return m.head }

func (m *modelState) Record(id syncengine.ID) (store.Record, bool, error) {
	rec, ok := m.records[id]
	return rec, ok, nil
}

func (m *modelState) AnyRecord(from, to syncengine.ID) (found bool, err error) {
	for id := range m.records {
		found = found || bytes.Compare(from[:], id[:]) <= 0 && bytes.Compare(id[:], to[:]) <= 0
	}
	return found, nil
}

func (m *modelState) AnyScope(from, to syncengine.ScopeKey) (found bool, err error) {
	for _, row := range m.rows {
		found = found || from <= row.Key && row.Key <= to
	}
	return found, nil
}

func (m *modelState) Records(f func(store.Record) bool) error {
	all := slices.SortedFunc(maps.Values(m.records), func(a, b store.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, rec := range all {
		if !f(rec) {
			break
		}
	}
	return nil
}

func (m *modelState) Entry(seq syncengine.Seq) (store.Entry, bool, error) {
	for _, e := range m.log {
		if e.Seq == seq {
			return e, true, nil
		}
	}
	return store.Entry{}, false, nil
}

func (m *modelState) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	for _, e := range m.log {
		if e.Seq > after && !f(e) {
			break
		}
	}
	return nil
}

func (m *modelState) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	var rows []store.ScopeRow
	for _, row := range m.rows {
		if row.Key == key && row.Seq > after {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b store.ScopeRow) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.RecordID[:], b.RecordID[:]))
	})
	return append(dst, rows[:max(0, min(limit, len(rows)))]...), nil
}

func (m *modelState) Document(bucket string, key []byte) ([]byte, bool, error) {
	value, ok := m.docs[docKey{bucket, string(key)}]
	return absentIfEmpty(value), ok, nil
}

func absentIfEmpty(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// sorted gives a bucket's documents in key order.
func (m *modelState) sorted(bucket string) (all []store.Document) {
	for k, value := range m.docs {
		if k.bucket == bucket {
			all = append(all, store.Document{Key: absentIfEmpty(k.key), Value: absentIfEmpty(value)})
		}
	}
	slices.SortFunc(all, func(a, b store.Document) int { return bytes.Compare(a.Key, b.Key) })
	return all
}

func (m *modelState) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	for _, d := range m.sorted(bucket) {
		if bytes.Compare(d.Key, from) >= 0 && (to == nil || bytes.Compare(d.Key, to) < 0) && !f(d) {
			break
		}
	}
	return nil
}

func (m *modelState) LastDocument(bucket string, atMost []byte) (store.Document, bool, error) {
	for _, d := range slices.Backward(m.sorted(bucket)) {
		if bytes.Compare(d.Key, atMost) <= 0 {
			return d, true, nil
		}
	}
	return store.Document{}, false, nil
}

var errSpoiled = errors.New("a write of this update was refused")

// spoil refuses writes from the first wrong one on.
func (m *modelState) spoil(wrong bool) error {
	if m.spoiled = m.spoiled || wrong; m.spoiled {
		return errSpoiled
	}
	return nil
}

func (m *modelState) Append(entries ...store.Entry) error {
	for _, e := range entries {
		if err := m.spoil(e.Seq != m.head.Seq+1); err != nil {
			return err
		}
		m.log = append(m.log, e)
		m.head.Seq = e.Seq
	}
	return m.spoil(false)
}

func (m *modelState) RewriteEntry(e store.Entry) error {
	i := slices.IndexFunc(m.log, func(was store.Entry) bool { return was.Seq == e.Seq })
	if i < 0 {
		return m.spoil(true)
	}
	was := m.log[i]
	was.Salt, was.Body, was.Extra = e.Salt, e.Body, e.Extra
	if err := m.spoil(!reflect.DeepEqual(was, e)); err != nil {
		return err
	}
	m.log[i] = e
	return nil
}

func (m *modelState) PutRecord(recs ...store.Record) error {
	if err := m.spoil(false); err != nil {
		return err
	}
	for _, rec := range recs {
		m.records[rec.ID] = rec
	}
	return nil
}

func (m *modelState) PutScope(rows ...store.ScopeRow) error {
	for _, row := range rows {
		if err := m.spoil(row.Seq > math.MaxInt64); err != nil {
			return err
		}
		m.rows[rowKey{row.Key, row.Seq, row.RecordID}] = row
	}
	return m.spoil(false)
}

func (m *modelState) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	if err := m.spoil(false); err != nil {
		return err
	}
	delete(m.rows, rowKey{key, seq, record})
	return nil
}

func (m *modelState) PutDocument(bucket string, key, value []byte) error {
	if err := m.spoil(false); err != nil {
		return err
	}
	m.docs[docKey{bucket, string(key)}] = string(value)
	return nil
}

func (m *modelState) DeleteDocument(bucket string, key []byte) error {
	if err := m.spoil(false); err != nil {
		return err
	}
	delete(m.docs, docKey{bucket, string(key)})
	return nil
}

func (m *modelState) SetHead(h store.Head) error {
	if err := m.spoil(h.Seq != m.head.Seq); err != nil {
		return err
	}
	m.head = h
	return nil
}
