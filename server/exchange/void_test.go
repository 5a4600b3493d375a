package exchange_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

const (
	kindDispute = syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE)
	kindTask    = syncengine.KindNumber(recordv1.Kind_KIND_TASK)
)

// voidRealm is a door in grid A, a grid worker and a member of staff whose phones both hold it.
type voidRealm struct {
	*world
	worker, staff *phone
	workerID      syncengine.ID
	door          syncengine.ID
}

func newVoidRealm(t *testing.T) *voidRealm {
	w := newWorld(t)
	r := &voidRealm{world: w, workerID: w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)}
	r.staff, r.worker = w.phone(w.user(recordv1.Role_ROLE_COMMUNITY_STAFF, w.gridA)), w.phone(r.workerID)
	r.door = r.staff.create(kindPremises, door(w.gridA, "福慧路1号"))
	r.staff.sync()
	r.worker.sync()
	return r
}

// void has the staff void the door, and the server hear of it.
func (r *voidRealm) void() {
	r.staff.edit(kindPremises, r.door, &recordv1.Premises{
		Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum(), VoidReason: recordv1.VoidReason_VOID_REASON_PULLED_DOWN.Enum(),
	})
	r.staff.sync()
}

// asked gives the tasks on a phone that are for the worker.
func (r *voidRealm) asked(p *phone) (out []*recordv1.Task) {
	p.sync()
	for _, rec := range p.have {
		if rec.GetKind() != uint32(recordv1.Kind_KIND_TASK) {
			continue
		}
		if task := fieldsOf(r.t, rec, &recordv1.Task{}); string(task.GetForUser()) == string(r.workerID[:]) {
			out = append(out, task)
		}
	}
	return out
}

func (r *voidRealm) visit() *recordv1.Visit {
	return &recordv1.Visit{PremisesIds: [][]byte{r.door[:]}, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()}
}

func TestVoid_LateWorkIsKeptAndItsAuthorIsAskedOnceInTheSameSync(t *testing.T) {
	r := newVoidRealm(t)
	first := r.worker.create(kindVisit, r.visit())
	r.worker.edit(kindPremises, r.door, &recordv1.Premises{Headcount: proto.Uint32(3)})
	second := r.worker.create(kindVisit, r.visit())
	r.void()
	tasks := r.asked(r.worker)
	if len(tasks) != 1 || !strings.Contains(tasks[0].GetWhat(), "拆除") || !strings.Contains(tasks[0].GetWhat(), "已保留") || syncengine.ID(tasks[0].GetPremisesId()) != r.door {
		t.Fatalf("asked: %v", tasks)
	}
	if r.record(first) == nil || r.record(second) == nil {
		t.Error("late visits are not there")
	}
	at := fieldsOf(t, r.worker.have[r.door], &recordv1.Premises{})
	if at.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_VOID || at.GetHeadcount() != 3 {
		t.Errorf("the door: %v", at)
	}
	// Whoever knows that the door is void is not asked again, nor anybody about a door that is none any more.
	r.worker.create(kindVisit, r.visit())
	if tasks := r.asked(r.worker); len(tasks) != 1 {
		t.Errorf("asked again: %v", tasks)
	}
	r.verify()
}

func TestVoid_NobodyIsAskedOfWorkThatCameBeforeOrOnceTheDoorIsBack(t *testing.T) {
	r := newVoidRealm(t)
	r.worker.create(kindVisit, r.visit())
	r.worker.sync()
	r.void()
	if tasks := r.asked(r.worker); len(tasks) != 0 {
		t.Errorf("asked of what came before: %v", tasks)
	}
	r.staff.edit(kindPremises, r.door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()})
	r.worker.create(kindVisit, r.visit())
	r.staff.sync()
	if tasks := r.asked(r.worker); len(tasks) != 0 {
		t.Errorf("asked of a door that is back: %v", tasks)
	}
	r.verify()
}

func TestVoid_WhoVoidsTheSameDoorUnseenAgreesAndIsNotAsked(t *testing.T) {
	r := newVoidRealm(t)
	r.worker.edit(kindPremises, r.door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()})
	r.void()
	if tasks := r.asked(r.worker); len(tasks) != 0 {
		t.Errorf("asked: %v", tasks)
	}
	r.verify()
}

func TestVoid_OneGroupVoidsAndIsWrittenTo(t *testing.T) {
	r := newVoidRealm(t)
	r.worker.create(kindVisit, r.visit())
	r.staff.edit(kindPremises, r.door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()})
	r.staff.take(r.staff.call(r.staff.request()))
	r.worker.take(r.worker.call(r.worker.request()))
	if tasks := r.asked(r.worker); len(tasks) != 1 {
		t.Errorf("asked: %v", tasks)
	}
	r.verify()
}

func TestVoid_ARestartRemembersWhichDoorsAreVoid(t *testing.T) {
	r := newVoidRealm(t)
	r.void()
	r.reopen(nil)
	r.worker.create(kindVisit, r.visit())
	if tasks := r.asked(r.worker); len(tasks) != 1 {
		t.Errorf("asked: %v", tasks)
	}
	r.verify()
}

