package model

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// When the server tells of void doors: behind the batch that asks for it, in one commit with it. Several batches may share a
// commit, and what somebody does at the server stands in it before what follows from it. The auditor works out which tasks are
// due from what stands when a batch is done, and wants those behind it and no others. What asks for a task stands in voids.go.

// telling is what the commit in hand has met of void doors.
type telling struct {
	// touches are those of the batch in hand, maybe those before a place where a batch may have ended.
	touches, maybe []touch
	// due and allowed are the tasks that are being told, begun is set from the first one on.
	due, allowed dues
	begun        bool
	// last is the newest entry that decided a phone's change.
	last store.Entry
	// asked is how many changes the act in hand makes, writes counts those of them that have come.
	asked, writes int
}

// beginActs works out how many changes of a commit are made by the act in hand. While a file of doors is read others commit.
func (m *Model) beginActs(entries []store.Entry) {
	switch {
	case m.act == nil:
	case m.act.Import != nil:
		if len(entries) > 0 && m.own(entries[0]) {
			m.act.plan = m.plan(m.act.Import)
			m.step.telling.asked = m.act.plan.left()
		}
	default:
		m.step.telling.asked = len(m.act.Writes)
	}
}

// beforeEntry has a batch end where an entry begins another one, or is the first task that a batch has brought.
func (m *Model) beforeEntry(e store.Entry) {
	t := &m.step.telling
	switch {
	case m.tells(e):
		if !t.begun {
			t.begun, t.due = true, m.dueOf(t.touches)
			t.allowed = m.dueOf(slices.Concat(t.maybe, t.touches))
			t.touches, t.maybe = nil, nil
		}
	case e.Type == store.EntryAbsent, t.begun && decides(e):
		m.endBatch()
	case decides(e) && len(t.touches) > 0:
		m.perhapsAnother(e)
	}
	if decides(e) && !m.own(e) {
		t.last = e
	}
}

// decides reports an entry by which a change is decided for the first time.
func decides(e store.Entry) bool {
	return e.Type == store.EntryApplied || e.Type == store.EntryMerged || e.Type == store.EntryQuarantined
}

// own reports a change that the server makes for nobody.
func (m *Model) own(e store.Entry) bool {
	return decides(e) && e.Incarnation == m.authorOf(syncengine.ID{})
}

// tells reports a change that the server makes by itself, behind those that somebody asked it for.
func (m *Model) tells(e store.Entry) bool {
	if !m.own(e) {
		return false
	}
	if m.step.telling.writes < m.step.telling.asked {
		m.step.telling.writes++
		return false
	}
	return true
}

// perhapsAnother ends a batch before an entry that is of another one. Where copies of a phone's batches share a commit nobody
// can tell: one that would owe a task has not ended, since that stands directly behind it.
func (m *Model) perhapsAnother(e store.Entry) {
	t := &m.step.telling
	together, apart := false, e.Incarnation != t.last.Incarnation
	for _, c := range m.calls {
		if c.answered || c.incarnation() != e.Incarnation {
			continue
		}
		with := c.brings(e)
		together = together || with && c.brings(t.last)
		apart = apart || with && !c.brings(t.last)
	}
	switch {
	case t.asked > 0:
	case !together:
		m.endBatch()
	case apart && len(m.dueOf(t.touches)) == 0:
		t.maybe, t.touches = append(t.maybe, t.touches...), nil
	}
}

// brings reports that a call's batch has the change of an entry.
func (c *call) brings(e store.Entry) bool {
	i := int(e.DeviceSeq) - int(c.body.GetBatch().GetFirstDeviceSeq())
	return c.incarnation() == e.Incarnation && i >= 0 && i < len(c.rows) && c.rows[i] != nil && c.rows[i].digest == digestKept(e)
}

// endBatch wants everything that the batch in hand asked for to have been told.
func (m *Model) endBatch() {
	t := &m.step.telling
	left := t.due
	if !t.begun {
		left = m.dueOf(t.touches)
	}
	for _, d := range left {
		m.at(0, d.of.about).want(false, I2, "a void door asks for a task, %s, and none is there: %v", d.doing(), d.task)
	}
	t.touches, t.maybe, t.due, t.allowed, t.begun = nil, nil, nil, nil, false
}

// told reports an entry that is told because of a void door.
func (m *Model) told(e store.Entry) bool { return m.step.telling.begun && m.own(e) }

// wantDue wants a change that the server made by itself to be one that is due.
func (m *Model) wantDue(r *row, e store.Entry) {
	t, f := &m.step.telling, m.at(0, e.RecordID)
	told := &recordv1.Task{}
	err := proto.Unmarshal(r.change.Patch.GetFields(), told)
	at := slices.IndexFunc(t.allowed, func(d due) bool { return m.tellsOf(&d, e, told) })
	if !f.want(err == nil && at >= 0 && r.change.Create == t.allowed[at].create(), I2, "seq %d is a task that no void door asks for: %v", e.Seq, told) {
		return
	}
	d := t.allowed[at]
	f.want(proto.Equal(told, d.task), I2, "seq %d tells of a void door %v, it should be %s: %v", e.Seq, told, d.doing(), d.task)
	f.want(!d.create() || m.now.record(e.RecordID) == nil, I2, "seq %d makes a task of a record that is there", e.Seq)
	m.voidings[d.of] = e.RecordID
	same := func(o due) bool { return o.of == d.of && o.create() == d.create() }
	t.due, t.allowed = slices.DeleteFunc(t.due, same), slices.DeleteFunc(t.allowed, same)
}

// tellsOf reports that an entry tells of what is due: at the record of the task that is to be ended, or under the id under which
// some history has told of that voiding before, or else under one that tells of no other.
func (m *Model) tellsOf(d *due, e store.Entry, told *recordv1.Task) bool {
	if !d.create() {
		return d.id == e.RecordID
	}
	if id, before := m.voidings[d.of]; before {
		return id == e.RecordID
	}
	_, other := m.broughtBy(e.RecordID)
	return !other && proto.Equal(told, d.task)
}
