package casebook

import (
	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/domain/casework"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// HazardStep is what a step writes.
type HazardStep struct {
	// Edit is the patch of the hazard, or all of a new one.
	Edit *recordv1.Hazard
	// Events are the entries of the timeline; their case_id is set for a hazard that exists.
	Events []*recordv1.CaseEvent
	// Recheck is the task that a dated notice or a rectification brings; nil for none. Its id is the duty's, so that it is
	// made once; it is about a hazard that exists.
	Recheck *casework.Duty
}

// TakeHazard works out what a step writes to a hazard, as [TakeDispute] does for a dispute.
func TakeHazard(rules casework.Rules, id domain.ID, z *recordv1.Hazard, timeline []*recordv1.CaseEvent, with *recordv1.Hazard, ask Ask) (HazardStep, []domain.Complaint) {
	step, ok := casework.Hazards.Step(ask.Step)
	if !ok {
		return HazardStep{}, unknownStep(casework.Hazards, ask.Step)
	}
	from := casework.State(z.GetState())
	out := HazardStep{Edit: &recordv1.Hazard{}}
	if with != nil {
		out.Edit = proto.CloneOf(with)
		out.Edit.State = nil // The step says it.
	}
	after := &recordv1.Hazard{}
	if z != nil {
		after = proto.CloneOf(z)
	}
	proto.Merge(after, out.Edit)
	complaints := step.Ask(casework.Hazards, from, ask.Actor, HazardPeople(z), ask.Reason)
	complaints = append(complaints, casework.AskHazard(step, from, casework.HazardFacts{
		Visit: idOf(after.GetVisitId()), Deadline: domain.UnixMilli(after.GetDeadline()), HandedOverTo: after.GetHandedOverTo(),
		SeverityRuled: domain.Severity(with.GetSeverityRuled()), Events: Events(timeline),
	})...)
	if len(complaints) > 0 {
		return HazardStep{}, complaints
	}
	if step.To != 0 {
		out.Edit.State = recordv1.HazardState(step.To).Enum()
	}
	fillHazard(step, out.Edit)
	out.Events = hazardEvents(step, id, ask)
	out.Recheck = recheckOf(rules, id, z, timeline, out, ask.Now)
	return out, nil
}

// fillHazard writes the disposal that a step is.
func fillHazard(step *casework.Step, edit *recordv1.Hazard) {
	switch step.Name {
	case "fix":
		edit.Disposal = recordv1.Disposal_DISPOSAL_FIXED_ON_THE_SPOT.Enum()
	case "notify":
		edit.Disposal = recordv1.Disposal_DISPOSAL_DATED_NOTICE.Enum()
	case "hand-over":
		edit.Disposal = recordv1.Disposal_DISPOSAL_HANDED_OVER.Enum()
	}
}

// hazardEvents gives the entry that a step leaves. A hazard's registering is the record itself.
func hazardEvents(step *casework.Step, id domain.ID, ask Ask) []*recordv1.CaseEvent {
	if step.Event == 0 {
		return nil
	}
	return eventsOf(step, id, casework.Found, ask)
}

// recheckOf gives the re-check that a hazard of severity found or ruled brings after a step.
func recheckOf(rules casework.Rules, id domain.ID, z *recordv1.Hazard, timeline []*recordv1.CaseEvent, out HazardStep, now domain.UnixMilli) *casework.Duty {
	after := &recordv1.Hazard{}
	if z != nil {
		after = proto.CloneOf(z)
	}
	proto.Merge(after, out.Edit)
	matter := HazardMatter(id, after, append(append([]*recordv1.CaseEvent(nil), timeline...), out.Events...))
	for _, duty := range matter.Duties(rules, now) {
		if duty.Kind == casework.DutyRecheck && out.Edit.State != nil {
			return &duty
		}
	}
	return nil
}

// Task writes a duty as the task that it asks for: of the case itself, or of its door where it has one, for whoever serves it.
func Task(duty casework.Duty, caseID, door domain.ID) *recordv1.Task {
	task := &recordv1.Task{What: proto.String(duty.ZH), Due: proto.Int64(int64(duty.Due)), Why: proto.String(duty.Why())}
	if caseID != (domain.ID{}) {
		task.CaseId = caseID[:]
	}
	if door != (domain.ID{}) {
		task.PremisesId = door[:]
	}
	return task
}
