package casework_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/accessledger"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

func (w *world) look() casework.Looked {
	w.t.Helper()
	looked, err := w.cases.Look(w.t.Context())
	w.must(err)
	return looked
}

func TestLook_ARulesTaskIsDoneOnceItsReasonIsGoneAndAPersonsStays(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	w.took(lead, "supervise", id, func(a *casework.Asked) { a.Text = "请本周内上门" })
	w.now = w.now.Add(40 * 24 * time.Hour)
	if got := w.look(); got != (casework.Looked{Made: 1}) {
		t.Fatalf("overdue: %+v", got)
	}
	w.took(mediator, "handle", id, func(a *casework.Asked) { a.Fields.Parties = consenting() })
	if got := w.look(); got != (casework.Looked{}) {
		t.Errorf("worked and overdue still: %+v", got)
	}
	w.took(mediator, "agree", id, func(a *casework.Asked) { a.Fields.AgreementForm = recordv1.AgreementForm_AGREEMENT_FORM_ORAL.Enum() })
	if got := w.look(); got.Closed != 1 {
		t.Errorf("agreed: %+v", got)
	}
	w.restart()
	if got := w.look(); got != (casework.Looked{}) {
		t.Errorf("after a restart: %+v", got)
	}
	shown, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[lead]}, id)
	w.must(err)
	states := map[string]recordv1.TaskState{}
	for _, task := range shown.Tasks {
		states[task.Task.GetWhy()] = task.Task.GetState()
		if done := task.Task.GetState() == recordv1.TaskState_TASK_STATE_DONE; done != (task.Task.GetDoneReason() != "") {
			t.Errorf("%s: %v because %q", task.Task.GetWhy(), task.Task.GetState(), task.Task.GetDoneReason())
		}
	}
	if states["rule overdue"] != recordv1.TaskState_TASK_STATE_DONE || states["督办"] != recordv1.TaskState_TASK_STATE_MADE {
		t.Errorf("%v", states)
	}
}

func TestLook_ARulesTaskAboutACaseThatIsNotKnownWaits(t *testing.T) {
	w := newWorld(t)
	_, err := w.realm.Write(t.Context(), syncengine.ID{}, []exchange.ServerChange{{
		RecordID: w.realm.NewID(), Kind: syncengine.KindNumber(recordv1.Kind_KIND_TASK), Create: true,
		Fields: &recordv1.Task{
			What: proto.String("复查限期整改的隐患"), Why: proto.String("rule recheck"), CaseId: bytes(w.realm.NewID()),
			State: recordv1.TaskState_TASK_STATE_MADE.Enum(),
		},
	}})
	w.must(err)
	if got := w.look(); got != (casework.Looked{}) {
		t.Errorf("%+v", got)
	}
}

func TestTakeTask_WhoHasNoPhoneAnswersASupervisionAtTheDesk(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	task := w.took(lead, "supervise", id, func(a *casework.Asked) { a.Text = "请本周内上门" }).Tasks[0].ID
	take := func(role recordv1.Role, step, reason string) (recordv1.TaskState, error) {
		out, err := w.cases.TakeTask(t.Context(), accessledger.Actor{User: w.people[role]}, task, step, reason)
		if err != nil {
			return 0, err
		}
		return out.Task.GetState(), nil
	}
	refused := func(role recordv1.Role, step, reason, rule string) {
		t.Helper()
		_, err := take(role, step, reason)
		var refusal *casework.Refusal
		if !errors.As(err, &refusal) || refusal.Complaints[0].Rule != rule {
			t.Errorf("%s by %s: %v, wanted %s", step, role, err, rule)
		}
	}
	refused(lead, "open", "", "task.opened_by_another")
	refused(mediator, "return", "", "task.step_reason")
	refused(mediator, "return", "找 13800138000", "text.phone_number")
	for _, step := range []struct {
		by           recordv1.Role
		name, reason string
		want         recordv1.TaskState
	}{
		{mediator, "open", "", recordv1.TaskState_TASK_STATE_OPENED},
		{mediator, "return", "当事人不在本地", recordv1.TaskState_TASK_STATE_RETURNED},
		{lead, "make-again", "", recordv1.TaskState_TASK_STATE_MADE},
		{mediator, "done", "", recordv1.TaskState_TASK_STATE_DONE},
	} {
		if got, err := take(step.by, step.name, step.reason); err != nil || got != step.want {
			t.Errorf("%s: %v, %v", step.name, got, err)
		}
	}
	refused(mediator, "open", "", "task.step_from")
	if _, err := take(mediator, "dance", ""); !errors.Is(err, casework.ErrNoStep) {
		t.Errorf("%v", err)
	}
	stranger := accessledger.Actor{User: w.user(mediator, "530702002")}
	if _, err := w.cases.TakeTask(t.Context(), stranger, task, "make-again", ""); !errors.Is(err, casework.ErrNoCase) {
		t.Errorf("of another street: %v", err)
	}
}
