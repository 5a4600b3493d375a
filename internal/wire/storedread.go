package wire

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/syncengine"
)

// errStored marks bytes that are no stored record.
var errStored = errors.New("not a stored record")

// eachField calls f for every field of an encoded message, in its order: num is
// the number of a varint, b the bytes of a length-delimited field.
func eachField(m []byte, f func(field protowire.Number, num uint64, b []byte) error) error {
	for len(m) > 0 {
		field, num, b, size := shortField(m)
		if size == 0 {
			field, num, b, size = anyField(m)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		if err := f(field, num, b); err != nil {
			return err
		}
		m = m[size:]
	}
	return nil
}

// shortField reads a field as most of them are: its number below 16, its value or its length below 128. size is 0 for any other.
func shortField(m []byte) (field protowire.Number, num uint64, b []byte, size int) {
	if len(m) < 2 || m[0]|m[1] >= 0x80 || m[0] < 1<<3 {
		return 0, 0, nil, 0
	}
	field = protowire.Number(m[0] >> 3)
	switch protowire.Type(m[0] & 7) {
	case protowire.VarintType:
		return field, uint64(m[1]), nil, 2
	case protowire.BytesType:
		if end := 2 + int(m[1]); end <= len(m) {
			return field, 0, m[2:end], end
		}
	}
	return 0, 0, nil, 0
}

// anyField reads a field; size is negative, an error of protowire's, for one that is damaged.
func anyField(m []byte) (field protowire.Number, num uint64, b []byte, size int) {
	field, typ, tag := protowire.ConsumeTag(m)
	if tag < 0 {
		return 0, 0, nil, tag
	}
	switch typ {
	case protowire.VarintType:
		num, size = protowire.ConsumeVarint(m[tag:])
	case protowire.BytesType:
		b, size = protowire.ConsumeBytes(m[tag:])
	default:
		size = protowire.ConsumeFieldValue(field, typ, m[tag:])
	}
	if size < 0 {
		return 0, 0, nil, size
	}
	return field, num, b, tag + size
}

// DecodeRecord reads the stored form. Values share the bytes of body, which the
// caller leaves alone afterwards.
func DecodeRecord(id syncengine.ID, kind syncengine.KindNumber, seq syncengine.Seq, body []byte) (*syncengine.Record, error) {
	r := &syncengine.Record{ID: id, Kind: kind, Seq: seq}
	d := recordDecoder{record: r}
	err := eachField(body, d.head)
	if err == nil {
		d.reserve()
		err = eachField(body, d.cells)
	}
	if err != nil {
		return nil, fmt.Errorf("stored record %s: %w", id, err)
	}
	return r, nil
}

// recordDecoder reads a record in two passes: writes, keys and tail first, then
// the cells that name the writes. Cells and values are made in one piece each.
type recordDecoder struct {
	record    *syncengine.Record
	writes    []*syncengine.Write
	cellCount int
	values    []syncengine.Value
}

func (d *recordDecoder) head(field protowire.Number, num uint64, b []byte) error {
	switch field {
	case recordWrites:
		w, err := decodeWrite(b)
		d.writes = append(d.writes, w)
		return err
	case recordCells:
		d.cellCount++
	case recordKeys:
		span, err := decodeSpan(b)
		d.record.Keys = append(d.record.Keys, span)
		return err
	case tailIncarnationField:
		d.record.Tail, _ = syncengine.IDFromBytes(b)
	case tailSinceField:
		d.record.TailSince = syncengine.Seq(num)
	}
	return nil
}

func (d *recordDecoder) reserve() {
	d.record.Cells = make([]syncengine.Cell, 0, d.cellCount)
	d.values = make([]syncengine.Value, 0, d.cellCount)
}

func decodeWrite(m []byte) (*syncengine.Write, error) {
	w := &syncengine.Write{}
	err := eachField(m, func(field protowire.Number, num uint64, b []byte) (err error) {
		var at syncengine.Coordinate
		switch field {
		case 1:
			w.Dot.Incarnation, _ = syncengine.IDFromBytes(b)
		case 2:
			w.Dot.Seq = syncengine.DeviceSeq(num)
		case 3:
			at, err = decodeCoordinate(b)
			w.Bases = append(w.Bases, at)
		case 4:
			at, err = decodeCoordinate(b)
			w.Coordinates = append(w.Coordinates, at)
		case 5:
			w.Stamp = syncengine.UnixMilli(num)
		case 6:
			w.Suspect = num != 0
		case 7:
			w.Rank = syncengine.Rank(num)
		case 8:
			w.Unread, err = decodePacked(b)
		case 9:
			var veiled syncengine.VeiledBase
			veiled, err = decodeVeiled(b)
			w.Veiled = append(w.Veiled, veiled)
		}
		return err
	})
	if err == nil && len(w.Coordinates) == 0 {
		err = fmt.Errorf("%w: a write without a coordinate", errStored)
	}
	return w, err
}

func decodeVeiled(m []byte) (out syncengine.VeiledBase, err error) {
	err = eachField(m, func(field protowire.Number, _ uint64, b []byte) (err error) {
		switch field {
		case 1:
			out.Base, err = decodeCoordinate(b)
		case 2:
			out.Unread, err = decodePacked(b)
		}
		return err
	})
	return out, err
}

func decodePacked(b []byte) (out []syncengine.FieldNumber, err error) {
	for len(b) > 0 {
		n, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		out = append(out, syncengine.FieldNumber(n))
		b = b[size:]
	}
	return out, nil
}

func decodeCoordinate(m []byte) (c syncengine.Coordinate, err error) {
	err = eachField(m, func(field protowire.Number, num uint64, _ []byte) error {
		switch field {
		case 1:
			c.Epoch = syncengine.Epoch(num)
		case 2:
			c.Seq = syncengine.Seq(num)
		}
		return nil
	})
	return c, err
}

func decodeSpan(m []byte) (s syncengine.ScopeSpan, err error) {
	err = eachField(m, func(field protowire.Number, num uint64, b []byte) error {
		switch field {
		case 1:
			s.Key = syncengine.ScopeKey(b)
		case 2:
			s.Entered = syncengine.Seq(num)
		case 3:
			s.Left = syncengine.Seq(num)
		}
		return nil
	})
	return s, err
}

func (d *recordDecoder) cells(field protowire.Number, _ uint64, b []byte) error {
	if field != recordCells {
		return nil
	}
	c := syncengine.Cell{}
	first := len(d.values)
	err := eachField(b, func(field protowire.Number, num uint64, b []byte) (err error) {
		switch field {
		case 1:
			c.Key.Field = syncengine.FieldNumber(num)
		case 2:
			c.Key.Key = string(b)
		case cellSealedKey:
			return errSealed
		case 3:
			v, err := d.value(b)
			d.values = append(d.values, v)
			return err
		case 4:
			k, err := d.kept(b)
			c.Kept = append(c.Kept, k)
			return err
		case cellPast:
			c.Past, err = d.past(b)
			return err
		}
		return nil
	})
	if err == nil && len(d.values) == first {
		err = fmt.Errorf("%w: field %d has no value", errStored, c.Key.Field)
	}
	c.Values = slices.Clip(d.values[first:])
	d.record.Cells = append(d.record.Cells, c)
	return err
}

func (d *recordDecoder) value(m []byte) (v syncengine.Value, err error) {
	var write uint64
	var never bool
	err = eachField(m, func(field protowire.Number, num uint64, b []byte) error {
		switch field {
		case 1:
			write = num
		case 2:
			v.Data = slices.Clip(b)
		case 3:
			v.Cleared = num != 0
		case 4:
			v.ShownFrom = syncengine.Seq(num)
		case 5:
			v.ShownUntil = syncengine.Seq(num)
		case 6:
			never = num != 0
		case valueSealed:
			return errSealed
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	if v.Write, err = d.writeAt(write); err != nil {
		return v, err
	}
	if v.ShownFrom == 0 && !never {
		v.ShownFrom = lastSeq(v.Write)
	}
	return v, nil
}

// writeAt gives the write that an index names.
func (d *recordDecoder) writeAt(index uint64) (*syncengine.Write, error) {
	if index >= uint64(len(d.writes)) {
		return nil, fmt.Errorf("%w: write %d of %d", errStored, index, len(d.writes))
	}
	return d.writes[index], nil
}

// past reads the writes that a life remembers.
func (d *recordDecoder) past(b []byte) (out []*syncengine.Write, err error) {
	for len(b) > 0 {
		index, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		w, err := d.writeAt(index)
		if err != nil {
			return nil, err
		}
		out, b = append(out, w), b[size:]
	}
	return out, nil
}

func (d *recordDecoder) kept(m []byte) (k syncengine.Kept, err error) {
	err = eachField(m, func(field protowire.Number, _ uint64, b []byte) (err error) {
		switch field {
		case 1:
			k.Value, err = d.value(b)
		case 2:
			k.At, err = decodeCoordinate(b)
		}
		return err
	})
	if err == nil && k.Value.Write == nil {
		err = fmt.Errorf("%w: a kept entry without a value", errStored)
	}
	return k, err
}

// StoredKeys reads the scope keys that a stored record is in, sorted, without decoding the rest.
func StoredKeys(body []byte) (keys []syncengine.ScopeKey, err error) {
	err = eachField(body, func(field protowire.Number, _ uint64, b []byte) error {
		if field != recordKeys {
			return nil
		}
		span, err := decodeSpan(b)
		if span.Left == 0 {
			keys = append(keys, span.Key)
		}
		return err
	})
	slices.Sort(keys)
	return keys, err
}
