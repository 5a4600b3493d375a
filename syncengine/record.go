package syncengine

import (
	"bytes"
	"cmp"
	"slices"
)

// CellKey addresses a cell of a record.
type CellKey struct {
	Field FieldNumber
	// Key is the encoded map key or set element; empty for a whole field.
	Key string
}

// Compare orders cells by field, then key.
func (k CellKey) Compare(o CellKey) int {
	if c := cmp.Compare(k.Field, o.Field); c != 0 {
		return c
	}
	return cmp.Compare(k.Key, o.Key)
}

// Write is the causal identity shared by the values of one change.
type Write struct {
	Dot Dot
	// Bases is what the author had seen: the own base and those taken over, at most one an epoch.
	Bases []Coordinate
	// Coordinates is where the change stands in the log, one an epoch.
	Coordinates []Coordinate
	Stamp       UnixMilli
	// Suspect marks a stamp that had to be bounded; it ranks below all others.
	Suspect bool
	Rank    Rank
	// Unread lists the fields that the author could not read, ascending. Only writes
	// of life have it: a deletion, with what it wrote over, is judged against every
	// cell of the record.
	Unread []FieldNumber
	// Veiled are the bases taken over from writes of life with unread fields.
	Veiled []VeiledBase
}

// VeiledBase is what the author of a write of life had seen, but for the fields that
// they could not read.
type VeiledBase struct {
	Base   Coordinate
	Unread []FieldNumber
}

// Value is what one change wrote into one cell.
type Value struct {
	Write *Write
	// Data is the cell in the record message's own encoding, tags included.
	Data []byte
	// Cleared marks a removal; Data is then empty.
	Cleared bool
	// ShownFrom and ShownUntil bound the seqs at which the value, or another that
	// reads the same, was last the one shown: [from, until), until 0 while it is,
	// from 0 when it never was.
	ShownFrom, ShownUntil Seq
}

// Same reports whether two values read the same.
func (v Value) Same(o Value) bool { return v.Cleared == o.Cleared && bytes.Equal(v.Data, o.Data) }

// Kept is a covered value that the author who covered it had not been shown.
type Kept struct {
	Value Value
	// At is where it was covered.
	At Coordinate
}

// Cell is the set of causally maximal values of one address, and what is kept of others.
type Cell struct {
	Key CellKey
	// Values has the one shown first, the others in the policy's order.
	Values []Value
	Kept   []Kept
	// Past are writes of life that are in neither any more, as far as a write to come may have seen one of them and not
	// what wrote over it: a deletion knows all that they knew.
	Past []*Write
}

// Shown gives the value that stands.
func (c *Cell) Shown() *Value { return &c.Values[0] }

// ScopeSpan is the stay of a record in a scope key.
type ScopeSpan struct {
	Key ScopeKey
	// Entered and Left bound the stay: [entered, left), left 0 while it lasts.
	Entered, Left Seq
}

// Record is the reduced state of a record: what the log says of it.
type Record struct {
	ID   ID
	Kind KindNumber
	// Seq is the newest log entry that touched the record.
	Seq Seq
	// Cells are sorted by CellKey; the first is always the life cell.
	Cells []Cell
	// Keys are the record's stays in scope keys, past ones too.
	Keys []ScopeSpan
	// Tail is the incarnation whose own applied changes end the record's log,
	// and TailSince the newest entry that is not such a change of it.
	Tail      ID
	TailSince Seq
}

// Find gives the cell at key.
func (r *Record) Find(key CellKey) (*Cell, bool) {
	i, ok := r.index(key)
	if !ok {
		return nil, false
	}
	return &r.Cells[i], true
}

func (r *Record) index(key CellKey) (int, bool) {
	return slices.BinarySearchFunc(r.Cells, key, func(c Cell, k CellKey) int { return c.Key.Compare(k) })
}

// Field gives the cells of one field, in key order.
func (r *Record) Field(field FieldNumber) []Cell {
	from, _ := r.index(CellKey{Field: field})
	to := from
	for to < len(r.Cells) && r.Cells[to].Key.Field == field {
		to++
	}
	return r.Cells[from:to]
}

// Dead reports whether the record is shown as deleted.
func (r *Record) Dead() bool {
	life, ok := r.Find(CellKey{Field: LifeField})
	return ok && isDead(*life.Shown())
}

// Encoded life values; one byte each, no protobuf tag, since field 0 is none.
var (
	lifeAlive = []byte{1}
	lifeDead  = []byte{2}
)

func isDead(v Value) bool { return bytes.Equal(v.Data, lifeDead) }
