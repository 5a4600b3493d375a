package casework

import (
	"slices"
	"strings"

	"onedoor/domain"
)

// The states of a hazard.
const (
	Found State = iota + 1
	Notified
	Rectified
	HandedOver
	Rechecked
	HazardClosed
	Recurred
)

// team finds hazards and sees to them.
var team = []domain.Role{domain.RoleHelper, domain.RoleGridWorker, domain.RolePoliceOfficer, domain.RoleCommunityStaff}

// ruled are those whose word on a hazard counts as the office's.
var ruled = []domain.Role{domain.RoleGridWorker, domain.RolePoliceOfficer, domain.RoleCommunityStaff}

// officials may write what is ruled of a hazard.
var officials = []domain.Role{domain.RolePoliceOfficer, domain.RoleCommunityStaff, domain.RoleStreetLead}

// Hazards is the work on a hazard.
var Hazards = Table{
	Name: "hazard",
	States: []StateName{
		{Found, "FOUND", "已发现", "found", 1, false},
		{Notified, "NOTIFIED", "已告知", "told to who must put it right", 2, false},
		{Rectified, "RECTIFIED", "已整改", "put right", 3, false},
		{HandedOver, "HANDED_OVER", "已移交", "handed over", 4, false},
		{Rechecked, "RECHECKED", "已复查", "re-checked", 5, true},
		{HazardClosed, "CLOSED", "已办结", "closed", 6, true},
		{Recurred, "RECURRED", "复发", "come back", 7, false},
	},
	Steps: []Step{
		{Name: "find", ZH: "登记隐患", EN: "register a hazard", From: []State{0}, To: Found, Who: anyone(team...),
			Needs: []string{"hazard.needs_door", "hazard.needs_code"}},
		{Name: "fix", ZH: "即查即改", EN: "put right on the spot, in the same visit", From: []State{0, Found}, To: Rectified,
			Who: anyone(team...), Event: EventRectified, Needs: []string{NeedVisit}},
		{Name: "rule", ZH: "判定等级", EN: "rule how bad it is", From: []State{Found, Notified, Rectified, HandedOver, Recurred},
			Who: anyone(officials...), Event: EventSeverityRuled, Needs: []string{NeedSeverity}},
		{Name: "notify", ZH: "限期整改", EN: "give a dated notice", From: []State{0, Found, Recurred}, To: Notified,
			Who: anyone(ruled...), Event: EventNotified, Needs: []string{NeedDate}},
		{Name: "rectify", ZH: "整改", EN: "note that it is put right", From: []State{Found, Notified, Recurred}, To: Rectified,
			Who: anyone(team...), Event: EventRectified},
		{Name: "hand-over", ZH: "移交", EN: "hand over to a department", From: []State{0, Found, Notified, Rectified, Recurred},
			To: HandedOver, Who: anyone(ruled...), Event: EventHandedOver, Needs: []string{NeedDepartment}},
		{Name: "acknowledge", ZH: "签收", EN: "acknowledge the hand-over", From: []State{HandedOver},
			Who: anyone(domain.RoleDepartment, domain.RoleStreetLead), Event: EventAcknowledged},
		{Name: "send-back", ZH: "退回", EN: "send back to the community", From: []State{HandedOver}, To: Notified,
			Who: anyone(domain.RoleDepartment, domain.RoleStreetLead), Reason: true, Event: EventReturned,
			Needs: []string{NeedDate}},
		{Name: "recheck", ZH: "复查合格", EN: "re-check and find it right", From: []State{Notified, Rectified}, To: Rechecked,
			Who: anyone(ruled...), Event: EventRechecked},
		{Name: "recheck-fails", ZH: "复查不合格", EN: "re-check and find it wrong", From: []State{Rectified}, To: Notified,
			Who: anyone(ruled...), Reason: true, Event: EventNotified, Needs: []string{NeedDate}},
		{Name: "close", ZH: "办结", EN: "close", From: []State{HandedOver, Rechecked}, To: HazardClosed,
			Who:   anyone(domain.RolePoliceOfficer, domain.RoleCommunityStaff, domain.RoleDepartment, domain.RoleStreetLead),
			Event: EventClosed, Needs: []string{NeedAcknowledgement}},
		{Name: "recur", ZH: "记录复发", EN: "note that it came back", From: []State{Rectified, Rechecked, HazardClosed}, To: Recurred,
			Who: anyone(team...), Event: EventRecurred},
	},
}

// Acknowledged reports that the timeline of a hazard that was handed over holds the department's acknowledgement of the
// last hand-over.
func Acknowledged(events []Event) bool {
	var handed, taken domain.UnixMilli
	for _, e := range events {
		switch e.What {
		case EventHandedOver:
			handed = max(handed, e.At)
		case EventAcknowledged:
			taken = max(taken, e.At)
		}
	}
	return taken != 0 && taken >= handed
}

// HazardFacts is what the steps of a hazard look at beside its state.
type HazardFacts struct {
	// Visit is the visit on which it was found; zero for none.
	Visit domain.ID
	// Deadline is by when it is to be put right; 0 for no date.
	Deadline domain.UnixMilli
	// HandedOverTo is the department that takes it over, as the record stands with the step.
	HandedOverTo string
	// SeverityRuled is what is ruled with the step; 0 for nothing.
	SeverityRuled domain.Severity
	// Events is its timeline.
	Events []Event
}

// AskHazard says what a hazard lacks for a step; nothing when it may be taken.
func AskHazard(step *Step, from State, f HazardFacts) []domain.Complaint {
	var out []domain.Complaint
	ask := func(need, field string, holds bool, zh, en string) {
		if slices.Contains(step.Needs, need) && !holds {
			out = append(out, domain.Complaint{Field: field, Rule: "hazard.needs_" + need, ZH: zh, EN: en})
		}
	}
	ask(NeedDate, "deadline", f.Deadline != 0, "限期整改请填写整改期限。", "a dated notice needs deadline")
	ask(NeedDepartment, "handed_over_to", strings.TrimSpace(f.HandedOverTo) != "", "移交请填写接收部门。",
		"a hand-over needs handed_over_to, the department")
	ask(NeedVisit, "visit_id", f.Visit != domain.ID{}, "即查即改请选择发现隐患的走访。",
		"what is put right on the spot needs visit_id, the visit it was found on")
	ask(NeedSeverity, "severity_ruled", f.SeverityRuled != 0, "请填写判定的等级。", "ruling needs severity_ruled: GENERAL, SERIOUS or MAJOR")
	ask(NeedAcknowledgement, "state", from != HandedOver || Acknowledged(f.Events), "隐患已移交，部门还没有签收，请先签收再办结。",
		"the hazard is handed over and the department has not acknowledged it: acknowledge it first")
	return out
}
