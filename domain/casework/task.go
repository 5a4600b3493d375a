package casework

import "onedoor/domain"

// The states of a task.
const (
	Made State = iota + 1
	Delivered
	Opened
	Returned
	Done
)

// Tasks is the work on a task. Who a task is for is the relation Handler; that it is delivered comes of sync itself.
var Tasks = Table{
	Name: "task",
	States: []StateName{
		{Made, "MADE", "已派发", "made", 1, false},
		{Delivered, "DELIVERED", "已送达", "delivered", 2, false},
		{Opened, "OPENED", "已查看", "opened", 3, false},
		{Returned, "RETURNED", "已退回", "sent back", 4, true},
		{Done, "DONE", "已完成", "done", 5, true},
	},
	Steps: []Step{
		{Name: "make", ZH: "派发", EN: "make a task", From: []State{0}, To: Made, Who: anyone(taskers...),
			Needs: []string{"task.needs_what", "task.needs_aim"}},
		{Name: "deliver", ZH: "送达", EN: "note that it reached a phone", From: []State{Made}, To: Delivered, Who: anyone(taskers...)},
		{Name: "open", ZH: "查看", EN: "open", From: []State{Made, Delivered}, To: Opened, Who: doers()},
		{Name: "return", ZH: "退回", EN: "send back undone", From: []State{Made, Delivered, Opened}, To: Returned, Who: doers(),
			Reason: true, Needs: []string{"task.returned_without_reason"}},
		{Name: "done", ZH: "完成", EN: "note that it is done", From: []State{Made, Delivered, Opened}, To: Done, Who: doers()},
		{Name: "make-again", ZH: "重新派发", EN: "make again what came back or went to another", From: []State{Delivered, Opened, Returned}, To: Made, Who: anyone(taskers...)},
	},
}

// taskers are the roles that make and do tasks.
var taskers = append([]domain.Role{domain.RoleHelper}, everyone...)

// doers are those who do a task: of the advisers only whom it is for.
func doers() []Who { return append(anyone(taskers...), as(Handler, advisers...)...) }
