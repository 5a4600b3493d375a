package casebook

import (
	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// Ask is a step that somebody wants to take.
type Ask struct {
	// Step is the step's name.
	Step string
	// Actor is who wants to take it.
	Actor casework.Actor
	// Now is when.
	Now domain.UnixMilli
	// Reason is what there is to say about it; some steps need it.
	Reason string
	// Days is by how many days a deadline is to be extended, Until when a pause is to end by itself.
	Days  int
	Until domain.UnixMilli
}

// unknownStep is the complaint about a name that is no step.
func unknownStep(table casework.Table, name string) []domain.Complaint {
	return []domain.Complaint{{Field: "step", Rule: table.Name + ".no_such_step", ZH: "没有“" + name + "”这一步。",
		EN: "there is no step " + name + ": see docs/casework.md for the steps of a " + table.Name}}
}

// DisputeStep is what a step writes.
type DisputeStep struct {
	// Edit is the patch of the dispute, or all of a new one.
	Edit *recordv1.Dispute
	// Events are the entries of the timeline; their case_id is set for a case that exists.
	Events []*recordv1.CaseEvent
}

// TakeDispute works out what a step writes to a dispute: its own fields beside those in with, such as the clinic or the
// parties' consent; nil for none. The dispute is as its author sees it; nil for a new one. A step that is refused gives the
// complaints and nothing to write; what the record's fields lack is asked when it is committed.
func TakeDispute(rules casework.Rules, id domain.ID, d *recordv1.Dispute, timeline []*recordv1.CaseEvent, with *recordv1.Dispute, ask Ask) (DisputeStep, []domain.Complaint) {
	step, ok := casework.Disputes.Step(ask.Step)
	if !ok {
		return DisputeStep{}, unknownStep(casework.Disputes, ask.Step)
	}
	matter := Matter(id, d, timeline)
	complaints := step.Ask(casework.Disputes, matter.State, ask.Actor, People(d), ask.Reason)
	complaints = append(complaints, matter.Allows(step, rules, casework.Asked{At: ask.Now, Days: ask.Days, Until: ask.Until})...)
	if len(complaints) > 0 {
		return DisputeStep{}, complaints
	}
	out := DisputeStep{Edit: &recordv1.Dispute{}}
	if with != nil {
		out.Edit = proto.CloneOf(with)
		out.Edit.State = nil // The step says it.
	}
	if step.To != 0 && step.To != matter.State {
		out.Edit.State = recordv1.DisputeState(step.To).Enum()
	}
	fillDispute(step, d, out.Edit, ask)
	if step.Event == casework.EventTriaged {
		showDistrict(rules, d, out.Edit, ask.Now)
	}
	out.Events = eventsOf(step, id, matter.State, ask)
	if !tells(step) {
		setDeadline(rules, id, d, timeline, &out, ask.Now)
	}
	return out, nil
}

// tells reports that a step says something on the timeline and moves nothing, so that who joined a case to advise takes it
// without writing the case.
func tells(step *casework.Step) bool {
	switch step.Event {
	case casework.EventMediated, casework.EventFollowUp, casework.EventNoted:
		return step.To == 0
	}
	return false
}

// fillDispute writes what a step says by itself, where neither the case nor the author has said it.
func fillDispute(step *casework.Step, d, edit *recordv1.Dispute, ask Ask) {
	now := proto.Int64(int64(ask.Now))
	first := func(cell **int64, stands int64) {
		if *cell == nil && stands == 0 {
			*cell = now
		}
	}
	result := func(r recordv1.CaseResult) {
		if edit.Result == nil {
			edit.Result = r.Enum()
		}
	}
	switch step.Name {
	case "accept":
		first(&edit.AcceptedAt, d.GetAcceptedAt())
	case "decline":
		edit.DeclineReason = proto.String(ask.Reason)
	case "escalate":
		first(&edit.EscalatedAt, d.GetEscalatedAt())
	case "report-police":
		first(&edit.PoliceReportedAt, d.GetPoliceReportedAt())
	case "agree":
		first(&edit.AgreementEffectiveOn, 0)
		result(recordv1.CaseResult_CASE_RESULT_SUCCESS)
	case "fail", "refuse":
		result(recordv1.CaseResult_CASE_RESULT_FAILURE)
	case "call-back", "verify":
		first(&edit.CallBackAt, 0)
	case "resolve":
		first(&edit.AcceptedAt, d.GetAcceptedAt())
		first(&edit.AgreementEffectiveOn, 0)
		first(&edit.CallBackAt, 0)
		result(recordv1.CaseResult_CASE_RESULT_SUCCESS)
		edit.Clinic = recordv1.Clinic_CLINIC_GENERAL.Enum()
		if edit.AgreementForm == nil {
			edit.AgreementForm = recordv1.AgreementForm_AGREEMENT_FORM_ORAL.Enum()
		}
	}
}

// showDistrict puts a case before the district where the policy says that the district sees the cases of its clinic. Those of the
// special clinic stand before it by the clinic itself.
func showDistrict(rules casework.Rules, d, edit *recordv1.Dispute, now domain.UnixMilli) {
	clinic := domain.Clinic(edit.GetClinic())
	if edit.Clinic == nil {
		clinic = domain.Clinic(d.GetClinic())
	}
	row, ok := rules.Policy.Clinic(clinic, domain.UnixMilli(d.GetAcceptedAt()).ShanghaiDay())
	if ok && row.District == policy.SeesCase && clinic != domain.ClinicSpecial && d.GetEscalatedAt() == 0 && edit.EscalatedAt == nil {
		edit.EscalatedAt = proto.Int64(int64(now))
	}
}

// BringsIn gives the roles that the policy brings in for a case of its clinic, by the rows of the day it was accepted; none before
// triage. A person assigns and joins them.
func BringsIn(rules casework.Rules, d *recordv1.Dispute) []domain.Role {
	row, _ := rules.Policy.Clinic(domain.Clinic(d.GetClinic()), domain.UnixMilli(d.GetAcceptedAt()).ShanghaiDay())
	return row.BringsIn
}

// eventsOf gives the entries that a step leaves; a step that makes a case leaves its registration first.
func eventsOf(step *casework.Step, id domain.ID, from casework.State, ask Ask) []*recordv1.CaseEvent {
	var out []*recordv1.CaseEvent
	add := func(what casework.EventKind, text string) *recordv1.CaseEvent {
		e := &recordv1.CaseEvent{What: recordv1.CaseEventKind(what).Enum(), At: proto.Int64(int64(ask.Now))}
		if id != (domain.ID{}) {
			e.CaseId = id[:]
		}
		if text != "" {
			e.Text = proto.String(text)
		}
		out = append(out, e)
		return e
	}
	if from == 0 && step.Event != casework.EventRegistered {
		add(casework.EventRegistered, "")
	}
	if step.Event == 0 {
		return nil
	}
	e := add(step.Event, ask.Reason)
	if step.Event == casework.EventExtended {
		e.Days = proto.Uint32(uint32(max(ask.Days, 0)))
	}
	if step.Event == casework.EventPaused {
		e.Until = proto.Int64(int64(ask.Until))
	}
	return out
}

// setDeadline writes the deadline that the case has after the step, for lists and alarms, where it is another one.
func setDeadline(rules casework.Rules, id domain.ID, d *recordv1.Dispute, timeline []*recordv1.CaseEvent, out *DisputeStep, now domain.UnixMilli) {
	after := &recordv1.Dispute{}
	if d != nil {
		after = proto.CloneOf(d)
	}
	proto.Merge(after, out.Edit)
	if after.RegisteredAt == nil {
		after.RegisteredAt = proto.Int64(int64(now))
	}
	if after.State == nil {
		after.State = recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum()
	}
	matter := Matter(id, after, append(append([]*recordv1.CaseEvent(nil), timeline...), out.Events...))
	timing, ok := matter.Timing(rules, now)
	if ok && int64(timing.Deadline.At) != d.GetDeadline() {
		out.Edit.Deadline = proto.Int64(int64(timing.Deadline.At))
	}
}
