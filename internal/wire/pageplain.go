package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Fields of sync.v1.Page, PageRecord and Write. A test holds what is written here against the generated code.
const (
	pageRecords protowire.Number = 3

	pageRecordID     protowire.Number = 1
	pageRecordKind   protowire.Number = 2
	pageRecordSeq    protowire.Number = 3
	pageRecordKeys   protowire.Number = 4
	pageRecordFields protowire.Number = 5
	pageRecordWrites protowire.Number = 6

	writeAuthor    protowire.Number = 1
	writeDeviceSeq protowire.Number = 2
	writeStamp     protowire.Number = 3
	writeSuspect   protowire.Number = 4
	writeEpoch     protowire.Number = 5
	writeSeq       protowire.Number = 6
	writeRank      protowire.Number = 7
)

// AddPlain is Add for a record that was scanned and is plain, under the keys
// that the phone holds of it. Nothing of the record is kept but copies.
func (b *PageBuilder) AddPlain(kind *schema.Kind, id syncengine.ID, seq syncengine.Seq, p *PlainRecord, held [][]byte, classes schema.Classes) {
	e := &b.records
	e.out = withRoom(e.out, p.sentBytesMax(len(held)))
	at := e.open(pageRecords)
	e.out = appendBytes(e.out, pageRecordID, id[:])
	e.number(pageRecordKind, uint64(kind.Number))
	e.number(pageRecordSeq, uint64(seq))
	keys := e.open(pageRecordKeys)
	for _, k := range held {
		e.out = appendVarint(e.out, uint64(b.keyOf(k)))
	}
	e.closeFilled(keys)
	fields, any := b.plainFields(kind, id, p, classes)
	b.bytes += 60 + fields
	if any {
		b.plainWrite(p)
		b.bytes += 30
	}
	e.close(at)
	b.count++
}

const (
	// recordHeadBytes is how much a record takes at the most beside its fields and keys: its id, kind, seq and write, and what
	// stands before each.
	recordHeadBytes = 128
	// keyIndexBytes is how much the index of a key takes at the most.
	keyIndexBytes = 5
)

// sentBytesMax is how much the record takes in a page at the most, under so many keys.
func (p *PlainRecord) sentBytesMax(keys int) int {
	n := recordHeadBytes + keys*keyIndexBytes
	for i := range p.cells {
		n += len(p.cells[i].data)
	}
	return n
}

// plainFields writes the fields of the classes and gives how long they are; any tells that a cell of the classes is there,
// if only that the record lives.
func (b *PageBuilder) plainFields(kind *schema.Kind, id syncengine.ID, p *PlainRecord, classes schema.Classes) (n int, any bool) {
	at := b.records.open(pageRecordFields)
	for i := range p.cells {
		c := &p.cells[i]
		class, ok := kind.Engine.Class(c.field)
		if !ok || !classes.Has(class) {
			continue
		}
		if any = true; c.field == syncengine.LifeField {
			continue
		}
		b.records.out = append(b.records.out, c.data...)
		if b.watched.Has(class) {
			b.shown(kind.Number, id, c.field)
		}
	}
	return b.records.closeFilled(at), any
}

// plainWrite writes the one write of a plain record.
func (b *PageBuilder) plainWrite(p *PlainRecord) {
	e, w := &b.records, &p.write
	at := e.open(pageRecordWrites)
	e.number(writeAuthor, uint64(b.author(w.Dot.Incarnation)))
	e.number(writeDeviceSeq, uint64(w.Dot.Seq))
	e.number(writeStamp, uint64(w.Stamp))
	e.out = appendBool(e.out, writeSuspect, w.Suspect)
	e.number(writeEpoch, uint64(p.at.Epoch))
	e.number(writeSeq, uint64(p.at.Seq))
	e.number(writeRank, uint64(w.Rank))
	e.close(at)
}
