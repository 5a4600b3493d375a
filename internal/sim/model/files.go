package model

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/syncengine"
)

// valueBytesMin is the length from which a value is told apart from chance in a
// file's bytes.
const valueBytesMin = 12

// checkFiles looks for texts of records that a phone does not hold any more and
// did not write, in the decrypted bytes of its files. Ids and numbers are no
// proof: others name them too.
func (m *Model) checkFiles(p PhoneID, plain []byte) {
	ph := m.phones[p]
	if ph.pulling || ph.moving || ph.checkpoint.branch == nil {
		// What it has staged becomes base or goes when it has caught up.
		return
	}
	held := m.heldBy(ph)
	m.counts[I11]++
	m.checkSealed(ph, held, plain)
	m.wantDestroyed(ph)
	for id := range m.now.records {
		if held[id] != nil {
			continue
		}
		rec := m.now.record(id)
		for _, c := range rec.cells {
			if !isText(rec, c.key.Field) {
				continue
			}
			for _, v := range c.merged {
				text := valueOf(v.data)
				gone := len(text) < valueBytesMin || !bytes.Contains(plain, text) || m.mayHold(ph, held, text)
				m.at(p, id).want(gone, I11, "a value of field %d is still in its files, though the record has left it", c.key.Field)
			}
		}
	}
}

// checkServerFiles looks for values of sealed fields, whatever became of them, in
// the bytes of the server's files as they are.
func (m *Model) checkServerFiles(raw []byte) {
	m.counts[I11]++
	for id := range m.now.records {
		rec := m.now.record(id)
		for _, c := range rec.cells {
			if class, ok := rec.kind.Engine.Class(c.key.Field); !ok || !m.schema.Access.Sealed().Has(class) {
				continue
			}
			for _, v := range c.merged {
				text := valueOf(v.data)
				hidden := len(text) < valueBytesMin || !bytes.Contains(raw, text)
				m.at(0, id).want(hidden, I11, "a value of the sealed field %d stands in the open in the server's files", c.key.Field)
			}
		}
	}
}

// isText reports a field of texts, or of messages that hold some.
func isText(rec *record, field syncengine.FieldNumber) bool {
	f, ok := rec.kind.Field(field)
	if !ok || f.Desc.IsMap() {
		return false
	}
	return f.Desc.Kind() == protoreflect.StringKind || f.Desc.Kind() == protoreflect.MessageKind
}

// mayHold reports a text that a phone holds by right: in a record of its own, as
// any history had it that the phone was told of, or in a change that it made. What
// a restore took from a record is written over in time; only what left is purged.
func (m *Model) mayHold(ph *phone, held map[syncengine.ID]*heldRecord, text []byte) bool {
	for id, h := range held {
		if h.base == nil {
			continue
		}
		if h.base.ever(text) || slices.ContainsFunc(ph.told, func(b *branch) bool { return b.record(id).ever(text) }) {
			return true
		}
	}
	for _, r := range ph.mayRead() {
		if !ph.sealed[r.seq] && bytes.Contains(r.body, text) {
			return true
		}
	}
	return false
}

// ever reports a text that was ever merged into a record.
func (r *record) ever(text []byte) bool {
	return r != nil && slices.ContainsFunc(r.cells, func(c *cell) bool {
		return slices.ContainsFunc(c.merged, func(v merged) bool { return bytes.Contains(v.data, text) })
	})
}
