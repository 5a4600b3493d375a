package syncengine

import "slices"

// CellWrite is what a change writes into one cell.
type CellWrite struct {
	Key CellKey
	// Data is the cell in the record message's own encoding; empty when cleared.
	Data    []byte
	Cleared bool
}

// LifeWrite makes the cell write that creates, restores or deletes a record.
func LifeWrite(dead bool) CellWrite {
	if dead {
		return CellWrite{Key: CellKey{Field: LifeField}, Data: lifeDead}
	}
	return CellWrite{Key: CellKey{Field: LifeField}, Data: lifeAlive}
}

// Incoming is a change on its way into a record.
type Incoming struct {
	Dot Dot
	// Base is what the author saw; a create covers nothing, whatever its base.
	Base   Coordinate
	Create bool
	// At is the coordinate of the log entry that merges the change now.
	At Coordinate
	// First is the coordinate the change had before a restore, if it is supplied again.
	First   Coordinate
	Stamp   UnixMilli
	Suspect bool
	Rank    Rank
	Cells   []CellWrite
	// Resolves names the conflicts and kept values the change closes.
	Resolves []ConflictID
	// Unreadable reports the fields the author could not read at base; nil means none.
	Unreadable func(FieldNumber) bool
	// OwnLater reports that the author's own later write of a cell is in the log
	// already, as it may be when a change leaves quarantine; nil means none.
	OwnLater func(CellKey) bool
}

// Merged is what a change came to.
type Merged struct {
	// Record is the new state; the old one is untouched.
	Record *Record
	// Applied is true when every written cell is now exactly this value and
	// nothing became kept, so that the author can fold the change in without
	// being sent the record.
	Applied bool
	// Conflicts are the open conflicts of the written cells.
	Conflicts []ConflictID
	// Held are cells that this software does not know.
	Held []CellWrite
}

// World is what the engine must know beyond one record.
type World struct {
	History History
	Lineage Lineage
}

// Merge applies a change to a record (nil when it does not exist yet) and
// returns the new state.
func (w World) Merge(kind *Kind, rec *Record, recordID ID, in *Incoming) Merged {
	m := merging{world: w, kind: kind, in: in, write: newWrite(in)}
	m.next = m.successor(rec, recordID)
	out := Merged{Record: m.next, Applied: len(in.Resolves) == 0}
	for _, c := range in.Cells {
		field := kind.field(c.Key.Field)
		if field == nil {
			out.Held = append(out.Held, c)
			continue
		}
		if !m.writeCell(field, c) {
			out.Applied = false
		}
	}
	m.closeKept()
	out.Conflicts = m.openConflicts(rec, &out)
	m.next.Seq = in.At.Seq
	m.advanceTail(rec, out.Applied)
	return out
}

// merging is the state of one Merge.
type merging struct {
	world World
	kind  *Kind
	in    *Incoming
	write *Write
	next  *Record
}

func newWrite(in *Incoming) *Write {
	w := &Write{Dot: in.Dot, Stamp: in.Stamp, Suspect: in.Suspect, Rank: in.Rank}
	if !in.First.IsZero() && in.First.Epoch != in.At.Epoch {
		w.Coordinates = []Coordinate{in.First, in.At}
	} else {
		w.Coordinates = []Coordinate{in.At}
	}
	if !in.Create && !in.Base.IsZero() {
		w.Bases = []Coordinate{in.Base}
	}
	return w
}

// successor copies a record as far as a merge will touch it.
func (m *merging) successor(rec *Record, id ID) *Record {
	if rec == nil {
		return &Record{ID: id, Kind: m.kind.Number, Cells: make([]Cell, 0, len(m.in.Cells))}
	}
	next := *rec
	next.Cells = slices.Clone(rec.Cells)
	next.Keys = slices.Clone(rec.Keys)
	return &next
}

// cell gives a cell of the successor that may be changed, made when missing.
func (m *merging) cell(key CellKey) *Cell {
	i, ok := m.next.index(key)
	if !ok {
		m.next.Cells = slices.Insert(m.next.Cells, i, Cell{Key: key})
		return &m.next.Cells[i]
	}
	c := &m.next.Cells[i]
	c.Values = slices.Clone(c.Values)
	c.Kept = slices.Clone(c.Kept)
	return c
}

// writeCell applies rules 1 to 4 of the protocol's section 3 to one cell and
// reports whether the cell is now exactly this value with nothing newly kept.
func (m *merging) writeCell(field *Field, cw CellWrite) bool {
	cell := m.cell(cw.Key)
	write := m.cellWrite(field)
	sees := len(write.Bases) > 0
	value := Value{Write: write, Data: cw.Data, Cleared: cw.Cleared}
	if m.logOnly(cell, value) {
		return false
	}
	open := cell.contested()
	resolved := m.resolves(cw.Key)
	var stay []Value
	kept := len(cell.Kept)
	before := m.shownBefore(cell)
	for _, v := range cell.Values {
		if !m.world.covers(value.Write, v.Write) {
			stay = append(stay, v)
			continue
		}
		value.Write = m.inheritBases(value.Write, v.Write)
		if !resolved && m.mustKeep(field, v, open, sees) {
			cell.Kept = append(cell.Kept, Kept{Value: closeInterval(v, before, m.in.At.Seq), At: m.in.At})
		}
	}
	cell.Values = append(stay, value)
	cell.arrange(field, before, m.in.At.Seq)
	return len(cell.Values) == 1 && len(cell.Kept) == kept
}

// cellWrite gives the causal identity of the change in one cell: what its
// author could not read is not in its past, own earlier writes excepted.
func (m *merging) cellWrite(field *Field) *Write {
	if m.in.Unreadable == nil || !m.in.Unreadable(field.Number) || len(m.write.Bases) == 0 {
		return m.write
	}
	blind := *m.write
	blind.Bases = nil
	return &blind
}

