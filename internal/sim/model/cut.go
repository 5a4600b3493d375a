package model

import (
	"crypto/sha256"
	"encoding/binary"

	"onedoor/internal/schema"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const entryReleased = store.EntryReleased

// cutRecord is a state of a record as far as some classes go.
type cutRecord struct {
	cells []*cell
	// fields is the encoded message of what is shown.
	fields []byte
	open   map[syncengine.CellKey]syncengine.ConflictKind
}

// cut gives what somebody who may read some classes is shown of a state.
func (m *Model) cut(rec *record, classes schema.Classes) *cutRecord {
	if c, ok := rec.cut[classes]; ok {
		return c
	}
	out := &cutRecord{open: map[syncengine.CellKey]syncengine.ConflictKind{}}
	for _, c := range rec.cells {
		if len(c.set) == 0 || !classes.Has(c.set[0].class) {
			continue
		}
		shown := c.set[0]
		out.cells = append(out.cells, c)
		if c.key.Field != syncengine.LifeField {
			out.fields = append(out.fields, shown.data...)
		}
		if kind := m.openKind(rec, c); kind != syncengine.NoConflict {
			out.open[c.key] = kind
		}
	}
	if rec.cut == nil {
		rec.cut = map[schema.Classes]*cutRecord{}
	}
	rec.cut[classes] = out
	return out
}

// sum is H(record, cell, shown value) of the protocol's digest.
func (w *write) sum(id syncengine.ID) uint64 {
	if w.hash == 0 {
		w.hash = hashOf(id, w)
	}
	return w.hash
}

func hashOf(id syncengine.ID, w *write) uint64 {
	b := append(make([]byte, 0, 64+len(w.data)), id[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(w.key.Field))
	b = binary.BigEndian.AppendUint32(b, uint32(len(w.key.Key)))
	b = append(b, w.key.Key...)
	b = append(b, byte(oneIf(w.cleared)))
	sum := sha256.Sum256(append(b, w.data...))
	return binary.BigEndian.Uint64(sum[:8])
}

// sumKey names one digest: of a scope key, for a kind and a class.
type sumKey struct {
	key syncengine.ScopeKey
	// class is the kind's number times 16 plus the class's.
	class uint32
}

// classesOfKind is the factor between a kind's number and a class's in a digest's name.
const classesOfKind = 16

// add adds what a record holds of the cells that a schema knows to a key's digests.
func (s sums) add(key syncengine.ScopeKey, rec *record, cut *cutRecord, known *schema.Schema) {
	kind, ok := known.Kind(rec.kind.Number)
	if !ok {
		return
	}
	for _, c := range cut.cells {
		if class, ok := classOf(kind, c.key.Field); ok {
			s[sumKey{key, uint32(kind.Number)*classesOfKind + uint32(class)}] += c.set[0].sum(rec.id)
		}
	}
}

// sums are digests by name.
type sums map[sumKey]uint64
