package exchange

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// bucketVoid lists the doors that are void, by id; a value says no more than that.
const bucketVoid = "void"

const (
	kindOfHazards  = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
	kindOfDisputes = syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE)
)

// statusField is the field of a door that says whether it is void.
var statusField = syncengine.FieldNumber((&recordv1.Premises{}).ProtoReflect().Descriptor().Fields().ByName("status").Number())

// touch is a change that may have met a void door, or made one.
type touch struct {
	// dot is the change's author and number, user whose phone it was; zero for a change made at the server.
	dot  syncengine.Dot
	user syncengine.ID
	// base is what the author had seen.
	base   syncengine.Coordinate
	kind   *schema.Kind
	record syncengine.ID
	// voids tells that the change made the door void, back that it ended that.
	voids, back bool
}

// voidBy gives the write by which a door is void; nil when it is not.
func voidBy(rec *syncengine.Record) *syncengine.Write {
	if rec == nil || rec.Kind != kindOfDoors {
		return nil
	}
	cell, ok := rec.Find(syncengine.CellKey{Field: statusField})
	if !ok || schema.VarintOf(cell.Shown().Data) != int64(recordv1.PremisesStatus_PREMISES_STATUS_VOID) {
		return nil
	}
	return cell.Shown().Write
}

// noteTouch notes a change that was accepted, as far as void doors may be concerned: was is the record before it.
func (k *work) noteTouch(t touch, was, is *syncengine.Record) {
	t.record, t.voids, t.back = is.ID, voidBy(is) != nil && voidBy(was) == nil, voidBy(is) == nil && voidBy(was) != nil
	switch is.Kind {
	case kindOfDoors, kindOfVisits, kindOfHazards, kindOfDisputes:
		// What came before in the batch is asked about alike, whether or not another door of the realm is void.
		k.voids = k.voids || t.voids
		k.touches = append(k.touches, t)
	}
}

