package pagerecord

import (
	"slices"

	"onedoor/syncengine"
)

// Erase takes the cells for which named answers true out of the record, and reports whether it had any.
func (r *Record) Erase(named func(syncengine.CellKey) bool) bool {
	before := len(r.Cells)
	r.Cells = slices.DeleteFunc(r.Cells, func(c Cell) bool { return named(c.Key) })
	return len(r.Cells) < before
}
