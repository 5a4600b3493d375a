package pagerecord

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Made is what a change says that makes a record and does nothing else. It reads
// the bodies of many changes one after the other into the same memory, without
// decoding them as messages: most of what a phone is acknowledged is of this form.
type Made struct {
	// Time is the device time of the change.
	Time syncengine.UnixMilli
	// Cells are its cells in their order, each once, without the life cell. They are
	// parts of the body that was read.
	Cells []syncengine.CellWrite
	// fields is the record message, stored the stored form.
	fields, write, stored []byte
}

// Fields of the wire's Change and Patch that are read here.
const (
	changeCreate  = 4
	changeTime    = 7
	changePatch   = 10
	changeSettles = 11
	patchFields   = 1
	patchFrom     = 5
)

// Read reads a change's body. It answers false for any change but one that makes
// a record and writes fields: what else a change may do is for Fold.
func (m *Made) Read(kind *schema.Kind, body []byte) bool {
	m.Time, m.Cells = 0, m.Cells[:0]
	create, plain := false, true
	err := eachOccurrence(body, func(num protowire.Number, typ protowire.Type, value []byte) {
		switch num {
		case changeCreate:
			v, _ := protowire.ConsumeVarint(value)
			create = v != 0
		case changeTime:
			v, _ := protowire.ConsumeVarint(value)
			m.Time = syncengine.UnixMilli(v)
		case changePatch:
			patch, _ := protowire.ConsumeBytes(value)
			plain = plain && m.readPatch(kind, patch)
		case changeSettles:
			plain = false
		}
	})
	return err == nil && create && plain && m.sort()
}

// readPatch reads the fields of a patch that says nothing else; the states it
// starts from are for the server to judge.
func (m *Made) readPatch(kind *schema.Kind, patch []byte) bool {
	plain := true
	err := eachOccurrence(patch, func(num protowire.Number, typ protowire.Type, value []byte) {
		switch num {
		case patchFields:
			fields, _ := protowire.ConsumeBytes(value)
			plain = plain && Split(kind, fields, func(key syncengine.CellKey, data []byte) {
				m.Cells = append(m.Cells, syncengine.CellWrite{Key: key, Data: data})
			}) == nil
		case patchFrom:
		default:
			plain = false
		}
	})
	return err == nil && plain
}

// sort brings the cells into their order; it answers false where one is written twice.
func (m *Made) sort() bool {
	byKey := func(a, b syncengine.CellWrite) int { return a.Key.Compare(b.Key) }
	if !slices.IsSortedFunc(m.Cells, byKey) {
		slices.SortFunc(m.Cells, byKey)
	}
	for i := 1; i < len(m.Cells); i++ {
		if m.Cells[i].Key == m.Cells[i-1].Key {
			return false
		}
	}
	return true
}

// Stored gives the stored form of the record as the change made it, the change
// being what the server made of it. It is what Fold gives on an empty record, and
// what it returns is good until the next call.
func (m *Made) Stored(w *Write) []byte {
	m.fields = m.fields[:0]
	for i := range m.Cells {
		m.fields = append(m.fields, m.Cells[i].Data...)
	}
	m.write = appendWrite(m.write[:0], w)
	m.stored = appendBytes(m.stored[:0], recordFields, m.fields)
	m.stored = appendMessage(m.stored, recordWrites, m.write)
	return m.stored
}
