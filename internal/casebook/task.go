package casebook

import (
	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/domain/casework"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// TaskState gives how far a task has come. That it has reached a phone stands in a field of the server's own beside the state, so that
// a phone which opens a task before it hears of that contradicts nobody.
func TaskState(t *recordv1.Task) recordv1.TaskState {
	if t.GetState() == recordv1.TaskState_TASK_STATE_MADE && t.GetDeliveredAt() != 0 {
		return recordv1.TaskState_TASK_STATE_DELIVERED
	}
	return t.GetState()
}

// TaskPeople reads who has to do with a task: who made it, and whom it is for.
func TaskPeople(t *recordv1.Task) casework.People {
	return casework.People{RegisteredBy: idOf(t.GetRegisteredBy()), Mediator: idOf(t.GetForUser())}
}

// TakeTask works out what a step writes to a task that stands. Whom it is for alone opens it: that somebody else looked says nothing.
func TakeTask(t *recordv1.Task, ask Ask) (*recordv1.Task, []domain.Complaint) {
	step, ok := casework.Tasks.Step(ask.Step)
	if !ok {
		return nil, unknownStep(casework.Tasks, ask.Step)
	}
	complaints := step.Ask(casework.Tasks, casework.State(t.GetState()), ask.Actor, TaskPeople(t), ask.Reason)
	if receiver := idOf(t.GetForUser()); step.To == casework.Opened && receiver != (domain.ID{}) && receiver != ask.Actor.User {
		complaints = append(complaints, domain.Complaint{Field: "for_user", Rule: "task.opened_by_another", ZH: "任务由接收人查看。",
			EN: "a task is opened by whom it is for"})
	}
	if len(complaints) > 0 {
		return nil, complaints
	}
	edit := &recordv1.Task{State: recordv1.TaskState(step.To).Enum()}
	if step.To == casework.Returned {
		edit.ReturnReason = proto.String(ask.Reason)
	}
	return edit, nil
}
