package client_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

// step takes a step; the phone must allow it.
func (p *phone) step(id, step string, in client.StepInput) {
	p.w.t.Helper()
	if err := p.TakeStep(parsed(p.w.t, id), step, in); err != nil {
		p.w.t.Fatalf("%s: %s: %v", p.name, step, err)
	}
}

func (p *phone) caseOf(id string) *client.Case {
	p.w.t.Helper()
	c, err := p.Case(parsed(p.w.t, id))
	p.w.must(err)
	return c
}

// refused gives the rules by which a step is refused.
func (p *phone) refused(id, step string, in client.StepInput) string {
	p.w.t.Helper()
	err := p.TakeStep(parsed(p.w.t, id), step, in)
	var refusal *client.Refusal
	if !errors.As(err, &refusal) {
		p.w.t.Fatalf("%s: %s: %v, wanted a refusal", p.name, step, err)
	}
	var rules []string
	for _, c := range refusal.Complaints {
		rules = append(rules, c.Rule)
	}
	return strings.Join(rules, " ")
}

func timeline(c *client.Case) string {
	var out []string
	for _, e := range c.Timeline {
		out = append(out, e.What)
	}
	return strings.Join(out, " ")
}

// centre has the phones of a street's centre.
func centre(t testing.TB) (w *world, reception, dispatcher, mediator *phone) {
	t.Helper()
	w = newWorld(t)
	reception = w.phone("受", recordv1.Role_ROLE_RECEPTION, community)
	dispatcher = w.phone("分", recordv1.Role_ROLE_DISPATCHER, community)
	mediator = w.phone("调", recordv1.Role_ROLE_MEDIATOR, community)
	for _, p := range []*phone{reception, dispatcher, mediator} {
		p.sync()
	}
	w.now = time.Date(2026, 6, 4, 2, 0, 0, 0, time.UTC) // A Thursday, ten in the morning at the desk.
	return w, reception, dispatcher, mediator
}

// hand brings a case from one phone to another.
func hand(from, to *phone) {
	from.w.t.Helper()
	from.sync()
	to.sync()
}

func TestTakeStep_AnInvestmentDisputeFromTheDeskToConfirmationInOneDay(t *testing.T) {
	w, reception, dispatcher, mediator := centre(t)
	id, err := reception.BeginCase("dispute", "register", client.StepInput{Fields: `{"title":"投资款返还纠纷","territory":"` + community +
		`","source":"WALK_IN","amount_fen":4000000,"people_count":2,"parties":{"甲方":{"consent":"AGREED"},"乙方":{}}}`})
	w.must(err)
	c := reception.caseOf(id.String())
	if c.State != "REGISTERED" || timeline(c) != "REGISTERED" || c.Phase != "accept" || shanghai(c.Deadline) != "2026-06-11 23:59" {
		t.Errorf("registered %+v, due %s", c, shanghai(c.Deadline))
	}
	reception.step(id.String(), "accept", client.StepInput{})
	if got := reception.refused(id.String(), "triage", client.StepInput{Fields: `{"clinic":"GENERAL"}`}); got != "dispute.step_who" {
		t.Errorf("reception sends to a clinic: %s", got)
	}
	hand(reception, dispatcher)
	if got := dispatcher.refused(id.String(), "triage", client.StepInput{}); got != "dispute.triaged_without_clinic" {
		t.Errorf("triage to nowhere: %s", got)
	}
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"GENERAL"}`})
	if c := dispatcher.caseOf(id.String()); c.Phase != "clinic" || shanghai(c.Deadline) != "2026-06-04 23:59" || c.ClockState != "running" || c.LeftSeconds != 14*3600 {
		t.Errorf("in the general clinic %+v, due %s", c, shanghai(c.Deadline))
	}
	dispatcher.step(id.String(), "assign", client.StepInput{Fields: `{"mediator":"` + mediator.user.String() + `"}`})
	hand(dispatcher, mediator)
	if got := mediator.refused(id.String(), "handle", client.StepInput{}); got != "dispute.worked_without_consent" {
		t.Errorf("work without the consent of one party: %s", got)
	}
	mediator.step(id.String(), "handle", client.StepInput{Fields: `{"parties":{"乙方":{"consent":"AGREED"}}}`})
	w.later(3 * time.Hour)
	mediator.step(id.String(), "agree", client.StepInput{Fields: `{"agreement_form":"WRITTEN","agreement_text":"乙方六月十日前退还投资款"}`})
	mediator.step(id.String(), "confirm", client.StepInput{Fields: `{"judicial_confirmation":"CONFIRMED"}`})
	if c := mediator.caseOf(id.String()); c.State != "AGREED" || c.ClockState != "stopped" || c.UsedSeconds != 3*3600 ||
		timeline(c) != "REGISTERED ACCEPTED TRIAGED ASSIGNED HANDLING AGREED CONFIRMATION" {
		t.Errorf("agreed %+v", c)
	}
	hand(mediator, reception)
	reception.step(id.String(), "verify", client.StepInput{Fields: `{"responded":true,"solved":true,"satisfaction":"SATISFIED"}`})
	reception.step(id.String(), "close", client.StepInput{})
	if c := reception.caseOf(id.String()); c.State != "CLOSED" || !slices.Contains(c.Steps, "reopen") || slices.Contains(c.Steps, "archive") {
		t.Errorf("closed %+v", c)
	}
	reception.shows(id.String(), map[string]any{"result": "SUCCESS", "solved": true})
	w.settle()
}

// shanghai shows a minute at +08:00.
func shanghai[T ~int64](at T) string {
	return time.UnixMilli(int64(at)).In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04")
}

func TestBeginCase_TheOneFormOnTheSpotWorksWithoutASignal(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	form := `{"title":"楼道堆物","territory":"` + gridA + `","parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}},"agreement_text":"乙方当场搬走"}`
	id, err := ann.BeginCase("dispute", "resolve", client.StepInput{Fields: form})
	w.must(err)
	if c := ann.caseOf(id.String()); c.State != "CLOSED" || timeline(c) != "REGISTERED CLOSED" {
		t.Errorf("%+v", c)
	}
	ann.shows(id.String(), map[string]any{"clinic": "GENERAL", "agreement_form": "ORAL", "result": "SUCCESS", "registered_by": ann.user.String()})
	_, err = ann.BeginCase("dispute", "resolve", client.StepInput{Fields: `{"title":"楼道堆物","territory":"` + gridA + `","parties":{"甲方":{"consent":"AGREED"}}}`})
	var refusal *client.Refusal
	if !errors.As(err, &refusal) || refusal.Complaints[0].Rule != "dispute.settled_without_consent" {
		t.Errorf("without the other party: %v", err)
	}
	report := ann.sync()
	if report.Quarantined != 0 || report.Pushed != report.Applied {
		t.Errorf("%+v", report)
	}
	if got := ann.refused(id.String(), "archive", client.StepInput{}); got != "dispute.step_who" {
		t.Errorf("%s", got)
	}
	if got := ann.refused(id.String(), "polish", client.StepInput{}); got != "dispute.no_such_step" {
		t.Errorf("%s", got)
	}
}

