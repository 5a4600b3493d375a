package casework

import "onedoor/domain"

// The states of a dispute.
const (
	Registered State = iota + 1
	Accepted
	Triaged
	Assigned
	Handling
	Failed
	Agreed
	Refused
	Performing
	Verified
	Declined
	Closed
	Reopened
	Archived
)

// Articles that the steps follow. 人民调解法 is the People's Mediation Law of 2010.
const (
	article3  = "人民调解法 art. 3: mediation is voluntary"
	article17 = "人民调解法 art. 17: where a party plainly refuses, there is no mediation"
	article25 = "人民调解法 art. 25: what may end in an offence is reported to the police at once"
	article26 = "人民调解法 art. 26: where mediation fails it ends, and the parties are told the other ways"
	article28 = "人民调解法 art. 28: an agreement may be in writing, or by word of mouth and noted"
	article31 = "人民调解法 art. 31: the committee watches over the performance of the agreement and urges it"
	article33 = "人民调解法 art. 33: the parties may apply together for judicial confirmation within 30 days of its effect"
	firstTake = "首接负责: the first receiver stays responsible when others join"
)

// Groups of roles that take the same steps.
var (
	intake = []domain.Role{domain.RoleGridWorker, domain.RolePoliceOfficer, domain.RoleCommunityStaff, domain.RoleReception,
		domain.RoleDispatcher, domain.RoleMediator, domain.RoleStreetLead}
	desk     = []domain.Role{domain.RoleReception, domain.RoleDispatcher}
	direct   = []domain.Role{domain.RoleDispatcher, domain.RoleStreetLead}
	workers  = []domain.Role{domain.RoleMediator, domain.RoleCommunityStaff, domain.RoleGridWorker, domain.RolePoliceOfficer}
	everyone = append(append([]domain.Role(nil), intake...), domain.RoleDepartment)
	// advisers join single cases by name: they say what they have to say on the timeline and decide nothing.
	advisers = []domain.Role{domain.RolePsychologist, domain.RoleLawyer}
)

// handlers are those who work on the case, and the dispatcher. A department's handler has the role over a case only where it
// is routed to the department or names them, so the role is enough.
func handlers() []Who { return append(anyone(domain.RoleDispatcher), workingOn()...) }

func workingOn() []Who { return append(anyone(domain.RoleDepartment), as(Handler, workers...)...) }

// unfinished are the states in which a case is with the centre and open.
var unfinished = []State{Registered, Accepted, Triaged, Assigned, Handling, Failed, Agreed, Refused, Performing, Verified, Reopened}

// worked are the states in which a clinic's clock may run.
var worked = []State{Accepted, Triaged, Assigned, Handling, Reopened}

