package model

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/syncengine"
)

// What a void door asks for (docs/casework.md): a task for each author whose work has met a door that is void by a write that
// they had not seen, one for who works on each open case at a door that has become void; and what a door's voiding brought ends
// when the door is back. Each is told once of one voiding, in every history under one id: how the server makes that id the
// auditor does not know. When this is told stands in telling.go.

// touch is a change of the batch in hand that may ask for something.
type touch struct {
	credit
	change *change
	record syncengine.ID
	// voids tells that it made its door void, back that it ended that.
	voids, back bool
}

// voiding is what somebody is told of: that a door became void by a change, about a record.
type voiding struct {
	door, about, user syncengine.ID
	by                syncengine.Dot
}

// due is one task that is to be made for a voiding, or the one at id to be ended.
type due struct {
	of   voiding
	id   syncengine.ID
	task *recordv1.Task
}

// dues are tasks in the order in which they fall due.
type dues []due

func (d *due) create() bool { return d.id.IsZero() }

func (d *due) doing() string {
	if d.create() {
		return "to be made"
	}
	return "to be ended"
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

// dueOf works out which tasks are due after some changes.
func (m *Model) dueOf(touches []touch) (out dues) {
	for i := range touches {
		t := &touches[i]
		if t.back && voidedBy(m.now.record(t.record)) == nil {
			m.endedBy(t.record, &out)
		}
		for _, door := range m.doorsOf(t) {
			switch by := voidedBy(door); {
			case by == nil || t.back:
			case t.voids && door.id == t.record:
				m.casesAt(door, by, &out)
			case !t.change.row.server && !m.knewOf(t, by) && !says(door, by, t.change.dot.Incarnation):
				m.question(t, door, by, &out)
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
func (m *Model) question(t *touch, door *record, by *value, out *dues) {
	what, why := domain.VoidQuestion(m.reasonOf(door))
	user := t.change.row.user
	m.ask(out, voiding{door.id, door.id, user, by.by.dot}, &recordv1.Task{What: &what, Why: &why, PremisesId: door.id[:], ForUser: user[:]})
}

// casesAt adds a task for who works on each open case at a door.
func (m *Model) casesAt(door *record, by *value, out *dues) {
	what, why := domain.VoidCaseNotice(m.reasonOf(door))
	for _, rec := range m.following(door.id) {
		if who, open := m.worksOn(rec); open {
			user, _ := syncengine.IDFromBytes(who)
			m.ask(out, voiding{door.id, rec.id, user, by.by.dot}, &recordv1.Task{What: &what, Why: &why, CaseId: bytes.Clone(rec.id[:]), ForUser: who})
		}
	}
}

// ask adds a task, unless it is there: of one voiding each is told once.
func (m *Model) ask(out *dues, of voiding, task *recordv1.Task) {
	asked := slices.ContainsFunc(*out, func(d due) bool { return d.of == of })
	if id, told := m.voidings[of]; asked || told && m.now.record(id) != nil {
		return
	}
	task.State = recordv1.TaskState_TASK_STATE_MADE.Enum()
	*out = append(*out, due{of: of, task: task})
}

// endedBy adds what ends with a door that is back: the open tasks that its voiding brought, as far as they still are about it.
// One whose reason somebody has written anew is theirs.
func (m *Model) endedBy(door syncengine.ID, out *dues) {
	over := domain.DoorIsBack
	for _, rec := range m.following(door) {
		task := &recordv1.Task{}
		if rec.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_TASK) || rec.deletion() != nil || !m.read(rec, task) {
			continue
		}
		of, brought := m.broughtBy(rec.id)
		ended := slices.ContainsFunc(*out, func(d due) bool { return d.id == rec.id })
		switch task.GetState() {
		case recordv1.TaskState_TASK_STATE_MADE, recordv1.TaskState_TASK_STATE_DELIVERED, recordv1.TaskState_TASK_STATE_OPENED:
			if brought && of.door == door && !ended && domain.OfVoidDoor(task.GetWhy()) {
				*out = append(*out, due{of: of, id: rec.id, task: &recordv1.Task{State: recordv1.TaskState_TASK_STATE_DONE.Enum(), DoneReason: &over}})
			}
		}
	}
}

// broughtBy gives the voiding that a task tells of.
func (m *Model) broughtBy(task syncengine.ID) (of voiding, ok bool) {
	for of, id := range m.voidings {
		if id == task {
			return of, true
		}
	}
	return of, false
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
