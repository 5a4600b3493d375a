package model

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What a void door asks for. Behind a batch the server writes tasks of its own: one for each author whose work has met a door
// that is void by a write that they had not seen, one for who works on each open case at a door that has become void; and it
// ends what a door's voiding brought when the door is back. The auditor works out which tasks are due from what stands when
// the batch is done, and wants those and no others.

// touch is a change of the batch in hand that may ask for something.
type touch struct {
	credit
	change *change
	record syncengine.ID
	// voids tells that it made its door void, back that it ended that.
	voids, back bool
}

// due is one task that is to be made, or to be ended.
type due struct {
	create bool
	task   *recordv1.Task
}

// dues are tasks by their ids.
type dues map[syncengine.ID]due

// telling is what the commit in hand has met of void doors.
type telling struct {
	// touches are those of the batch in hand, maybe those before a place where a batch may have ended.
	touches, maybe []touch
	// due and allowed are the tasks that are being told; nil before the first one.
	due, allowed dues
	// last is the newest entry that decided a phone's change.
	last store.Entry
	// asked is how many changes the act in hand makes, writes counts those of them that have come.
	asked, writes int
}

// voidedBy gives the write by which a door is void; nil when it is not.
func voidedBy(rec *record) *value {
	if rec == nil || rec.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) {
		return nil
	}
	f, _ := rec.kind.FieldByName("status")
	c := rec.find(syncengine.CellKey{Field: f.Engine.Number})
	if c == nil || len(c.set) == 0 || numberIn(c.set[0].data) != int64(recordv1.PremisesStatus_PREMISES_STATUS_VOID) {
		return nil
	}
	return &c.set[0]
}

// noteTouch notes a change that was merged: was is the record before it.
func (m *Model) noteTouch(ch *change, was, is *record) {
	switch recordv1.Kind(is.kind.Number) {
	case recordv1.Kind_KIND_PREMISES, recordv1.Kind_KIND_VISIT, recordv1.Kind_KIND_HAZARD, recordv1.Kind_KIND_DISPUTE:
		before, after := voidedBy(was) != nil, voidedBy(is) != nil
		t := &m.step.telling
		t.touches = append(t.touches, touch{credit: ch.credit, change: ch, record: is.id, voids: after && !before, back: before && !after})
	}
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
		if t.due == nil {
			t.due = m.dueOf(t.touches)
			t.allowed = m.dueOf(slices.Concat(t.maybe, t.touches))
			t.touches, t.maybe = nil, nil
		}
	case e.Type == store.EntryAbsent, t.due != nil && decides(e):
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
	if left == nil {
		left = m.dueOf(t.touches)
	}
	for id, d := range left {
		m.at(0, id).want(false, I2, "a void door asks for a task, %s, and none is there: %v", d.doing(), d.task)
	}
	t.touches, t.maybe, t.due, t.allowed = nil, nil, nil, nil
}

func (d due) doing() string {
	if d.create {
		return "to be made"
	}
	return "to be ended"
}

// told reports an entry that is told because of a void door.
func (m *Model) told(e store.Entry) bool { return m.step.telling.due != nil && m.own(e) }

// wantDue wants a change that the server made by itself to be one that is due.
func (m *Model) wantDue(r *row, e store.Entry) {
	t, f := &m.step.telling, m.at(0, e.RecordID)
	d, ok := t.allowed[e.RecordID]
	if !f.want(ok, I2, "seq %d is a task that no void door asks for", e.Seq) {
		return
	}
	delete(t.due, e.RecordID)
	delete(t.allowed, e.RecordID)
	told := &recordv1.Task{}
	err := proto.Unmarshal(r.change.Patch.GetFields(), told)
	f.want(err == nil && r.change.Create == d.create && proto.Equal(told, d.task), I2, "seq %d tells of a void door %v, it should be %s: %v", e.Seq, told, d.doing(), d.task)
}

// dueOf works out which tasks are due after some changes.
func (m *Model) dueOf(touches []touch) dues {
	out := dues{}
	for i := range touches {
		t := &touches[i]
		if t.back && voidedBy(m.now.record(t.record)) == nil {
			m.endedBy(t.record, out)
		}
		for _, door := range m.doorsOf(t) {
			switch by := voidedBy(door); {
			case by == nil || t.back:
			case t.voids && door.id == t.record:
				m.casesAt(door, by, out)
			case !t.change.row.server && !m.knewOf(t, by) && !says(door, by, t.change.dot.Incarnation):
				m.question(t, door, by, out)
			}
		}
	}
	return out
}

// doorsOf lists the records that a change wrote to, or to what is about them, as it stands now.
func (m *Model) doorsOf(t *touch) (out []*record) {
	rec := m.now.record(t.record)
	if rec.kind.Number == syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) {
		return []*record{rec}
	}
	for _, id := range parentsOf(rec) {
		out = append(out, m.now.record(id))
	}
	return out
}

// knewOf reports that the author of a change had the write before them by which a door is void.
func (m *Model) knewOf(t *touch, by *value) bool {
	return m.before(by.by, t.change) || m.reaches(t.limited(m.placeNamed(t.change)), by.known)
}