// Disputes is the work on a dispute.
var Disputes = Table{
	Name: "dispute",
	States: []StateName{
		{Registered, "REGISTERED", "已登记", "registered", 1, false},
		{Accepted, "ACCEPTED", "已受理", "accepted", 2, false},
		{Triaged, "TRIAGED", "已分诊", "sent to a clinic", 3, false},
		{Assigned, "ASSIGNED", "已指派", "assigned", 4, false},
		{Handling, "HANDLING", "办理中", "being worked", 5, false},
		{Failed, "FAILED", "调解不成", "not settled", 6, false},
		{Agreed, "AGREED", "达成协议", "agreed", 7, false},
		{Refused, "REFUSED", "拒绝调解", "refused by a party", 8, false},
		{Performing, "PERFORMING", "履行中", "being performed", 9, false},
		{Verified, "VERIFIED", "已回访", "verified at the call-back", 10, false},
		{Declined, "DECLINED", "不予受理", "declined", 11, true},
		{Closed, "CLOSED", "已办结", "closed", 12, true},
		{Reopened, "REOPENED", "已重开", "reopened", 13, false},
		{Archived, "ARCHIVED", "已归档", "archived", 14, true},
	},
	Steps: []Step{
		{Name: "register", ZH: "登记", EN: "register a case", From: []State{0}, To: Registered, Who: anyone(intake...),
			Event: EventRegistered, Needs: []string{"dispute.needs_title", "dispute.needs_territory"}, Source: firstTake},
		{Name: "resolve", ZH: "就地化解", EN: "settle on the spot, in one form", From: []State{0, Registered, Accepted}, To: Closed,
			Who: anyone(intake...), Event: EventClosed,
			Needs: []string{"dispute.closed_without_result", "dispute.settled_without_consent", "dispute.settled_without_form"}, Source: article28},
		{Name: "accept", ZH: "受理", EN: "accept", From: []State{0, Registered}, To: Accepted, Who: anyone(desk...), Event: EventAccepted},
		{Name: "decline", ZH: "不予受理", EN: "decline and tell why", From: []State{Registered}, To: Declined, Who: anyone(desk...),
			Reason: true, Event: EventDeclined, Needs: []string{"dispute.declined_without_reason"}},
		{Name: "transfer", ZH: "移送", EN: "transfer to who is competent", From: unfinished, Who: anyone(desk...), Reason: true,
			Event: EventTransferred, Source: firstTake},
		{Name: "report-police", ZH: "报警", EN: "tell the police of a risk of crime", From: unfinished, Who: anyone(everyone...),
			Event: EventPoliceReported, Source: article25},
		{Name: "triage", ZH: "分诊", EN: "send to a clinic", From: []State{Accepted, Triaged, Assigned, Handling, Failed, Refused, Reopened},
			To: Triaged, Who: anyone(direct...), Event: EventTriaged,
			Needs: []string{"dispute.triaged_without_clinic", "dispute.high_risk_untold"}, Source: article25},
		{Name: "assign", ZH: "指派", EN: "assign to who works it", From: []State{Triaged, Handling, Reopened}, To: Assigned,
			Who: anyone(direct...), Event: EventAssigned, Needs: []string{"dispute.assigned_to_nobody", "dispute.high_risk_untold"}},
		{Name: "join", ZH: "加入", EN: "bring somebody in by role", From: unfinished,
			Who:   append(anyone(direct...), as(FirstReceiver, domain.RolePoliceOfficer, domain.RoleCommunityStaff)...),
			Event: EventJoined, Source: firstTake},
		{Name: "return", ZH: "退回", EN: "send back to the dispatcher", From: []State{Assigned, Handling}, To: Triaged,
			Who: handlers(), Reason: true, Event: EventReturned},
		{Name: "handle", ZH: "办理", EN: "begin the work, or begin it again", From: []State{Assigned, Failed, Agreed, Performing, Reopened},
			To: Handling, Who: handlers(), Event: EventHandling,
			Needs: []string{"dispute.worked_without_consent", "dispute.high_risk_untold"}, Source: article3},
		{Name: "mediate", ZH: "调解", EN: "note a mediation", From: []State{Handling},
			Who: append(handlers(), as(Handler, advisers...)...), Event: EventMediated},
		{Name: "agree", ZH: "达成协议", EN: "note the agreement", From: []State{Handling}, To: Agreed, Who: handlers(), Event: EventAgreed,
			Needs: []string{"dispute.worked_without_consent", "dispute.agreed_without_form"}, Source: article28},
		{Name: "fail", ZH: "调解不成", EN: "note that mediation failed", From: []State{Handling}, To: Failed, Who: handlers(),
			Reason: true, Event: EventFailed, Needs: []string{"dispute.ended_untold"}, Source: article26},
		{Name: "refuse", ZH: "记录拒绝", EN: "note that a party refuses", From: []State{Registered, Accepted, Triaged, Assigned, Handling},
			To: Refused, Who: append(anyone(desk...), workingOn()...), Event: EventRefused,
			Needs: []string{"dispute.refused_by_nobody", "dispute.ended_untold"}, Source: article17},
		{Name: "perform", ZH: "开始履行", EN: "note that performance begins", From: []State{Agreed}, To: Performing, Who: handlers(),
			Event: EventPerforming, Needs: []string{"dispute.performed_without_date"}, Source: article31},
		{Name: "confirm", ZH: "司法确认", EN: "note the judicial confirmation",
			From: []State{Agreed, Performing, Verified, Closed}, Who: append(handlers(), anyone(domain.RoleReception)...),
			Event: EventConfirmation, Needs: []string{"dispute.confirmed_without_agreement"}, Source: article33},
		{Name: "extend", ZH: "延期", EN: "extend the deadline", From: worked, Who: anyone(direct...), Reason: true, Event: EventExtended,
			Needs: []string{NeedPolicy}},
		{Name: "pause", ZH: "中止计时", EN: "pause the clock, to a limit", From: worked, Who: handlers(), Reason: true, Event: EventPaused,
			Needs: []string{NeedPolicy}},
		{Name: "resume", ZH: "恢复计时", EN: "let the clock run again", From: worked, Who: handlers(), Event: EventResumed,
			Needs: []string{NeedPause}},
		{Name: "escalate", ZH: "提级", EN: "escalate to the district", From: unfinished, Who: anyone(direct...), Reason: true,
			Event: EventEscalated},
		{Name: "supervise", ZH: "督办", EN: "supervise", From: unfinished, Who: anyone(direct...), Event: EventSupervised},
		{Name: "follow-up", ZH: "随访", EN: "note a follow-up", From: append([]State{Closed}, unfinished...),
			Who: append(append(handlers(), as(Handler, advisers...)...),
				anyone(domain.RoleGridWorker, domain.RolePoliceOfficer, domain.RoleCommunityStaff)...),
			Event: EventFollowUp, Source: article31},
		{Name: "call-back", ZH: "回访", EN: "note a call-back", From: []State{Agreed, Performing, Verified, Closed},
			Who: anyone(desk...), Event: EventCallBack, Source: article31},
		{Name: "verify", ZH: "核实履行", EN: "note that it is performed", From: []State{Agreed, Performing}, To: Verified,
			Who: anyone(desk...), Event: EventCallBack, Needs: []string{"dispute.verified_without_call", "dispute.verified_unsolved"}, Source: article31},
		{Name: "close", ZH: "办结", EN: "close", From: []State{Registered, Accepted, Failed, Refused, Verified, Reopened}, To: Closed,
			Who: append(anyone(desk...), workingOn()...), Event: EventClosed,
			Needs: []string{"dispute.closed_without_result", "dispute.settled_without_consent", "dispute.settled_without_form", "dispute.ended_untold"}},
		{Name: "reopen", ZH: "重开", EN: "take up again", From: []State{Closed}, To: Reopened,
			Who: anyone(domain.RoleReception, domain.RoleDispatcher, domain.RoleStreetLead), Reason: true, Event: EventReopened},
		{Name: "archive", ZH: "归档", EN: "archive", From: []State{Declined, Closed}, To: Archived, Who: anyone(direct...),
			Event: EventArchived},
		{Name: "note", ZH: "备注", EN: "add a note", From: append([]State{Closed, Declined}, unfinished...),
			Who: append(anyone(everyone...), as(Handler, advisers...)...), Reason: true, Event: EventNoted},
	},
}

// What a step needs beyond the fields of the record.
const (
	// NeedPolicy: what the policy table allows of the case's clinic.
	NeedPolicy = "policy"
	// NeedPause: a pause that runs.
	NeedPause = "a pause"
	// NeedAcknowledgement: the department's acknowledgement on the timeline.
	NeedAcknowledgement = "acknowledgement"
	// NeedDate: the date of a notice.
	NeedDate = "date"
	// NeedDepartment: the department that takes a hazard over.
	NeedDepartment = "department"
	// NeedVisit: the visit on which a hazard was found and put right.
	NeedVisit = "visit"
	// NeedSeverity: how bad a hazard is, as it is ruled.
	NeedSeverity = "severity"
)
