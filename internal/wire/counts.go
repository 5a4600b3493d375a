package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// CountOver finds a field of which a change writes more elements or keys than its
// rules allow at once, with how many they are; nil for none. It counts what is
// written, not what is removed: sets and maps by their cells, which stand together,
// a plain repeated field by the occurrences in its one cell.
func CountOver(kind *schema.Kind, cells []syncengine.CellWrite) (over *schema.Field, n int) {
	for i, w := range cells {
		f, known := kind.Field(w.Key.Field)
		if !known || f.Rules.GetMaxCount() == 0 || w.Cleared {
			continue
		}
		if i == 0 || cells[i-1].Key.Field != w.Key.Field {
			n = 0
		}
		if n += elementsIn(f, w.Data); n > int(f.Rules.GetMaxCount()) {
			over = f
		}
		if over == f && (i+1 == len(cells) || cells[i+1].Key.Field != w.Key.Field) {
			return over, n
		}
	}
	return nil, 0
}

// elementsIn counts the elements of one written cell, which was cut from a patch that could be read.
func elementsIn(f *schema.Field, data []byte) (n int) {
	for len(data) > 0 {
		_, typ, tag := protowire.ConsumeTag(data)
		value := protowire.ConsumeFieldValue(0, typ, data[tag:])
		if want := wireType(f.Desc); typ == protowire.BytesType && want != typ {
			packed, _ := protowire.ConsumeBytes(data[tag:])
			n += packedIn(want, packed)
		} else {
			n++
		}
		data = data[tag+value:]
	}
	return n
}

// packedIn counts numbers that stand one behind another.
func packedIn(typ protowire.Type, b []byte) (n int) {
	switch typ {
	case protowire.Fixed32Type:
		return len(b) / 4
	case protowire.Fixed64Type:
		return len(b) / 8
	}
	for _, c := range b {
		if c < 0x80 { // the last byte of a varint
			n++
		}
	}
	return n
}
