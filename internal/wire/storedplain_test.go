package wire_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// almostPlain draws records of a kind's fields, most of them plain.
func almostPlain(kind *schema.Kind) *rapid.Generator[*syncengine.Record] {
	return rapid.Custom(func(t *rapid.T) *syncengine.Record {
		r := records().Draw(t, "record")
		r.Kind = kind.Number
		if len(r.Cells) == 0 {
			return r
		}
		first := r.Cells[0].Values[0].Write
		for i := range r.Cells {
			c := &r.Cells[i]
			c.Key.Field = syncengine.FieldNumber(rapid.IntRange(0, 12).Draw(t, "field"))
			if rapid.IntRange(0, 9).Draw(t, "as drawn") == 0 {
				continue
			}
			c.Kept, c.Values = nil, c.Values[:1]
			c.Values[0].Write, c.Values[0].Cleared = first, false
			if c.Key.Field == syncengine.LifeField {
				c.Values[0].Data = syncengine.LifeWrite(rapid.IntRange(0, 9).Draw(t, "dead") == 0).Data
			}
		}
		slices.SortFunc(r.Cells, func(a, b syncengine.Cell) int { return a.Key.Compare(b.Key) })
		return r
	})
}

func TestPlainRecord_IsSentAsTheWholeRecordWouldBe(t *testing.T) {
	visit := kindOf(t, "visit")
	plains := 0
	rapid.Check(t, func(t *rapid.T) {
		classes := schema.Classes(rapid.Uint32().Draw(t, "classes"))
		quick, whole := wire.NewPageBuilder(syncengine.World{}, userOf), wire.NewPageBuilder(syncengine.World{}, userOf)
		for range rapid.IntRange(1, 3).Draw(t, "records") {
			r := almostPlain(visit).Draw(t, "record")
			var p wire.PlainRecord
			plain, err := p.Scan(wire.EncodeRecord(r))
			if err != nil {
				t.Fatal(err)
			}
			if plain {
				plains++
				quick.AddPlain(visit, r.ID, r.Seq, &p, p.Keys, classes)
				whole.Add(visit, r, heldOf(r), classes)
			}
		}
		if quick.Bytes() != whole.Bytes() || quick.Records() != whole.Records() {
			t.Fatalf("as plain ones %d records of %d bytes, as a whole %d of %d", quick.Records(), quick.Bytes(), whole.Records(), whole.Bytes())
		}
		if quick, whole := sentAs(t, quick.Encoded()), sentAs(t, whole.Encoded()); !bytes.Equal(quick, whole) {
			t.Fatalf("as plain ones %x, as a whole %x", quick, whole)
		}
	})
	if plains == 0 {
		t.Error("no record was plain: nothing was compared")
	}
}

// sentAs gives the bytes that a page is sent as.
func sentAs(t interface{ Fatal(...any) }, page *syncv1.Page) []byte {
	b, err := proto.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// heldOf gives the keys that a record is in, in its own order.
func heldOf(r *syncengine.Record) (held []syncengine.ScopeKey) {
	for _, k := range r.Keys {
		if k.Left == 0 {
			held = append(held, k.Key)
		}
	}
	return held
}

// What one record of a page holds stands apart from what the others do, however many there are and however long they are.
func TestPlainRecord_ManyInOnePageStandApart(t *testing.T) {
	visit := kindOf(t, "visit")
	quick, whole := wire.NewPageBuilder(syncengine.World{}, userOf), wire.NewPageBuilder(syncengine.World{}, userOf)
	write := &syncengine.Write{Dot: syncengine.Dot{Incarnation: syncengine.ID{1}, Seq: 1}, Coordinates: []syncengine.Coordinate{{Epoch: 1, Seq: 1}}}
	for i := range 400 {
		r := &syncengine.Record{ID: syncengine.ID{byte(i), byte(i >> 8)}, Kind: visit.Number, Seq: 1}
		for k := range i % 12 {
			r.Keys = append(r.Keys, syncengine.ScopeSpan{Key: syncengine.TerritoryKey(syncengine.ID{byte(k), byte(i)}), Entered: 1})
		}
		note := text(4, strings.Repeat("好", i*7%1000))
		r.Cells = []syncengine.Cell{{Key: syncengine.CellKey{Field: 4}, Values: []syncengine.Value{{Write: write, Data: note}}}}
		var p wire.PlainRecord
		if plain, err := p.Scan(wire.EncodeRecord(r)); !plain || err != nil {
			t.Fatalf("record %d is plain: %v, %v", i, plain, err)
		}
		quick.AddPlain(visit, r.ID, r.Seq, &p, p.Keys, ^schema.Classes(0))
		whole.Add(visit, r, heldOf(r), ^schema.Classes(0))
	}
	if !bytes.Equal(sentAs(t, quick.Encoded()), sentAs(t, whole.Encoded())) {
		t.Error("the page of plain records is not that of whole ones")
	}
}

func TestPlainRecord_IsWhatOneChangeLeft(t *testing.T) {
	d := newDoor(t)
	expect := func(what string, want bool) {
		t.Helper()
		var p wire.PlainRecord
		if plain, err := p.Scan(wire.EncodeRecord(d.rec)); plain != want || err != nil {
			t.Errorf("%s: plain is %v, %v", what, plain, err)
		}
	}
	d.write(1, 1, 0, true, premises(t, &recordv1.Premises{Address: proto.String("West Street 3")}))
	expect("created", true)
	before := d.rec
	d.write(2, 1, 1, false, premises(t, contact("Name-Two")))
	expect("edited", false)
	d.rec = before
	d.write(1, 2, 1, false, &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD})
	expect("deleted", false)
}
