package main_test

import (
	"strings"
	"testing"
	"time"
)

func TestStory_ThreePhonesWriteOneJointVisitWithoutASignal(t *testing.T) {
	o, day := turning(t)
	worker, officer, helper := o.hire("木林", "grid_worker", gridA), o.hire("赵警官", "police_officer", community), o.hire("张组长", "helper", gridA)
	his := o.equip(worker)
	door := his.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`)
	his.json("sync")
	officers, helpers := o.equip(officer), o.equip(helper)

	// At the door, with no signal: the worker reads a code out, the others type it.
	begun := his.json("joint", "--door", door, "--outcome", "seen", "--say", "查看了电线", "--note", "三人一起上门")
	code := begun.text("code")
	day.passes(time.Minute)
	joined := officers.json("joint", code, "--door", door, "--say", "查看了租约")
	day.passes(time.Minute)
	last := helpers.json("joint", strings.ReplaceAll(code, " ", ""), "--door", door, "--say", "通知了房东")
	if visit := begun.text("id"); joined.text("id") != visit || last.text("id") != visit || begun.text("date") != joined.text("date") {
		t.Fatalf("three visits: %v, %v, %v", begun, joined, last)
	}

	// The phones sync when each comes to a signal, the first one last.
	for _, p := range []*phone{helpers, officers, his, helpers, officers} {
		p.json("sync")
	}
	for _, p := range []*phone{his, officers, helpers} {
		visit := p.json("show", begun.text("id"))
		if visit.text("registered_by") != worker || visit.text("outcome") != "SEEN" || visit.at("contributions", worker) != "查看了电线" ||
			visit.at("contributions", officer) != "查看了租约" || visit.at("contributions", helper) != "通知了房东" {
			t.Errorf("the visit: %v", visit)
		}
		if open := p.json("conflicts").list("conflicts"); len(open) != 0 || p.count("visit") != 1 {
			t.Errorf("a phone is asked about %v, and has %d visits", open, p.count("visit"))
		}
	}
	if open := o.as(officer).run("conflicts").list("conflicts"); len(open) != 0 {
		t.Errorf("the server lists %v", open)
	}
	losing := 0
	for _, f := range his.json("why", begun.text("id")).list("fields") {
		if f.text("field") == "registered_by" {
			losing = len(f.list("losing"))
		}
	}
	if losing != 2 {
		t.Errorf("why tells of %d others who were there, want 2", losing)
	}
}

func TestJoint_TheCommandSaysWhatIsWrong(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	p := o.equip(o.hire("木林", "grid_worker", gridA))
	door, other := p.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`), p.add("premises", `{"address":"福慧路2号","territory":"`+gridA+`"}`)
	code := p.json("joint", "--door", door).text("code")
	p.run("joint", code, "--door", other).wantLine(t, failed, "not of this place and day")
	p.run("joint", "123", "--door", door).wantLine(t, failed, "10 digits")
	p.run("joint").wantLine(t, failed, "one of the two")
	p.run("joint", code, "--task", door).wantLine(t, usage, "exclude each other")
	p.run("joint", "--door", door, "--outcome", "happy").wantLine(t, usage, "nobody")
	p.run("joint", "--task", door).wantLine(t, failed, "")
	if out := p.run("joint", "--grid", gridA).out; !strings.HasPrefix(out, "code: ") {
		t.Errorf("for people it prints %q", out)
	}
}

func TestStory_ABuildingIsVisitedInOneActionWithWhatDiffers(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	p := o.equip(o.hire("木林", "grid_worker", gridA))
	building := p.add("premises", `{"address":"福慧苑3幢","territory":"`+gridA+`","kind_of_premises":"building","compound":"福慧苑","building":"3"}`)
	rooms := map[string]string{}
	for _, room := range []string{"301", "302", "405"} {
		rooms[room] = p.add("premises", `{"address":"福慧苑3幢`+room+`","territory":"`+gridA+`","kind_of_premises":"rental_unit","parent_id":"`+building+`","door":"`+room+`"}`)
	}
	visited := p.json("rooms", building, "--except", "302=nobody", "--except", "405=refused", "--note", "整栋走访")
	if visited["doors"] != 3.0 || visited.at("outcomes", "SEEN") != 1.0 || visited.at("outcomes", "NOBODY") != 1.0 {
		t.Errorf("visited: %v", visited)
	}
	p.json("sync")
	last := map[string]any{}
	for _, d := range p.json("plan").list("due") {
		last[d.text("id")] = d["last_outcome"]
	}
	if _, again := last[rooms["301"]]; again || last[rooms["302"]] != "NOBODY" || last[rooms["405"]] != "REFUSED" {
		t.Errorf("the plan goes on with %v", last)
	}
	p.run("rooms", building, "--except", "999=nobody").wantLine(t, failed, "no room 999")
	p.run("rooms", building, "--except", "302").wantLine(t, usage, "302=nobody")
	p.run("rooms", building, "--except", "302=nobody", "--except", "302=seen").wantLine(t, usage, "another outcome")
	p.run("rooms", building, "--purpose", "check").wantLine(t, usage, "patrol")
	p.run("rooms", rooms["301"]).wantLine(t, failed, "no room of this building")
	if out := p.run("rooms", building, "--outcome", "nobody").out; !strings.Contains(out, "NOBODY") {
		t.Errorf("for people it prints %q", out)
	}
}