// tellOfVoid makes the tasks that void doors ask for. Late work at a void door is taken like any other, and its author, whose
// phone did not know, is asked whether the door is gone; who works on an open case at a door is told when it becomes void. Each
// is told once of one voiding.
func (k *work) tellOfVoid() error {
	touches := k.touches
	k.touches = k.touches[:0]
	if !k.voids {
		return nil
	}
	var tasks []ServerChange
	for i := range touches {
		if touches[i].back {
			var err error
			if tasks, err = k.endTasks(touches[i].record, tasks); err != nil {
				return err
			}
			continue
		}
		doors, err := k.voidDoorsOf(&touches[i])
		if err != nil {
			return err
		}
		for _, door := range doors {
			if tasks, err = k.tellOfDoor(&touches[i], door, tasks); err != nil {
				return err
			}
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	_, err := k.writeAll(syncengine.ID{}, tasks)
	return err
}

// voidDoorsOf lists the void doors that a change wrote to, or to what is about them.
func (k *work) voidDoorsOf(t *touch) (out []*syncengine.Record, err error) {
	ids := []syncengine.ID{t.record}
	if t.kind.Number != kindOfDoors {
		rec, err := k.record(t.record)
		if err != nil {
			return nil, err
		}
		ids = parentsIn(t.kind, rec)
	}
	for _, id := range ids {
		rec, err := k.voidDoor(id)
		if err != nil {
			return nil, err
		}
		if rec != nil {
			out = append(out, rec)
		}
	}
	return out, nil
}

// parentsIn lists the records that a record is shown to be about.
func parentsIn(kind *schema.Kind, rec *syncengine.Record) (out []syncengine.ID) {
	for _, f := range kind.Engine.ScopeFields {
		if f.Scope != syncengine.ScopeParent {
			continue
		}
		for _, cell := range rec.Field(f.Number) {
			if !cell.Shown().Cleared {
				out = append(out, f.IDs(cell.Shown().Data)...)
			}
		}
	}
	return out
}

// voidDoor gives a door that is void as the group has left it; nil when it is not. The list spares reading the others.
func (k *work) voidDoor(id syncengine.ID) (*syncengine.Record, error) {
	if _, read := k.records[id]; !read {
		if _, listed, err := k.w.Document(bucketVoid, id[:]); err != nil || !listed {
			return nil, err
		}
	}
	rec, err := k.record(id)
	if err != nil || voidBy(rec) == nil {
		return nil, err
	}
	return rec, nil
}

// tellOfDoor adds the tasks that a change asks for at a void door.
func (k *work) tellOfDoor(t *touch, door *syncengine.Record, tasks []ServerChange) ([]ServerChange, error) {
	voided := voidBy(door)
	m := &recordv1.Premises{}
	if err := wire.ReadShown(door, m, func(f syncengine.FieldNumber) bool { return f == voidReasonField }); err != nil {
		return nil, err
	}
	reason := domain.VoidReason(m.GetVoidReason())
	switch {
	case t.voids && t.record == door.ID:
		return k.tellCases(door.ID, voided, reason, tasks)
	case t.user.IsZero() || k.world.Saw(t.base, t.dot, voided) || agrees(door, t.dot.Incarnation):
		return tasks, nil
	}
	what, why := domain.VoidQuestion(reason)
	return k.addTask(tasks, voided, door.ID, &recordv1.Task{What: &what, Why: &why, PremisesId: door.ID[:], ForUser: t.user[:]})
}

// agrees reports that a phone says itself that the door is void, whoever's word stands.
func agrees(door *syncengine.Record, incarnation syncengine.ID) bool {
	cell, _ := door.Find(syncengine.CellKey{Field: statusField})
	return slices.ContainsFunc(cell.Values, func(v syncengine.Value) bool {
		return v.Write.Dot.Incarnation == incarnation && v.Same(*cell.Shown())
	})
}

// voidReasonField is the field of a door that says why it is void.
var voidReasonField = syncengine.FieldNumber((&recordv1.Premises{}).ProtoReflect().Descriptor().Fields().ByName("void_reason").Number())

// tellCases adds a task for who works on each open case at a door; the task follows its case. Nothing leads from a door to a
// case that is sealed.
func (k *work) tellCases(door syncengine.ID, voided *syncengine.Write, reason domain.VoidReason, tasks []ServerChange) ([]ServerChange, error) {
	records, err := k.under(door)
	if err != nil {
		return nil, err
	}
	for _, rec := range records {
		open, who, err := openCase(rec)
		if err != nil {
			return nil, err
		}
		if !open {
			continue
		}
		what, why := domain.VoidCaseNotice(reason)
		if tasks, err = k.addTask(tasks, voided, rec.ID, &recordv1.Task{What: &what, Why: &why, CaseId: rec.ID[:], ForUser: who}); err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

// endTasks has the tasks end that came of a door that is back, unless it became void again meanwhile: their reason is gone.
func (k *work) endTasks(door syncengine.ID, tasks []ServerChange) ([]ServerChange, error) {
	if rec, err := k.voidDoor(door); err != nil || rec != nil {
		return tasks, err
	}
	records, err := k.under(door)
	if err != nil {
		return nil, err
	}
	for _, rec := range records {
		if rec.Kind != kindOfTasks || rec.Dead() {
			continue
		}
		task := &recordv1.Task{}
		if err := wire.ReadShown(rec, task, nil); err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(tasks, func(c ServerChange) bool { return c.RecordID == rec.ID })
		if !domain.OfVoidDoor(task.GetWhy()) || !underWay(task) || known {
			continue
		}
		over := domain.DoorIsBack
		tasks = append(tasks, ServerChange{RecordID: rec.ID, Kind: kindOfTasks, Fields: &recordv1.Task{
			State: recordv1.TaskState_TASK_STATE_DONE.Enum(), DoneReason: &over,
		}})
	}
	return tasks, nil
}

// under lists the records that stand under a door's key. What the group has looked at may name the door and stand elsewhere: a case
// that is sealed, a hazard that was moved to another door.
func (k *work) under(door syncengine.ID) (out []*syncengine.Record, err error) {
	ids, err := k.dependents(door)
	for _, id := range ids {
		rec, failed := k.record(id)
		if failed != nil {
			return nil, failed
		}
		if rec != nil && slices.Contains(rec.CurrentKeys(), syncengine.RecordKey(door)) {
			out = append(out, rec)
		}
	}
	return out, err
}

// underWay reports a task that can be noted as done. One that somebody's software made without a state has no step to that; to
// take it would refuse the batch by which a door is back, and with it all that its phone has to send.
func underWay(task *recordv1.Task) bool {
	return task.GetState() != recordv1.TaskState_TASK_STATE_UNSPECIFIED && !casework.Tasks.Done(casework.State(task.GetState()))
}

// openCase tells whether a record is a case that is worked on, and by whom: its mediator, or else who registered it.
func openCase(rec *syncengine.Record) (open bool, who []byte, err error) {
	if rec == nil || rec.Dead() {
		return false, nil, nil
	}
	switch rec.Kind {
	case kindOfHazards:
		m := &recordv1.Hazard{}
		err = wire.ReadShown(rec, m, nil)
		return m.GetState() != 0 && !casework.Hazards.Done(casework.State(m.GetState())), m.GetRegisteredBy(), err
	case kindOfDisputes:
		m := &recordv1.Dispute{}
		err = wire.ReadShown(rec, m, nil)
		if who = m.GetMediator(); len(who) == 0 {
			who = m.GetRegisteredBy()
		}
		return m.GetState() != 0 && !casework.Disputes.Done(casework.State(m.GetState())), who, err
	}
	return false, nil, nil
}

// addTask adds a task about a record for a user, unless they have been told of this voiding.
func (k *work) addTask(tasks []ServerChange, voided *syncengine.Write, about syncengine.ID, task *recordv1.Task) ([]ServerChange, error) {
	user, _ := syncengine.IDFromBytes(task.GetForUser())
	id := syncengine.ID(domain.VoidTaskID(domain.ID(about), domain.ID(user), domain.ID(voided.Dot.Incarnation), uint64(voided.Dot.Seq)))
	if slices.ContainsFunc(tasks, func(c ServerChange) bool { return c.RecordID == id }) {
		return tasks, nil
	}
	if rec, err := k.record(id); err != nil || rec != nil {
		return tasks, err
	}
	task.State = recordv1.TaskState_TASK_STATE_MADE.Enum()
	return append(tasks, ServerChange{RecordID: id, Kind: kindOfTasks, Create: true, Fields: proto.Message(task)}), nil
}

// void keeps the list of void doors.
func (s *storing) void(e *encodedRecord) error {
	was, is := voidBy(e.before) != nil, voidBy(e.after) != nil
	switch {
	case is && !was:
		return s.w.PutDocument(bucketVoid, e.after.ID[:], []byte{1})
	case was && !is:
		return s.w.DeleteDocument(bucketVoid, e.after.ID[:])
	}
	return nil
}

// anyVoid reports whether any door of the realm is void.
func anyVoid(r store.Reader) (bool, error) { return anyDocument(r, bucketVoid) }
