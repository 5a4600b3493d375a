package wire_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// records draws records of any shape that the engine keeps: cells that share
// writes, with several values, kept ones and intervals.
func records() *rapid.Generator[*syncengine.Record] {
	return rapid.Custom(func(t *rapid.T) *syncengine.Record {
		r := &syncengine.Record{
			ID: ids().Draw(t, "record"), Kind: 2, Seq: syncengine.Seq(rapid.Uint64().Draw(t, "seq")),
			TailSince: syncengine.Seq(rapid.Uint64().Draw(t, "tail since")),
		}
		if rapid.Bool().Draw(t, "has a tail") {
			r.Tail = ids().Draw(t, "tail")
		}
		writes := rapid.SliceOfN(storedWrites(), 1, 4).Draw(t, "writes")
		r.Cells = rapid.SliceOfN(storedCells(writes), 0, 4).Draw(t, "cells")
		for _, id := range rapid.SliceOfN(ids(), 0, 2).Draw(t, "keys") {
			r.Keys = append(r.Keys, syncengine.ScopeSpan{
				Key: syncengine.TerritoryKey(id), Entered: syncengine.Seq(rapid.Uint64().Draw(t, "entered")),
				Left: syncengine.Seq(rapid.SampledFrom([]uint64{0, 1, 1 << 40}).Draw(t, "left")),
			})
		}
		return r
	})
}

func storedWrites() *rapid.Generator[*syncengine.Write] {
	return rapid.Custom(func(t *rapid.T) *syncengine.Write {
		return &syncengine.Write{
			Dot:         syncengine.Dot{Incarnation: ids().Draw(t, "incarnation"), Seq: syncengine.DeviceSeq(rapid.Uint64().Draw(t, "device_seq"))},
			Bases:       orNil(rapid.SliceOfN(coordinates(), 0, 2).Draw(t, "bases")),
			Coordinates: rapid.SliceOfN(coordinates(), 1, 3).Draw(t, "coordinates"),
			Stamp:       syncengine.UnixMilli(rapid.Int64().Draw(t, "stamp")),
			Suspect:     rapid.Bool().Draw(t, "suspect"),
			Rank:        syncengine.Rank(rapid.Byte().Draw(t, "rank")),
			Unread:      unread().Draw(t, "unread"),
			Veiled: orNil(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) syncengine.VeiledBase {
				return syncengine.VeiledBase{Base: coordinates().Draw(t, "base"), Unread: unread().Draw(t, "unread")}
			}), 0, 2).Draw(t, "veiled")),
		}
	})
}

func unread() *rapid.Generator[[]syncengine.FieldNumber] {
	return rapid.Custom(func(t *rapid.T) []syncengine.FieldNumber {
		return orNil(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) syncengine.FieldNumber {
			return syncengine.FieldNumber(rapid.Uint32().Draw(t, "field"))
		}), 0, 3).Draw(t, "fields"))
	})
}

func storedCells(writes []*syncengine.Write) *rapid.Generator[syncengine.Cell] {
	return rapid.Custom(func(t *rapid.T) syncengine.Cell {
		c := syncengine.Cell{
			Key: syncengine.CellKey{
				Field: syncengine.FieldNumber(rapid.Uint32().Draw(t, "field")), Key: rapid.String().Draw(t, "key"),
			},
			Values: rapid.SliceOfN(storedValues(writes), 1, 3).Draw(t, "values"),
		}
		for _, v := range rapid.SliceOfN(storedValues(writes), 0, 2).Draw(t, "kept") {
			c.Kept = append(c.Kept, syncengine.Kept{Value: v, At: coordinates().Draw(t, "at")})
		}
		c.Past = orNil(rapid.SliceOfN(rapid.SampledFrom(writes), 0, 2).Draw(t, "past"))
		return c
	})
}

func storedValues(writes []*syncengine.Write) *rapid.Generator[syncengine.Value] {
	return rapid.Custom(func(t *rapid.T) syncengine.Value {
		v := syncengine.Value{
			Write: rapid.SampledFrom(writes).Draw(t, "write"), Cleared: rapid.Bool().Draw(t, "cleared"),
			Data: orNil(rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "data")),
		}
		switch rapid.IntRange(0, 2).Draw(t, "shown") {
		case 1:
			v.ShownFrom = v.Write.Coordinates[len(v.Write.Coordinates)-1].Seq
		case 2:
			v.ShownFrom = syncengine.Seq(rapid.Uint64Min(1).Draw(t, "from"))
			v.ShownUntil = syncengine.Seq(rapid.Uint64().Draw(t, "until"))
		}
		return v
	})
}

// orNil gives nil for an empty slice: the stored form does not tell them apart.
func orNil[E any](s []E) []E {
	if len(s) == 0 {
		return nil
	}
	return s
}

func TestRecord_ComesBackAsItWasStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		body := wire.EncodeRecord(r)
		again, err := wire.DecodeRecord(r.ID, r.Kind, r.Seq, body)
		if err != nil {
			t.Fatal(err)
		}
		if r.Cells == nil {
			r.Cells = []syncengine.Cell{}
		}
		if !reflect.DeepEqual(again, r) {
			t.Fatalf("read back\n%+v\nwant\n%+v", again, r)
		}
		if !bytes.Equal(wire.EncodeRecord(again), body) {
			t.Fatal("what was read back is stored in other bytes")
		}
	})
}

