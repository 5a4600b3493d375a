package wire

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

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
	e.inner = appendNumber(b, 7, uint64(w.Rank))
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

// DecodeRecord reads the stored form.
func DecodeRecord(id syncengine.ID, kind syncengine.KindNumber, seq syncengine.Seq, body []byte) (*syncengine.Record, error) {
	var m storedv1.Record
	if err := proto.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("stored record %s: %w", id, err)
	}
	r := &syncengine.Record{ID: id, Kind: kind, Seq: seq, TailSince: syncengine.Seq(m.GetTailSince())}
	r.Tail, _ = syncengine.IDFromBytes(m.GetTailIncarnation())
	writes := make([]*syncengine.Write, len(m.GetWrites()))
	for i, w := range m.GetWrites() {
		writes[i] = engineWrite(w)
		if len(writes[i].Coordinates) == 0 {
			return nil, fmt.Errorf("stored record %s: write %d has no coordinate", id, i)
		}
	}
	r.Cells = make([]syncengine.Cell, len(m.GetCells()))
	for i, c := range m.GetCells() {
		if err := decodeCell(&r.Cells[i], c, writes); err != nil {
			return nil, fmt.Errorf("stored record %s: %w", id, err)
		}
	}
	for _, k := range m.GetKeys() {
		r.Keys = append(r.Keys, syncengine.ScopeSpan{
			Key: syncengine.ScopeKey(k.GetKey()), Entered: syncengine.Seq(k.GetEntered()), Left: syncengine.Seq(k.GetLeft()),
		})
	}
	return r, nil
}

func engineWrite(m *storedv1.Write) *syncengine.Write {
	w := &syncengine.Write{
		Stamp: syncengine.UnixMilli(m.GetStampMs()), Suspect: m.GetSuspect(), Rank: syncengine.Rank(m.GetRank()),
		Dot: syncengine.Dot{Seq: syncengine.DeviceSeq(m.GetDeviceSeq())},
	}
	w.Dot.Incarnation, _ = syncengine.IDFromBytes(m.GetIncarnation())
	for _, b := range m.GetBases() {
		w.Bases = append(w.Bases, engineCoordinate(b))
	}
	for _, c := range m.GetCoordinates() {
		w.Coordinates = append(w.Coordinates, engineCoordinate(c))
	}
	return w
}

func engineCoordinate(m *storedv1.Coordinate) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetEpoch()), Seq: syncengine.Seq(m.GetSeq())}
}

func decodeCell(c *syncengine.Cell, m *storedv1.Cell, writes []*syncengine.Write) error {
	c.Key = syncengine.CellKey{Field: syncengine.FieldNumber(m.GetField()), Key: string(m.GetKey())}
	if len(m.GetValues()) == 0 {
		return fmt.Errorf("field %d has no value", m.GetField())
	}
	c.Values = make([]syncengine.Value, len(m.GetValues()))
	for i, v := range m.GetValues() {
		if err := decodeValue(&c.Values[i], v, writes); err != nil {
			return err
		}
	}
	for _, k := range m.GetKept() {
		kept := syncengine.Kept{At: engineCoordinate(k.GetAt())}
		if err := decodeValue(&kept.Value, k.GetValue(), writes); err != nil {
			return err
		}
		c.Kept = append(c.Kept, kept)
	}
	return nil
}

func decodeValue(v *syncengine.Value, m *storedv1.Value, writes []*syncengine.Write) error {
	if int(m.GetWrite()) >= len(writes) {
		return fmt.Errorf("write %d of %d", m.GetWrite(), len(writes))
	}
	v.Write, v.Data, v.Cleared = writes[m.GetWrite()], m.GetData(), m.GetCleared()
	v.ShownFrom, v.ShownUntil = syncengine.Seq(m.GetShownFrom()), syncengine.Seq(m.GetShownUntil())
	if v.ShownFrom == 0 && !m.GetNeverShown() {
		v.ShownFrom = lastSeq(v.Write)
	}
	return nil
}

// StoredTail reads the tail of a stored record without decoding the rest.
func StoredTail(body []byte) (tail syncengine.ID, since syncengine.Seq) {
	for len(body) > 0 {
		num, typ, n := protowire.ConsumeTag(body)
		if n < 0 {
			return tail, since
		}
		m := protowire.ConsumeFieldValue(num, typ, body[n:])
		if m < 0 {
			return tail, since
		}
		switch num {
		case tailIncarnationField:
			b, _ := protowire.ConsumeBytes(body[n:])
			tail, _ = syncengine.IDFromBytes(b)
		case tailSinceField:
			v, _ := protowire.ConsumeVarint(body[n:])
			since = syncengine.Seq(v)
		}
		body = body[n+m:]
	}
	return tail, since
}
