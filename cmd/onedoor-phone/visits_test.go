package main_test

import (
	"strings"
	"testing"
)

func TestStory_ThreePhonesWriteOneJointVisitWithoutASignal(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	worker, officer, helper := o.hire("木林", "grid_worker", gridA), o.hire("赵警官", "police_officer", community), o.hire("张组长", "helper", gridA)
	his := o.equip(worker)
	door := his.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`)
	his.json("sync")
	officers, helpers := o.equip(officer), o.equip(helper)

	// At the door, with no signal: the worker reads a code out, the others type it.
	begun := his.json("joint", "--door", door, "--outcome", "seen", "--say", "查看了电线", "--note", "三人一起上门")
	code := begun.text("code")
	joined := officers.json("joint", code, "--door", door, "--say", "查看了租约")
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