func TestRecord_CellsOfOneChangeStillShareItsWrite(t *testing.T) {
	w := &syncengine.Write{Coordinates: []syncengine.Coordinate{{Epoch: 1, Seq: 1}}}
	v := syncengine.Value{Write: w, ShownFrom: 1}
	r := &syncengine.Record{Cells: []syncengine.Cell{
		{Values: []syncengine.Value{v}}, {Key: key(1, ""), Values: []syncengine.Value{v}, Kept: []syncengine.Kept{{Value: v}}},
	}}
	again, err := wire.DecodeRecord(r.ID, r.Kind, r.Seq, wire.EncodeRecord(r))
	if err != nil {
		t.Fatal(err)
	}
	first := again.Cells[0].Values[0].Write
	if again.Cells[1].Values[0].Write != first || again.Cells[1].Kept[0].Value.Write != first {
		t.Error("one change has become several writes")
	}
}

// TestRecord_IsTheMessageOfTheProtoFile holds the hand-written codec against
// the generated one, both ways.
func TestRecord_IsTheMessageOfTheProtoFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		body := wire.EncodeRecord(r)
		var m storedv1.Record
		if err := proto.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		if unknown := unknownBytes(&m); unknown != 0 {
			t.Fatalf("%d bytes are in no field of the proto file", unknown)
		}
		if len(m.GetCells()) != len(r.Cells) || len(m.GetKeys()) != len(r.Keys) || m.GetTailSince() != uint64(r.TailSince) {
			t.Fatalf("the message has %d cells, %d keys, tail since %d", len(m.GetCells()), len(m.GetKeys()), m.GetTailSince())
		}
		generated, err := proto.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.DecodeRecord(r.ID, r.Kind, r.Seq, generated)
		if err != nil || !bytes.Equal(wire.EncodeRecord(again), body) {
			t.Fatalf("bytes of the generated code read otherwise: %v", err)
		}
	})
}

func unknownBytes(m *storedv1.Record) int {
	n := len(m.ProtoReflect().GetUnknown())
	for _, w := range m.GetWrites() {
		n += len(w.ProtoReflect().GetUnknown())
		for _, c := range slices.Concat(w.GetBases(), w.GetCoordinates()) {
			n += len(c.ProtoReflect().GetUnknown())
		}
		for _, b := range w.GetVeiled() {
			n += len(b.ProtoReflect().GetUnknown()) + len(b.GetBase().ProtoReflect().GetUnknown())
		}
	}
	for _, c := range m.GetCells() {
		n += len(c.ProtoReflect().GetUnknown())
		for _, v := range c.GetValues() {
			n += len(v.ProtoReflect().GetUnknown())
		}
		for _, k := range c.GetKept() {
			n += len(k.ProtoReflect().GetUnknown()) + len(k.GetValue().ProtoReflect().GetUnknown()) + len(k.GetAt().ProtoReflect().GetUnknown())
		}
	}
	for _, k := range m.GetKeys() {
		n += len(k.ProtoReflect().GetUnknown())
	}
	return n
}

func TestStoredTailAndKeys_ReadWhatTheWholeRecordSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		body := wire.EncodeRecord(r)
		var p wire.PlainRecord
		if _, err := p.Scan(body); err != nil || p.Tail != r.Tail || p.TailSince != r.TailSince {
			t.Fatalf("tail %v since %d, %v; want %v since %d", p.Tail, p.TailSince, err, r.Tail, r.TailSince)
		}
		keys, err := wire.StoredKeys(body)
		if err != nil || !slices.Equal(keys, r.CurrentKeys()) {
			t.Fatalf("keys %q, %v; want %q", keys, err, r.CurrentKeys())
		}
	})
}

func TestDecodeRecord_RefusesWhatIsNoStoredRecord(t *testing.T) {
	at := &storedv1.Coordinate{Epoch: 1, Seq: 1}
	write := &storedv1.Write{Coordinates: []*storedv1.Coordinate{at}}
	cell := func(v *storedv1.Value) *storedv1.Record {
		return &storedv1.Record{Writes: []*storedv1.Write{write}, Cells: []*storedv1.Cell{{Values: []*storedv1.Value{v}}}}
	}
	cases := map[string][]byte{
		"a write without a coordinate":  encode(t, &storedv1.Record{Writes: []*storedv1.Write{{}}}),
		"a cell without a value":        encode(t, &storedv1.Record{Cells: []*storedv1.Cell{{Field: 1}}}),
		"a value of a write beyond all": encode(t, cell(&storedv1.Value{Write: 1})),
		"a kept entry without a value": encode(t, &storedv1.Record{Writes: []*storedv1.Write{write}, Cells: []*storedv1.Cell{{
			Values: []*storedv1.Value{{}}, Kept: []*storedv1.Kept{{At: at}},
		}}}),
		"a cut tag":         {0x80},
		"a cut cell":        {recordCellTag, 5, 1},
		"no message at all": []byte("<html>"),
	}
	for name, body := range cases {
		if r, err := wire.DecodeRecord(syncengine.ID{}, 1, 1, body); err == nil {
			t.Errorf("%s was read as %+v", name, r)
		}
	}
	if _, err := wire.DecodeRecord(syncengine.ID{}, 1, 1, encode(t, cell(&storedv1.Value{}))); err != nil {
		t.Errorf("the least record there is: %v", err)
	}
}

// recordCellTag is the tag of a cell: field 2, length-delimited.
const recordCellTag = 0x12
