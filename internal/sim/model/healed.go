package model

import (
	"slices"

	"onedoor/syncengine"
)

// wantShownBefore wants a cell that is made of the very changes which a lost history
// made it of to hold and show what it held and showed there, once they are back with
// their places and stamps: whatever the order in which phones came.
func (m *Model) wantShownBefore() {
	for _, lost := range m.branches {
		if lost == m.now {
			continue
		}
		for id := range lost.records {
			was, is := lost.record(id), m.now.record(id)
			if is == nil {
				continue
			}
			for _, c := range was.cells {
				if now := is.find(c.key); now != nil && m.cameBack(c, now, lost) {
					m.wantAsBefore(m.at(0, id), c, now)
				}
			}
		}
	}
}

// wantAsBefore compares the sets, and so what is shown. What is kept beside one is
// judged write by write (I3): who comes back first was shown more, or less.
func (m *Model) wantAsBefore(f finding, was, now *cell) {
	same := slices.EqualFunc(now.set, was.set, func(a, b value) bool { return a.by.row == b.by.row })
	f.want(same, I13, "field %d came back as %s, before the restore it held %s", now.key.Field, setText(now.set), setText(was.set))
}

// cameBack reports that a cell is made of the same changes as in a lost history, each
// known by the place it had there and with nothing about it judged otherwise. A history
// that began with a backup of before a change was supplied again knows it by fewer places
// than its phone was told: there it could stand unseen beside who had seen it.
func (m *Model) cameBack(was, now *cell, lost *branch) bool {
	if len(was.merged) != len(now.merged) || len(was.set) == 0 || len(now.set) == 0 {
		return false
	}
	for _, v := range was.merged {
		i := slices.IndexFunc(now.merged, func(n merged) bool { return n.by.row == v.by.row })
		if i < 0 || !now.merged[i].asBefore(&v, lost) || now.merged[i].knownBefore(&v, lost) || !m.oneHistory(v.by.row.place(was.key), lost) {
			return false
		}
	}
	return true
}

// asBefore reports that a value came back as it was.
func (v *merged) asBefore(was *merged, lost *branch) bool {
	if v.stamp != was.stamp || v.suspect != was.suspect || v.rank != was.rank || v.blindTo() != was.blindTo() || v.doubted || was.doubted {
		return false
	}
	top := place{branch: lost, seq: syncengine.Seq(1<<63 - 1)}
	return slices.ContainsFunc(v.known, func(p place) bool { return top.holds([]place{p}) })
}

// knownBefore reports that a value is known by a place in an epoch that a lost history
// came after, by which that did not know it.
func (v *merged) knownBefore(was *merged, lost *branch) bool {
	return slices.ContainsFunc(v.known, func(p place) bool {
		return p.epoch < lost.history.Epoch && !slices.ContainsFunc(was.known, func(o place) bool { return o.written() == p.written() })
	})
}

// oneHistory reports a place of an epoch that the history in force and a lost one know, and that no
// other one shares its number with: what was seen there counts in full in both.
func (m *Model) oneHistory(p place, lost *branch) bool {
	return p.isZero() || m.knows(p.epoch) && lost.knows(p.epoch) && !m.twice[p.epoch]
}
