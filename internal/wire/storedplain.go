package wire

import (
	"bytes"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/syncengine"
)

// PlainRecord is a stored record as one change left it: one write, one value a
// cell, nothing removed, kept or deleted. Most records of a realm are plain, and
// a page needs of them no more than which bytes to copy. Its zero value is
// ready; Scan may be called again and again.
//
// Slices point into the bytes that were scanned.
type PlainRecord struct {
	// Tail and TailSince are the record's tail, also of a record that is not plain.
	Tail      syncengine.ID
	TailSince syncengine.Seq
	// Keys are the scope keys the record is in.
	Keys [][]byte

	cells []plainCell
	write syncengine.Write
	at    syncengine.Coordinate
}

// plainCell is a field's number and its encoded value.
type plainCell struct {
	field syncengine.FieldNumber
	data  []byte
}

// Scan reads a stored record and reports whether it is plain. One that is not is
// for DecodeRecord, which also says what is wrong with one that is damaged within.
func (p *PlainRecord) Scan(body []byte) (plain bool, err error) {
	p.Tail, p.TailSince = syncengine.ID{}, 0
	p.Keys, p.cells = p.Keys[:0], p.cells[:0]
	writes := 0
	plain = true
	err = eachField(body, func(field protowire.Number, num uint64, b []byte) error {
		switch field {
		case recordWrites:
			writes++
			plain = plain && writes == 1 && p.scanWrite(b)
		case recordCells:
			plain = plain && p.scanCell(b)
		case recordKeys:
			plain = plain && p.scanKey(b)
		case tailIncarnationField:
			p.Tail, _ = syncengine.IDFromBytes(b)
		case tailSinceField:
			p.TailSince = syncengine.Seq(num)
		}
		return nil
	})
	return plain && writes == 1 && !p.dead(), err
}

func (p *PlainRecord) dead() bool {
	return len(p.cells) > 0 && p.cells[0].field == syncengine.LifeField && bytes.Equal(p.cells[0].data, syncengine.LifeWrite(true).Data)
}

func (p *PlainRecord) scanWrite(b []byte) bool {
	p.write, p.at = syncengine.Write{}, syncengine.Coordinate{}
	err := eachField(b, func(field protowire.Number, num uint64, b []byte) (err error) {
		switch field {
		case 1:
			p.write.Dot.Incarnation, _ = syncengine.IDFromBytes(b)
		case 2:
			p.write.Dot.Seq = syncengine.DeviceSeq(num)
		case 4:
			p.at, err = decodeCoordinate(b)
		case 5:
			p.write.Stamp = syncengine.UnixMilli(num)
		case 6:
			p.write.Suspect = num != 0
		case 7:
			p.write.Rank = syncengine.Rank(num)
		}
		return err
	})
	return err == nil && !p.at.IsZero()
}

func (p *PlainRecord) scanCell(b []byte) bool {
	var c plainCell
	values := 0
	plain := true
	err := eachField(b, func(field protowire.Number, num uint64, b []byte) error {
		switch field {
		case 1:
			c.field = syncengine.FieldNumber(num)
		case 3:
			values++
			plain = plain && c.scanValue(b)
		case cellKept, cellSealedKey:
			plain = false
		}
		return nil
	})
	p.cells = append(p.cells, c)
	return plain && err == nil && values == 1
}

// scanValue takes the data of a value that is not removed. A record of one write
// has no other that the value could name.
func (c *plainCell) scanValue(b []byte) bool {
	plain := true
	err := eachField(b, func(field protowire.Number, num uint64, b []byte) error {
		switch field {
		case 1, 3:
			plain = plain && num == 0
		case 2:
			c.data = b
		case valueSealed:
			plain = false
		}
		return nil
	})
	return plain && err == nil
}

func (p *PlainRecord) scanKey(b []byte) bool {
	var key []byte
	left := false
	err := eachField(b, func(field protowire.Number, num uint64, b []byte) error {
		switch field {
		case 1:
			key = b
		case 3:
			left = num != 0
		}
		return nil
	})
	if !left {
		p.Keys = append(p.Keys, key)
	}
	return err == nil
}
