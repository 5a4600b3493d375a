package pagerecord

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// ErrDamaged marks bytes that are no record.
var ErrDamaged = errors.New("not a readable record")

func damaged(n int) error { return fmt.Errorf("%w: %w", ErrDamaged, protowire.ParseError(n)) }

// Split cuts an encoded record message into its cells, in the order in which
// they stand; the occurrences of a field that is one cell stand together. It
// asks nothing of the values: what came from a newer server is carried as it is,
// an unknown field as one cell, and a nil kind knows no field.
func Split(kind *schema.Kind, fields []byte, emit func(key syncengine.CellKey, data []byte)) error {
	for len(fields) > 0 {
		num, typ, n := protowire.ConsumeTag(fields)
		if n < 0 {
			return damaged(n)
		}
		m := protowire.ConsumeFieldValue(num, typ, fields[n:])
		if m < 0 {
			return damaged(m)
		}
		key, whole := cellKey(kind, num, typ, fields[n:n+m])
		end := n + m
		for whole && nextField(fields[end:]) == num {
			_, _, more := protowire.ConsumeField(fields[end:])
			if more < 0 {
				return damaged(more)
			}
			end += more
		}
		emit(key, fields[:end:end])
		fields = fields[end:]
	}
	return nil
}

// cellKey addresses one occurrence of a field; whole tells that the field is one
// cell over all its occurrences.
func cellKey(kind *schema.Kind, num protowire.Number, typ protowire.Type, value []byte) (key syncengine.CellKey, whole bool) {
	key.Field = syncengine.FieldNumber(num)
	if kind == nil {
		return key, true
	}
	f, known := kind.Field(key.Field)
	if !known || typ != protowire.BytesType {
		return key, true
	}
	switch f.Engine.Shape {
	case syncengine.Set:
		element, _ := protowire.ConsumeBytes(value)
		key.Key = string(element)
	case syncengine.Map:
		entry, _ := protowire.ConsumeBytes(value)
		key.Key = mapKey(entry)
	default:
		return key, true
	}
	return key, false
}

// mapKey gives the encoded key of a map entry.
func mapKey(entry []byte) string {
	for len(entry) > 0 {
		num, typ, n := protowire.ConsumeTag(entry)
		if n < 0 {
			return ""
		}
		m := protowire.ConsumeFieldValue(num, typ, entry[n:])
		switch {
		case m < 0:
			return ""
		case num == 1 && typ == protowire.BytesType:
			key, _ := protowire.ConsumeBytes(entry[n:])
			return string(key)
		case num == 1:
			return string(entry[n : n+m])
		}
		entry = entry[n+m:]
	}
	return ""
}

// nextField peeks at the field that follows; 0 at the end.
func nextField(rest []byte) protowire.Number {
	num, _, n := protowire.ConsumeTag(rest)
	if n < 0 {
		return 0
	}
	return num
}
