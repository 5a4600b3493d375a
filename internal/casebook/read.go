package casebook

import (
	"slices"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// idOf reads an id; anything but 16 bytes is none.
func idOf(b []byte) (id domain.ID) {
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// Events reads a timeline, the oldest entry first.
func Events(timeline []*recordv1.CaseEvent) []casework.Event {
	out := make([]casework.Event, len(timeline))
	for i, e := range timeline {
		out[i] = Event(e)
	}
	slices.SortStableFunc(out, casework.CompareEvents)
	return out
}

// Event reads one entry of a timeline.
func Event(e *recordv1.CaseEvent) casework.Event {
	return casework.Event{
		What: casework.EventKind(e.GetWhat()), At: domain.UnixMilli(e.GetAt()), Until: domain.UnixMilli(e.GetUntil()),
		Days: int(e.GetDays()), Actor: idOf(e.GetActor()), Text: e.GetText(),
	}
}

// People reads who has to do with a dispute.
func People(d *recordv1.Dispute) casework.People {
	out := casework.People{RegisteredBy: idOf(d.GetRegisteredBy()), Mediator: idOf(d.GetMediator())}
	for _, b := range d.GetParticipants() {
		out.Participants = append(out.Participants, idOf(b))
	}
	return out
}

// HazardPeople reads who has to do with a hazard.
func HazardPeople(z *recordv1.Hazard) casework.People {
	return casework.People{RegisteredBy: idOf(z.GetRegisteredBy())}
}

// Matter reads what decides the deadlines of a dispute.
func Matter(id domain.ID, d *recordv1.Dispute, timeline []*recordv1.CaseEvent) casework.Matter {
	return casework.Matter{
		ID: id, State: casework.State(d.GetState()), Clinic: domain.Clinic(d.GetClinic()),
		RegisteredAt: domain.UnixMilli(d.GetRegisteredAt()), AcceptedAt: domain.UnixMilli(d.GetAcceptedAt()),
		EffectiveOn: domain.UnixMilli(d.GetAgreementEffectiveOn()),
		Written:     d.GetAgreementForm() == recordv1.AgreementForm_AGREEMENT_FORM_WRITTEN,
		Confirming:  d.GetJudicialConfirmation() != recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_UNSPECIFIED,
		CalledBack:  domain.UnixMilli(d.GetCallBackAt()), Events: Events(timeline),
	}
}

// HazardMatter reads what decides the duties about a hazard.
func HazardMatter(id domain.ID, z *recordv1.Hazard, timeline []*recordv1.CaseEvent) casework.HazardMatter {
	return casework.HazardMatter{
		ID: id, State: casework.State(z.GetState()), Deadline: domain.UnixMilli(z.GetDeadline()), Events: Events(timeline),
	}
}

// Severity gives a hazard's severity: the one ruled, or else the one found.
func Severity(z *recordv1.Hazard) domain.Severity {
	if ruled := z.GetSeverityRuled(); ruled != recordv1.Severity_SEVERITY_UNSPECIFIED {
		return domain.Severity(ruled)
	}
	return domain.Severity(z.GetSeverityFound())
}

// yuanFen is how many fen a yuan has.
const yuanFen = 100

// TriageCase reads what the triage rule looks at of a dispute at now.
func TriageCase(d *recordv1.Dispute, timeline []*recordv1.CaseEvent, now domain.UnixMilli) policy.Case {
	out := policy.Case{
		Risk: int32(d.GetRisk()), Scale: int32(d.GetScale()), People: int64(d.GetPeopleCount()), Yuan: int64(d.GetAmountFen() / yuanFen),
	}
	if d.OccurredAt != nil {
		out.DaysSinceOccurred = max(0, now.DaysSince(domain.UnixMilli(d.GetOccurredAt())))
	}
	for _, e := range Events(timeline) {
		switch e.What {
		case casework.EventReopened:
			out.Reopened++
		case casework.EventFailed:
			out.FailedMediations++
		case casework.EventTransferred:
			out.Departments++
		}
	}
	out.Departments = max(out.Departments, len(d.GetDepartments()))
	return out
}

// DoorHazard reads what the grade rule looks at of a hazard.
func DoorHazard(z *recordv1.Hazard) policy.DoorHazard {
	state := casework.State(z.GetState())
	return policy.DoorHazard{
		Code: domain.HazardCode(z.GetCode()), Severity: Severity(z), Open: !casework.Hazards.Done(state), Recurred: state == casework.Recurred,
	}
}

// HazardAtDoor reads what tells of a hazard whether it repeats another of its door.
func HazardAtDoor(id domain.ID, z *recordv1.Hazard, timeline []*recordv1.CaseEvent) casework.HazardAtDoor {
	return casework.HazardAtDoor{
		ID: id, Visit: idOf(z.GetVisitId()), Code: domain.HazardCode(z.GetCode()), Found: domain.UnixMilli(z.GetFoundAt()),
		State: casework.State(z.GetState()), Events: Events(timeline),
	}
}
