package model

import (
	"slices"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// merging is one change on its way into a record's next state.
type merging struct {
	m      *Model
	ch     *change
	before *record
	next   *record
	at     place
	// release tells that the change leaves quarantine.
	release bool
	// applied is false as soon as anything but the plain case happens.
	applied bool
	written []syncengine.CellKey
}

// merge predicts the state of a record after a change whose writes are merged at
// a place in the log, and whether it was plainly applied.
func (m *Model) merge(before *record, ch *change, writes []*write, at place, release bool) *merging {
	g := &merging{m: m, ch: ch, before: before, at: at, release: release, applied: len(ch.row.change.Resolves) == 0}
	if before == nil {
		kind, _ := m.schema.Kind(ch.row.change.Kind)
		g.next = &record{id: ch.row.change.RecordID, kind: kind, seq: at.seq}
	} else {
		g.next = before.next(at.seq)
	}
	for _, w := range writes {
		g.written = append(g.written, w.key)
		g.write(standing(w))
		w.at = append(slices.Clip(w.at), at)
	}
	g.closeKept()
	if m.deleteEdit(g.next) || before != nil && m.deleteEdit(before) {
		g.applied = false
	}
	return g
}

// write merges one cell: what the write saw leaves the set, what is left over of
// it that the author had not been shown stays kept, and the write joins, unless
// something in the log has seen it already.
func (g *merging) write(w value) {
	c := g.next.own(w.key)
	resolved := g.resolves(w.key, w.class)
	settled := g.settleKept(c, w, resolved)
	open, kept := c.contested(), len(c.kept)
	covered, ownLater := g.coveredAlready(c, w)
	if !ownLater {
		g.replace(c, w, resolved, open)
	}
	if covered || ownLater {
		g.applied = false
		g.joinLog(c, w, ownLater)
		return
	}
	w = w.mergedAt(g.at)
	c.set = append(c.set, w)
	g.show(c)
	c.merged = append(c.merged, merged{value: w})
	if len(c.set) != 1 || len(c.kept) != kept || settled {
		g.applied = false
	}
}

// leave lets a value that w saw go, or keeps it.
func (g *merging) leave(c *cell, w, v value, resolved, open bool) {
	review := policyOf(g.next.kind, w.key) == syncengine.Review
	if !resolved && (review && open || !g.m.shownTo(w, v)) {
		v.covered = g.at
		if v.from != 0 && v.until == 0 {
			v.until = g.at.seq
		}
		c.kept = append(c.kept, v)
		return
	}
	g.m.at(0, g.next.id).want(g.m.onScreen(w.write, v.write) || g.release || w.unread(), I3,
		"field %d: the value of %s is gone, written over by %s, whose author had not been shown it", w.key.Field, named(v.by.dot), named(w.by.dot))
}

// unread reports the deletion of a record that its author could not read and had joined by its code. They had no
// life of it on the screen but their own; that it lives is all that the deletion covers, and each value of somebody
// else under it is a conflict of deletion and edit that stays open (unseenByDelete).
func (v *value) unread() bool { return v.blind.Has(v.class) && isDead(v.write) }

// settleKept drops kept values that the write saw and whose author was shown them.
func (g *merging) settleKept(c *cell, w value, resolved bool) bool {
	review := policyOf(g.next.kind, w.key) == syncengine.Review
	before := len(c.kept)
	c.kept = slices.DeleteFunc(c.kept, func(k value) bool {
		return g.m.saw(w, k) && (resolved || !review && g.m.shownTo(w, k))
	})
	return len(c.kept) < before
}

// replace takes what a write saw out of the set, also where something else that
// stands has seen the write itself: who knew it knew what was under it.
func (g *merging) replace(c *cell, w value, resolved, open bool) {
	var stay []value
	for _, v := range c.set {
		if g.m.saw(w, v) {
			g.leave(c, w, v, resolved, open)
		} else {
			stay = append(stay, v)
		}
	}
	c.set = stay
}

// coveredAlready reports that something in the log has a write in its past, and
// that its own author wrote over it.
func (g *merging) coveredAlready(c *cell, w value) (covered, ownLater bool) {
	for _, o := range c.merged {
		switch {
		case g.m.before(w.by, o.by):
			ownLater = true
		case !o.outrun && g.m.saw(o.value, w):
			covered = true
		}
	}
	return covered, ownLater
}

// joinLog notes a write that does not join the set: it is kept unless its own
// author wrote over it.
func (g *merging) joinLog(c *cell, w value, ownLater bool) {
	w = w.mergedAt(g.at)
	if !ownLater {
		k := w
		k.covered = g.at
		c.kept = append(c.kept, k)
	}
	g.show(c)
	c.merged = append(c.merged, merged{w, ownLater})
}

// show orders the set and notes from when to when each value was last shown.
func (g *merging) show(c *cell) {
	if len(c.set) == 0 {
		return
	}
	ordered(g.next.kind, c.set)
	for i := range c.set {
		v := &c.set[i]
		switch shown := v.same(c.set[0].write); {
		case shown && (v.from == 0 || v.until != 0):
			v.from, v.until = g.at.seq, 0
		case !shown && v.from != 0 && v.until == 0:
			v.until = g.at.seq
		}
	}
}

// resolves reports that the change closes what is open at a cell that its author
// could read.
func (g *merging) resolves(key syncengine.CellKey, class syncengine.Class) bool {
	r := g.ch.row
	return r.closes(key) && !r.change.Create && !r.change.Base.IsZero() && !g.ch.blind.Has(class)
}

// closeKept drops the kept values that the change names and that were kept when
// its author looked.
func (g *merging) closeKept() {
	if len(g.ch.row.change.Resolves) == 0 {
		return
	}
	base := g.ch.limited(g.m.placeNamed(g.ch))
	for _, c := range slices.Clone(g.next.cells) {
		if len(c.kept) == 0 || !g.resolves(c.key, c.kept[0].class) {
			continue
		}
		own := g.next.own(c.key)
		own.kept = slices.DeleteFunc(own.kept, func(k value) bool { return g.m.reaches(base, []place{k.covered}) })
	}
}

// openKind says what is open at a cell of a record.
func (m *Model) openKind(rec *record, c *cell) syncengine.ConflictKind {
	switch {
	case m.unseenByDelete(rec, c):
		return syncengine.DeleteEdit
	case fillsItself(rec.kind, c.key):
		return syncengine.NoConflict
	case c.contested():
		return syncengine.Contested
	case len(c.kept) > 0:
		return syncengine.KeptOpen
	}
	return syncengine.NoConflict
}

// fillsItself reports a cell that every phone that makes a record writes by itself: who was first is told, nobody is asked.
func fillsItself(kind *schema.Kind, key syncengine.CellKey) bool {
	f, known := kind.Field(key.Field)
	return known && f.Rules.GetSelfFilled()
}

// unseenByDelete reports a value of a deleted record that the deletion had not seen, by what was known when the record was last
// written.
func (m *Model) unseenByDelete(rec *record, c *cell) bool {
	deletion := rec.deletion()
	if deletion == nil || c.key.Field == syncengine.LifeField {
		return false
	}
	life := rec.find(deletion.key)
	defer m.asOf(rec.seq)()
	return slices.ContainsFunc(c.set, func(v value) bool { return v.by != deletion.by && !m.sawOfRecord(life, deletion, &v) })
}

// deleteEdit reports whether the deletion that stands had not seen some value.
func (m *Model) deleteEdit(rec *record) bool {
	return rec.deletion() != nil && slices.ContainsFunc(rec.cells, func(c *cell) bool { return m.unseenByDelete(rec, c) })
}

// conflictsOf lists the ids that a change's outcome names: those of cells it
// writes, and for a write of life all that a deletion had not seen.
func (g *merging) conflictsOf() []syncengine.ConflictID {
	var out []syncengine.ConflictID
	life := slices.Contains(g.written, syncengine.CellKey{Field: syncengine.LifeField})
	for _, c := range g.next.cells {
		kind := g.m.openKind(g.next, c)
		if kind != syncengine.NoConflict && (slices.Contains(g.written, c.key) || kind == syncengine.DeleteEdit && life) {
			out = append(out, syncengine.ConflictIDOf(g.next.id, c.key))
		}
	}
	return out
}
