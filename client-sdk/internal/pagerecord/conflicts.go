package pagerecord

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Open is one thing of a record that waits for a person.
type Open struct {
	ID   syncengine.ConflictID
	Kind syncengine.ConflictKind
	Cell *Cell
}

// MayBeOpen reports whether a stored record can hold something open, without
// reading it: a record whose cells need no detail has nothing open.
func MayBeOpen(stored []byte) bool {
	for len(stored) > 0 {
		num, typ, n := protowire.ConsumeTag(stored)
		m := protowire.ConsumeFieldValue(num, typ, stored[max(n, 0):])
		if n < 0 || m < 0 || num == recordCells {
			return true
		}
		stored = stored[n+m:]
	}
	return false
}

// Conflicts lists what is open in the record, which is of a kind, in cell order. Values
// of a field that fills itself in wait for nobody, whatever was stored of them.
func (r *Record) Conflicts(kind *schema.Kind) []Open {
	var out []Open
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Conflict == syncengine.DeleteEdit || c.Conflict != syncengine.NoConflict && !kind.Engine.SelfFilled(c.Key.Field) {
			out = append(out, Open{ID: r.ConflictID(c), Kind: c.Conflict, Cell: c})
		}
	}
	return out
}

// Shown gives the value that stands; none where the record is shown as deleted.
func (o Open) Shown() (Value, bool) { return o.Cell.Shown, o.Kind != syncengine.DeleteEdit }

// Choices lists the values that a person may choose instead of the one that
// stands: the others of the set in the policy's order, then those kept. Where a
// deletion stands, the value it had not seen comes first.
func (o Open) Choices() []Value {
	var out []Value
	if o.Kind == syncengine.DeleteEdit {
		out = append(out, o.Cell.Shown)
	}
	for _, v := range slices.Concat(o.Cell.Others, o.Cell.Kept) {
		if !v.same(o.Cell.Shown) {
			out = append(out, v)
		}
	}
	return out
}
