package model

import (
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// waitingAt gives the decision whose change waits at a seq.
func (m *Model) waitingAt(e store.Entry) *decision {
	d := m.now.decided[syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}]
	ok := d != nil && d.change != nil && d.entry.Seq == e.Ref && m.now.waiting[d.change.dot]
	if !m.at(0, e.RecordID).want(ok, I16, "seq %d decides about seq %d, where nothing waits", e.Seq, e.Ref) {
		return nil
	}
	return d
}

// release takes an entry by which a quarantined change was merged.
func (m *Model) release(e store.Entry) {
	d := m.waitingAt(e)
	if d == nil {
		return
	}
	f, ch := m.at(0, e.RecordID), d.change
	d.recall()
	f.want(m.mayRelease(d), I16, "change %s leaves quarantine though nobody decided so", named(ch.dot))
	delete(m.now.waiting, ch.dot)
	kind, known := m.schema.Kind(ch.row.change.Kind)
	cells, err := wire.Cells(kind, ch.row.change.Create, ch.row.change.Patch)
	if !f.want(known && err == nil, I16, "change %s is released and cannot be merged: %v", named(ch.dot), err) {
		return
	}
	f.want(e.Stamp == ch.stamp && e.Suspect == ch.suspect, I12, "released, change %s has stamp %d, suspect %v; when it arrived it was %d, %v",
		named(ch.dot), e.Stamp, e.Suspect, ch.stamp, ch.suspect)
	cells, _ = m.leftOf(ch, cells)
	rank := m.schema.Access.RankOf(m.people.of(ch.row.user).role)
	f.want(e.Rank == rank, I16, "released, change %s has rank %d, its author's is %d", named(ch.dot), e.Rank, rank)
	rec := m.now.record(e.RecordID)
	f.want(e.Prev == seqOf(rec), I5, "seq %d names %d as the entry before it, it is %d", e.Seq, e.Prev, seqOf(rec))
	m.believeAgain(ch, e, d.entry)
	ch.rank, ch.blind = e.Rank, m.blindIn(ch, rec, e)
	writes, held := m.writesOf(ch, cells, kind.Field)
	g, next := m.mergeInto(rec, ch, writes, e.Seq, true)
	m.noteTouch(ch, rec, next)
	next.moveTo(m.keysOf(next), e.Seq)
	m.put(next)
	after := *d
	after.last, after.applied, after.held, after.credit = e, g.applied, held, ch.credit
	m.now.decided[ch.dot] = &after
}

// blindIn gives the classes that a released change's author could not read, as its
// entry has them under one of the versions of grants that may count for it.
func (m *Model) blindIn(ch *change, rec *record, e store.Entry) schema.Classes {
	told := schema.Classes(m.said(e).GetUnreadable())
	fits := func(blind schema.Classes) bool { return blind&(1<<syncengine.ClassMax-1) == told }
	blind := m.blindAt(ch, rec)
	if !fits(blind) {
		m.underOthers(ch.row, ch.dot, func() bool {
			other := m.blindAt(ch, rec)
			if fits(other) {
				blind = other
			}
			return fits(other)
		})
	}
	return blind
}

// blindAt gives the classes that a change's author could not read in a record.
func (m *Model) blindAt(ch *change, rec *record) schema.Classes {
	if rec == nil {
		return 0
	}
	v := verdict{kind: rec.kind}
	m.judgeRights(&v, ch.row, ch.dot, rec)
	return v.blind
}

// mayRelease reports that a person asked for the release, directly or of the
// creation before it, or that the record it waited for is there.
func (m *Model) mayRelease(d *decision) bool {
	if reason(d.entry.Reason) == syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD && m.now.record(d.entry.RecordID) != nil {
		return true
	}
	if m.act == nil || m.act.Release == 0 {
		return false
	}
	asked := m.now.log[m.act.Release-1]
	if m.act.Release == d.entry.Seq {
		return true
	}
	creation := m.now.decided[syncengine.Dot{Incarnation: asked.Incarnation, Seq: asked.DeviceSeq}]
	return creation != nil && creation.change != nil && creation.change.row.change.Create && asked.RecordID == d.entry.RecordID &&
		asked.Incarnation == d.entry.Incarnation && asked.DeviceSeq < d.entry.DeviceSeq
}