func TestTakeStep_PausesAndExtensionsMoveTheDeadline(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	id, err := reception.BeginCase("dispute", "accept", client.StepInput{Fields: `{"title":"装修工钱","territory":"` + community + `"}`})
	w.must(err)
	hand(reception, dispatcher)
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"SPECIALIST"}`})
	if c := dispatcher.caseOf(id.String()); shanghai(c.Deadline) != "2026-06-24 23:59" {
		t.Errorf("due %s", shanghai(c.Deadline))
	}
	w.later(24 * time.Hour)
	if got := dispatcher.refused(id.String(), "pause", client.StepInput{Reason: "等鉴定", Until: w.now.Add(60 * 24 * time.Hour).UnixMilli()}); got != "dispute.pause_days" {
		t.Errorf("a pause of two months: %s", got)
	}
	if got := dispatcher.refused(id.String(), "pause", client.StepInput{Until: w.now.Add(48 * time.Hour).UnixMilli()}); got != "dispute.step_reason" {
		t.Errorf("a pause without a reason: %s", got)
	}
	dispatcher.step(id.String(), "pause", client.StepInput{Reason: "等鉴定", Until: w.now.Add(48 * time.Hour).UnixMilli()})
	if c := dispatcher.caseOf(id.String()); shanghai(c.Deadline) != "2026-06-26 23:59" || c.ClockState != "paused" {
		t.Errorf("paused: %s, %s", shanghai(c.Deadline), c.ClockState)
	}
	w.later(2 * time.Hour)
	dispatcher.step(id.String(), "resume", client.StepInput{})
	dispatcher.step(id.String(), "extend", client.StepInput{Reason: "双方同意", Days: 5})
	c := dispatcher.caseOf(id.String())
	if shanghai(c.Deadline) != "2026-06-30 01:59" || c.ClockState != "running" {
		t.Errorf("resumed and extended: %s, %s", shanghai(c.Deadline), c.ClockState)
	}
	hand(dispatcher, reception)
	if other := reception.caseOf(id.String()); other.Deadline != c.Deadline {
		t.Errorf("the other phone shows %s", shanghai(other.Deadline))
	}
	reception.shows(id.String(), map[string]any{"deadline": "2026-06-30T01:59:00+08:00"})
}

func TestTakeStep_ADatedNoticeBringsOneRecheckTask(t *testing.T) {
	w, ann, door := solo(t)
	id, err := ann.BeginCase("hazard", "notify", client.StepInput{Fields: `{"premises_id":"` + door + `","code":"GAS","deadline":"` + w.now.Add(72*time.Hour).Format(time.RFC3339) + `"}`})
	w.must(err)
	tasks, err := ann.List(client.Query{Kind: "task"})
	w.must(err)
	if len(tasks) != 1 {
		t.Fatalf("%d tasks", len(tasks))
	}
	ann.shows(tasks[0].ID.String(), map[string]any{"case_id": id.String(), "premises_id": door, "why": "rule recheck", "state": "MADE"})
	ann.shows(id.String(), map[string]any{"state": "NOTIFIED", "disposal": "DATED_NOTICE"})
	ann.step(id.String(), "rectify", client.StepInput{})
	ann.step(id.String(), "recheck", client.StepInput{})
	if c := ann.caseOf(id.String()); c.State != "RECHECKED" || timeline(c) != "NOTIFIED RECTIFIED RECHECKED" {
		t.Errorf("%+v", c)
	}
	if _, err := ann.BeginCase("hazard", "notify", client.StepInput{Fields: `{"premises_id":"` + door + `","code":"GAS"}`}); err == nil {
		t.Error("a dated notice without a date is taken")
	}
}

func TestTakeStep_AHandOverIsClosedOnceAcknowledged(t *testing.T) {
	w := newWorld(t)
	officer := w.phone("警", recordv1.Role_ROLE_POLICE_OFFICER, community)
	street := w.phone("街", recordv1.Role_ROLE_STREET_LEAD, community)
	officer.sync()
	street.sync()
	door := officer.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	id, err := officer.BeginCase("hazard", "hand-over", client.StepInput{Fields: `{"premises_id":"` + door + `","code":"FIRE_EQ","handed_over_to":"消防救援大队"}`})
	w.must(err)
	if got := officer.refused(id.String(), "close", client.StepInput{}); got != "hazard.needs_acknowledgement" {
		t.Errorf("%s", got)
	}
	hand(officer, street)
	street.step(id.String(), "acknowledge", client.StepInput{})
	hand(street, officer)
	officer.step(id.String(), "close", client.StepInput{})
	if c := officer.caseOf(id.String()); c.State != "CLOSED" || timeline(c) != "HANDED_OVER ACKNOWLEDGED CLOSED" {
		t.Errorf("%+v", c)
	}
}

func TestTakeStep_AHelperFixesOnTheSpotWithoutATimeline(t *testing.T) {
	w, ann, door := solo(t)
	ann.sync()
	dai := w.phone("戴", recordv1.Role_ROLE_HELPER, gridA)
	dai.sync()
	visit := dai.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	id, err := dai.BeginCase("hazard", "fix", client.StepInput{Fields: `{"premises_id":"` + door + `","code":"EXIT","visit_id":"` + visit + `"}`})
	w.must(err)
	if c := dai.caseOf(id.String()); c.State != "RECTIFIED" || timeline(c) != "" {
		t.Errorf("%+v", c)
	}
	if report := dai.sync(); report.Quarantined != 0 {
		t.Errorf("%+v", report)
	}
}

func TestCheckVisit_AReturnMakesATaskWithADueTime(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	officer := w.phone("警", recordv1.Role_ROLE_POLICE_OFFICER, community)
	ann.sync()
	officer.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	hand(ann, officer)
	officer.edit(door, `{"officer":"`+officer.user.String()+`"}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	hand(ann, officer)
	sample, err := officer.CheckSample(5)
	w.must(err)
	if len(sample) != 1 || sample[0].ID.String() != visit {
		t.Fatalf("sample %v", sample)
	}
	if _, err := officer.CheckVisit(parsed(t, visit), false, ""); err == nil {
		t.Error("a return without a reason is taken")
	}
	check, err := officer.CheckVisit(parsed(t, visit), false, "未核对租客人数")
	w.must(err)
	if shanghai(check.Due) != "2026-06-03 23:59" { // Friday 29 May, then three working days.
		t.Errorf("due %s", shanghai(check.Due))
	}
	hand(officer, ann)
	ann.shows(check.Task.String(), map[string]any{"for_user": ann.user.String(), "premises_id": door, "state": "MADE"})
	ann.shows(check.Check.String(), map[string]any{"checks_visit_id": visit, "check_result": "RETURN", "check_reason": "未核对租客人数"})
	if sample, err = officer.CheckSample(5); err != nil || len(sample) != 0 {
		t.Errorf("after the check: %v, %v", sample, err)
	}
	if _, err := officer.CheckVisit(check.Check, true, ""); err == nil {
		t.Error("a check is checked")
	}
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 0 {
		t.Errorf("a check counts as a call: %d doors due", got)
	}
}

// TestTakeStep_TwoAtOnceUseOneExtension: what a step looks at is what it is committed on, so that of many who extend a case at once on
// one phone one does.
func TestTakeStep_TwoAtOnceUseOneExtension(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	id, err := reception.BeginCase("dispute", "accept", client.StepInput{Fields: `{"title":"装修工钱","territory":"` + community + `"}`})
	w.must(err)
	hand(reception, dispatcher)
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"SPECIALIST"}`})
	const many = 16
	took := make(chan error, many)
	for range many {
		go func() { took <- dispatcher.TakeStep(id, "extend", client.StepInput{Days: 5, Reason: "等鉴定"}) }()
	}
	extended := 0
	for range many {
		if <-took == nil {
			extended++
		}
	}
	if c := dispatcher.caseOf(id.String()); extended != 1 || strings.Count(timeline(c), "EXTENDED") != 1 || shanghai(c.Deadline) != "2026-06-29 23:59" {
		t.Errorf("%d extended; due %s, %s", extended, shanghai(c.Deadline), timeline(c))
	}
}
