package wire_test

import (
	"bytes"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// door is a premises record that the tests write to by the engine.
type door struct {
	t     *testing.T
	kind  *schema.Kind
	world syncengine.World
	rec   *syncengine.Record
}

var doorID = syncengine.ID{0xd0}

func newDoor(t *testing.T) *door {
	return &door{t: t, kind: kindOf(t, "premises"), world: syncengine.World{History: syncengine.History{Epoch: 1}}}
}

// write merges a change of a phone that has seen the log up to base.
func (d *door) write(phone byte, seq syncengine.DeviceSeq, base syncengine.Seq, create bool, patch *syncv1.Patch) {
	d.t.Helper()
	cells, err := wire.Cells(d.kind, create, patch)
	if err != nil {
		d.t.Fatal(err)
	}
	in := &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: syncengine.ID{phone}, Seq: seq}, Create: create, Stamp: syncengine.UnixMilli(phone),
		At: syncengine.Coordinate{Epoch: 1, Seq: 1}, Cells: cells, Rank: 2,
	}
	if d.rec != nil {
		in.At.Seq = d.rec.Seq + 1
	}
	if base != 0 {
		in.Base = syncengine.Coordinate{Epoch: 1, Seq: base}
	}
	d.rec = d.world.Merge(d.kind.Engine, d.rec, doorID, in).Record
}

func premises(t *testing.T, m *recordv1.Premises) *syncv1.Patch {
	return &syncv1.Patch{Fields: encode(t, m)}
}

// contact names somebody; the tests look for the name in what a phone is sent.
func contact(name string) *recordv1.Premises {
	return &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(name)}}
}

// userOf names the user of a phone in the tests.
func userOf(incarnation syncengine.ID) syncengine.ID { return syncengine.ID{0xee, incarnation[0]} }

func (d *door) page(classes schema.Classes) *syncv1.Page {
	b := wire.NewPageBuilder(d.world, userOf)
	b.Add(d.kind, d.rec, nil, classes)
	return b.Page()
}

// contested is a door whose contact shows one name, has one beside and one kept.
func contested(t *testing.T) *door {
	d := newDoor(t)
	d.write(1, 1, 0, true, premises(t, &recordv1.Premises{Address: proto.String("West Street 3")}))
	d.write(2, 1, 1, false, premises(t, contact("Name-Two")))
	d.write(3, 1, 1, false, premises(t, contact("Name-Three")))
	d.write(4, 1, 3, false, premises(t, contact("Name-Four")))
	d.write(5, 1, 1, false, premises(t, contact("Name-Five")))
	return d
}

func TestPageBuilder_HidesAClassWithAllItsValuesAndAuthors(t *testing.T) {
	d := contested(t)
	access := schema.Load().Access
	helper := access.ReadClasses(d.kind.Number, schema.RolesOf(uint32(recordv1.Role_ROLE_HELPER)))
	worker := access.ReadClasses(d.kind.Number, schema.RolesOf(uint32(recordv1.Role_ROLE_GRID_WORKER)))

	seen := encode(t, d.page(worker))
	for _, name := range []string{"Name-Two", "Name-Four", "Name-Five"} {
		if !bytes.Contains(seen, []byte(name)) {
			t.Fatalf("the worker is not sent %s: the test would prove nothing", name)
		}
	}
	page := d.page(helper)
	sent := encode(t, page)
	if bytes.Contains(sent, []byte("Name-")) {
		t.Errorf("a contact's name reaches a helper: %q", sent)
	}
	if !bytes.Contains(sent, []byte("West Street 3")) {
		t.Error("the address does not reach the helper")
	}
	// Nor may the page say who wrote about the contact, or that it is contested.
	if len(page.GetAuthors()) != 1 || page.GetAuthors()[0].GetIncarnation()[0] != 1 || len(page.GetRecords()[0].GetWrites()) != 1 {
		t.Errorf("authors %v, writes %v", page.GetAuthors(), page.GetRecords()[0].GetWrites())
	}
	if len(page.GetRecords()[0].GetCells()) != 0 {
		t.Errorf("details %v", page.GetRecords()[0].GetCells())
	}
}

func TestPageBuilder_TellsOthersKeptAndConflictOfACell(t *testing.T) {
	d := contested(t)
	r := d.page(1<<schema.Classes(16) - 1).GetRecords()[0]
	if len(r.GetCells()) != 1 {
		t.Fatalf("details %v, want those of the contact alone", r.GetCells())
	}
	c := r.GetCells()[0]
	field := syncengine.FieldNumber(c.GetField())
	conflict := syncengine.ConflictIDOf(doorID, key(field, ""))
	if c.GetConflict() != syncv1.ConflictKind_CONFLICT_KIND_CONFLICT || !bytes.Equal(c.GetConflictId(), conflict[:]) {
		t.Errorf("conflict %v with id %x", c.GetConflict(), c.GetConflictId())
	}
	writes := r.GetWrites()
	author := func(write uint32) byte { return byte(writes[write].GetStampMs()) }
	if author(c.GetWrite()) != 5 || len(c.GetOthers()) != 1 || author(c.GetOthers()[0].GetWrite()) != 4 ||
		len(c.GetKept()) != 1 || author(c.GetKept()[0].GetWrite()) != 2 {
		t.Errorf("shown by %d, beside %v, kept %v", author(c.GetWrite()), c.GetOthers(), c.GetKept())
	}
	if want := encode(t, contact("Name-Four")); !bytes.Equal(c.GetOthers()[0].GetValue(), want) {
		t.Errorf("beside is %q, want %q", c.GetOthers()[0].GetValue(), want)
	}
	var m recordv1.Premises
	if err := proto.Unmarshal(r.GetFields(), &m); err != nil || m.GetContact().GetName() != "Name-Five" || m.GetAddress() != "West Street 3" {
		t.Errorf("the fields read %v, %v", &m, err)
	}
}