func TestVoid_WhoWorksOnAnOpenCaseIsToldAndNothingLeadsToASealedOne(t *testing.T) {
	r := newVoidRealm(t)
	hazard, done, sealed := r.id(), r.id(), r.id()
	for _, id := range []syncengine.ID{hazard, done} {
		_, err := r.service.Write(r.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: kindHazard, Create: true, Fields: &recordv1.Hazard{
			PremisesId: r.door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), RegisteredBy: r.workerID[:],
			State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
		}}})
		r.must(err)
	}
	for _, state := range []recordv1.HazardState{recordv1.HazardState_HAZARD_STATE_RECTIFIED, recordv1.HazardState_HAZARD_STATE_RECHECKED} {
		_, err := r.service.Write(r.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: done, Kind: kindHazard, Fields: &recordv1.Hazard{State: state.Enum()}}})
		r.must(err)
	}
	_, err := r.service.Write(r.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: sealed, Kind: kindDispute, Create: true, Fields: &recordv1.Dispute{
		Title: proto.String("赡养纠纷"), Territory: r.gridA[:], PremisesId: r.door[:], Sealed: proto.Bool(true), Mediator: r.workerID[:],
		State: recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum(),
	}}})
	r.must(err)
	r.void()
	tasks := r.asked(r.worker)
	about := map[syncengine.ID]bool{}
	for _, task := range tasks {
		about[syncengine.ID(task.GetCaseId())] = true
	}
	if len(tasks) != 1 || !about[hazard] {
		t.Errorf("told of %v", tasks)
	}
	r.verify()
}

func TestVoid_AQuarantinedChangeIsAskedAboutWhenItIsReleased(t *testing.T) {
	r := newVoidRealm(t)
	stranger := r.user(recordv1.Role_ROLE_GRID_WORKER, r.gridB)
	p := r.phone(stranger)
	p.sync()
	p.change(&wire.Change{RecordID: r.id(), Kind: kindVisit, Create: true, Base: p.base()}, r.visit())
	r.void()
	p.take(p.call(p.request()))
	result := p.last.GetOutcomes().GetResults()[0]
	if result.GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
		t.Fatalf("outcome %v", result)
	}
	r.workerID = stranger
	if tasks := r.asked(p); len(tasks) != 0 {
		t.Errorf("asked before anybody decided: %v", tasks)
	}
	r.must(r.service.Release(r.ctx, syncengine.Seq(result.GetSeq()), syncengine.ID{}, "属实"))
	if tasks := r.asked(p); len(tasks) != 1 {
		t.Errorf("asked after the release: %v", tasks)
	}
	r.verify()
}

func TestVoid_ADoorThatIsBackEndsTheTasksThatItsVoidingBrought(t *testing.T) {
	r := newVoidRealm(t)
	r.worker.create(kindHazard, &recordv1.Hazard{
		PremisesId: r.door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), RegisteredBy: r.workerID[:], State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
	})
	r.worker.sync()
	other := r.worker.create(kindTask, &recordv1.Task{
		What: proto.String("复查燃气"), PremisesId: r.door[:], ForUser: r.workerID[:], State: recordv1.TaskState_TASK_STATE_MADE.Enum(),
	})
	r.worker.create(kindVisit, r.visit())
	r.void()
	if tasks := r.asked(r.worker); len(tasks) != 2 {
		t.Fatalf("told: %v", tasks)
	}
	r.staff.edit(kindPremises, r.door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()})
	r.staff.sync()
	ended := 0
	for _, task := range r.asked(r.worker) {
		if task.GetState() != recordv1.TaskState_TASK_STATE_DONE || task.GetDoneReason() != "本户已恢复" {
			t.Errorf("a task of the door that is back: %v", task)
		}
		ended++
	}
	if ended != 2 {
		t.Errorf("%d tasks ended", ended)
	}
	m := &recordv1.Task{}
	r.must(wire.ReadShown(r.record(other), m, nil))
	if m.GetState() != recordv1.TaskState_TASK_STATE_MADE {
		t.Errorf("the worker's own task is %v", m)
	}
	r.verify()
}

// Anybody's software can make a task with these words and without a state, from which no step leads to its end.
func TestVoid_ATaskWithoutAStateKeepsNoDoorFromComingBack(t *testing.T) {
	r := newVoidRealm(t)
	r.worker.create(kindTask, &recordv1.Task{What: proto.String("核实"), Why: proto.String(domain.VoidAskRule), PremisesId: r.door[:]})
	r.worker.sync()
	r.void()
	r.staff.edit(kindPremises, r.door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()})
	r.staff.sync()
	m := &recordv1.Premises{}
	r.must(wire.ReadShown(r.record(r.door), m, nil))
	if m.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE {
		t.Errorf("the door is %v", m.GetStatus())
	}
	r.verify()
}

// The same batch brings a change of the sealed case, which is set aside: that the group has looked at the case leads nowhere either.
func TestVoid_ABatchThatNamesASealedCaseLeadsToItNoMore(t *testing.T) {
	r := newVoidRealm(t)
	sealed := r.staff.create(kindDispute, &recordv1.Dispute{
		Title: proto.String("赡养纠纷"), Territory: r.gridA[:], PremisesId: r.door[:], Mediator: r.workerID[:],
		State: recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum(),
	})
	r.staff.sync()
	_, err := r.service.Write(r.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: sealed, Kind: kindDispute, Fields: &recordv1.Dispute{Sealed: proto.Bool(true)}}})
	r.must(err)
	r.staff.edit(kindPremises, r.door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()})
	r.staff.edit(kindDispute, sealed, &recordv1.Dispute{Participants: [][]byte{r.workerID[:]}})
	r.staff.sync()
	if tasks := r.asked(r.worker); len(tasks) != 0 {
		t.Errorf("told of %v", tasks)
	}
	r.verify()
}

// A voiding that came before the door waits for it, and is released behind the very change that makes the door.
func TestVoid_WhoMakesADoorThatSomebodyHasVoidedIsAsked(t *testing.T) {
	r := newVoidRealm(t)
	r.door = r.id()
	r.void()
	r.worker.change(&wire.Change{RecordID: r.door, Kind: kindPremises, Create: true, Base: r.worker.base()}, door(r.gridA, "福慧路2号"))
	r.worker.sync()
	if tasks := r.asked(r.worker); len(tasks) != 1 {
		t.Errorf("asked: %v", tasks)
	}
	r.verify()
}
