package model

import (
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// What an entry says of the past of the change that it merges or keeps: the places it
// had in earlier histories and how much of its base counts. The server decides, the
// auditor says between which bounds, and follows what was decided.

// said reads what an entry says besides.
func (m *Model) said(e store.Entry) *storedv1.Extra {
	extra := &storedv1.Extra{}
	m.at(0, e.RecordID).want(proto.Unmarshal(e.Extra, extra) == nil, I13, "seq %d: what it says besides cannot be read", e.Seq)
	return extra
}

// believe takes over the past of a change that a call has brought, each part of it
// held against what is true and what was proven. Of one that came as erased there is no
// base to count: its phone sent none, and nothing of it is merged.
func (m *Model) believe(ch *change, e store.Entry, c *call) {
	if c != nil {
		m.wantNoticed(c)
		m.noteProven(c)
	}
	extra := m.said(e)
	m.follow(ch, extra)
	m.wantFirst(ch, c)
	if !sentErased(e) {
		m.wantBase(ch, extra.GetCountedBase() != nil)
	}
}

// believeAgain wants an entry that merges a change, or more of it, to tell of its past
// what the one that decided it told.
func (m *Model) believeAgain(ch *change, e, decided store.Entry) {
	extra, was := m.said(e), m.said(decided)
	same := proto.Equal(extra.GetCountedBase(), was.GetCountedBase()) &&
		slices.EqualFunc(extra.GetFirst(), was.GetFirst(), func(a, b *storedv1.Coordinate) bool { return proto.Equal(a, b) })
	m.at(0, e.RecordID).want(same, I13, "seq %d tells of the past of change %s otherwise than seq %d", e.Seq, named(ch.dot), decided.Seq)
	m.follow(ch, extra)
}

// follow takes over what an entry says.
func (m *Model) follow(ch *change, extra *storedv1.Extra) {
	ch.first = ch.first[:0:0]
	for _, c := range extra.GetFirst() {
		ch.first = append(ch.first, syncengine.Coordinate{Epoch: syncengine.Epoch(c.GetEpoch()), Seq: syncengine.Seq(c.GetSeq())})
	}
	ch.doubted, ch.counted = false, place{}
	if c := extra.GetCountedBase(); c != nil {
		ch.doubted = true
		if base := m.placeNamed(ch); c.GetSeq() > 0 {
			ch.counted = place{branch: base.branch, seq: syncengine.Seq(c.GetSeq()), epoch: base.epoch}
		}
	}
}

// wantFirst wants an entry to carry every place at which its change stood before, as
// far as the phone told it and its receipt proves it. In an epoch of two histories a
// place may be left out, and must be once the server knows.
func (m *Model) wantFirst(ch *change, c *call) {
	f, sent := m.at(0, ch.row.change.RecordID), m.provenFirst(ch, c)
	for _, at := range ch.first {
		f.want(ch.row.acceptedAt(at), I13, "change %s is said to have stood at %s, where it never stood", named(ch.dot), at)
		f.want(slices.Contains(sent, at), I13, "change %s is said to have stood at %s, which no receipt of its phone proves", named(ch.dot), at)
		f.want(!m.doubtfulTo(ch.dot.Incarnation, at.Epoch), I13, "change %s is said to have stood at %s, in an epoch of two histories", named(ch.dot), at)
	}
	for _, at := range sent {
		f.want(slices.Contains(ch.first, at) || m.twice[at.Epoch], I13, "change %s stood at %s before the restore, and its entry does not say so", named(ch.dot), at)
	}
}

// provenFirst lists the places that came with a change and that its receipt covers.
func (m *Model) provenFirst(ch *change, c *call) (out []syncengine.Coordinate) {
	first, receipt := c.firstOf(ch.dot.Seq)
	if receipt == nil || uint64(ch.dot.Seq) > receipt.GetDeviceSeq() {
		return nil
	}
	until := coordinate(receipt.GetCoordinate())
	for _, told := range first.GetCoordinates() {
		at := coordinate(told)
		if at.Epoch >= m.now.history.Epoch || at.Epoch > until.Epoch || at.Epoch == until.Epoch && at.Seq > until.Seq {
			break
		}
		out = append(out, at)
	}
	return out
}

// firstOf gives what a call says of the past of a change, and its receipt.
func (c *call) firstOf(seq syncengine.DeviceSeq) (*syncv1.First, *syncv1.Receipt) {
	if c == nil {
		return nil, nil
	}
	i := int(seq) - int(c.body.GetBatch().GetFirstDeviceSeq())
	return c.body.GetBatch().GetChanges()[i].GetFirst(), c.body.GetReceipt()
}

// wantBase wants the base that counts to lie between what is proven and what is true:
// not more of the history in force than the author had before them, and no less than
// the phone has shown, which is all of it where the epoch had one history only.
func (m *Model) wantBase(ch *change, cut bool) {
	if ch.row.server {
		return
	}
	f, base := m.at(0, ch.row.change.RecordID), m.placeNamed(ch)
	if base.isZero() {
		return
	}
	counted := ch.limited(base)
	f.want(!cut || m.twice[base.epoch], I13, "the base %s of change %s counts up to %d only, of an epoch that had one history", ch.row.change.Base, named(ch.dot), counted.seq)
	f.want(counted.seq <= base.seq, I13, "the base %s of change %s counts as %d", ch.row.change.Base, named(ch.dot), counted.seq)
	least := m.provenIn(ch.dot.Incarnation, base.epoch)
	f.want(counted.seq >= min(least, base.seq), I13, "the base %s of change %s counts up to %d, its phone has shown %d", ch.row.change.Base, named(ch.dot), counted.seq, least)
	shared, way := m.shared(base.epoch, m.now.history.Epoch)
	if counted.seq > shared && m.anyTwice(way) && !m.doubtfulTo(ch.dot.Incarnation, base.epoch) {
		// Its place lies beyond this history: nobody can hold its tag against anything.
		return
	}
	claimed := min(shared, counted.seq)
	f.want(claimed <= m.seenOf(ch.row, base), I13, "the base %s of change %s counts as %d of this history, of which its author had seen %d",
		ch.row.change.Base, named(ch.dot), claimed, m.seenOf(ch.row, base))
}

// seenOf gives how much of the history in force the author of a row had ever had
// before them: at its base, or at a checkpoint before it.
func (m *Model) seenOf(r *row, base place) (most syncengine.Seq) {
	most = m.common(base)
	for _, at := range r.stood {
		most = max(most, m.common(at))
	}
	return most
}

// common gives how much of the history in force somebody at a place has seen.
func (m *Model) common(p place) syncengine.Seq {
	limits := map[*branch]syncengine.Seq{}
	limit := m.now.head()
	for b := m.now; b != nil; b = b.parent {
		limits[b] = limit
		limit = min(limit, b.fork)
	}
	seq := p.seq
	for b := p.branch; b != nil; b = b.parent {
		if most, ok := limits[b]; ok {
			return min(seq, most)
		}
		seq = min(seq, b.fork)
	}
	return 0
}