func TestPageBuilder_SaysClearedAndDead(t *testing.T) {
	d := newDoor(t)
	d.write(1, 1, 0, true, premises(t, &recordv1.Premises{Address: proto.String("West Street 3"), Rooms: proto.Uint32(2)}))
	if r := d.page(2).GetRecords()[0]; r.GetDead() || len(r.GetCells()) != 0 || len(r.GetWrites()) != 1 {
		t.Errorf("a record of one change needs no details: %v", r)
	}
	d.write(1, 2, 1, false, &syncv1.Patch{Cleared: []uint32{5}})
	d.write(1, 3, 2, false, &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD})
	r := d.page(2).GetRecords()[0]
	i := slices.IndexFunc(r.GetCells(), func(c *syncv1.CellDetail) bool { return c.GetField() == 5 })
	if !r.GetDead() || i < 0 || !r.GetCells()[i].GetCleared() {
		t.Errorf("dead %v, details %v", r.GetDead(), r.GetCells())
	}
	var m recordv1.Premises
	if err := proto.Unmarshal(r.GetFields(), &m); err != nil || m.Rooms != nil {
		t.Errorf("the cleared field reads %v, %v", m.Rooms, err)
	}
}

func TestPageBuilder_SaysClearedEvenInTheFirstChange(t *testing.T) {
	d := newDoor(t)
	d.write(1, 1, 0, true, &syncv1.Patch{Fields: text(1, "West Street 3"), Cleared: []uint32{5}})
	cells := d.page(2).GetRecords()[0].GetCells()
	if len(cells) != 1 || cells[0].GetField() != 5 || !cells[0].GetCleared() {
		t.Errorf("details %v, want that field 5 is cleared", cells)
	}
}

func TestPageBuilder_NamesKeysAndAuthorsOnce(t *testing.T) {
	d := contested(t)
	street, own := syncengine.TerritoryKey(syncengine.ID{5}), syncengine.RecordKey(doorID)
	b := wire.NewPageBuilder(d.world, userOf)
	before := b.Bytes()
	for _, keys := range [][]syncengine.ScopeKey{{street}, {own, street}} {
		b.Add(d.kind, d.rec, keys, 2)
		if b.Bytes() <= before {
			t.Error("a record adds nothing to the size")
		}
		before = b.Bytes()
	}
	b.Gone(syncengine.ID{9})
	b.Decide(&syncv1.Decision{DeviceSeq: 4})
	page := b.Page()
	if len(page.GetKeys()) != 2 || !slices.Equal(page.GetRecords()[1].GetKeys(), []uint32{1, 0}) {
		t.Errorf("keys %q, the second record's %v", page.GetKeys(), page.GetRecords()[1].GetKeys())
	}
	if a := page.GetAuthors(); len(a) != 1 || !bytes.Equal(a[0].GetUserId()[:2], []byte{0xee, 1}) {
		t.Errorf("authors %v", a)
	}
	if len(page.GetGone()) != 1 || page.GetGone()[0][0] != 9 || len(page.GetDecisions()) != 1 || b.Bytes() <= before {
		t.Errorf("gone %x, decisions %v", page.GetGone(), page.GetDecisions())
	}
}

func TestPage_TwoCellsOfAChangeThatTwoEntriesBroughtNameTheirOwn(t *testing.T) {
	d := newDoor(t)
	d.write(1, 1, 0, true, premises(t, &recordv1.Premises{Name: proto.String("小院")}))
	// The second cell was held until the server's software knew it.
	d.write(1, 1, 0, false, premises(t, &recordv1.Premises{Rooms: proto.Uint32(3)}))
	b := wire.NewPageBuilder(d.world, func(id syncengine.ID) syncengine.ID { return id })
	b.Add(d.kind, d.rec, nil, ^schema.Classes(0))
	rec := b.Page().GetRecords()[0]
	var seqs []uint64
	for _, w := range rec.GetWrites() {
		seqs = append(seqs, w.GetSeq())
	}
	if !slices.Equal(seqs, []uint64{1, 2}) {
		t.Errorf("the record names the entries %v, want the first for the name and the second for the rooms", seqs)
	}
}