// reject takes an entry by which a quarantined change was refused for good.
func (m *Model) reject(e store.Entry) {
	d := m.waitingAt(e)
	if d == nil {
		return
	}
	m.at(0, e.RecordID).want(m.act != nil && m.act.Reject == e.Ref, I16, "change %s is rejected though nobody decided so", named(d.change.dot))
	delete(m.now.waiting, d.change.dot)
	next := *d
	next.last = e
	m.now.decided[d.change.dot] = &next
}

// acted wants what was done at the server to have happened, or nothing of it.
func (m *Model) acted(err error) {
	a, f := m.act, m.at(0, syncengine.ID{})
	m.act = nil
	if a == nil || err != nil {
		return
	}
	if a.Import != nil {
		m.endImport(a)
	}
	for _, seq := range []syncengine.Seq{a.Release, a.Reject} {
		if seq == 0 || seq > m.now.head() {
			continue
		}
		e := m.now.log[seq-1]
		f.want(!m.now.waiting[syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}], I16, "what waited at seq %d was decided and still waits", seq)
	}
}

// settleAwaiting wants what waited for a record to be released when it appeared,
// and the changes that were quarantined with a creation to be released with it.
func (m *Model) settleAwaiting() {
	for _, id := range m.step.appeared {
		for dot := range m.now.waiting {
			d := m.now.decided[dot]
			if d.entry.RecordID != id || d.entry.Seq > m.step.from && d.entry.Kind != m.now.record(id).kind.Number {
				continue
			}
			waits := reason(d.entry.Reason) == syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD && m.releasable(d)
			m.at(0, id).want(!waits, I16, "change %s waited for the record, which is there now", named(dot))
		}
	}
}

func (m *Model) releasable(d *decision) bool {
	kind, ok := m.schema.Kind(d.entry.Kind)
	if !ok {
		return false
	}
	_, err := wire.Cells(kind, d.change.row.change.Create, d.change.row.change.Patch)
	return err == nil
}

// mergeHeld takes an entry by which upgraded software merged cells that the
// software of their time did not know.
func (m *Model) mergeHeld(e store.Entry) {
	f, extra := m.at(0, e.RecordID), &storedv1.Extra{}
	d, rec := m.now.decided[syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}], m.now.record(e.RecordID)
	ok := d != nil && d.change != nil && rec != nil && d.last.Seq == e.Ref && proto.Unmarshal(e.Extra, extra) == nil
	if !f.want(ok, I15, "seq %d merges held cells of seq %d, which has none", e.Seq, e.Ref) {
		return
	}
	ch := d.change
	d.recall()
	m.believeAgain(ch, e, d.last)
	kind, _ := m.schema.Kind(ch.row.change.Kind)
	cells, _ := wire.Cells(kind, ch.row.change.Create, ch.row.change.Patch)
	cells = slices.DeleteFunc(slices.Clone(cells), func(c syncengine.CellWrite) bool { return !slices.Contains(d.held, c.Key.Field) })
	cells, _ = m.leftOf(ch, cells)
	writes, _ := m.writesOf(ch, cells, kind.Field)
	f.want(len(writes) == len(extra.GetHeld()) && len(writes) > 0, I15, "seq %d merges %d held cells, the change has %d that are known now",
		e.Seq, len(extra.GetHeld()), len(writes))
	after := *d
	after.held = slices.DeleteFunc(slices.Clone(d.held), func(n syncengine.FieldNumber) bool {
		return slices.ContainsFunc(writes, func(w *write) bool { return w.key.Field == n })
	})
	m.now.decided[ch.dot] = &after
	_, next := m.mergeInto(rec, ch, writes, e.Seq, false)
	next.moveTo(m.keysOf(next), e.Seq)
	m.put(next)
}