// says reports that a phone's own word on the door is that it is void.
func says(door *record, by *value, incarnation syncengine.ID) bool {
	return slices.ContainsFunc(door.find(by.key).set, func(v value) bool {
		return v.by.dot.Incarnation == incarnation && v.same(by.write)
	})
}

// question adds the task by which an author is asked about a door.
func (m *Model) question(t *touch, door *record, by *value, out dues) {
	what, why := domain.VoidQuestion(m.reasonOf(door))
	user := t.change.row.user
	m.ask(out, by, door.id, &recordv1.Task{What: &what, Why: &why, PremisesId: door.id[:], ForUser: user[:]})
}

// casesAt adds a task for who works on each open case at a door.
func (m *Model) casesAt(door *record, by *value, out dues) {
	what, why := domain.VoidCaseNotice(m.reasonOf(door))
	for _, rec := range m.following(door.id) {
		if who, open := m.worksOn(rec); open {
			m.ask(out, by, rec.id, &recordv1.Task{What: &what, Why: &why, CaseId: bytes.Clone(rec.id[:]), ForUser: who})
		}
	}
}

// ask adds a task for somebody about a record, unless it is there: of one voiding each is told once.
func (m *Model) ask(out dues, by *value, about syncengine.ID, task *recordv1.Task) {
	user, _ := syncengine.IDFromBytes(task.GetForUser())
	id := syncengine.ID(domain.VoidTaskID(domain.ID(about), domain.ID(user), domain.ID(by.by.dot.Incarnation), uint64(by.by.dot.Seq)))
	if _, asked := out[id]; asked || m.now.record(id) != nil {
		return
	}
	task.State = recordv1.TaskState_TASK_STATE_MADE.Enum()
	out[id] = due{create: true, task: task}
}

// endedBy adds what ends with a door that is back: the open tasks that its voiding brought.
func (m *Model) endedBy(door syncengine.ID, out dues) {
	over := domain.DoorIsBack
	for _, rec := range m.following(door) {
		task := &recordv1.Task{}
		if rec.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_TASK) || rec.deletion() != nil || !m.read(rec, task) {
			continue
		}
		switch task.GetState() {
		case recordv1.TaskState_TASK_STATE_MADE, recordv1.TaskState_TASK_STATE_DELIVERED, recordv1.TaskState_TASK_STATE_OPENED:
			if domain.OfVoidDoor(task.GetWhy()) {
				out[rec.id] = due{task: &recordv1.Task{State: recordv1.TaskState_TASK_STATE_DONE.Enum(), DoneReason: &over}}
			}
		}
	}
}

// following lists the records that stand under a door's own key.
func (m *Model) following(door syncengine.ID) (out []*record) {
	for id := range m.now.records {
		if rec := m.now.record(id); id != door && slices.Contains(rec.keys(), syncengine.RecordKey(door)) {
			out = append(out, rec)
		}
	}
	return out
}

// worksOn gives who works on a case; open is false for a case that is done, and for what is no case.
func (m *Model) worksOn(rec *record) (who []byte, open bool) {
	if rec.deletion() != nil {
		return nil, false
	}
	switch recordv1.Kind(rec.kind.Number) {
	case recordv1.Kind_KIND_HAZARD:
		c := &recordv1.Hazard{}
		open = m.read(rec, c) && !slices.Contains(hazardsDone, c.GetState())
		return c.GetRegisteredBy(), open
	case recordv1.Kind_KIND_DISPUTE:
		c := &recordv1.Dispute{}
		open = m.read(rec, c) && !slices.Contains(disputesDone, c.GetState())
		if who = c.GetMediator(); len(who) == 0 {
			who = c.GetRegisteredBy()
		}
		return who, open
	}
	return nil, false
}

// The states in which nobody works on a case, and none.
var (
	hazardsDone = []recordv1.HazardState{
		recordv1.HazardState_HAZARD_STATE_UNSPECIFIED, recordv1.HazardState_HAZARD_STATE_RECHECKED, recordv1.HazardState_HAZARD_STATE_CLOSED,
	}
	disputesDone = []recordv1.DisputeState{
		recordv1.DisputeState_DISPUTE_STATE_UNSPECIFIED, recordv1.DisputeState_DISPUTE_STATE_DECLINED,
		recordv1.DisputeState_DISPUTE_STATE_CLOSED, recordv1.DisputeState_DISPUTE_STATE_ARCHIVED,
	}
)

// reasonOf gives why a door is void, as it is shown.
func (m *Model) reasonOf(door *record) domain.VoidReason {
	p := &recordv1.Premises{}
	m.read(door, p)
	return domain.VoidReason(p.GetVoidReason())
}

// read reads what a record shows to who may read all of it.
func (m *Model) read(rec *record, into proto.Message) bool {
	var fields []byte
	for _, c := range rec.cells {
		if len(c.set) > 0 && c.key.Field != syncengine.LifeField {
			fields = append(fields, c.set[0].data...)
		}
	}
	return m.at(0, rec.id).want(proto.Unmarshal(fields, into) == nil, I4, "what it shows cannot be read")
}
