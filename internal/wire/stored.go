package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/syncengine"
)

// EncodeRecord makes the stored form of a record's state. Id, kind and seq stand beside it in the store.
func EncodeRecord(r *syncengine.Record) []byte {
	e := recordEncoder{index: make(map[*syncengine.Write]uint32, 4)}
	m := &storedv1.Record{TailSince: uint64(r.TailSince), Cells: make([]*storedv1.Cell, len(r.Cells))}
	if !r.Tail.IsZero() {
		m.TailIncarnation = r.Tail[:]
	}
	for i := range r.Cells {
		m.Cells[i] = e.cell(&r.Cells[i])
	}
	m.Writes = e.writes
	for _, k := range r.Keys {
		m.Keys = append(m.Keys, &storedv1.Key{Key: []byte(k.Key), Entered: uint64(k.Entered), Left: uint64(k.Left)})
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		// Only a text that is not UTF-8 could fail, and the stored form has none.
		panic(fmt.Sprintf("wire: stored record: %v", err))
	}
	return b
}

type recordEncoder struct {
	index  map[*syncengine.Write]uint32
	writes []*storedv1.Write
}

func (e *recordEncoder) cell(c *syncengine.Cell) *storedv1.Cell {
	m := &storedv1.Cell{Field: uint32(c.Key.Field), Values: make([]*storedv1.Value, len(c.Values))}
	if c.Key.Key != "" {
		m.Key = []byte(c.Key.Key)
	}
	for i := range c.Values {
		m.Values[i] = e.value(&c.Values[i])
	}
	for i := range c.Kept {
		k := &c.Kept[i]
		m.Kept = append(m.Kept, &storedv1.Kept{Value: e.value(&k.Value), At: storedCoordinate(k.At)})
	}
	return m
}

func (e *recordEncoder) value(v *syncengine.Value) *storedv1.Value {
	m := &storedv1.Value{Write: e.write(v.Write), Data: v.Data, Cleared: v.Cleared, ShownUntil: uint64(v.ShownUntil)}
	switch {
	case v.ShownFrom == 0:
		m.NeverShown = true
	case v.ShownFrom != lastSeq(v.Write):
		m.ShownFrom = uint64(v.ShownFrom)
	}
	return m
}

func (e *recordEncoder) write(w *syncengine.Write) uint32 {
	if i, ok := e.index[w]; ok {
		return i
	}
	m := &storedv1.Write{
		Incarnation: w.Dot.Incarnation[:], DeviceSeq: uint64(w.Dot.Seq),
		StampMs: int64(w.Stamp), Suspect: w.Suspect, Rank: uint32(w.Rank),
	}
	for _, b := range w.Bases {
		m.Bases = append(m.Bases, storedCoordinate(b))
	}
	for _, c := range w.Coordinates {
		m.Coordinates = append(m.Coordinates, storedCoordinate(c))
	}
	i := uint32(len(e.writes))
	e.index[w] = i
	e.writes = append(e.writes, m)
	return i
}

func storedCoordinate(c syncengine.Coordinate) *storedv1.Coordinate {
	return &storedv1.Coordinate{Epoch: uint32(c.Epoch), Seq: uint64(c.Seq)}
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
