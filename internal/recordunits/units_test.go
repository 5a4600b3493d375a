package recordunits_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/metrics"
	"onedoor/internal/recordunits"
)

// tenOClock is 10:00 at +08:00 on Tuesday 10 March 2026.
const (
	tenOClock = int64(1_773_108_000_000)
	dayMillis = int64(86_400_000)
)

var (
	doorA, doorB = domain.ID{0xa}, domain.ID{0xb}
	me, you      = domain.ID{1}, domain.ID{2}
)

// today is the day of ten o'clock.
var today = domain.UnixMilli(tenOClock).ShanghaiDay()

func TestReadVisit_GivesEachDoorItsOutcomeAndEveryAuthorTheirPart(t *testing.T) {
	v := recordunits.ReadVisit(&recordv1.Visit{
		PremisesIds: [][]byte{doorB[:], doorA[:], doorB[:]}, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), OccurredAt: &[]int64{tenOClock}[0],
		Exceptions:   map[string]recordv1.VisitOutcome{"0b000000-0000-0000-0000-000000000000": recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY},
		RegisteredBy: you[:], Contributions: map[string]string{"01000000-0000-0000-0000-000000000000": "一起走访"},
	})
	if len(v.Calls) != 2 || v.Calls[0] != (recordunits.DoorCall{Door: doorA, Outcome: domain.OutcomeSeen}) ||
		v.Calls[1] != (recordunits.DoorCall{Door: doorB, Outcome: domain.OutcomeNobody}) || v.Day != today || v.Check {
		t.Errorf("%+v", v)
	}
	if len(v.Crew) != 2 || v.Crew[0] != me || v.Crew[1] != you {
		t.Errorf("crew %v", v.Crew)
	}
}

func TestReadVisit_AnOfficersCheckWithoutAnOutcomeIsNoCall(t *testing.T) {
	check := &recordv1.Visit{
		Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_CHECK.Enum(), PremisesIds: [][]byte{doorA[:]}, ChecksVisitId: doorB[:],
		CheckResult: recordv1.CheckResult_CHECK_RESULT_PASS.Enum(),
	}
	v := recordunits.ReadVisit(check)
	if len(v.Calls) != 0 || !v.Check || v.Checks != doorB || v.Result != metrics.CheckPassed || len(v.CheckedDoors) != 1 {
		t.Errorf("%+v", v)
	}
	check.Outcome = recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()
	if v := recordunits.ReadVisit(check); len(v.Calls) != 1 {
		t.Errorf("a check at which somebody was met: %+v", v)
	}
}

func TestDoor_EndsWhenItIsVoid(t *testing.T) {
	at := recordunits.Stamps{Created: domain.UnixMilli(tenOClock), State: domain.UnixMilli(tenOClock + 3*dayMillis)}
	door := &recordv1.Premises{Grade: recordv1.Grade_GRADE_ORANGE.Enum(), Officer: me[:]}
	got := recordunits.Door(door, at)
	if got.Registered != today || got.Ended != metrics.NoDay || !got.Officer || got.Class != domain.CadenceRental {
		t.Errorf("%+v", got)
	}
	door.Status = recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO.Enum()
	door.MergedInto = doorB[:]
	if got := recordunits.Door(door, at); got.Ended != today+3 || recordunits.MergedInto(door) != doorB {
		t.Errorf("%+v", got)
	}
}

// event makes an entry of a timeline so many days after ten o'clock.
func event(what casework.EventKind, days int64) *recordv1.CaseEvent {
	return &recordv1.CaseEvent{What: recordv1.CaseEventKind(what).Enum(), At: proto.Int64(tenOClock + days*dayMillis)}
}

