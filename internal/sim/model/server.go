package model

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Buckets of the documents that server/exchange keeps, as its package comment
// lists them. They are spelled again, since the auditor trusts no other room.
const (
	bucketProgress   = "progress"
	bucketQuarantine = "quarantine"
	bucketConflict   = "conflict"
	bucketDigest     = "digest"
)

// checkServer compares what the store holds with the prediction: all records
// that changed since the last time, and everything that is one sum or list.
func (m *Model) checkServer(r store.Reader) {
	f := m.at(0, syncengine.ID{})
	f.want(r.Head().Seq == m.now.head(), I5, "the store's head is %d, its commits told of %d", r.Head().Seq, m.now.head())
	for id := range m.dirty {
		m.checkStored(r, id)
	}
	clear(m.dirty)
	m.checkQuarantine(r)
	m.checkMarks(r)
}

// checkStored compares one stored record.
func (m *Model) checkStored(r store.Reader, id syncengine.ID) {
	f, want := m.at(0, id), m.now.record(id)
	row, ok, err := r.Record(id)
	if !f.want(err == nil && ok == (want != nil), I4, "stored %v, predicted %v: %v", ok, want != nil, err) || !ok {
		return
	}
	got, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if !f.want(err == nil, I4, "it cannot be read: %v", err) {
		return
	}
	f.want(got.Seq == want.seq && got.Kind == want.kind.Number, I4, "it stands at seq %d, predicted is %d", got.Seq, want.seq)
	f.want(slices.Equal(got.CurrentKeys(), want.keys()), I10, "it stands under %d keys, predicted are %d others", len(got.CurrentKeys()), len(want.keys()))
	m.checkCells(f, got, want)
	m.checkPlaces(f, got)
	m.checkRows(r, want)
	_, listed, err := r.Document(bucketConflict, id[:])
	open := slices.ContainsFunc(want.cells, func(c *cell) bool { return m.openKind(want, c) != syncengine.NoConflict })
	f.want(err == nil && listed == open, I3, "it is listed as open %v, something is open %v", listed, open)
}

// checkCells compares sets and kept values, by the changes that wrote them.
func (m *Model) checkCells(f finding, got *syncengine.Record, want *record) {
	if !f.want(len(got.Cells) == len(want.cells), I3, "it has %d cells, predicted are %d", len(got.Cells), len(want.cells)) {
		return
	}
	for i := range got.Cells {
		g, w := &got.Cells[i], want.cells[i]
		if !f.want(g.Key == w.key, I3, "cell %d is of field %d, predicted is %d", i, g.Key.Field, w.key.Field) {
			continue
		}
		f.want(sameSet(g.Values, w.set), I3, "field %d holds %s, predicted is %s", w.key.Field, valuesText(g.Values), setText(w.set))
		kept := make([]syncengine.Value, len(g.Kept))
		for k := range g.Kept {
			kept[k] = g.Kept[k].Value
		}
		f.want(sameSet(kept, w.kept), I3, "field %d keeps %s, predicted is %s", w.key.Field, valuesText(kept), setText(w.kept))
	}
}

func sameSet(got []syncengine.Value, want []value) bool {
	return slices.EqualFunc(got, want, func(g syncengine.Value, w value) bool {
		return g.Write.Dot == w.by.dot && g.Cleared == w.cleared && string(g.Data) == string(w.data) &&
			g.Write.Stamp == w.stamp && g.Write.Suspect == w.suspect && g.Write.Rank == w.rank
	})
}

func valuesText(values []syncengine.Value) string {
	out := "["
	for _, v := range values {
		out += " " + named(v.Write.Dot)
	}
	return out + " ]"
}

func setText(values []value) string {
	out := "["
	for _, v := range values {
		out += " " + named(v.by.dot)
	}
	return out + " ]"
}

// text tells what a change left in the cells it wrote.
func (g *merging) text() (out string) {
	for _, key := range g.written {
		c := g.next.find(key)
		out += fmt.Sprintf(" field %d holds %s keeps %s;", key.Field, setText(c.set), setText(c.kept))
	}
	return out
}

// checkRows wants the record's row in each of its keys, by which pages are cut.
func (m *Model) checkRows(r store.Reader, want *record) {
	f := m.at(0, want.id)
	for _, s := range want.stays {
		if s.left != 0 {
			continue
		}
		rows, err := r.Scope(nil, s.key, want.seq-1, 1<<10)
		found := slices.ContainsFunc(rows, func(row store.ScopeRow) bool {
			return row.RecordID == want.id && row.Seq == want.seq && row.Type == store.RowPresent && row.Entered == s.entered
		})
		f.want(err == nil && found, I4, "it has no row at seq %d in key %x: %v", want.seq, string(s.key), err)
	}
}

// checkQuarantine compares the list of what waits.
func (m *Model) checkQuarantine(r store.Reader) {
	left := maps.Clone(m.now.waiting)
	err := r.Documents(bucketQuarantine, nil, nil, func(d store.Document) bool {
		q := &storedv1.Quarantined{}
		if proto.Unmarshal(d.Value, q) == nil {
			dot := syncengine.Dot{Incarnation: syncengine.ID(q.GetIncarnation()), Seq: syncengine.DeviceSeq(q.GetDeviceSeq())}
			m.at(0, syncengine.ID(q.GetRecordId())).want(left[dot], I16, "change %s is listed in quarantine and does not wait", named(dot))
			delete(left, dot)
		}
		return true
	})
	m.at(0, syncengine.ID{}).want(err == nil && len(left) == 0, I16, "%d changes wait and are not listed: %v", len(left), err)
}

// checkMarks compares how far each incarnation is decided, and its chain.
func (m *Model) checkMarks(r store.Reader) {
	for id, want := range m.now.marks {
		p := &storedv1.Progress{}
		value, ok, err := r.Document(bucketProgress, id[:])
		if err == nil && ok {
			err = proto.Unmarshal(value, p)
		}
		m.at(0, syncengine.ID{}).want(err == nil && p.GetMark() == uint64(want.seq) && string(p.GetChain()) == string(want.chain[:]), I1,
			"%s is stored as decided up to %d, its changes give %d: %v", id, p.GetMark(), want.seq, err)
	}
}

// checkSums compares the digests that are kept for territories and the realm.
func (m *Model) checkSums(r store.Reader) {
	want := sums{}
	for id := range m.now.records {
		rec := m.now.record(id)
		cut := m.cut(rec, ^schema.Classes(0))
		for _, key := range rec.keys() {
			if key.IsTerritory() || key == syncengine.RealmKey {
				want.add(key, rec, cut, m.schema)
			}
		}
	}
	err := r.Documents(bucketDigest, nil, nil, func(d store.Document) bool {
		n := len(d.Key) - 4
		key := sumKey{syncengine.ScopeKey(d.Key[:n]), binary.BigEndian.Uint32(d.Key[n:])}
		m.at(0, syncengine.ID{}).want(len(d.Value) == 8 && binary.BigEndian.Uint64(d.Value) == want[key], I4,
			"the digest of key %x, class %d is not the sum over its records", string(key.key), key.class)
		delete(want, key)
		return true
	})
	for key, sum := range want {
		m.at(0, syncengine.ID{}).want(sum == 0, I4, "the digest of key %x, class %d is missing", string(key.key), key.class)
	}
	m.at(0, syncengine.ID{}).want(err == nil, I4, "digests cannot be read: %v", err)
}
