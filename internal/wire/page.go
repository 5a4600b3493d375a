package wire

import (
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// PageBuilder cuts records down to what one phone may read and gathers the
// tables of keys and authors that they name by index.
//
// Records are written as the bytes that are sent, one behind the other: a page has a thousand of them, and messages that are
// made to be encoded once would be most of what a server allocates while a phone is filled. Whoever reads a page in
// this process takes them apart again (Page, TakeApart).
type PageBuilder struct {
	world syncengine.World
	// userOf names the user behind an incarnation.
	userOf  func(syncengine.ID) syncengine.ID
	keys    map[syncengine.ScopeKey]uint32
	authors map[syncengine.ID]uint32
	// page is what is said beside the records, records are they and count how many.
	page    *syncv1.Page
	records encoder
	count   int
	bytes   int
	// watched are the classes of which shown is told; shown is nil when none is.
	watched schema.Classes
	shown   func(syncengine.KindNumber, syncengine.ID, syncengine.FieldNumber)
}

// NewPageBuilder begins a page.
func NewPageBuilder(world syncengine.World, userOf func(syncengine.ID) syncengine.ID) *PageBuilder {
	return &PageBuilder{
		world: world, userOf: userOf, page: &syncv1.Page{},
		keys: map[syncengine.ScopeKey]uint32{}, authors: map[syncengine.ID]uint32{},
	}
}

// Watch has shown called with each field of the classes of which the page tells
// anything: a value, that it was removed, or who wrote it.
func (b *PageBuilder) Watch(classes schema.Classes, shown func(syncengine.KindNumber, syncengine.ID, syncengine.FieldNumber)) {
	b.watched, b.shown = classes, shown
}

// Encoded ends the page and gives it for sending: its records stand in it as bytes, which are sent as they are. Who has sent
// it lets go of it (LetGo).
func (b *PageBuilder) Encoded() *syncv1.Page {
	b.page.ProtoReflect().SetUnknown(b.records.out)
	b.records.out = nil
	return b.page
}

// Page ends the page and gives it with its records as messages.
func (b *PageBuilder) Page() *syncv1.Page {
	page := b.Encoded()
	TakeApart(page)
	return page
}

// TakeApart makes messages of the records that an encoded page holds as bytes, so that it reads as at who receives it.
func TakeApart(page *syncv1.Page) {
	if page == nil {
		return
	}
	encoded := takeRecords(page)
	if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(encoded, page); err != nil {
		panic("wire: a page that was built here does not decode: " + err.Error())
	}
	giveBack(encoded)
}

// Records is how many records the page has.
func (b *PageBuilder) Records() int { return b.count }

// Bytes estimates the page's size before compression.
func (b *PageBuilder) Bytes() int { return b.bytes }

// Gone adds the id of a record that left the phone's keys.
func (b *PageBuilder) Gone(id syncengine.ID) {
	b.page.Gone = append(b.page.Gone, id[:])
	b.bytes += len(id) + 2
}

// Decide adds a decision about the phone's own quarantined change.
func (b *PageBuilder) Decide(d *syncv1.Decision) {
	b.page.Decisions = append(b.page.Decisions, d)
	b.bytes += 40 + len(d.GetReason())
}

// Add adds a record under the keys the phone holds, with the cells of the
// classes it may read.
func (b *PageBuilder) Add(kind *schema.Kind, rec *syncengine.Record, keys []syncengine.ScopeKey, classes schema.Classes) {
	m := &syncv1.PageRecord{Id: rec.ID[:], Kind: uint32(rec.Kind), Seq: uint64(rec.Seq), Dead: rec.Dead()}
	for _, k := range keys {
		m.Keys = append(m.Keys, b.key(k))
	}
	c := recordCut{builder: b, kind: kind.Engine, record: rec, message: m, index: make(map[writeAt]uint32, 2)}
	for i := range rec.Cells {
		cell := &rec.Cells[i]
		if class, ok := kind.Engine.Class(cell.Key.Field); ok && classes.Has(class) {
			c.cell(cell)
			if b.watched.Has(class) {
				b.shown(rec.Kind, rec.ID, cell.Key.Field)
			}
		}
	}
	b.write(m)
	b.bytes += 60 + len(m.Fields) + 30*len(m.Writes) + c.detailBytes
}

// write writes a record.
func (b *PageBuilder) write(m *syncv1.PageRecord) {
	b.records.out = withRoom(b.records.out, proto.Size(m)+recordHeadBytes)
	at := b.records.open(pageRecords)
	var err error
	if b.records.out, err = (proto.MarshalOptions{}).MarshalAppend(b.records.out, m); err != nil {
		panic("wire: a record that was cut here does not encode: " + err.Error())
	}
	b.records.close(at)
	b.count++
}

// keyOf is key for the bytes of one, which are most often in the table.
func (b *PageBuilder) keyOf(k []byte) uint32 {
	if i, ok := b.keys[syncengine.ScopeKey(k)]; ok {
		return i
	}
	return b.key(syncengine.ScopeKey(k))
}

func (b *PageBuilder) key(k syncengine.ScopeKey) uint32 {
	i, ok := b.keys[k]
	if !ok {
		i = uint32(len(b.page.Keys))
		b.keys[k] = i
		b.page.Keys = append(b.page.Keys, []byte(k))
	}
	return i
}

func (b *PageBuilder) author(incarnation syncengine.ID) uint32 {
	if i, ok := b.authors[incarnation]; ok {
		return i
	}
	i := uint32(len(b.page.Authors))
	b.authors[incarnation] = i
	own, user := incarnation, b.userOf(incarnation) // A copy, so that who is in the table costs no memory.
	b.page.Authors = append(b.page.Authors, &syncv1.Author{Incarnation: own[:], UserId: user[:]})
	return i
}

// recordCut builds one record's message.
type recordCut struct {
	builder     *PageBuilder
	kind        *syncengine.Kind
	record      *syncengine.Record
	message     *syncv1.PageRecord
	index       map[writeAt]uint32
	detailBytes int
}

// writeAt is a change with the entry that brought its cells: those that the server's
// software did not know at first were merged by a later one.
type writeAt struct {
	dot syncengine.Dot
	at  syncengine.Coordinate
}

func (c *recordCut) cell(cell *syncengine.Cell) {
	shown := cell.Shown()
	if cell.Key.Field != syncengine.LifeField {
		c.message.Fields = append(c.message.Fields, shown.Data...)
	}
	write := c.write(shown.Write)
	conflict := c.builder.world.ConflictAt(c.kind, c.record, cell)
	if write == 0 && !shown.Cleared && len(cell.Values) == 1 && conflict == syncengine.NoConflict {
		return
	}
	d := &syncv1.CellDetail{Field: uint32(cell.Key.Field), Write: write, Cleared: shown.Cleared}
	if cell.Key.Key != "" {
		d.Key = []byte(cell.Key.Key)
	}
	for _, v := range cell.Values[1:] {
		d.Others = append(d.Others, c.other(&v))
	}
	for _, k := range cell.Kept {
		d.Kept = append(d.Kept, c.other(&k.Value))
	}
	if conflict != syncengine.NoConflict {
		id := syncengine.ConflictIDOf(c.record.ID, cell.Key)
		d.ConflictId, d.Conflict = id[:], syncv1.ConflictKind(conflict)
	}
	c.message.Cells = append(c.message.Cells, d)
	c.detailBytes += 16 + len(d.Key) + len(d.ConflictId)
}

func (c *recordCut) other(v *syncengine.Value) *syncv1.OtherValue {
	c.detailBytes += 8 + len(v.Data)
	return &syncv1.OtherValue{Write: c.write(v.Write), Value: v.Data, Cleared: v.Cleared}
}

func (c *recordCut) write(w *syncengine.Write) uint32 {
	key := writeAt{w.Dot, w.Coordinates[len(w.Coordinates)-1]}
	if i, ok := c.index[key]; ok {
		return i
	}
	i := uint32(len(c.message.Writes))
	c.index[key] = i
	c.message.Writes = append(c.message.Writes, &syncv1.Write{
		Author: c.builder.author(w.Dot.Incarnation), DeviceSeq: uint64(w.Dot.Seq), StampMs: int64(w.Stamp), Suspect: w.Suspect,
		Epoch: uint32(key.at.Epoch), Seq: uint64(key.at.Seq), Rank: uint32(w.Rank),
	})
	return i
}
