package casework

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// takeHazard works out what a hazard's step writes.
func (t *taking) takeHazard(user syncengine.ID, rules cases.Rules) error {
	with := &recordv1.Hazard{}
	if t.asked.Hazard != nil {
		with = proto.CloneOf(t.asked.Hazard)
	}
	if with.State != nil {
		return givesState()
	}
	var before *recordv1.Hazard
	var timeline []*recordv1.CaseEvent
	if t.c != nil {
		before, timeline = t.c.Hazard, t.c.timeline()
	} else {
		with.RegisteredBy = user[:]
		if with.FoundAt == nil {
			with.FoundAt = proto.Int64(int64(t.now))
		}
	}
	step, complaints := casebook.TakeHazard(rules, domain.ID(t.id), before, timeline, with, t.ask())
	if len(complaints) > 0 {
		return &Refusal{Complaints: complaints}
	}
	after := &recordv1.Hazard{}
	if before != nil {
		after = proto.CloneOf(before)
	}
	proto.Merge(after, step.Edit)
	t.edit, t.after, t.events, t.recheck = step.Edit, after, step.Events, step.Recheck
	return nil
}

// addWhereabouts has a hazard say with the step where its door is, or no more, so that its department need not wait for the watch.
func (t *taking) addWhereabouts(out []exchange.ServerChange) ([]exchange.ServerChange, error) {
	z, ok := t.after.(*recordv1.Hazard)
	if !ok {
		return out, nil
	}
	want, err := t.s.whereaboutsOf(t.r, z)
	if err == nil && want != saidOf(z) {
		out = append(out, want.write(t.id))
	}
	return out, err
}

// addRecheck adds the re-check that a hazard's step brings, where nobody has made it yet: for whoever serves the door.
func (t *taking) addRecheck(out []exchange.ServerChange) ([]exchange.ServerChange, error) {
	if t.recheck == nil {
		return out, nil
	}
	id := syncengine.ID(t.recheck.ID)
	there, err := t.r.AnyRecord(id, id)
	if err != nil || there {
		return out, err
	}
	door, _ := syncengine.IDFromBytes(t.after.(*recordv1.Hazard).GetPremisesId())
	task := casebook.Task(*t.recheck, domain.ID(t.id), domain.ID(door))
	task.State = recordv1.TaskState_TASK_STATE_MADE.Enum()
	return append(out, exchange.ServerChange{RecordID: id, Kind: kindTask, Create: true, Fields: task}), nil
}
