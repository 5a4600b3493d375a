package main_test

import (
	"testing"
)

// syncsMost bounds how often a story's phone asks again for what the server writes within milliseconds.
const syncsMost = 400

// until syncs a phone until a case or task on it is as wanted.
func (p *phone) until(id, what string, holds func(object) bool) object {
	p.t.Helper()
	var c object
	for range syncsMost {
		p.json("sync")
		if c = p.json("case", id); holds(c) {
			return c
		}
	}
	p.t.Fatalf("not %s: %v", what, c)
	return nil
}

func inState(state string) func(object) bool {
	return func(c object) bool { return c.text("state") == state }
}

// TestStory_AnOfficerSeesWhatBecomesOfAReturnedVisit: the officer sends a visit back. That the task reached the worker's phone, which and
// when, the server learns from sync itself; that it was opened and done the worker says.
func TestStory_AnOfficerSeesWhatBecomesOfAReturnedVisit(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	workerUser := op.hire("格", "grid_worker", gridA)
	officer, worker := op.equip(op.hire("警", "police_officer", "530702001001")), op.equip(workerUser)
	door := worker.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	visit := worker.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	worker.json("sync")
	officer.json("sync")
	returned := officer.json("check", visit, "return", "--reason", "未核对租客人数")
	task := returned.text("task_id")
	officer.json("sync")
	if c := officer.json("case", task); c.text("state") != "MADE" || c["delivered_at"] != nil || c.text("deadline") != returned.text("due") {
		t.Errorf("before the worker's phone has it: %v", c)
	}
	worker.json("sync")
	worker.json("sync") // Says that it has what the last one brought.
	device := worker.json("status").text("device_id")
	delivered := officer.until(task, "delivered", inState("DELIVERED"))
	if delivered.text("delivered_device") != device || delivered.text("delivered_at") == "" {
		t.Errorf("delivered: %v, to %s", delivered, device)
	}
	officer.run("step", task, "open").wantLine(t, failed, "opened by whom it is for")
	worker.json("step", task, "open")
	worker.json("sync")
	officer.until(task, "opened", inState("OPENED"))
	worker.json("step", task, "done")
	worker.json("sync")
	done := officer.until(task, "done", inState("DONE"))
	if len(done.list("steps")) != 0 || done.text("delivered_device") != device {
		t.Errorf("done: %v", done)
	}
	if got := worker.json("conflicts").list("conflicts"); len(got) != 0 {
		t.Errorf("a receipt made a conflict: %v", got)
	}
}

// TestStory_ATaskThatWasOpenedBeforeItsReceiptIsNoConflict: the worker opens and does a task while the server notes its delivery.
func TestStory_ATaskThatWasOpenedBeforeItsReceiptIsNoConflict(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	user := op.hire("格", "grid_worker", gridA)
	officer, worker := op.equip(op.hire("警", "police_officer", "530702001001")), op.equip(user)
	task := officer.add("task", `{"what":"核对租客","for_user":"`+user+`"}`)
	officer.json("sync")
	worker.json("sync")
	worker.json("step", task, "open")
	worker.json("step", task, "return", "--reason", "门锁着")
	worker.json("sync")
	c := officer.until(task, "returned", inState("RETURNED"))
	if got := officer.json("conflicts").list("conflicts"); len(got) != 0 {
		t.Errorf("%v makes conflicts %v", c, got)
	}
	officer.json("step", task, "make-again")
	officer.json("sync")
	worker.until(task, "made again", func(c object) bool { return c.text("state") != "RETURNED" })
}

// TestStory_ARulesTaskIsDoneWhenItsReasonIsGone: a dated notice brings the task of its re-check. The officer re-checks at the desk, and
// the task is done by itself, with the reason.
func TestStory_ARulesTaskIsDoneWhenItsReasonIsGone(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	worker := op.equip(op.hire("格", "grid_worker", gridA))
	officer := op.as(op.hire("警", "police_officer", "530702001001"))
	door := worker.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	hazard := worker.json("begin", "hazard", "notify", `{"premises_id":"`+door+`","code":"GAS","deadline":"2099-03-10T18:00:00+08:00"}`).text("id")
	task := worker.json("alarms").list("alarms")[0].text("task_id")
	other := worker.add("task", `{"what":"看电表","premises_id":"`+door+`"}`)
	worker.json("sync")
	if shown := officer.run("hazard", "show", hazard); shown.at("tasks", 0, "id") != task || shown.at("tasks", 0, "state") != "made" {
		t.Errorf("%v", shown)
	}
	officer.run("hazard", "recheck", hazard)
	worker.until(task, "done", inState("DONE"))
	if got := worker.json("show", task); got.text("done_reason") != "隐患已复查、移交，或整改期限已改" {
		t.Errorf("%v", got)
	}
	if got := officer.run("hazard", "show", hazard); got.at("tasks", 0, "state") != "done" || got.at("tasks", 0, "done_reason") == nil {
		t.Errorf("%v", got)
	}
	if c := worker.json("case", other); c.text("state") != "MADE" {
		t.Errorf("a person's task: %v", c)
	}
}