func TestHazard_FollowsItsTimeline(t *testing.T) {
	at := recordunits.Stamps{State: domain.UnixMilli(tenOClock + 30*dayMillis)}
	hazard := func(state recordv1.HazardState) *recordv1.Hazard {
		return &recordv1.Hazard{State: state.Enum(), FoundAt: proto.Int64(tenOClock), Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum()}
	}
	for _, c := range []struct {
		what     string
		hazard   *recordv1.Hazard
		timeline []*recordv1.CaseEvent
		want     metrics.Hazard
	}{
		{"open", hazard(recordv1.HazardState_HAZARD_STATE_NOTIFIED), nil, metrics.Hazard{}},
		{"put right and re-checked", hazard(recordv1.HazardState_HAZARD_STATE_CLOSED),
			[]*recordv1.CaseEvent{event(casework.EventClosed, 9), event(casework.EventRectified, 2), event(casework.EventRechecked, 4)},
			metrics.Hazard{Right: today + 2, Closing: today + 4, Closed: true}},
		{"re-check failed once", hazard(recordv1.HazardState_HAZARD_STATE_RECHECKED),
			[]*recordv1.CaseEvent{event(casework.EventRectified, 1), event(casework.EventNotified, 2), event(casework.EventRectified, 5), event(casework.EventRechecked, 6)},
			metrics.Hazard{Right: today + 5, Closing: today + 6, Closed: true}},
		{"came back", hazard(recordv1.HazardState_HAZARD_STATE_RECURRED),
			[]*recordv1.CaseEvent{event(casework.EventRectified, 1), event(casework.EventRechecked, 2), event(casework.EventRecurred, 8)},
			metrics.Hazard{Closing: today + 2, Recurred: today + 8}},
		{"closed without a timeline", hazard(recordv1.HazardState_HAZARD_STATE_CLOSED), nil,
			metrics.Hazard{Right: today + 30, Closing: today + 30, Closed: true}},
		{"put right without a timeline", hazard(recordv1.HazardState_HAZARD_STATE_RECTIFIED), nil, metrics.Hazard{Right: today + 30}},
	} {
		c.want.Found, c.want.Code = today, 4
		if got := recordunits.Hazard(c.hazard, c.timeline, at); !sameHazard(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
	fixed := hazard(recordv1.HazardState_HAZARD_STATE_FOUND)
	fixed.Disposal = recordv1.Disposal_DISPOSAL_FIXED_ON_THE_SPOT.Enum()
	if got := recordunits.Hazard(fixed, nil, at); got.Right != today || !got.FixedOnSpot || got.Closed {
		t.Errorf("fixed on the spot: %+v", got)
	}
}

func sameHazard(a, b metrics.Hazard) bool {
	a.Again, b.Again = nil, nil
	return a.Found == b.Found && a.Code == b.Code && a.Right == b.Right && a.Closing == b.Closing && a.Closed == b.Closed && a.Recurred == b.Recurred
}

func TestDispute_ReadsItsWorkItsDeadlineAndItsAnswers(t *testing.T) {
	rules := casework.DefaultRules()
	d := &recordv1.Dispute{
		State: recordv1.DisputeState_DISPUTE_STATE_CLOSED.Enum(), Clinic: recordv1.Clinic_CLINIC_GENERAL.Enum(), Category: recordv1.DisputeCategory_DISPUTE_CATEGORY_FAMILY.Enum(),
		RegisteredAt: proto.Int64(tenOClock), AcceptedAt: proto.Int64(tenOClock), Result: recordv1.CaseResult_CASE_RESULT_PARTIAL.Enum(),
		CallBackAt: proto.Int64(tenOClock + dayMillis), Solved: proto.Bool(true), Satisfaction: recordv1.Satisfaction_SATISFACTION_FAIR.Enum(),
		AgreementForm: recordv1.AgreementForm_AGREEMENT_FORM_WRITTEN.Enum(), AgreementEffectiveOn: proto.Int64(tenOClock),
	}
	timeline := []*recordv1.CaseEvent{event(casework.EventAccepted, 0), event(casework.EventAgreed, 0), event(casework.EventClosed, 1), event(casework.EventReturned, 0)}
	got := recordunits.Dispute(domain.ID{7}, d, timeline, rules, recordunits.Stamps{})
	if got.Due != today || !got.OnTime || got.Ended != today+1 || !got.Resolved || !got.Handled || !got.General || !got.Returned || !got.Performed ||
		!got.Written || got.Confirmed || got.Solved != metrics.Yes || got.Satisfied != metrics.Yes || got.Responded != metrics.Unanswered || len(got.Closings) != 1 {
		t.Errorf("%+v", got)
	}
	late := recordunits.Dispute(domain.ID{7}, d, timeline[2:], rules, recordunits.Stamps{})
	if late.OnTime || late.Due != today {
		t.Errorf("closed a day after the general clinic's deadline: %+v", late)
	}
	d.State, d.Clinic = recordv1.DisputeState_DISPUTE_STATE_HANDLING.Enum(), recordv1.Clinic_CLINIC_COMMUNITY.Enum()
	open := recordunits.Dispute(domain.ID{7}, d, []*recordv1.CaseEvent{event(casework.EventFollowUp, 14)}, rules, recordunits.Stamps{})
	if open.Ended != metrics.NoDay || open.FollowUpFrom != today || open.FollowUpEvery != 14 || len(open.FollowUps) != 1 || !open.ToCommunity || open.Performed {
		t.Errorf("in the community clinic: %+v", open)
	}
}

func TestDispute_WithoutAClinicsTermTakesTheDeadlineWrittenOnIt(t *testing.T) {
	d := &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_HANDLING.Enum(), RegisteredAt: proto.Int64(tenOClock), Deadline: proto.Int64(tenOClock + 5*dayMillis)}
	if got := recordunits.Dispute(domain.ID{7}, d, nil, casework.DefaultRules(), recordunits.Stamps{}); got.Due != metrics.NoDay {
		t.Errorf("not taken, and due to be closed: %+v", got)
	}
	d.AcceptedAt = proto.Int64(tenOClock)
	if got := recordunits.Dispute(domain.ID{7}, d, nil, casework.DefaultRules(), recordunits.Stamps{}); got.Due != today+5 || got.OnTime {
		t.Errorf("%+v", got)
	}
}
