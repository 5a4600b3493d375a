package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/syncengine"
)

// Numbers of the fields that hold a value or a key sealed and open, and of those beside them.
const (
	cellKey       protowire.Number = 2
	cellValues    protowire.Number = 3
	cellKept      protowire.Number = 4
	cellSealedKey protowire.Number = 5
	cellPast      protowire.Number = 6
	valueData     protowire.Number = 2
	valueSealed   protowire.Number = 7
)

// errSealed marks a record that must be opened before it is read.
var errSealed = fmt.Errorf("%w: a value is sealed", errStored)

// SealedAt says where something sealed stands: bytes that were moved elsewhere do not open.
type SealedAt struct {
	Field syncengine.FieldNumber
	// Key is the cell's key; IsKey tells that the key itself is meant.
	Key   []byte
	IsKey bool
	// Dot is the write that made the value; zero for a key.
	Dot syncengine.Dot
}

// Turn seals or opens bytes that stand somewhere.
type Turn func(at SealedAt, b []byte) ([]byte, error)

// SealRecord gives a stored record with the values and keys of the wanted fields
// sealed; the same bytes when it has none. What is sealed already stays.
func SealRecord(body []byte, wanted func(syncengine.FieldNumber) bool, seal Turn) ([]byte, error) {
	return turnRecord(body, turning{wanted: wanted, turn: seal, from: valueData, to: valueSealed, keyFrom: cellKey, keyTo: cellSealedKey})
}

// OpenRecord gives a stored record with what is sealed opened; the same bytes when nothing is.
func OpenRecord(body []byte, wanted func(syncengine.FieldNumber) bool, open Turn) ([]byte, error) {
	return turnRecord(body, turning{wanted: wanted, turn: open, from: valueSealed, to: valueData, keyFrom: cellSealedKey, keyTo: cellKey})
}

// turning is the state of one SealRecord or OpenRecord.
type turning struct {
	wanted func(syncengine.FieldNumber) bool
	turn   Turn
	// from and to are the numbers of a value's field before and after, keyFrom and keyTo those of a cell's key.
	from, to, keyFrom, keyTo protowire.Number
	dots                     []syncengine.Dot
	// changed tells that anything was turned.
	changed bool
}

func turnRecord(body []byte, t turning) ([]byte, error) {
	concerned := false
	err := eachField(body, func(field protowire.Number, _ uint64, b []byte) error {
		if field == recordCells && !concerned {
			number, err := cellField(b)
			concerned = err == nil && t.wanted(number)
			return err
		}
		return nil
	})
	if err != nil || !concerned {
		return body, err
	}
	if err := t.readDots(body); err != nil {
		return nil, err
	}
	out, err := t.message(nil, body, func(out []byte, field protowire.Number, b []byte) ([]byte, bool, error) {
		if field != recordCells {
			return out, false, nil
		}
		return t.cell(out, b)
	})
	if err != nil || !t.changed {
		return body, err
	}
	return out, nil
}

