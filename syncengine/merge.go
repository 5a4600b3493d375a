package syncengine

import (
	"bytes"
	"slices"
)

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
	// Cut tells that Base is only as much as is proven of what the author saw: what
	// was on the screen when the edit was made is not known.
	Cut bool
	// At is the coordinate of the log entry that merges the change now.
	At Coordinate
	// First is the coordinate the change had before a restore, if it is supplied again.
	First Coordinate
	// Since holds the coordinates it had in the epochs between, if more than one
	// restore has lost it: who saw it there must still cover it.
	Since   []Coordinate
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

func (in *Incoming) unreadable(field FieldNumber) bool {
	return in.Unreadable != nil && in.Unreadable(field)
}

// Merged is what a change came to.
type Merged struct {
	// Record is the new state; the old one is untouched.
	Record *Record
	// Applied is true when every written cell is now exactly this value and
	// nothing became kept, so that the author can fold the change in without
	// being sent the record.
	Applied bool
	// Conflicts are the open conflicts that the change is part of, in cell order.
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
	if rec == nil && in.OwnLater == nil && ascending(in.Cells) {
		m.create(&out)
	} else {
		m.writeCells(&out)
	}
	m.closeKept()
	m.next.Seq = in.At.Seq
	out.Conflicts = m.openConflicts(rec, &out)
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
		w.Coordinates = append(append(w.Coordinates, in.First), in.Since...)
	}
	w.Coordinates = append(w.Coordinates, in.At)
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

// writeCells writes the cells of the change one by one.
func (m *merging) writeCells(out *Merged) {
	for _, c := range m.in.Cells {
		field := m.kind.field(c.Key.Field)
		if field == nil {
			out.Held = append(out.Held, c)
			continue
		}
		if !m.writeCell(field, c) {
			out.Applied = false
		}
	}
}

// create is writeCells for a record that does not exist yet: nothing stands
// there to be covered, kept or contested, so each cell holds its one value and
// all values are made in one piece.
func (m *merging) create(out *Merged) {
	values := make([]Value, 0, len(m.in.Cells))
	for _, c := range m.in.Cells {
		field := m.kind.field(c.Key.Field)
		if field == nil {
			out.Held = append(out.Held, c)
			continue
		}
		values = append(values, Value{Write: m.cellWrite(field, c), Data: c.Data, Cleared: c.Cleared, ShownFrom: m.in.At.Seq})
		last := len(values)
		m.next.Cells = append(m.next.Cells, Cell{Key: c.Key, Values: values[last-1 : last : last]})
	}
}

// ascending reports that cells are in the order of their addresses, each once.
func ascending(cells []CellWrite) bool {
	for i := 1; i < len(cells); i++ {
		if cells[i-1].Key.Compare(cells[i].Key) >= 0 {
			return false
		}
	}
	return true
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
	write, resolved := m.cellWrite(field, cw), m.resolves(cw.Key)
	value := Value{Write: write, Data: cw.Data, Cleared: cw.Cleared}
	heir := m.inheritPast(cw.Key, write)
	settled := m.settleKept(field, cw.Key, write, resolved)
	if m.logOnly(field, value, cw.Key) {
		return false
	}
	value.Write = heir
	cell := m.cell(cw.Key)
	review, kept := field.Policy == Review && cell.contested(), len(cell.Kept)
	var stay []Value
	for _, v := range cell.Values {
		if !m.world.covers(write, v.Write) {
			stay = append(stay, v)
			continue
		}
		m.leave(cell, write, v, review)
		value.Write = m.inheritBases(value.Write, v.Write)
	}
	cell.Values = append(stay, value)
	cell.arrange(field, m.in.At.Seq)
	return len(cell.Values) == 1 && len(cell.Kept) == kept && !settled
}

// cellWrite gives the causal identity of the change in one cell: what its
// author could not read is not in its past, own earlier writes excepted. A
// deletion speaks of the whole record, with what it takes over from the life that it
// ends, so writes of life carry what was unread of it.
func (m *merging) cellWrite(field *Field, cw CellWrite) *Write {
	if m.in.Unreadable == nil || len(m.write.Bases) == 0 {
		return m.write
	}
	if m.in.unreadable(field.Number) && !bytes.Equal(cw.Data, lifeDead) {
		blind := *m.write
		blind.Bases = nil
		return &blind
	}
	if field.Number == LifeField {
		if unread := m.unread(); len(unread) > 0 {
			life := *m.write
			life.Unread = unread
			return &life
		}
	}
	return m.write
}

