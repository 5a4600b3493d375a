package model

import (
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// What is supplied again after a restore: the server may believe where a change
// stood before, and may doubt what a history was that was put back without a word.
// Whatever it doubts gives a false conflict and no loss; what it believes must be true.

// here is a place in the history in force.
func (m *Model) here(seq syncengine.Seq) place {
	return place{branch: m.now, seq: seq, epoch: m.now.history.Epoch}
}

// places gives the places of earlier histories that a write's entry carries.
func (ch *change) places(w *write) (out []place) {
	for _, at := range w.at {
		if slices.Contains(ch.first, syncengine.Coordinate{Epoch: at.epoch, Seq: at.seq}) {
			out = append(out, at)
		}
	}
	return out
}

// believe takes over what an entry says of the past of a change that it merges
// or keeps, and wants it to be true.
func (m *Model) believe(ch *change, e store.Entry) {
	f, extra := m.at(0, e.RecordID), &storedv1.Extra{}
	if !f.want(proto.Unmarshal(e.Extra, extra) == nil, I13, "seq %d: what it says besides cannot be read", e.Seq) {
		return
	}
	ch.first = ch.first[:0:0]
	for _, c := range extra.GetFirst() {
		ch.first = append(ch.first, syncengine.Coordinate{Epoch: syncengine.Epoch(c.GetEpoch()), Seq: syncengine.Seq(c.GetSeq())})
	}
	for _, c := range ch.first {
		f.want(ch.stood(c) || m.nameShared(ch.dot.Incarnation), I13, "change %s is said to have stood at %s, where it never stood", named(ch.dot), c)
	}
	ch.doubted, ch.counted = false, place{}
	if c := extra.GetCountedBase(); c != nil {
		base := m.placeNamed(ch)
		f.want(m.putBackOnce && syncengine.Seq(c.GetSeq()) <= base.seq, I13, "the base %s of change %s counts as %d", ch.row.change.Base, named(ch.dot), c.GetSeq())
		ch.doubted = true
		if c.GetSeq() > 0 {
			ch.counted = place{branch: base.branch, seq: syncengine.Seq(c.GetSeq()), epoch: base.epoch}
		}
	}
}

// nameShared reports an incarnation that more than one phone has gone by.
func (m *Model) nameShared(incarnation syncengine.ID) bool {
	n := 0
	for _, ph := range m.phones {
		if ph.incarnation == incarnation || slices.Contains(ph.names, incarnation) {
			n++
		}
	}
	return n > 1
}

// stood reports whether a history once had the change at a coordinate.
func (ch *change) stood(c syncengine.Coordinate) bool {
	return slices.ContainsFunc(ch.entries, func(at place) bool { return at.epoch == c.Epoch && at.seq == c.Seq })
}

// proven reports a change that was decided in an earlier history and comes with
// its first places and a receipt that covers it.
func (m *Model) proven(ch *change, c *call) bool {
	i := int(ch.dot.Seq) - int(c.body.GetBatch().GetFirstDeviceSeq())
	first, receipt := c.body.GetBatch().GetChanges()[i].GetFirst(), c.body.GetReceipt()
	return len(first.GetCoordinates()) > 0 && receipt != nil && uint64(ch.dot.Seq) <= receipt.GetDeviceSeq() && len(ch.entries) > 0
}

// wantSupplied wants a change that was proven to have been decided before to get
// its stamp and its places back.
func (m *Model) wantSupplied(d *decision, c *call) {
	e, ch := d.entry, d.change
	f := m.at(0, e.RecordID)
	f.want(slices.Contains(ch.stamps, stamped{e.Stamp, e.Suspect}), I13, "supplied again, change %s has stamp %d, suspect %v; before the restore it was %d, %v",
		named(ch.dot), e.Stamp, e.Suspect, ch.stamp, ch.suspect)
	i := int(ch.dot.Seq) - int(c.body.GetBatch().GetFirstDeviceSeq())
	sent := len(c.body.GetBatch().GetChanges()[i].GetFirst().GetCoordinates())
	f.want(m.putBackOnce || len(ch.first) == sent, I13, "change %s comes with %d places that it had before, %d are kept", named(ch.dot), sent, len(ch.first))
}

// knows reports that the history in force knows of an epoch. A file that was put
// back may not know of one that phones have seen.
func (m *Model) knows(epoch syncengine.Epoch) bool {
	h := &m.now.history
	return epoch == 1 || epoch == h.Epoch || slices.ContainsFunc(h.Forks, func(f syncengine.Fork) bool { return f.Epoch == epoch })
}

// inForce gives the seq of a place in the history in force; ok is false where that
// history does not have it, or does not know the epoch by which it is named.
func (m *Model) inForce(p place) (seq syncengine.Seq, ok bool) {
	seq, ok = p.within(m.now)
	return seq, ok && m.knows(p.epoch)
}

// reaches reports whether the log up to a place holds any of the places by which
// the history in force knows a write. Of an epoch that it does not know nothing is
// in another one.
func (m *Model) reaches(base place, known []place) bool {
	for _, k := range known {
		alike := k.epoch == base.epoch || m.knows(k.epoch) && m.knows(base.epoch)
		if alike && base.holds([]place{k}) {
			return true
		}
	}
	return false
}
