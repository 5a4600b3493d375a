package syncengine

import (
	"cmp"
	"slices"
)

// Cells names what an erasure destroys of a record: one cell, all cells of a
// field where Key is empty, or every cell that may be erased where Field is 0.
type Cells struct {
	Field FieldNumber
	Key   string
}

// EveryCell names all that may be erased of a record: what neither lets it live
// nor places or counts it.
var EveryCell = Cells{}

// Compare orders cells by field and key.
func (c Cells) Compare(o Cells) int {
	return cmp.Or(cmp.Compare(c.Field, o.Field), cmp.Compare(c.Key, o.Key))
}

// Barrier is an erasure as it judges values: those whose author had seen it stand.
type Barrier struct {
	Cells Cells
	// At is where the erasure stands in the log, at most one coordinate an epoch.
	At []Coordinate
}

// Names reports that an erasure of cells destroys the cell at key. kind is nil
// for one that this software does not know: then nothing of it is spared.
func (c Cells) Names(kind *Kind, key CellKey) bool {
	if key.Field == LifeField {
		return false
	}
	if c.Field == 0 {
		return kind == nil || kind.field(key.Field) == nil || !kind.field(key.Field).Spared
	}
	return c.Field == key.Field && (c.Key == "" || c.Key == key.Key)
}

// Passed reports that whoever wrote from base had seen the erasure.
func (b *Barrier) Passed(h History, base Coordinate) bool {
	return slices.ContainsFunc(b.At, func(at Coordinate) bool { return h.Reaches(base, at) })
}

// Bars reports that a value of a cell, written from base, is destroyed by one of
// the barriers.
func Bars(kind *Kind, barriers []Barrier, h History, base Coordinate, key CellKey) bool {
	return slices.ContainsFunc(barriers, func(b Barrier) bool {
		return b.Cells.Names(kind, key) && !b.Passed(h, base)
	})
}

// Raise adds the place of an erasure to those that a barrier stands at: the one
// of each epoch that was raised last counts.
func Raise(at []Coordinate, c Coordinate) []Coordinate {
	out := slices.Clone(at)
	for i := range out {
		if out[i].Epoch == c.Epoch {
			out[i].Seq = c.Seq
			return out
		}
	}
	out = append(out, c)
	slices.SortFunc(out, func(a, b Coordinate) int { return cmp.Compare(a.Epoch, b.Epoch) })
	return out
}

// Erase gives a record without the cells named: their values, those that lost and
// those that are kept. at is the seq of the erasure. The old record is untouched.
func Erase(kind *Kind, rec *Record, cells []Cells, at Seq) *Record {
	next := *rec
	next.Keys = slices.Clone(rec.Keys)
	next.Cells = slices.DeleteFunc(slices.Clone(rec.Cells), func(c Cell) bool {
		return slices.ContainsFunc(cells, func(e Cells) bool { return e.Names(kind, c.Key) })
	})
	next.Seq, next.Tail, next.TailSince = at, ID{}, at
	return &next
}
