package main_test

import (
	"slices"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

func TestCase_FromTheOneFormToTheTimelineOffline(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	w.stop()
	begun := ann.json("begin", "dispute", "resolve", `{"title":"楼道堆物","territory":"`+gridA+
		`","parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}},"agreement_text":"乙方当场搬走"}`)
	begun.wants(t, "id", "kind", "state", "deadline", "phase", "provisional", "clock", "steps", "timeline")
	id := begun.text("id")
	var what []string
	for _, e := range begun.list("timeline") {
		what = append(what, e.text("what"))
	}
	if begun.text("state") != "CLOSED" || !slices.Equal(what, []string{"REGISTERED", "CLOSED"}) {
		t.Errorf("%v", begun)
	}
	if clock := object(begun["clock"].(map[string]any)); clock.text("state") != "stopped" || clock["left_s"] == nil || clock["used_s"] == nil {
		t.Errorf("%v", clock)
	}
	noted := ann.json("step", id, "note", "--reason", "双方满意")
	if last := noted.list("timeline"); len(last) != 3 {
		t.Errorf("%v", last)
	}
	if got := ann.json("propose", id); got.text("about") != "clinic" || got.text("value") != "GENERAL" {
		t.Errorf("%v", got)
	}
	ann.run("step", id, "archive").wantLine(t, failed, "archive is for dispatcher, street lead")
	ann.run("step", id, "archive", "--lang", "zh").wantLine(t, failed, "归档由分流员、街道督办办理")
	ann.run("step", id, "polish").wantLine(t, failed, "no step polish")
	ann.run("begin", "dispute", "resolve", `{"title":"x","territory":"`+gridA+`"}`).wantLine(t, failed, "consent of each party")
	ann.run("begin", "premises", "resolve", `{}`).wantLine(t, failed, "")
	ann.run("step", id, "pause", "--until", "soon", "--reason", "x").wantLine(t, usage, "--until")
	if r := ann.run("case", id); r.code != done || !strings.Contains(r.out, "CLOSED") {
		t.Errorf("%+v", r)
	}
}

func TestCheck_PassAndReturnOffline(t *testing.T) {
	w := serving(t)
	ann := w.enrolledAs("警", community, recordv1.Role_ROLE_POLICE_OFFICER)
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	w.stop()
	passed := ann.json("check", visit, "pass")
	passed.wants(t, "id", "task_id", "due")
	if passed["task_id"] != nil || passed["due"] != nil {
		t.Errorf("%v", passed)
	}
	returned := ann.json("check", visit, "return", "--reason", "未核对租客人数")
	task := ann.json("show", returned.text("task_id"))
	if task.text("premises_id") != door || task.text("due") != returned.text("due") || task.text("state") != "MADE" {
		t.Errorf("%v, %v", returned, task)
	}
	ann.run("check", visit, "return").wantLine(t, failed, "check_reason")
	ann.run("check", visit, "maybe").wantLine(t, usage, "pass nor return")
	if got := ann.json("checks").list("records"); len(got) != 0 {
		t.Errorf("no door is assigned, yet %v", got)
	}
	ann.run("checks", "--count", "0").wantLine(t, usage, "1 or more")
}

func TestAlarms_NameTheTaskOfADatedNotice(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	w.stop()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	if got := ann.json("alarms").list("alarms"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	hazard := ann.json("begin", "hazard", "notify", `{"premises_id":"`+door+`","code":"GAS","deadline":"2099-03-10T18:00:00+08:00"}`)
	got := ann.json("alarms").list("alarms")
	if len(got) != 1 || got[0].text("case_id") != hazard.text("id") || got[0].text("duty") != "recheck" || got[0]["made"] != true ||
		got[0].text("due") != "2099-03-13T23:59:00+08:00" {
		t.Errorf("%v", got)
	}
	if task := ann.json("show", got[0].text("task_id")); task.text("case_id") != hazard.text("id") {
		t.Errorf("%v", task)
	}
	if r := ann.run("alarms"); r.code != done || !strings.Contains(r.out, "1 alarm\n") {
		t.Errorf("%+v", r)
	}
}
