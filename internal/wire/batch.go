package wire

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// Numbers of fields that are read here: the changes of sync.v1.Batch, and what a plain one of them consists of.
const (
	batchChanges    protowire.Number = 3
	batchChangeBody protowire.Number = 1
	batchChangeSalt protowire.Number = 2
)

// BatchChanges reads the changes of an encoded batch, whatever else it holds. They share its bytes, which are left alone
// afterwards. Like quickChange it spares plain changes the generated code's copies, and leaves all others to it.
func BatchChanges(encoded []byte) ([]*syncv1.BatchChange, error) {
	var out []*syncv1.BatchChange
	var made room[syncv1.BatchChange]
	err := eachField(encoded, func(field protowire.Number, _ uint64, b []byte) error {
		if field != batchChanges || b == nil { // nil is a field of another type, which the generated code passes over too.
			return nil
		}
		m := made.one()
		out = append(out, m)
		if plainChange(m, b) {
			return nil
		}
		proto.Reset(m)
		return proto.Unmarshal(b, m)
	})
	if err != nil {
		return nil, malformed("batch: %v", err)
	}
	return out, nil
}

// plainChange reads a change that is no more than a body and a salt.
func plainChange(m *syncv1.BatchChange, b []byte) (plain bool) {
	plain = true
	err := eachField(b, func(field protowire.Number, _ uint64, b []byte) error {
		switch {
		case b == nil:
			plain = false
		case field == batchChangeBody:
			m.Body = nilIfEmpty(b)
		case field == batchChangeSalt:
			m.Salt = nilIfEmpty(b)
		default:
			plain = false
		}
		return nil
	})
	return plain && err == nil
}

// nilIfEmpty gives bytes as the generated code does, without room behind them.
func nilIfEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return slices.Clip(b)
}