// message copies a message field by field; f may write another field in place of
// one that holds bytes and then reports that it did.
func (t *turning) message(out, m []byte, f func(out []byte, field protowire.Number, b []byte) ([]byte, bool, error)) ([]byte, error) {
	for len(m) > 0 {
		field, typ, n := protowire.ConsumeTag(m)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(field, typ, m[n:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		wrote := false
		if typ == protowire.BytesType {
			b, _ := protowire.ConsumeBytes(m[n:])
			var err error
			if out, wrote, err = f(out, field, b); err != nil {
				return nil, err
			}
		}
		if !wrote {
			out = append(out, m[:n+size]...)
		}
		m = m[n+size:]
	}
	return out, nil
}

// cellField reads the number of a stored cell's field.
func cellField(cell []byte) (number syncengine.FieldNumber, err error) {
	err = eachField(cell, func(field protowire.Number, num uint64, _ []byte) error {
		if field == 1 {
			number = syncengine.FieldNumber(num)
		}
		return nil
	})
	return number, err
}

// readDots reads which write each index names.
func (t *turning) readDots(body []byte) error {
	return eachField(body, func(field protowire.Number, _ uint64, b []byte) error {
		if field != recordWrites {
			return nil
		}
		var dot syncengine.Dot
		err := eachField(b, func(field protowire.Number, num uint64, b []byte) error {
			switch field {
			case 1:
				dot.Incarnation, _ = syncengine.IDFromBytes(b)
			case 2:
				dot.Seq = syncengine.DeviceSeq(num)
			}
			return nil
		})
		t.dots = append(t.dots, dot)
		return err
	})
}

// cell writes a cell with what it holds turned, where its field is wanted.
func (t *turning) cell(out, cell []byte) ([]byte, bool, error) {
	number, err := cellField(cell)
	if err != nil || !t.wanted(number) {
		return out, false, err
	}
	at := SealedAt{Field: number}
	turnedKey, err := t.key(cell, &at)
	if err != nil {
		return nil, false, err
	}
	body, err := t.message(nil, cell, func(out []byte, field protowire.Number, b []byte) ([]byte, bool, error) {
		switch field {
		case t.keyFrom:
			t.changed = true
			return appendBytes(out, t.keyTo, turnedKey), true, nil
		case cellValues:
			value, err := t.value(b, at)
			return appendBytes(out, cellValues, value), true, err
		case cellKept:
			kept, err := t.kept(b, at)
			return appendBytes(out, cellKept, kept), true, err
		}
		return out, false, nil
	})
	return appendBytes(out, recordCells, body), true, err
}

// key turns a cell's key and puts the open one into at, by which the values are bound to it.
func (t *turning) key(cell []byte, at *SealedAt) (turned []byte, err error) {
	err = eachField(cell, func(field protowire.Number, _ uint64, b []byte) (err error) {
		switch {
		case field == t.keyFrom:
			turned, err = t.turn(SealedAt{Field: at.Field, IsKey: true}, b)
			at.Key = b
			if t.keyTo == cellKey {
				at.Key = turned
			}
		case field == cellKey:
			at.Key = b
		}
		return err
	})
	return turned, err
}

// kept writes a kept value with its value turned.
func (t *turning) kept(m []byte, at SealedAt) ([]byte, error) {
	return t.message(nil, m, func(out []byte, field protowire.Number, b []byte) ([]byte, bool, error) {
		if field != 1 {
			return out, false, nil
		}
		value, err := t.value(b, at)
		return appendBytes(out, 1, value), true, err
	})
}

// value writes a value with its data turned.
func (t *turning) value(m []byte, at SealedAt) ([]byte, error) {
	write := uint64(0)
	err := eachField(m, func(field protowire.Number, num uint64, _ []byte) error {
		if field == 1 {
			write = num
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if write >= uint64(len(t.dots)) {
		return nil, fmt.Errorf("%w: write %d of %d", errStored, write, len(t.dots))
	}
	at.Dot = t.dots[write]
	return t.message(nil, m, func(out []byte, field protowire.Number, b []byte) ([]byte, bool, error) {
		if field != t.from {
			return out, false, nil
		}
		t.changed = true
		turned, err := t.turn(at, b)
		return appendBytes(out, t.to, turned), true, err
	})
}

// ChangeFields calls f with the number of every field that the patch of a change
// writes, clears or takes an element or a key from, without decoding the rest.
func ChangeFields(body []byte, f func(syncengine.FieldNumber)) error {
	return eachField(body, func(field protowire.Number, _ uint64, patch []byte) error {
		if field != changePatch {
			return nil
		}
		return eachField(patch, func(field protowire.Number, num uint64, b []byte) error { return patchFields(field, num, b, f) })
	})
}

// patchFields looks into one field of a patch.
func patchFields(field protowire.Number, num uint64, b []byte, f func(syncengine.FieldNumber)) error {
	switch field {
	case 1:
		return eachField(b, func(field protowire.Number, _ uint64, _ []byte) error {
			f(syncengine.FieldNumber(field))
			return nil
		})
	case 2:
		if b == nil {
			f(syncengine.FieldNumber(num))
			return nil
		}
		cleared, err := decodePacked(b)
		for _, n := range cleared {
			f(n)
		}
		return err
	case 3, 4:
		return eachField(b, func(field protowire.Number, num uint64, _ []byte) error {
			if field == 1 {
				f(syncengine.FieldNumber(num))
			}
			return nil
		})
	}
	return nil
}
