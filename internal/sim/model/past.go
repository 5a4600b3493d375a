package model

import (
	"slices"

	"onedoor/syncengine"
)

// saw reports whether v, a write of the same cell, is in w's true past: it is an
// earlier row of the same database, or it stood in the log that w's author had
// before them and could read.
func (m *Model) saw(w, v value) bool {
	if m.before(v.by, w.by) {
		return true
	}
	if w.by.row.change.Create || w.blindTo() {
		return false
	}
	return m.reaches(w.limited(w.by.row.place(w.key)), v.known)
}

// sawThen is saw for two that are merged: by what was known when the later of them was.
func (m *Model) sawThen(w, v value) bool {
	defer m.asOf(max(w.mergedSeq(), v.mergedSeq()))()
	return m.saw(w, v)
}

// blindTo reports a cell that the author of a write could not read. Who deletes a
// record knows that it is there, whatever of it they may read.
func (v *value) blindTo() bool { return v.blind.Has(v.class) && !isDead(v.write) }

// limited gives as much of a place as counts.
func (c *credit) limited(p place) place {
	if c.doubted {
		return c.counted
	}
	return p
}

// place says what of the log the author stood on in a cell.
func (r *row) place(key syncengine.CellKey) place {
	if r.server {
		return r.whole
	}
	return r.saw[key]
}

// sawOfRecord reports whether v, a write of any cell of the record, is in the past of
// the deletion that stands: its author had it before them, or had before them a write
// of life, one that this history may have made no more of, whose author had. Who knew
// of it knew what was under it, also where that is supplied again only later.
func (m *Model) sawOfRecord(life *cell, deletion, v *value) bool {
	if m.before(v.by, deletion.by) {
		return true
	}
	if deletion.by.row.change.Create || deletion.blind.Has(v.class) {
		return false
	}
	return slices.ContainsFunc(m.lifePast(life, *deletion), func(o value) bool {
		return !o.by.row.change.Create && !o.blind.Has(v.class) && m.reaches(o.limited(o.by.row.place(o.key)), v.known)
	})
}

// lifePast lists a write of life and all that it wrote over, at first or second hand.
func (m *Model) lifePast(life *cell, w value) []value {
	past := []value{w}
	for i := 0; i < len(past); i++ {
		for _, o := range life.merged {
			known := slices.ContainsFunc(past, func(p value) bool { return p.write == o.write })
			if !known && !o.outrun && m.sawThen(past[i], o.value) {
				past = append(past, o.value)
			}
		}
	}
	return past
}

// before reports whether a is an earlier change of b's own chain: in the same
// database, and known to the server as such.
func (m *Model) before(a, b *change) bool {
	if a.row.server || b.row.server {
		return a.dot.Incarnation == b.dot.Incarnation && a.dot.Seq < b.dot.Seq
	}
	line := b.row.line
	return int(a.row.seq) <= len(line) && line[a.row.seq-1] == a.row && m.descends(b.dot, a.dot)
}

// descends reports whether dot a belongs to the chain that leads to b, through forks.
func (m *Model) descends(b, a syncengine.Dot) bool {
	for a.Incarnation != b.Incarnation {
		f, forked := m.forks[b.Incarnation]
		if !forked {
			return false
		}
		b = syncengine.Dot{Incarnation: f.parent, Seq: min(b.Seq, f.last+1)}
	}
	return a.Seq < b.Seq
}

// shownTo reports, by the rule of the protocol, whether v was shown to w's
// author: it was the one shown at w's base, or an own change above it. Where the
// base counts in part, nobody knows what was on the screen.
func (m *Model) shownTo(w, v value) bool {
	base := w.limited(m.placeNamed(w.by))
	if m.looksAtBase(w) && !w.doubted {
		if seq, ok := m.inForce(base); ok && v.shownAt(seq) {
			return true
		}
	}
	return m.before(v.by, w.by) && !m.reaches(base, v.known)
}

// looksAtBase reports that base counts at all for a write.
func (m *Model) looksAtBase(w value) bool {
	return !w.by.row.change.Create && !w.blindTo() && !w.by.row.change.Base.IsZero()
}

// placeNamed is the place that a change's base names.
func (m *Model) placeNamed(c *change) place {
	if c.row.server || len(c.row.cells) == 0 || c.row.change.Create {
		return c.row.whole
	}
	return c.row.saw[c.row.cells[0].Key]
}

// onScreen reports whether w's author truly had v, or what reads the same, on
// the screen: in the row's own sight or in that of an earlier row of the same
// database over which it was written, or as an own row, or on the conflict's list.
func (m *Model) onScreen(w *write, v *write) bool {
	if w.by.row.server || m.before(v.by, w.by) || v.by.row == w.by.row {
		return true
	}
	for r := w.by.row; r != nil; r = r.over(w.key) {
		s := r.screen[w.key]
		if s.shown != nil && s.shown.same(v) || slices.ContainsFunc(s.listed, func(x value) bool { return x.write == v }) && r.closes(w.key) || r.settled(v) {
			return true
		}
	}
	return false
}

// settled reports that the row closes a conflict in a history that had v and where it
// was open no more: who let it go there is judged there, and whoever closes what is
// left has not to be shown it again.
func (r *row) settled(v *write) bool {
	p := r.saw[v.key]
	if !r.closes(v.key) || !p.holds(v.at) {
		return false
	}
	c := p.branch.recordAt(r.change.RecordID, p.seq).find(v.key)
	open := func(x value) bool { return x.write == v }
	return c != nil && !slices.ContainsFunc(c.set, open) && !slices.ContainsFunc(c.kept, open)
}

// closes reports that the row names what is open at a cell.
func (r *row) closes(key syncengine.CellKey) bool {
	return slices.Contains(r.change.Resolves, syncengine.ConflictIDOf(r.change.RecordID, key))
}

// over gives the row of the same database that the author wrote over in a cell.
func (r *row) over(key syncengine.CellKey) *row {
	for i := len(r.line) - 1; i >= 0; i-- {
		if o := r.line[i]; o.change.RecordID == r.change.RecordID && o.writes(key) {
			return o
		}
	}
	return nil
}