// unread lists the fields of the kind that the author could not read.
func (m *merging) unread() []FieldNumber {
	var out []FieldNumber
	for n := range m.kind.Fields {
		if m.in.Unreadable(n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// logOnly handles a change that a stored value or the author's own later write
// covers: it joins the log, and is kept when it was never shown to who covered it.
func (m *merging) logOnly(field *Field, value Value, key CellKey) bool {
	// The author saw both, even where the own later write has left the set.
	ownLater := m.in.OwnLater != nil && m.in.OwnLater(key)
	covered := false
	if cell, ok := m.next.Find(key); ok {
		for _, v := range cell.Values {
			covered = covered || m.world.covers(v.Write, value.Write)
			ownLater = ownLater || m.world.Lineage.InPast(v.Write.Dot, value.Write.Dot)
		}
	}
	if covered && !ownLater {
		cell := m.cell(key)
		m.coverThrough(field, cell, value.Write)
		cell.Kept = append(cell.Kept, Kept{Value: value, At: m.in.At})
	}
	return covered || ownLater
}

// leave takes a value out of the set, and keeps it where the author of the change
// that covers it had not been shown it; review tells that it was one of an open
// conflict that only a person closes.
func (m *merging) leave(cell *Cell, by *Write, v Value, review bool) {
	if !m.resolves(cell.Key) && (review || !m.wasShown(by, v)) {
		cell.Kept = append(cell.Kept, Kept{Value: v.hidden(m.in.At.Seq), At: m.in.At})
		return
	}
	m.forget(cell, v.Write)
}

// coverThrough has what covers a change that comes late cover what that change
// had seen too, as if it had come before. In one history it does already; a value
// that is supplied again may be known to the late change alone.
func (m *merging) coverThrough(field *Field, cell *Cell, late *Write) {
	review := field.Policy == Review && cell.contested()
	var stay []Value
	for _, v := range cell.Values {
		switch {
		case m.world.covers(v.Write, late):
			v.Write = m.inheritBases(v.Write, late)
		case m.world.covers(late, v.Write):
			m.leave(cell, late, v, review)
			continue
		}
		stay = append(stay, v)
	}
	cell.Values = stay
	cell.arrange(field, m.in.At.Seq)
}

// settleKept drops the kept values that the change covers too and whose author
// was shown them. They wrote over them in full sight, and had the two changes
// arrived the other way round, nothing would have been kept. Under review only
// a change that names the conflict does so.
func (m *merging) settleKept(field *Field, key CellKey, write *Write, resolved bool) bool {
	if old, ok := m.next.Find(key); !ok || len(old.Kept) == 0 {
		return false
	}
	cell := m.cell(key)
	before := len(cell.Kept)
	cell.Kept = slices.DeleteFunc(cell.Kept, func(k Kept) bool {
		settled := m.world.covers(write, k.Value.Write) && (resolved || field.Policy != Review && m.wasShown(write, k.Value))
		if settled {
			m.forget(cell, k.Value.Write)
		}
		return settled
	})
	return len(cell.Kept) < before
}

// wasShown reports whether the author of the change had a value that the
// change covers before their eyes; what is unknown counts as not shown.
func (m *merging) wasShown(write *Write, v Value) bool {
	if len(write.Bases) > 0 && !m.in.Cut {
		if seq, ok := m.world.History.Current(m.in.Base); ok && v.shownAt(seq) {
			return true
		}
	}
	// An own value above the base was on the author's own screen.
	return m.world.Lineage.InPast(m.in.Dot, v.Write.Dot) && !m.world.reaches(m.in.Base, v.Write)
}

// inheritBases lets w take over what v had seen in earlier epochs, and of a life
// what was unread then.
func (m *merging) inheritBases(w, v *Write) *Write {
	merged, veiled := w.Bases, w.Veiled
	for i, b := range v.Bases {
		switch {
		case b.Epoch >= m.in.At.Epoch:
		case i == 0 && len(v.Unread) > 0:
			// The first base is the author's own.
			veiled = joinVeiled(veiled, VeiledBase{b, v.Unread})
		default:
			merged = joinBase(merged, b)
		}
	}
	for _, b := range v.Veiled {
		if b.Base.Epoch < m.in.At.Epoch {
			veiled = joinVeiled(veiled, b)
		}
	}
	if slices.Equal(merged, w.Bases) && len(veiled) == len(w.Veiled) {
		return w
	}
	heir := *w
	heir.Bases, heir.Veiled = merged, veiled
	return &heir
}

// joinVeiled adds a base unless one under the same veil says as much.
func joinVeiled(veiled []VeiledBase, b VeiledBase) []VeiledBase {
	for _, have := range veiled {
		if have.Base.Epoch == b.Base.Epoch && have.Base.Seq >= b.Base.Seq && slices.Equal(have.Unread, b.Unread) {
			return veiled
		}
	}
	return append(slices.Clip(veiled), b)
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
			} else {
				m.forget(c, k.Value.Write)
			}
		}
		c.Kept = left
	}
}

// resolves reports that the change closes what is open at a cell. Nobody closes
// a conflict that they could not read.
func (m *merging) resolves(key CellKey) bool {
	if len(m.in.Resolves) == 0 || len(m.write.Bases) == 0 || m.in.unreadable(key.Field) {
		return false
	}
	return slices.Contains(m.in.Resolves, ConflictIDOf(m.next.ID, key))
}

// openConflicts lists the conflicts that the change is part of: those at the
// written cells, and for a write of the life cell all that a deletion had not
// seen. An edit against a deletion is never plainly applied: its author must be told.
func (m *merging) openConflicts(before *Record, out *Merged) []ConflictID {
	if m.world.anyDeleteEdit(m.next) || before != nil && m.world.anyDeleteEdit(before) {
		out.Applied = false
	}
	if out.Applied {
		return nil
	}
	var ids []ConflictID
	for i := range m.next.Cells {
		c := &m.next.Cells[i]
		kind := m.world.ConflictAt(m.kind, m.next, c)
		if kind != NoConflict && (m.writes(c.Key) || kind == DeleteEdit && m.writes(CellKey{Field: LifeField})) {
			ids = append(ids, ConflictIDOf(m.next.ID, c.Key))
		}
	}
	return ids
}

func (m *merging) writes(key CellKey) bool {
	return slices.ContainsFunc(m.in.Cells, func(c CellWrite) bool { return c.Key == key })
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
