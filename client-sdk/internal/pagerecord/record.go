// Package pagerecord is a record as the phone holds it: the cells of a page
// record, with the shown value of each, the others of its set, what is kept and
// who wrote it. It reads and writes the stored form, folds the phone's own
// changes in, lists what is open and computes digests.
//
// The stored form is the wire's PageRecord with authors numbered by the phone's
// own dictionary, and without id, kind, seq and keys, which stand beside it in
// the row. Cells and values of a field this software does not know are
// carried unharmed.
//
// It never does I/O and never decides between two values: the order of a set is
// the server's. Invariants carried here: I3 and I8 (an edit of the phone's own
// stands on top), I15 (unknown cells are carried).
//
// Read this file first, then codec.go, overlay.go and conflicts.go.
package pagerecord

import (
	"slices"

	"onedoor/syncengine"
)

// AuthorNumber is an author's number in the phone's dictionary.
type AuthorNumber uint32

// Write is one change as far as a reader of its values needs it.
type Write struct {
	Author    AuthorNumber
	DeviceSeq syncengine.DeviceSeq
	Stamp     syncengine.UnixMilli
	Suspect   bool
	// At is where the change stands in the log; zero while it is only on this phone.
	At   syncengine.Coordinate
	Rank syncengine.Rank
}

// Pending reports a change that the server has not acknowledged.
func (w *Write) Pending() bool { return w.At.IsZero() }

// Value is what one change wrote into one cell.
type Value struct {
	Write *Write
	// Data is the cell in the record message's encoding, tags included; empty when cleared.
	Data    []byte
	Cleared bool
}

// Cell is one address of a record.
type Cell struct {
	Key   syncengine.CellKey
	Shown Value
	// Others are the other values of the set in the policy's order, Kept those
	// covered without having been shown to who covered them.
	Others, Kept []Value
	// Conflict says what is open here.
	Conflict syncengine.ConflictKind
}

// Record is a record as this phone may read it.
type Record struct {
	ID   syncengine.ID
	Kind syncengine.KindNumber
	// Seq is the newest log entry the record reflects; 0 when it is only on this phone.
	Seq syncengine.Seq
	// Cells are sorted; the life cell comes first.
	Cells []Cell
}

// Find gives the cell at key.
func (r *Record) Find(key syncengine.CellKey) (*Cell, bool) {
	i, ok := r.index(key)
	if !ok {
		return nil, false
	}
	return &r.Cells[i], true
}

func (r *Record) index(key syncengine.CellKey) (int, bool) {
	return slices.BinarySearchFunc(r.Cells, key, func(c Cell, k syncengine.CellKey) int { return c.Key.Compare(k) })
}

// Only drops the cells of fields that are not readable.
func (r *Record) Only(readable func(syncengine.FieldNumber) bool) {
	r.Cells = slices.DeleteFunc(r.Cells, func(c Cell) bool { return !readable(c.Key.Field) })
}

// Field gives the cells of one field, in key order.
func (r *Record) Field(field syncengine.FieldNumber) []Cell {
	from, _ := r.index(syncengine.CellKey{Field: field})
	to := from
	for to < len(r.Cells) && r.Cells[to].Key.Field == field {
		to++
	}
	return r.Cells[from:to]
}

var lifeAlive, lifeDead = syncengine.LifeWrite(false).Data, syncengine.LifeWrite(true).Data

// Dead reports whether the record is shown as deleted.
func (r *Record) Dead() bool {
	life, ok := r.Find(syncengine.CellKey{Field: syncengine.LifeField})
	return ok && string(life.Shown.Data) == string(lifeDead)
}

// Fields gives the record message with the shown values, encoded.
func (r *Record) Fields() []byte {
	var out []byte
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Key.Field != syncengine.LifeField {
			out = append(out, c.Shown.Data...)
		}
	}
	return out
}

// ConflictID names what is open at a cell of the record.
func (r *Record) ConflictID(c *Cell) syncengine.ConflictID {
	return syncengine.ConflictIDOf(r.ID, c.Key)
}