// logOnly handles a change that a stored value or the author's own later write
// covers: it joins the log, and is kept when it was never shown to who covered it.
func (m *merging) logOnly(cell *Cell, value Value) bool {
	for _, v := range cell.Values {
		if !m.world.covers(v.Write, value.Write) {
			continue
		}
		if !m.world.Lineage.InPast(v.Write.Dot, value.Write.Dot) {
			cell.Kept = append(cell.Kept, Kept{Value: value, At: m.in.At})
		}
		return true
	}
	// The author's own later write has left the set: the author saw both.
	return m.in.OwnLater != nil && m.in.OwnLater(cell.Key)
}

// mustKeep reports that a covered value stays listed: its coverer's author had
// not been shown it, or it belongs to an open conflict that awaits a review.
// sees tells that the author could read the cell at base.
func (m *merging) mustKeep(field *Field, removed Value, open, sees bool) bool {
	if field.Policy == Review && open {
		return true
	}
	if sees {
		if seq, ok := m.world.History.Current(m.in.Base); ok && removed.shownAt(seq) {
			return false
		}
	}
	onScreen := m.world.Lineage.InPast(m.in.Dot, removed.Write.Dot) && !m.world.reaches(m.in.Base, removed.Write)
	return !onScreen
}

func (v Value) shownAt(seq Seq) bool {
	return v.ShownFrom != 0 && v.ShownFrom <= seq && (v.ShownUntil == 0 || seq < v.ShownUntil)
}

// inheritBases lets w take over what v had seen in earlier epochs.
func (m *merging) inheritBases(w, v *Write) *Write {
	merged := w.Bases
	for _, b := range v.Bases {
		if b.Epoch < m.in.At.Epoch {
			merged = joinBase(merged, b)
		}
	}
	if len(merged) == len(w.Bases) && slices.Equal(merged, w.Bases) {
		return w
	}
	heir := *w
	heir.Bases = merged
	return &heir
}

// joinBase keeps the greatest base of each epoch; the author's own stays first.
func joinBase(bases []Coordinate, b Coordinate) []Coordinate {
	for i, have := range bases {
		if have.Epoch != b.Epoch {
			continue
		}
		if have.Seq >= b.Seq {
			return bases
		}
		out := slices.Clone(bases)
		out[i] = b
		return out
	}
	return append(slices.Clip(bases), b)
}

// shownBefore is the dot of the value shown before the change.
func (m *merging) shownBefore(cell *Cell) Dot {
	if len(cell.Values) == 0 {
		return Dot{}
	}
	return cell.Shown().Write.Dot
}

// arrange puts the value to show first and keeps the intervals in which each was.
func (c *Cell) arrange(field *Field, before Dot, at Seq) {
	slices.SortFunc(c.Values, field.Order)
	if c.Shown().Write.Dot != before {
		c.Values[0].ShownFrom, c.Values[0].ShownUntil = at, 0
	}
	for i := 1; i < len(c.Values); i++ {
		c.Values[i] = closeInterval(c.Values[i], before, at)
	}
}

func closeInterval(v Value, shown Dot, at Seq) Value {
	if v.Write.Dot == shown && v.ShownUntil == 0 {
		v.ShownUntil = at
	}
	return v
}

// closeKept drops the kept values that the change names and its author could see.
func (m *merging) closeKept() {
	for i := range m.next.Cells {
		c := &m.next.Cells[i]
		if len(c.Kept) == 0 || !m.resolves(c.Key) {
			continue
		}
		var left []Kept
		for _, k := range c.Kept {
			if !m.world.History.Reaches(m.in.Base, k.At) {
				left = append(left, k)
			}
		}
		c.Kept = left
	}
}

func (m *merging) resolves(key CellKey) bool {
	if len(m.in.Resolves) == 0 {
		return false
	}
	return slices.Contains(m.in.Resolves, ConflictIDOf(m.next.ID, key))
}

// openConflicts lists the conflicts at the written cells. An edit against a
// deletion is never plainly applied: its author must be told.
func (m *merging) openConflicts(before *Record, out *Merged) []ConflictID {
	if before != nil && before.Dead() || m.next.Dead() {
		if len(m.world.deleteEdits(m.next)) > 0 || before != nil && len(m.world.deleteEdits(before)) > 0 {
			out.Applied = false
		}
	}
	if out.Applied {
		return nil
	}
	var ids []ConflictID
	for _, cw := range m.in.Cells {
		cell, ok := m.next.Find(cw.Key)
		if ok && m.world.conflictAt(m.next, cell) != NoConflict {
			ids = append(ids, ConflictIDOf(m.next.ID, cw.Key))
		}
	}
	return ids
}

// advanceTail keeps the run of one author's applied changes at the record's end.
func (m *merging) advanceTail(before *Record, applied bool) {
	var last Seq
	if before != nil {
		last = before.Seq
	}
	switch author := m.in.Dot.Incarnation; {
	case !applied:
		m.next.Tail, m.next.TailSince = ID{}, m.in.At.Seq
	case m.next.Tail != author:
		m.next.Tail, m.next.TailSince = author, last
	}
}

// covers reports whether v is in w's causal past.
func (w World) covers(by, v *Write) bool {
	if w.Lineage.InPast(by.Dot, v.Dot) {
		return true
	}
	for _, b := range by.Bases {
		if w.reaches(b, v) {
			return true
		}
	}
	return false
}

// reaches reports whether v stands at or below base in the log.
func (w World) reaches(base Coordinate, v *Write) bool {
	for _, c := range v.Coordinates {
		if w.History.Reaches(base, c) {
			return true
		}
	}
	return false
}
