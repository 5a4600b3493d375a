package client_test

import (
	"testing"
	"time"

	client "onedoor/client-sdk"
)

func (p *phone) proposed(id string) *client.Proposal {
	p.w.t.Helper()
	out, err := p.Propose(parsed(p.w.t, id))
	p.w.must(err)
	return out
}

func TestPropose_ClinicGradeAndRecurrenceWithReasons(t *testing.T) {
	w, ann, door := solo(t)
	dispute := ann.add("dispute", `{"title":"押金","territory":"`+gridA+`","people_count":6,"amount_fen":100}`)
	if got := ann.proposed(dispute); got.About != "clinic" || got.Value != "SPECIALIST" || got.Reasons[0].ZH != "涉及6人" {
		t.Errorf("%+v", got)
	}
	if got := ann.proposed(door); got.About != "grade" || got.Value != "GREEN" {
		t.Errorf("%+v", got)
	}
	gas := ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS","severity_found":"MAJOR"}`)
	if got := ann.proposed(door); got.Value != "RED" || got.Reasons[0].EN != "1 major hazards open" {
		t.Errorf("%+v", got)
	}
	ann.step(gas, "rectify", client.StepInput{})
	ann.sync()
	for range 4 {
		w.later(10 * 24 * time.Hour)
		ann.sync() // A phone that is away for a fortnight is locked.
	}
	again := ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS"}`)
	if got := ann.proposed(again); got.About != "recurrence" || got.Value != gas || got.Reasons[0].EN != "the same was put right here 40 days before it was found" {
		t.Errorf("%+v", got)
	}
	ann.step(gas, "recur", client.StepInput{})
	if got := ann.proposed(again); got.Value != "" {
		t.Errorf("a hazard that is open again is proposed: %+v", got)
	}
	if c := ann.caseOf(again); c.Repeats == nil || c.Repeats.Hazard.String() != gas || c.RepeatedBy != nil {
		t.Errorf("the new one is not linked to the one that came back: %+v", c.Repeats)
	}
	if c := ann.caseOf(gas); c.Repeats != nil || len(c.RepeatedBy) != 1 || c.RepeatedBy[0].Hazard.String() != again {
		t.Errorf("the one that came back is not linked to the new one: %+v", c.RepeatedBy)
	}
	if _, err := ann.Propose(parsed(t, ann.add("task", `{"what":"x","premises_id":"`+door+`"}`))); err == nil {
		t.Error("a rule proposes something about a task")
	}
}
