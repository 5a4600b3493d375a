package client_test

import (
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

func (p *phone) alarmed() string {
	p.w.t.Helper()
	list, err := p.Alarms()
	p.w.must(err)
	var out []string
	for _, a := range list {
		text := a.CaseKind + " " + a.Duty + " " + shanghai(a.Due)
		if a.Made {
			text += " made"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestAlarms_RingWithoutASignal(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	id, err := reception.BeginCase("dispute", "accept", client.StepInput{Fields: `{"title":"装修工钱","territory":"` + community + `"}`})
	w.must(err)
	hand(reception, dispatcher)
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"GENERAL"}`})
	if got := dispatcher.alarmed(); got != "" {
		t.Errorf("at ten: %s", got)
	}
	w.later(12*time.Hour + 30*time.Minute)
	if got := dispatcher.alarmed(); got != "dispute nearly_due 2026-06-04 23:59" {
		t.Errorf("at half past ten in the evening: %s", got)
	}
	w.later(2 * time.Hour)
	if got := dispatcher.alarmed(); got != "dispute overdue 2026-06-06 23:59" {
		t.Errorf("the next day: %s", got)
	}
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"SPECIALIST"}`})
	if got := dispatcher.alarmed(); got != "" {
		t.Errorf("in the specialist clinic: %s", got)
	}
}

func TestAlarms_OfAHazardNameTheTaskThatIsMade(t *testing.T) {
	w, ann, door := solo(t)
	_, err := ann.BeginCase("hazard", "notify", client.StepInput{Fields: `{"premises_id":"` + door + `","code":"GAS","deadline":"2026-06-01T18:00:00+08:00"}`})
	w.must(err)
	if got := ann.alarmed(); got != "hazard recheck 2026-06-04 23:59 made" {
		t.Errorf("%s", got)
	}
}

func TestStory_ACouplesQuarrelFoundByTheTeam(t *testing.T) {
	w := newWorld(t)
	worker := w.phone("网", recordv1.Role_ROLE_GRID_WORKER, gridA)
	dispatcher := w.phone("分", recordv1.Role_ROLE_DISPATCHER, community)
	counsellor := w.phone("心", recordv1.Role_ROLE_DEPARTMENT, community)
	for _, p := range []*phone{worker, dispatcher, counsellor} {
		p.sync()
	}
	id, err := worker.BeginCase("dispute", "register", client.StepInput{Fields: `{"title":"夫妻争吵","category":"FAMILY","risk":"HIGH","territory":"` + gridA +
		`","source":"GRID_PATROL","parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}`})
	w.must(err)
	hand(worker, dispatcher)
	dispatcher.step(id.String(), "accept", client.StepInput{})
	if got := dispatcher.proposed(id.String()); got.Value != "SPECIAL" {
		t.Errorf("proposed %+v", got)
	}
	if got := dispatcher.refused(id.String(), "triage", client.StepInput{Fields: `{"clinic":"SPECIAL"}`}); got != "dispute.high_risk_untold" {
		t.Errorf("high risk, and the police not told: %s", got)
	}
	dispatcher.step(id.String(), "report-police", client.StepInput{Reason: "有动手苗头"})
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"SPECIAL"}`})
	dispatcher.step(id.String(), "assign", client.StepInput{Fields: `{"participants":["` + worker.user.String() + `","` + counsellor.user.String() + `"]}`})
	hand(dispatcher, counsellor)
	counsellor.step(id.String(), "handle", client.StepInput{})
	counsellor.step(id.String(), "mediate", client.StepInput{Reason: "分别谈话"})
	counsellor.step(id.String(), "agree", client.StepInput{Fields: `{"agreement_form":"ORAL"}`})
	hand(counsellor, worker)
	if c := worker.caseOf(id.String()); c.State != "AGREED" || timeline(c) != "REGISTERED ACCEPTED POLICE_REPORTED TRIAGED ASSIGNED HANDLING MEDIATED AGREED" {
		t.Errorf("%s: %s", c.State, timeline(c))
	}
	worker.step(id.String(), "follow-up", client.StepInput{Reason: "两人已和好"})
	w.settle()
}

func TestAlarms_OfManyCasesAreThoseOfEachByItselfAlsoWhereOlderSoftwareWroteTheirTimelines(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	ids := cases(reception, 30)
	hand(reception, dispatcher)
	for i, id := range ids {
		if i%3 > 0 {
			dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"` + []string{"", "GENERAL", "SPECIALIST"}[i%3] + `"}`})
		}
	}
	w.later(36 * time.Hour)
	// Ten wait for a clinic, past the working day of triage; ten of the general clinic are past their day; the others have time.
	want := func(when string) {
		t.Helper()
		if got := strings.Split(dispatcher.alarmed(), ", "); len(got) != 20 {
			t.Errorf("%s: %d alarms: %v", when, len(got), got)
		}
	}
	want("as this software writes entries")
	if _, err := dispatcher.ForgetCases(); err != nil {
		t.Fatal(err)
	}
	want("as older software did")
}

// BenchmarkAlarms lists the alarms of a phone that holds 5,000 settled cases and 200 open ones, with 10,400 entries.
func BenchmarkAlarms(b *testing.B) {
	w := newWorld(b)
	desk := w.phone("受", recordv1.Role_ROLE_RECEPTION, community)
	desk.sync()
	for range 5_000 {
		_, err := desk.BeginCase("dispute", "resolve", client.StepInput{Fields: `{"title":"楼道堆物","territory":"` + community +
			`","parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}`})
		w.must(err)
	}
	cases(desk, 200)
	b.ResetTimer()
	for range b.N {
		if _, err := desk.Alarms(); err != nil {
			b.Fatal(err)
		}
	}
}