// TestStory_ATaskFollowsItsDoorToTheNextWorker: a task that one worker has opened is made again for the next, whom it has not reached.
func TestStory_ATaskFollowsItsDoorToTheNextWorker(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	first, next := op.hire("格", "grid_worker", gridA), op.hire("新", "grid_worker", gridA)
	officer, one, two := op.equip(op.hire("警", "police_officer", "530702001001")), op.equip(first), op.equip(next)
	door := one.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	one.json("sync")
	op.run("assign", "set", "--doors", door, "--worker", first)
	officer.json("sync")
	task := officer.add("task", `{"what":"核对租客","premises_id":"`+door+`","for_user":"`+first+`"}`)
	officer.json("sync")
	one.json("sync")
	one.json("sync")
	officer.until(task, "delivered", inState("DELIVERED"))
	one.json("sync")
	one.json("step", task, "open")
	one.json("sync")
	officer.until(task, "opened", inState("OPENED"))
	op.run("assign", "move", "--doors", door, "--to-user", next)
	moved := officer.until(task, "made again", func(c object) bool { return c.text("state") != "OPENED" })
	if got := officer.json("show", task); got.text("for_user") != next {
		t.Errorf("%v, %v", moved, got)
	}
	two.json("sync")
	two.json("sync")
	delivered := officer.until(task, "delivered to the next", inState("DELIVERED"))
	if delivered.text("delivered_device") != two.json("status").text("device_id") {
		t.Errorf("%v", delivered)
	}
	if got := officer.json("conflicts").list("conflicts"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// TestStory_AMediatorWithoutAPhoneAnswersASupervision: the task stands at the desk, and its end reaches the phones.
func TestStory_AMediatorWithoutAPhoneAnswersASupervision(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	mediatorUser := op.hire("调", "mediator", "530702001")
	lead, mediator := op.as(op.hire("督", "street_lead", "530702001")), op.as(mediatorUser)
	staff := op.equip(op.hire("干", "community_staff", "530702001001"))
	id := lead.run("case", "register", "--title", "漏水", "--territory", "530702001001").text("id")
	shown := lead.run("case", "supervise", id, "--for", mediatorUser, "--reason", "请本周内上门")
	task, _ := shown.at("tasks", 0, "id").(string)
	if out, err := lead.try("case", "task", task, "open"); err == nil {
		t.Errorf("the lead opens the mediator's task: %s", out)
	}
	if got := mediator.run("case", "task", task, "open"); got.text("state") != "opened" {
		t.Errorf("%v", got)
	}
	if got := mediator.run("case", "task", task, "done"); got.text("state") != "done" {
		t.Errorf("%v", got)
	}
	staff.json("sync")
	if c := staff.json("case", task); c.text("state") != "DONE" {
		t.Errorf("%v", c)
	}
}

// heldSyncs is how often a phone asks while the server is held back: without that the first few would bring the receipt.
const heldSyncs = 40

// TestStory_AServerThatIsHeldBackNotesNothingByItself: a scripted day must hold the same however long it takes.
func TestStory_AServerThatIsHeldBackNotesNothingByItself(t *testing.T) {
	from := make(chan struct{})
	w := servingHeld(t, nil, from)
	op := at(w)
	withKey(t, 7)
	officer, worker := op.equip(op.hire("警", "police_officer", "530702001001")), op.equip(op.hire("格", "grid_worker", gridA))
	door := worker.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	visit := worker.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	worker.json("sync")
	officer.json("sync")
	task := officer.json("check", visit, "return", "--reason", "未核对租客人数").text("task_id")
	officer.json("sync")
	for range heldSyncs {
		worker.json("sync")
		officer.json("sync")
		if c := officer.json("case", task); c.text("state") != "MADE" {
			t.Fatalf("noted while held back: %v", c)
		}
	}
	close(from)
	officer.until(task, "delivered", inState("DELIVERED"))
}
