package model

import (
	"slices"

	"onedoor/syncengine"
)

// What is supplied again after a restore: the server may believe where a change
// stood before, and may doubt what a history was that was put back without a word.
// Whatever it doubts gives a false conflict and no loss; what it believes must be true.

// here is a place in the history in force.
func (m *Model) here(seq syncengine.Seq) place {
	return place{branch: m.now, seq: seq, epoch: m.now.history.Epoch}
}

// places gives the places of earlier histories that a change's entry carries. They
// are those of the change, also for a cell that the software of then did not know
// and merged later: who stood between the two covers it unseen, and it is kept.
func (ch *change) places() (out []place) {
	for _, at := range ch.row.accepted {
		if slices.Contains(ch.first, syncengine.Coordinate{Epoch: at.epoch, Seq: at.seq}) {
			out = append(out, at)
		}
	}
	return out
}

// acceptedAt reports whether a history once had the row at a coordinate, under any name.
func (r *row) acceptedAt(c syncengine.Coordinate) bool {
	return slices.ContainsFunc(r.accepted, func(at place) bool { return at.epoch == c.Epoch && at.seq == c.Seq })
}

// knows reports that the history in force knows of an epoch. A file that was put
// back may not know of one that phones have seen.
func (m *Model) knows(epoch syncengine.Epoch) bool { return m.now.knows(epoch) }

func (b *branch) knows(epoch syncengine.Epoch) bool {
	h := &b.history
	return epoch == 1 || epoch == h.Epoch || slices.ContainsFunc(h.Forks, func(f syncengine.Fork) bool { return f.Epoch == epoch })
}

// inForce gives the seq of a place in the history in force; ok is false where that
// history does not have it, does not know the epoch by which it is named, or takes the
// epoch's number for another history's.
func (m *Model) inForce(p place) (seq syncengine.Seq, ok bool) {
	if seq, ok = p.within(m.now); !ok || !m.knows(p.epoch) {
		return seq, false
	}
	shared, way := m.shared(p.epoch, m.now.history.Epoch)
	return seq, seq <= shared || !m.anyTwice(way)
}

// asOf has what follows asked by what the history in force knew of the epochs when an entry of its was written: what a restore
// has told it of since decides only about what comes after. The function that it gives ends that.
func (m *Model) asOf(seq syncengine.Seq) (end func()) {
	b, now := m.now, m.now.history
	then := syncengine.History{Epoch: now.EpochAt(seq)}
	for _, f := range now.Forks {
		if max(f.Learned, f.Epoch) <= then.Epoch {
			then.Forks = append(then.Forks, f)
		}
	}
	b.history = then
	return func() { b.history = now }
}

// reaches reports whether the log up to a place holds any of the places by which
// the history in force knows a write. Of an epoch that it does not know nothing is
// in another one.
func (m *Model) reaches(base place, known []place) bool {
	return slices.ContainsFunc(known, func(k place) bool {
		shared, way := m.shared(k.epoch, base.epoch)
		if m.anyTwice(way) {
			return !base.isZero() && k.epoch <= base.epoch && k.seq <= min(base.seq, shared)
		}
		alike := k.epoch == base.epoch || m.knows(k.epoch) && m.knows(base.epoch)
		return alike && base.holds([]place{k})
	})
}
