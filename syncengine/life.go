package syncengine

import "slices"

// A deletion speaks of the whole record: it has seen what the writes of life under it had seen. What it takes out of the set
// or finds among the kept tells it. A write that is in neither any more tells it only while its cell remembers it: after a
// restore somebody may come back who had it before them and not what wrote over it since.

// forget remembers a write of life that leaves its cell for good, where its bases say more than its place in the log does.
func (m *merging) forget(cell *Cell, w *Write) {
	if cell.Key.Field == LifeField && m.tellsMore(w) {
		cell.Past = append(slices.Clip(cell.Past), w)
	}
}

// tellsMore reports that who saw a write need not have seen, by their own base, what its author had: it was supplied again,
// or its author had seen a history that this log does not have.
func (m *merging) tellsMore(w *Write) bool {
	lost := func(b Coordinate) bool {
		_, here := m.world.History.Current(b)
		return !here
	}
	if len(w.Coordinates) > 1 {
		return len(w.Bases)+len(w.Veiled) > 0
	}
	return slices.ContainsFunc(w.Bases, lost) || slices.ContainsFunc(w.Veiled, func(b VeiledBase) bool { return lost(b.Base) })
}

// inheritPast lets w take over what the writes had seen that it covers and that are in the set no more, as it would have, had
// it come before what removed them.
func (m *merging) inheritPast(key CellKey, w *Write) *Write {
	cell, ok := m.next.Find(key)
	if !ok {
		return w
	}
	heir := w
	for i := range cell.Kept {
		heir = m.inheritFrom(heir, w, cell.Kept[i].Value.Write)
	}
	for _, past := range cell.Past {
		heir = m.inheritFrom(heir, w, past)
	}
	return heir
}

// inheritFrom has heir, which is w with what it has taken over already, take over what v had seen if w covers v.
func (m *merging) inheritFrom(heir, w, v *Write) *Write {
	if !m.world.covers(w, v) {
		return heir
	}
	return m.inheritBases(heir, v)
}
