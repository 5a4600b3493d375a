package pagerecord

import (
	"slices"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Change is one of the phone's own changes to a record.
type Change struct {
	Write *Write
	// Base is what the author saw; zero for a create, which covers nothing.
	Base  syncengine.Coordinate
	Cells []syncengine.CellWrite
	// Resolves names the conflicts and kept values the change closes.
	Resolves []syncengine.ConflictID
}

// New begins a record that this phone makes.
func New(id syncengine.ID, kind syncengine.KindNumber) *Record {
	return &Record{ID: id, Kind: kind, Cells: make([]Cell, 0, cellsUsual)}
}

// Fold takes in a change that the server applied: each written cell's set is
// exactly this value now, and what was kept stays kept. The page omits such
// changes, so the phone says by itself what the server would have sent.
func (r *Record) Fold(c *Change) {
	for _, w := range c.Cells {
		cell := r.cell(w.Key)
		cell.Shown = Value{Write: c.Write, Data: w.Data, Cleared: w.Cleared}
		cell.Others = nil
		cell.reopen(false)
	}
	r.Seq = max(r.Seq, c.Write.At.Seq)
}

// Overlay lays a change on top that the server has not merged into the record
// yet, so that the author's edit is on the author's screen. What else stands in
// the cell is told as the server will hold it: values the author had not seen
// stay beside the edit, values that were not shown to the author become kept.
func (r *Record) Overlay(kind *schema.Kind, c *Change) {
	dead := r.Dead()
	if len(r.Cells)+len(c.Cells) == 0 {
		// What the change settles is not here any more: that it was made is all there is to see.
		r.cell(syncengine.CellKey{Field: syncengine.LifeField}).Shown = Value{Write: c.Write, Data: lifeAlive}
	}
	for _, w := range c.Cells {
		cell := r.cell(w.Key)
		cell.cover(kind, c, r.closes(c, cell))
		cell.Shown = Value{Write: c.Write, Data: w.Data, Cleared: w.Cleared}
		cell.reopen(dead && !c.writesLife())
	}
	r.closeKept(c)
	if c.writesLife() {
		r.lifeWritten()
	}
}

// closes reports that the change names what is open at the cell.
func (r *Record) closes(c *Change, cell *Cell) bool {
	return len(c.Resolves) > 0 && slices.Contains(c.Resolves, r.ConflictID(cell))
}

// cover makes room for a new write: what stays in the set beside it, and what becomes kept.
func (c *Cell) cover(kind *schema.Kind, by *Change, resolved bool) {
	if c.Shown.Write == nil {
		return
	}
	reviewed := c.contested() && isReview(kind, c.Key.Field)
	kept := slices.Clip(c.Kept)
	if resolved {
		kept = nil
	}
	var stay []Value
	for i, v := range append([]Value{c.Shown}, c.Others...) {
		reached := by.reaches(v.Write)
		switch {
		case !reached && v.Write.Author == by.Write.Author:
			// An own write above the base was on the author's screen.
		case !reached:
			stay = append(stay, v)
		case resolved, i == 0 && !reviewed:
		default:
			kept = append(kept, v)
		}
	}
	c.Others, c.Kept = stay, kept
}

func isReview(kind *schema.Kind, field syncengine.FieldNumber) bool {
	f, known := kind.Field(field)
	return known && f.Engine.Policy == syncengine.Review
}

// reaches reports that a write stands at or below what the author saw.
func (c *Change) reaches(w *Write) bool {
	return !c.Base.IsZero() && !w.Pending() && w.At.Seq <= c.Base.Seq
}

func (c *Change) writesLife() bool {
	return slices.ContainsFunc(c.Cells, func(w syncengine.CellWrite) bool { return w.Key.Field == syncengine.LifeField })
}

func (c *Cell) contested() bool {
	for _, v := range c.Others {
		if !c.Shown.same(v) {
			return true
		}
	}
	return false
}

func (v Value) same(o Value) bool { return v.Cleared == o.Cleared && string(v.Data) == string(o.Data) }

// closeKept drops the kept values of cells that the change names without writing them.
func (r *Record) closeKept(c *Change) {
	if len(c.Resolves) == 0 {
		return
	}
	for i := range r.Cells {
		cell := &r.Cells[i]
		if len(cell.Kept) == 0 || !r.closes(c, cell) {
			continue
		}
		cell.Kept = nil
		if cell.Conflict == syncengine.KeptOpen {
			cell.Conflict = syncengine.NoConflict
		}
	}
}

// reopen says anew what is open at the cell; dead tells of a deletion whose
// author had not seen the value.
func (c *Cell) reopen(dead bool) {
	switch {
	case dead && c.Key.Field != syncengine.LifeField:
		c.Conflict = syncengine.DeleteEdit
	case c.contested():
		c.Conflict = syncengine.Contested
	case len(c.Kept) > 0:
		c.Conflict = syncengine.KeptOpen
	default:
		c.Conflict = syncengine.NoConflict
	}
}

// lifeWritten closes the delete/edit conflicts: the author of the new deletion
// or restore has seen every value on the screen.
func (r *Record) lifeWritten() {
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Conflict == syncengine.DeleteEdit {
			c.reopen(false)
		}
	}
}
