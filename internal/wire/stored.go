package wire

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/syncengine"
)

// EncodeRecord makes the stored form of a record's state, a stored.v1.Record.
// Id, kind and seq stand beside it in the store. It is written field by field,
// since every accepted change passes here; a test holds it against the
// generated code.
func EncodeRecord(r *syncengine.Record) []byte {
	e := recordEncoder{out: make([]byte, 0, 512), writes: make([]*syncengine.Write, 0, 4)}
	for i := range r.Cells {
		e.cell(&r.Cells[i])
	}
	for _, k := range r.Keys {
		e.key(k)
	}
	if !r.Tail.IsZero() {
		e.out = appendBytes(e.out, tailIncarnationField, r.Tail[:])
	}
	e.out = appendNumber(e.out, tailSinceField, uint64(r.TailSince))
	for _, w := range e.writes {
		e.write(w)
	}
	return e.out
}

// Field numbers of stored.v1.Record and the messages in it.
const (
	recordWrites = 1
	recordCells  = 2
	recordKeys   = 3

	// tailIncarnationField and tailSinceField are the record's tail.
	tailIncarnationField = 4
	tailSinceField       = 5
)

// recordEncoder writes the cells first and gathers the writes that they name by index.
type recordEncoder struct {
	out    []byte
	writes []*syncengine.Write
	// inner and value are the nested messages in hand.
	inner, value []byte
}

func (e *recordEncoder) cell(c *syncengine.Cell) {
	b := appendNumber(e.inner[:0], 1, uint64(c.Key.Field))
	if c.Key.Key != "" {
		b = appendBytes(b, 2, []byte(c.Key.Key))
	}
	for i := range c.Values {
		b = appendBytes(b, 3, e.encodeValue(&c.Values[i]))
	}
	for i := range c.Kept {
		k := &c.Kept[i]
		kept := appendBytes(nil, 1, e.encodeValue(&k.Value))
		kept = appendBytes(kept, 2, encodeCoordinate(k.At))
		b = appendBytes(b, 4, kept)
	}
	e.inner = b
	e.out = appendBytes(e.out, recordCells, b)
}

func (e *recordEncoder) encodeValue(v *syncengine.Value) []byte {
	b := appendNumber(e.value[:0], 1, e.index(v.Write))
	if len(v.Data) > 0 {
		b = appendBytes(b, 2, v.Data)
	}
	b = appendBool(b, 3, v.Cleared)
	if v.ShownFrom != 0 && v.ShownFrom != lastSeq(v.Write) {
		b = appendNumber(b, 4, uint64(v.ShownFrom))
	}
	b = appendNumber(b, 5, uint64(v.ShownUntil))
	e.value = appendBool(b, 6, v.ShownFrom == 0)
	return e.value
}

// index gives a write its place, in the order of first use. Records have few writes.
func (e *recordEncoder) index(w *syncengine.Write) uint64 {
	i := slices.Index(e.writes, w)
	if i < 0 {
		i = len(e.writes)
		e.writes = append(e.writes, w)
	}
	return uint64(i)
}

func (e *recordEncoder) write(w *syncengine.Write) {
	b := appendBytes(e.inner[:0], 1, w.Dot.Incarnation[:])
	b = appendNumber(b, 2, uint64(w.Dot.Seq))
	for _, c := range w.Bases {
		b = appendBytes(b, 3, encodeCoordinate(c))
	}
	for _, c := range w.Coordinates {
		b = appendBytes(b, 4, encodeCoordinate(c))
	}
	b = appendNumber(b, 5, uint64(w.Stamp))
	b = appendBool(b, 6, w.Suspect)
	b = appendNumber(b, 7, uint64(w.Rank))
	e.inner = appendPacked(b, 8, w.Unread)
	e.out = appendBytes(e.out, recordWrites, e.inner)
}

func (e *recordEncoder) key(k syncengine.ScopeSpan) {
	b := appendBytes(e.inner[:0], 1, []byte(k.Key))
	b = appendNumber(b, 2, uint64(k.Entered))
	e.inner = appendNumber(b, 3, uint64(k.Left))
	e.out = appendBytes(e.out, recordKeys, e.inner)
}

func encodeCoordinate(c syncengine.Coordinate) []byte {
	return appendNumber(appendNumber(nil, 1, uint64(c.Epoch)), 2, uint64(c.Seq))
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}

// appendPacked writes a repeated number in its packed form.
func appendPacked(b []byte, field protowire.Number, list []syncengine.FieldNumber) []byte {
	if len(list) == 0 {
		return b
	}
	var packed []byte
	for _, n := range list {
		packed = protowire.AppendVarint(packed, uint64(n))
	}
	return appendBytes(b, field, packed)
}

func appendNumber(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendBool(b []byte, field protowire.Number, v bool) []byte {
	return appendNumber(b, field, protowire.EncodeBool(v))
}

func lastSeq(w *syncengine.Write) syncengine.Seq { return w.Coordinates[len(w.Coordinates)-1].Seq }
