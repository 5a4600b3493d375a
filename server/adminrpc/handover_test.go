package adminrpc_test

import (
	"slices"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// rounds is a worker's round of two doors that another worker is to take over.
type rounds struct {
	*world
	old, next syncengine.ID
	doors     []syncengine.ID
	task      syncengine.ID
	dispute   syncengine.ID
	phone     *phone
}

// newRounds gives the old worker two doors by name, a visit at each, an open task and a part in an open case.
func newRounds(t *testing.T) *rounds {
	w := newWorld(t)
	r := &rounds{world: w, old: w.user("旧", worker, ""), next: w.user("新", worker, "")}
	desk := w.phone(w.user("综", staff, community))
	for range 2 {
		r.doors = append(r.doors, desk.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号")))
	}
	grid, what, title := w.territory(gridA), "复查燃气", "漏水"
	r.task = desk.create(recordv1.Kind_KIND_TASK, &recordv1.Task{What: &what, PremisesId: r.doors[0][:], ForUser: r.old[:], State: recordv1.TaskState_TASK_STATE_MADE.Enum()})
	r.dispute = desk.create(recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{Title: &title, Territory: grid[:], PremisesId: r.doors[0][:], Participants: [][]byte{r.old[:]}})
	desk.sync()
	r.assign(r.old, r.doors...)
	r.phone = w.phone(r.old)
	for _, door := range r.doors {
		r.visit(door)
	}
	r.phone.sync()
	return r
}

func (r *rounds) assign(user syncengine.ID, doors ...syncengine.ID) {
	r.t.Helper()
	req := &adminv1.AssignDoorsRequest{UserId: user[:], Post: adminv1.Post_POST_WORKER}
	for _, d := range doors {
		req.DoorIds = append(req.DoorIds, d[:])
	}
	_, err := r.client.AssignDoors(r.operator, req)
	r.must(err)
}

// visit has the old worker write a visit, which is sent with the next sync.
func (r *rounds) visit(door syncengine.ID) syncengine.ID {
	return r.phone.create(recordv1.Kind_KIND_VISIT, &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()})
}

func (r *rounds) request() *adminv1.Handover {
	h := &adminv1.Handover{ToUserId: r.next[:]}
	for _, d := range r.doors {
		h.DoorIds = append(h.DoorIds, d[:])
	}
	return h
}

func (r *rounds) handOver(h *adminv1.Handover) ([]*adminv1.HandOverResponse, error) {
	return collect(r.client.HandOver(r.operator, &adminv1.HandOverRequest{Handover: h}))
}

// taken reports a change that was accepted.
func taken(o *syncv1.Outcome) bool {
	return o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_APPLIED || o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_MERGED
}

// person finds somebody in a plan.
func person(p *adminv1.HandoverPlan, user syncengine.ID) *adminv1.HandoverPerson {
	for _, one := range p.GetPeople() {
		if string(one.GetUserId()) == string(user[:]) {
			return one
		}
	}
	return nil
}

func TestHandover_TellsFirstWhomAndWhatItConcerns(t *testing.T) {
	r := newRounds(t)
	r.visit(r.doors[0])
	r.phone.request() // Written, and told with the status of the next call only.
	out, err := r.client.PlanHandover(r.operator, &adminv1.PlanHandoverRequest{Handover: r.request()})
	r.must(err)
	p := out.GetPlan()
	if p.GetDoors() != 2 || p.GetAlready() != 0 || p.GetOpenTasks() != 1 || p.GetOpenCases() != 1 || len(p.GetPeople()) != 2 || len(p.GetPhones()) != 1 {
		t.Errorf("plan %v", p)
	}
	if old := person(p, r.old); old.GetDoors() != 2 || old.GetVisitsThisMonth() != 2 || len(old.GetKeeps()) != 0 {
		t.Errorf("the old worker: %v", old)
	}
	counts := map[string]uint64{}
	for _, k := range p.GetRecords() {
		counts[k.GetKind()] = k.GetCount()
	}
	if counts["premises"] != 2 || counts["visit"] != 2 || counts["task"] != 1 || counts["dispute"] != 1 {
		t.Errorf("records %v", counts)
	}
}

func TestHandover_DoorsGoWithWhatIsOpenAndLateWorkIsCreditedToWhoDidIt(t *testing.T) {
	r := newRounds(t)
	late := r.visit(r.doors[1])
	steps, err := r.handOver(r.request())
	r.must(err)
	last := steps[len(steps)-1]
	if len(steps) != 3 || last.GetAfter().GetAlready() != 2 || steps[0].GetPassedOn()+steps[1].GetPassedOn() != 2 {
		t.Fatalf("progress %v", steps)
	}
	if old := person(last.GetAfter(), r.old); old != nil && (old.GetDoors() != 0 || old.GetVisitsThisMonth() != 2) {
		t.Errorf("the old worker afterwards: %v", old)
	}
	out := r.phone.sync()
	if len(out) != 1 || !taken(out[0]) || !out[0].GetAfterHandover() {
		t.Errorf("late work came to %v", out)
	}
	for _, id := range append(slices.Clone(r.doors), late, r.task, r.dispute) {
		if r.phone.have[id] != nil {
			t.Errorf("the old phone still has %s", id)
		}
	}
	next := r.world.phone(r.next)
	next.sync()
	for _, id := range append(slices.Clone(r.doors), late, r.task, r.dispute) {
		if next.have[id] == nil {
			t.Errorf("the new phone lacks %s", id)
		}
	}
	task, _ := read(r.world, r.task, &recordv1.Task{})
	dispute, _ := read(r.world, r.dispute, &recordv1.Dispute{})
	if string(task.GetForUser()) != string(r.next[:]) || len(dispute.GetParticipants()) != 1 || string(dispute.GetParticipants()[0]) != string(r.next[:]) {
		t.Errorf("the task is for %x, the case names %x", task.GetForUser(), dispute.GetParticipants())
	}
	again, err := r.client.PlanHandover(r.operator, &adminv1.PlanHandoverRequest{Handover: &adminv1.Handover{ToUserId: r.old[:], DoorIds: r.request().GetDoorIds()}})
	r.must(err)
	if old, next := person(again.GetPlan(), r.old), person(again.GetPlan(), r.next); old.GetVisitsThisMonth() != 3 || next.GetVisitsThisMonth() != 0 {
		t.Errorf("visits of the old worker %d, of the new one %d", old.GetVisitsThisMonth(), next.GetVisitsThisMonth())
	}
	r.verify()
}

func TestHandover_GoesOnWhereItWasCutOff(t *testing.T) {
	r := newRounds(t)
	// The first door with its task and its case still fits on the disk.
	r.disk.room = 3
	if _, err := r.handOver(r.request()); err == nil {
		t.Fatal("a full disk did not cut it off")
	}
	r.disk.full = false
	plan, err := r.client.PlanHandover(r.operator, &adminv1.PlanHandoverRequest{Handover: r.request()})
	r.must(err)
	if p := plan.GetPlan(); p.GetAlready() != 1 || person(p, r.old).GetDoors() != 1 {
		t.Errorf("half way: %v", p)
	}
	out, err := r.handOver(r.request())
	r.must(err)
	after := out[len(out)-1].GetAfter()
	if after.GetAlready() != 2 || person(after, r.old).GetDoors() != 0 {
		t.Errorf("afterwards %v", after)
	}
	r.verify()
}

func TestHandover_AGridGoesWithItsTerritory(t *testing.T) {
	w := newWorld(t)
	r := &rounds{world: w, old: w.user("旧", worker, gridA), next: w.user("新", worker, "")}
	r.phone = w.phone(r.old)
	door := r.phone.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号"))
	r.phone.sync()
	late := r.visit(door)
	h := &adminv1.Handover{ToUserId: r.next[:], GridCode: gridA}
	if _, err := r.handOver(h); err != nil {
		t.Fatal(err)
	}
	if out := r.phone.sync(); len(out) != 1 || !taken(out[0]) || !out[0].GetAfterHandover() {
		t.Errorf("late work came to %v", out)
	}
	next := w.phone(r.next)
	next.sync()
	if r.phone.have[door] != nil || next.have[door] == nil || next.have[late] == nil {
		t.Errorf("old has the door %v, new has it %v and the late visit %v", r.phone.have[door] != nil, next.have[door] != nil, next.have[late] != nil)
	}
	r.verify()
}

func TestHandover_IsRefusedForWhoCannotHaveDoors(t *testing.T) {
	r := newRounds(t)
	desk := r.user("受", recordv1.Role_ROLE_RECEPTION, "530702001")
	h := r.request()
	h.ToUserId = desk[:]
	_, err := r.handOver(h)
	r.refused("a reception desk", err, adminv1.Reason_REASON_INVALID)
	_, err = r.handOver(&adminv1.Handover{ToUserId: r.next[:]})
	r.refused("neither doors nor a grid", err, adminv1.Reason_REASON_INVALID)
	_, err = collect(r.client.HandOver(r.as(r.old), &adminv1.HandOverRequest{Handover: r.request()}))
	r.refused("a worker", err, adminv1.Reason_REASON_NOT_PERMITTED)
}
