package sealed

import (
	"bytes"
	"context"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// migrateMax bounds what one transaction seals: some tens of milliseconds, and no
// more is done again after a crash.
const migrateMax = 1000

// migrating seals a store that older software wrote.
type migrating struct {
	*Store
	state    *storedv1.Sealing
	progress func(done, total uint64)
	// records lists those that may have sealed fields, done and total what was and is to be passed.
	records     []syncengine.ID
	done, total uint64
}

func (m *migrating) all(ctx context.Context) error {
	if err := m.Store.Store.View(ctx, m.list); err != nil {
		return err
	}
	for _, step := range []func(*writer) (more bool, err error){m.entries, m.someRecords, m.documents} {
		for more := true; more; {
			err := m.Store.Store.Update(ctx, func(w store.Writer) (err error) {
				if more, err = step(&writer{reader{w, m.codec.Load()}, w}); err != nil {
					return err
				}
				return putState(w, m.state)
			})
			if err != nil {
				return err
			}
		}
	}
	// Only what is gone from the files too counts as done.
	if err := m.Store.Store.Scrub(ctx); err != nil {
		return err
	}
	m.state.Done = true
	return m.Store.Store.Update(ctx, func(w store.Writer) error { return putState(w, m.state) })
}

// list finds the records that may have sealed fields and were not passed yet.
func (m *migrating) list(r store.Reader) error {
	m.total = uint64(r.Head().Seq) - m.state.GetEntries()
	err := r.Records(func(rec store.Record) bool {
		if m.codec.Load().kind(rec.Kind).fields != nil && bytes.Compare(rec.ID[:], m.state.GetRecords()) > 0 {
			m.records = append(m.records, rec.ID)
		}
		return true
	})
	m.total += uint64(len(m.records))
	return err
}

func (m *migrating) passed(n int) {
	m.done += uint64(n)
	if m.progress != nil {
		m.progress(m.done, m.total)
	}
}

// entries seals the next entries of the log that must be. All of them are open as
// they stand, whatever they begin with.
func (m *migrating) entries(w *writer) (more bool, err error) {
	var open []store.Entry
	n := 0
	err = w.w.Entries(syncengine.Seq(m.state.GetEntries()), func(e store.Entry) bool {
		if n++; w.codec.sealsEntry(&e) {
			open = append(open, e)
		}
		m.state.Entries = uint64(e.Seq)
		return n < migrateMax
	})
	for i := range open {
		if err == nil {
			err = w.w.RewriteEntry(w.codec.sealEntry(open[i]))
		}
		if err == nil {
			err = w.list(&open[i])
		}
	}
	m.passed(n)
	return n == migrateMax, err
}

// someRecords seals the next records.
func (m *migrating) someRecords(w *writer) (more bool, err error) {
	n := min(migrateMax, len(m.records))
	for _, id := range m.records[:n] {
		rec, ok, err := w.w.Record(id)
		if err == nil && ok {
			err = w.PutRecord(rec)
		}
		if err != nil {
			return false, err
		}
		m.state.Records = id[:]
	}
	m.records = m.records[n:]
	m.passed(n)
	return len(m.records) > 0, nil
}

// documents seals the documents that must be: a few for each scope key.
func (m *migrating) documents(w *writer) (more bool, err error) {
	if m.state.GetDocuments() {
		return false, nil
	}
	var open []store.Document
	err = w.w.Documents(w.codec.bucket, nil, nil, func(d store.Document) bool {
		if w.codec.document(w.codec.bucket, d.Key) {
			open = append(open, d)
		}
		return true
	})
	for _, d := range open {
		if err == nil {
			err = w.PutDocument(w.codec.bucket, d.Key, d.Value)
		}
	}
	m.state.Documents = true
	return false, err
}
