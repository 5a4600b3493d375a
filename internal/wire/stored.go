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
func EncodeRecord(r *syncengine.Record) []byte { return AppendRecord(make([]byte, 0, 512), r) }

// AppendRecord appends the stored form of a record's state to dst.
func AppendRecord(dst []byte, r *syncengine.Record) []byte {
	var room [4]*syncengine.Write
	e := recordEncoder{encoder: encoder{out: dst}, writes: room[:0]}
	for i := range r.Cells {
		e.cell(&r.Cells[i])
	}
	for i := range r.Keys {
		e.key(&r.Keys[i])
	}
	if !r.Tail.IsZero() {
		e.out = appendBytes(e.out, tailIncarnationField, r.Tail[:])
	}
	e.number(tailSinceField, uint64(r.TailSince))
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
	encoder
	writes []*syncengine.Write
}

func (e *recordEncoder) cell(c *syncengine.Cell) {
	at := e.open(recordCells)
	e.number(1, uint64(c.Key.Field))
	if c.Key.Key != "" {
		e.out = appendBytes(e.out, 2, c.Key.Key)
	}
	for i := range c.Values {
		e.value(3, &c.Values[i])
	}
	for i := range c.Kept {
		k := &c.Kept[i]
		kept := e.open(4)
		e.value(1, &k.Value)
		e.coordinate(2, k.At)
		e.close(kept)
	}
	e.past(c.Past)
	e.close(at)
}

func (e *recordEncoder) value(field protowire.Number, v *syncengine.Value) {
	at := e.open(field)
	e.number(1, e.index(v.Write))
	if len(v.Data) > 0 {
		e.out = appendBytes(e.out, 2, v.Data)
	}
	e.out = appendBool(e.out, 3, v.Cleared)
	if v.ShownFrom != 0 && v.ShownFrom != lastSeq(v.Write) {
		e.number(4, uint64(v.ShownFrom))
	}
	e.number(5, uint64(v.ShownUntil))
	e.out = appendBool(e.out, 6, v.ShownFrom == 0)
	e.close(at)
}

// past writes the indexes of a life's past writes in their packed form.
func (e *recordEncoder) past(list []*syncengine.Write) {
	if len(list) == 0 {
		return
	}
	at := e.open(cellPast)
	for _, w := range list {
		e.out = appendVarint(e.out, e.index(w))
	}
	e.close(at)
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
	at := e.open(recordWrites)
	e.out = appendBytes(e.out, 1, w.Dot.Incarnation[:])
	e.number(2, uint64(w.Dot.Seq))
	for _, c := range w.Bases {
		e.coordinate(3, c)
	}
	for _, c := range w.Coordinates {
		e.coordinate(4, c)
	}
	e.number(5, uint64(w.Stamp))
	e.out = appendBool(e.out, 6, w.Suspect)
	e.number(7, uint64(w.Rank))
	e.numbers(8, w.Unread)
	for _, b := range w.Veiled {
		e.veiled(9, b)
	}
	e.close(at)
}

func (e *recordEncoder) veiled(field protowire.Number, b syncengine.VeiledBase) {
	at := e.open(field)
	e.coordinate(1, b.Base)
	e.numbers(2, b.Unread)
	e.close(at)
}

func (e *recordEncoder) key(k *syncengine.ScopeSpan) {
	at := e.open(recordKeys)
	e.out = appendBytes(e.out, 1, string(k.Key))
	e.number(2, uint64(k.Entered))
	e.number(3, uint64(k.Left))
	e.close(at)
}

func lastSeq(w *syncengine.Write) syncengine.Seq { return w.Coordinates[len(w.Coordinates)-1].Seq }
