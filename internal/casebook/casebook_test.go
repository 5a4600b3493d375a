package casebook_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/internal/casebook"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// tenOClock is 10:00 at +08:00 on Tuesday 10 March 2026.
const tenOClock = domain.UnixMilli(1_773_108_000_000)

var (
	caseID = domain.ID{1}
	me     = domain.ID{9}
)

func ask(step string, roles ...domain.Role) casebook.Ask {
	return casebook.Ask{Step: step, Actor: casework.Actor{User: me, Roles: roles}, Now: tenOClock}
}

func rules(complaints []domain.Complaint) string {
	var out []string
	for _, c := range complaints {
		out = append(out, c.Rule)
	}
	return strings.Join(out, " ")
}

func TestTakeDispute_FillsWhatTheStepSaysByItself(t *testing.T) {
	now := int64(tenOClock)
	in := func(state recordv1.DisputeState) *recordv1.Dispute {
		return &recordv1.Dispute{State: state.Enum(), RegisteredAt: proto.Int64(now), AcceptedAt: proto.Int64(now), Mediator: me[:],
			Clinic: recordv1.Clinic_CLINIC_SPECIALIST.Enum(), Deadline: proto.Int64(int64(deadline(t, recordv1.Clinic_CLINIC_SPECIALIST)))}
	}
	for _, c := range []struct {
		step  string
		from  *recordv1.Dispute
		roles domain.Role
		want  string
	}{
		{"report-police", in(recordv1.DisputeState_DISPUTE_STATE_HANDLING), domain.RoleMediator, "police_reported_at:1773108000000"},
		{"agree", in(recordv1.DisputeState_DISPUTE_STATE_HANDLING), domain.RoleMediator,
			"state:DISPUTE_STATE_AGREED result:CASE_RESULT_SUCCESS agreement_effective_on:1773108000000"},
		{"escalate", in(recordv1.DisputeState_DISPUTE_STATE_HANDLING), domain.RoleStreetLead, "escalated_at:1773108000000"},
		{"call-back", in(recordv1.DisputeState_DISPUTE_STATE_AGREED), domain.RoleReception, "call_back_at:1773108000000"},
		{"note", in(recordv1.DisputeState_DISPUTE_STATE_AGREED), domain.RoleReception, ""},
	} {
		a := ask(c.step, c.roles)
		a.Reason = "x"
		out, complaints := casebook.TakeDispute(casework.DefaultRules(), caseID, c.from, nil, nil, a)
		if len(complaints) > 0 || !sameText(out.Edit, c.want) || len(out.Events) != 1 || out.Events[0].GetAt() != now || string(out.Events[0].GetCaseId()) != string(caseID[:]) {
			t.Errorf("%s: %v, %v, %s", c.step, out.Edit, out.Events, rules(complaints))
		}
	}
}

// deadline gives the clinic's deadline of a case accepted at ten o'clock.
func deadline(t *testing.T, clinic recordv1.Clinic) domain.UnixMilli {
	t.Helper()
	m := casework.Matter{State: casework.Handling, Clinic: domain.Clinic(clinic), AcceptedAt: tenOClock}
	timing, ok := m.Timing(casework.DefaultRules(), tenOClock)
	if !ok {
		t.Fatal("no deadline")
	}
	return timing.Deadline.At
}

// sameText compares a message with its text, whatever blanks the printer puts.
func sameText(m proto.Message, want string) bool {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return squeeze(m.(interface{ String() string }).String()) == squeeze(want)
}

func TestTakeDispute_WritesTheDeadlineOnlyWhereItMoves(t *testing.T) {
	d := &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_ACCEPTED.Enum(), RegisteredAt: proto.Int64(int64(tenOClock)), AcceptedAt: proto.Int64(int64(tenOClock))}
	with := &recordv1.Dispute{Clinic: recordv1.Clinic_CLINIC_GENERAL.Enum(), State: recordv1.DisputeState_DISPUTE_STATE_ARCHIVED.Enum()}
	out, complaints := casebook.TakeDispute(casework.DefaultRules(), caseID, d, nil, with, ask("triage", domain.RoleDispatcher))
	if len(complaints) > 0 || out.Edit.GetState() != recordv1.DisputeState_DISPUTE_STATE_TRIAGED || out.Edit.GetDeadline() != int64(deadline(t, recordv1.Clinic_CLINIC_GENERAL)) {
		t.Errorf("%v, %s", out.Edit, rules(complaints))
	}
	proto.Merge(d, out.Edit)
	out, _ = casebook.TakeDispute(casework.DefaultRules(), caseID, d, out.Events, nil, ask("triage", domain.RoleDispatcher))
	if out.Edit.Deadline != nil || out.Edit.State != nil {
		t.Errorf("the same clinic again writes %v", out.Edit)
	}
}

