package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestStory_ACouplesQuarrelIsFoundByTheTeamAndWorkedWithTheCounsellor: the team hears it at the door, the centre takes it over,
// a counsellor joins. It is a family's case, so it is sealed: whoever is not named in it knows nothing of it any more.
func TestStory_ACouplesQuarrelIsFoundByTheTeamAndWorkedWithTheCounsellor(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	worker, officer := o.hire("木林", "grid_worker", gridA), o.hire("赵警官", "police_officer", community)
	dispatcher, mediator := o.hire("杨分流", "dispatcher", "530702001"), o.hire("李调解", "mediator", "530702001")
	district := o.hire("区级", "district", "530702")
	counsellor, lawyer := o.hire("何咨询", "psychologist", ""), o.hire("方律师", "lawyer", "530702001")
	team := o.equip(worker)
	door := team.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`)
	team.json("sync")
	patrol := o.equip(officer)

	// Two of the team stand at the door, without a signal, and write one visit; the worker registers what they heard.
	code := team.json("joint", "--door", door, "--outcome", "seen", "--say", "夫妻争吵，声音很大").text("code")
	patrol.json("joint", code, "--door", door, "--say", "无人受伤")
	made := team.json("begin", "dispute", "register", `{"title":"夫妻争吵","territory":"`+gridA+`","premises_id":"`+door+`","category":"FAMILY","party_contacts":{"甲方":{"phone":"13888880001"}},"description":"为孩子上学争吵","people_count":2}`)
	id := made.text("id")
	if made.text("state") != "REGISTERED" || !slices.Contains(stepsOf(made), "report-police") {
		t.Errorf("registered: %v", made)
	}
	if got := team.json("show", id).list("proposals"); len(got) != 1 || got[0].text("rule") != "dispute.propose_seal" {
		t.Errorf("the phone proposes %v", got)
	}
	team.json("sync")
	patrol.json("sync")
	if patrol.count("dispute") != 1 {
		t.Error("the officer's phone does not hold the case before it is sealed")
	}

	// The centre: taken, sent to a clinic, assigned with a counsellor and the first receiver, and sealed.
	centre := o.as(dispatcher)
	centre.run("case", "accept", id)
	if got := centre.run("case", "triage", id, "--clinic", "specialist"); got.text("clinic") != "SPECIALIST" {
		t.Errorf("triaged: %v", got)
	}
	assigned := centre.run("case", "assign", id, "--mediator", mediator, "--with", strings.Join([]string{counsellor, worker, dispatcher}, ","), "--set", `{"sealed":true}`)
	if assigned.text("state") != "ASSIGNED" || assigned["sealed"] != true {
		t.Errorf("assigned: %v", assigned)
	}
	patrol.json("sync")
	if patrol.count("dispute") != 0 || patrol.count("case_event") != 0 || patrol.count("visit") != 1 {
		t.Errorf("the officer who is not named holds %d cases and %d events", patrol.count("dispute"), patrol.count("case_event"))
	}
	desk, advice := o.equip(mediator), o.equip(counsellor)
	if desk.count("dispute") != 1 || advice.count("dispute") != 1 || advice.count("premises") != 0 {
		t.Errorf("the mediator has %d cases, the counsellor %d and %d doors", desk.count("dispute"), advice.count("dispute"), advice.count("premises"))
	}

	// A psychologist and a lawyer join by role: they read the case that names them, without the parties' numbers, say what they have
	// to say, and decide nothing. A lawyer reads no case of the street before.
	advocate := o.as(lawyer)
	if list := advocate.run("case", "list"); list.number("total") != 0 {
		t.Errorf("the lawyer reads before joining: %v", list)
	}
	joined := centre.run("case", "join", id, "--with", lawyer)
	if joined.at("people", 4, "role") != "psychologist" || joined.at("people", 4, "relation") != "participant" || joined.at("people", 5, "name") != "方律师" {
		t.Errorf("who takes part: %v", joined["people"])
	}
	shown := advocate.run("case", "show", id)
	if shown.text("description") == "" || shown["party_contacts"] != nil || fmt.Sprint(shown["steps"]) != "[follow-up note]" {
		t.Errorf("the lawyer is shown %v", shown)
	}
	advocate.run("case", "note", id, "--reason", "已说明诉讼途径")
	for _, step := range []string{"handle", "return"} {
		if out, err := advocate.try("case", step, id, "--reason", "不"); err == nil {
			t.Errorf("a lawyer may %s: %s", step, out)
		}
	}
	if desk.json("show", id)["party_contacts"] == nil || advice.json("show", id)["party_contacts"] != nil {
		t.Error("the numbers of the parties reach the counsellor, or not the mediator")
	}

	// The work, on phones: nobody is mediated who has not agreed to it.
	desk.run("step", id, "handle").wantLine(t, failed, "")
	desk.json("step", id, "handle", "--fields", `{"parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}`)
	desk.json("sync")
	advice.json("sync")
	advice.json("step", id, "note", "--reason", "已做两次疏导")
	advice.json("sync")
	desk.json("sync")
	desk.json("step", id, "mediate", "--reason", "双方到场")
	desk.json("step", id, "agree", "--fields", `{"agreement_form":"ORAL","agreement_text":"轮流接送孩子。"}`)
	desk.json("step", id, "perform", "--fields", `{"agreement_effective_on":"2026-11-02T00:00:00+08:00"}`)
	desk.json("sync")
	if got := centre.run("case", "verify", id, "--set", `{"solved":true,"satisfaction":"SATISFIED"}`); got.text("state") != "VERIFIED" {
		t.Errorf("verified: %v", got)
	}
	closed := centre.run("case", "close", id, "--set", `{"result":"SUCCESS"}`)
	if closed.text("state") != "CLOSED" || closed.at("clock", "state") != "stopped" {
		t.Errorf("closed: %v", closed)
	}

	// The first receiver stays responsible: the team looks in again, and everybody named reads one timeline.
	team.json("sync")
	team.json("step", id, "follow-up", "--reason", "夫妻和睦")
	team.json("sync")
	advice.json("sync")
	var told []string
	for _, e := range advice.json("case", id).list("timeline") {
		told = append(told, e.text("what"))
	}
	want := []string{"REGISTERED", "ACCEPTED", "TRIAGED", "ASSIGNED", "JOINED", "NOTED", "HANDLING", "NOTED", "MEDIATED", "AGREED", "PERFORMING", "CALL_BACK", "CLOSED", "FOLLOW_UP"}
	if !slices.Equal(told, want) {
		t.Errorf("the timeline is %v, want %v", told, want)
	}
	people := advice.json("case", id).list("people")
	if len(people) != 6 || people[0].text("relation") != "first_receiver" || people[0].text("name") != "木林" || people[5].text("role") != "lawyer" {
		t.Errorf("the phone says who takes part: %v", people)
	}
	if team.json("show", id).text("registered_by") != worker {
		t.Error("the first receiver has changed")
	}

	// The district has its figures and no case of a family.
	if got := o.as(district).run("case", "list"); got["total"] != 0.0 {
		t.Errorf("the district is shown %v", got)
	}
	if out, err := o.as(officer).try("case", "show", id); err == nil {
		t.Errorf("who is not named is shown %s", out)
	}
}

// stepsOf gives the steps that a case's user may take.
func stepsOf(c object) (out []string) {
	all, _ := c["steps"].([]any)
	for _, step := range all {
		name, _ := step.(string)
		out = append(out, name)
	}
	return out
}

// TestStory_TheInvestmentDisputeWalksInAndIsConfirmedInOneDay: the walk-in of the source article, at the desk's and the
// mediator's own devices, with the centre's commands between and the district looking on.
func TestStory_TheInvestmentDisputeWalksInAndIsConfirmedInOneDay(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	reception, mediator := o.hire("周受理", "reception", "530702001"), o.hire("李调解", "mediator", "530702001")
	dispatcher, lead, district := o.hire("杨分流", "dispatcher", "530702001"), o.hire("街道", "street_lead", "530702001"), o.hire("区级", "district", "530702")
	desk := o.equip(reception)
	made := desk.json("begin", "dispute", "accept", `{"title":"甲方与乙方投资款纠纷","territory":"`+community+`","category":"CONTRACT","source":"WALK_IN",
		"people_count":2,"amount_fen":30000000,"party_contacts":{"甲方":{"name":"木某","phone":"13888800000"}}}`)
	id := made.text("id")
	desk.json("sync")
	centre := o.as(dispatcher)
	proposed := centre.run("case", "show", id)
	if proposed.at("proposal", "clinic") != "specialist" {
		t.Errorf("proposed: %v", proposed["proposal"])
	}
	centre.run("case", "triage", id, "--clinic", "specialist")
	centre.run("case", "assign", id, "--mediator", mediator)
	if got := o.as(district).run("case", "list"); got["total"] != 0.0 {
		t.Errorf("before it is escalated the district is shown %v", got)
	}
	o.as(lead).run("case", "escalate", id, "--reason", "金额较大")
	if got := o.as(district).run("case", "show", id); got.text("id") != id || got["party_contacts"] != nil {
		t.Errorf("the district is shown %v", got)
	}

	his := o.equip(mediator)
	his.json("step", id, "handle", "--fields", `{"parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}`)
	his.json("step", id, "agree", "--fields", `{"agreement_form":"WRITTEN","agreement_text":"分三期归还。"}`)
	his.json("step", id, "perform", "--fields", `{"agreement_effective_on":"2026-11-02T00:00:00+08:00"}`)
	if got := his.json("sync"); got["quarantined"] != 0.0 {
		t.Errorf("the mediator's sync: %v", got)
	}
	desk.json("sync")
	desk.json("step", id, "confirm", "--fields", `{"judicial_confirmation":"CONFIRMED"}`)
	desk.json("step", id, "verify", "--fields", `{"solved":true,"satisfaction":"SATISFIED"}`)
	desk.json("step", id, "close", "--fields", `{"result":"SUCCESS"}`)
	desk.json("sync")
	his.json("sync")
	server, phone := centre.run("case", "show", id), his.json("case", id)
	if server.text("state") != "CLOSED" || phone.text("state") != "CLOSED" || server.text("deadline") != phone.text("deadline") || server.at("clock", "state") != "stopped" {
		t.Errorf("the server says %v, the phone %v", server.text("state"), phone.text("state"))
	}
	if n := len(phone.list("timeline")); n != len(server.list("timeline")) || n < 10 {
		t.Errorf("%d entries on the phone, %d at the server", n, len(server.list("timeline")))
	}
}