func TestStory_ABuildingIsPulledDownWhileAPhoneStillVisitsIt(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	desk, worker := o.equip(o.hire("和主任", "community_staff", community)), o.hire("木林", "grid_worker", gridA)
	building := desk.add("premises", `{"address":"福慧苑3幢","territory":"`+gridA+`","kind_of_premises":"building","compound":"福慧苑","building":"3"}`)
	room := desk.add("premises", `{"address":"福慧苑3幢302","territory":"`+gridA+`","parent_id":"`+building+`","door":"302","headcount":2}`)
	other := desk.add("premises", `{"address":"福慧苑4幢101","territory":"`+gridA+`","compound":"福慧苑","building":"4","door":"101"}`)
	desk.json("sync")
	his := o.equip(worker)
	hazard := his.json("begin", "hazard", "find", `{"premises_id":"`+room+`","code":"GAS"}`).text("id")
	his.json("sync")
	desk.json("sync")

	// Out of signal he visits the room and counts its people; meanwhile the centre marks the building.
	visit := his.add("visit", `{"premises_ids":["`+room+`"],"outcome":"SEEN","note":"租客正在搬家"}`)
	his.json("edit", room, `{"headcount":1}`)
	voided := desk.json("void", building, "--reason", "pulled_down")
	if len(voided["doors"].([]any)) != 2 || len(voided.list("open")) != 1 || voided.list("open")[0].text("id") != hazard {
		t.Errorf("voided: %v", voided)
	}
	desk.json("sync")
	for _, line := range desk.json("plan").list("due") {
		if line.text("id") != other {
			t.Errorf("the plan lists %v", line)
		}
	}

	// Nothing is dropped, and the same sync asks him; so does the case that he opened there.
	if got := his.json("sync"); got["quarantined"] != 0.0 || got["pushed"] != 2.0 {
		t.Errorf("his sync: %v", got)
	}
	asked := map[string]string{}
	for _, task := range his.json("list", "task", "--mine").list("records") {
		about, _ := task["premises_id"].(string)
		asked[about] = task.text("what")
	}
	if len(asked) != 2 || !strings.Contains(asked[room], "本户已注销（拆除），您之后上传的记录已保留") || !strings.Contains(asked[""], "案件所涉房屋已注销（拆除）") {
		t.Errorf("he is asked %v", asked)
	}
	desk.json("sync")
	if desk.json("show", visit).text("note") != "租客正在搬家" || desk.json("show", room)["headcount"] != 1.0 || desk.json("show", room).text("status") != "VOID" {
		t.Errorf("at the centre: %v", desk.json("show", room))
	}

	// It was the wrong building: he takes it back, which answers his question; the centre marks the right one at the server.
	if back := his.json("unvoid", building); len(back["doors"].([]any)) != 2 {
		t.Errorf("back: %v", back)
	}
	his.json("sync")
	for _, task := range his.json("list", "task", "--mine").list("records") {
		if task["premises_id"] == room && task.text("state") != "DONE" {
			t.Errorf("his question is %v", task)
		}
	}
	console := o.as(worker)
	if got := console.run("door", "void", other, "--reason", "pulled_down", "--dry-run"); len(got["doors"].([]any)) != 1 {
		t.Errorf("a dry run: %v", got)
	}
	console.run("door", "void", other, "--reason", "pulled_down")
	if out, err := console.try("door", "void", other); err == nil || !strings.Contains(out, "void already") {
		t.Errorf("voided twice: %s", out)
	}
	his.json("sync")
	if got := his.json("add", "visit", `{"premises_ids":["`+other+`"],"outcome":"SEEN"}`).list("proposals"); len(got) != 1 || got[0].text("rule") != "premises.is_void" {
		t.Errorf("who visits a void door is told %v", got)
	}
	his.run("void", other).wantLine(t, failed, "void already")
	his.run("unvoid", room).wantLine(t, failed, "not void")
	his.run("void", room, "--reason", "gone").wantLine(t, usage, "pulled_down")
	if o.run("door", "unvoid", other); his.json("sync")["pulled"] == 0.0 {
		t.Error("the door that is back does not come to the phone")
	}
}