func TestTakeDispute_ARowPutsACaseBeforeTheDistrict(t *testing.T) {
	const header = "version,effective_from,clinic,term,warn_minutes,follow_up_days,extension_days,extensions,pause_days,brings_in,district_sees,source\n"
	seen, _, err := casework.DefaultRules().With("clinics", header+"x,2020-01-01,SPECIALIST,20d,60,,5,1,5,mediator+department,case,文件\n")
	if err != nil {
		t.Fatal(err)
	}
	d := &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_ACCEPTED.Enum(), AcceptedAt: proto.Int64(int64(tenOClock))}
	for _, c := range []struct {
		rules  casework.Rules
		clinic recordv1.Clinic
		want   bool
	}{
		{casework.DefaultRules(), recordv1.Clinic_CLINIC_SPECIALIST, false},
		{seen, recordv1.Clinic_CLINIC_SPECIALIST, true},
		{seen, recordv1.Clinic_CLINIC_GENERAL, false},
		{seen, recordv1.Clinic_CLINIC_SPECIAL, false}, // By the clinic itself.
	} {
		out, complaints := casebook.TakeDispute(c.rules, caseID, d, nil, &recordv1.Dispute{Clinic: c.clinic.Enum()}, ask("triage", domain.RoleDispatcher))
		if len(complaints) > 0 || (out.Edit.EscalatedAt != nil) != c.want {
			t.Errorf("%s: %v, %s", c.clinic, out.Edit, rules(complaints))
		}
	}
	d.Clinic = recordv1.Clinic_CLINIC_SPECIALIST.Enum()
	if got := casebook.BringsIn(seen, d); len(got) != 2 || got[0] != domain.RoleMediator || got[1] != domain.RoleDepartment {
		t.Errorf("brings in %v", got)
	}
}

func TestTakeDispute_RefusesAndWritesNothing(t *testing.T) {
	d := &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_HANDLING.Enum(), Mediator: me[:], AcceptedAt: proto.Int64(int64(tenOClock)),
		Clinic: recordv1.Clinic_CLINIC_GENERAL.Enum()}
	for step, want := range map[string]string{
		"polish": "dispute.no_such_step", "accept": "dispute.step_from dispute.step_who", "fail": "dispute.step_reason",
		"extend": "dispute.step_who dispute.step_reason dispute.no_extension",
	} {
		out, complaints := casebook.TakeDispute(casework.DefaultRules(), caseID, d, nil, nil, ask(step, domain.RoleMediator))
		if rules(complaints) != want || out.Edit != nil || out.Events != nil {
			t.Errorf("%s: %s, %v", step, rules(complaints), out)
		}
	}
}

func TestTakeHazard_ANoticeHasADateAndBringsARecheck(t *testing.T) {
	with := &recordv1.Hazard{PremisesId: caseID[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum()}
	_, complaints := casebook.TakeHazard(casework.DefaultRules(), caseID, nil, nil, with, ask("notify", domain.RoleGridWorker))
	if rules(complaints) != "hazard.needs_date" {
		t.Errorf("%s", rules(complaints))
	}
	with.Deadline = proto.Int64(int64(tenOClock) + 86_400_000)
	out, complaints := casebook.TakeHazard(casework.DefaultRules(), caseID, nil, nil, with, ask("notify", domain.RoleGridWorker))
	if len(complaints) > 0 || out.Edit.GetState() != recordv1.HazardState_HAZARD_STATE_NOTIFIED || out.Recheck == nil || out.Recheck.Kind != casework.DutyRecheck {
		t.Fatalf("%+v, %s", out, rules(complaints))
	}
	task := casebook.Task(*out.Recheck, caseID, domain.ID{3})
	if task.GetWhy() != "rule recheck" || task.GetDue() != int64(out.Recheck.Due) || task.GetWhat() == "" || len(task.GetPremisesId()) != 16 {
		t.Errorf("%v", task)
	}
	again, _ := casebook.TakeHazard(casework.DefaultRules(), caseID, nil, nil, with, ask("notify", domain.RoleGridWorker))
	if again.Recheck.ID != out.Recheck.ID {
		t.Error("the same notice on another phone brings another task")
	}
}

func TestTriageCase_ReadsTheFactsAndNoPerson(t *testing.T) {
	d := &recordv1.Dispute{Risk: recordv1.CaseRisk_CASE_RISK_MEDIUM.Enum(), PeopleCount: proto.Uint32(6), AmountFen: proto.Uint64(250_099),
		OccurredAt: proto.Int64(int64(tenOClock) - 10*86_400_000)}
	events := []*recordv1.CaseEvent{
		{What: recordv1.CaseEventKind_CASE_EVENT_KIND_FAILED.Enum()}, {What: recordv1.CaseEventKind_CASE_EVENT_KIND_REOPENED.Enum()},
		{What: recordv1.CaseEventKind_CASE_EVENT_KIND_TRANSFERRED.Enum()},
	}
	want := policy.Case{Risk: 2, People: 6, Yuan: 2500, DaysSinceOccurred: 10, Reopened: 1, FailedMediations: 1, Departments: 1}
	if got := casebook.TriageCase(d, events, tenOClock); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := casebook.TriageCase(&recordv1.Dispute{Departments: []string{"住建局", "人社局"}}, events[2:], tenOClock); got.Departments != 2 {
		t.Errorf("two departments, one of them after a transfer: %+v", got)
	}
	if got := casebook.TriageCase(&recordv1.Dispute{}, nil, tenOClock); got != (policy.Case{}) {
		t.Errorf("nothing told: %+v", got)
	}
}

func TestDoorHazard_TheRulingStandsBeforeTheFinding(t *testing.T) {
	z := &recordv1.Hazard{Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), SeverityFound: recordv1.Severity_SEVERITY_MAJOR.Enum(),
		SeverityRuled: recordv1.Severity_SEVERITY_GENERAL.Enum(), State: recordv1.HazardState_HAZARD_STATE_RECURRED.Enum()}
	if got := casebook.DoorHazard(z); got != (policy.DoorHazard{Code: 4, Severity: domain.SeverityGeneral, Open: true, Recurred: true}) {
		t.Errorf("%+v", got)
	}
}
