package wire

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// PageBuilder cuts records down to what one phone may read and gathers the
// tables of keys and authors that they name by index.
type PageBuilder struct {
	world syncengine.World
	// userOf names the user behind an incarnation.
	userOf  func(syncengine.ID) syncengine.ID
	keys    map[syncengine.ScopeKey]uint32
	authors map[syncengine.ID]uint32
	page    *syncv1.Page
	bytes   int
	room    pageRoom
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

// Page gives what was built.
func (b *PageBuilder) Page() *syncv1.Page { return b.page }

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
	m := b.record(rec.Kind, rec.ID, rec.Seq)
	m.Dead = rec.Dead()
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
	b.bytes += 60 + len(m.Fields) + 30*len(m.Writes) + c.detailBytes
}

// record adds a message to the page that says no more than which record it is.
func (b *PageBuilder) record(kind syncengine.KindNumber, id syncengine.ID, seq syncengine.Seq) *syncv1.PageRecord {
	m, own := b.room.records.one(), b.room.ids.one()
	*own = id
	m.Id, m.Kind, m.Seq = own[:], uint32(kind), uint64(seq)
	b.page.Records = append(b.page.Records, m)
	return m
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
	i, ok := b.authors[incarnation]
	if !ok {
		i = uint32(len(b.page.Authors))
		b.authors[incarnation] = i
		user := b.userOf(incarnation)
		b.page.Authors = append(b.page.Authors, &syncv1.Author{Incarnation: incarnation[:], UserId: user[:]})
	}
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
	c.message.Writes = append(c.message.Writes, c.builder.write(w, key.at))
	return i
}

// write makes the message of a write that stands at a coordinate.
func (b *PageBuilder) write(w *syncengine.Write, at syncengine.Coordinate) *syncv1.Write {
	m := b.room.writes.one()
	m.Author, m.DeviceSeq, m.StampMs = b.author(w.Dot.Incarnation), uint64(w.Dot.Seq), int64(w.Stamp)
	m.Suspect, m.Epoch, m.Seq, m.Rank = w.Suspect, uint32(at.Epoch), uint64(at.Seq), uint32(w.Rank)
	return m
}
