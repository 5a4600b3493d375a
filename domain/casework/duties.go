package casework

import (
	"encoding/binary"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/policy"
)

// DutyKind says why a task is made by a rule. It is part of a duty's id, so a name is never changed.
type DutyKind string

// The kinds of duties.
const (
	// DutyNearlyDue: the deadline comes near.
	DutyNearlyDue DutyKind = "nearly_due"
	// DutyOverdue: the deadline is over, and the street supervises (督办).
	DutyOverdue DutyKind = "overdue"
	// DutyTransfer: whether the case is the centre's at all is to be decided.
	DutyTransfer DutyKind = "transfer"
	// DutyFollowUp: the clinic's cadence asks for a follow-up.
	DutyFollowUp DutyKind = "follow_up"
	// DutyPerformance: whether the agreement is performed is to be seen.
	DutyPerformance DutyKind = "performance"
	// DutyCallBack: the parties are to be called back.
	DutyCallBack DutyKind = "call_back"
	// DutyJudicial: the time for judicial confirmation runs out.
	DutyJudicial DutyKind = "judicial_confirmation"
	// DutyRecheck: a hazard is to be re-checked.
	DutyRecheck DutyKind = "recheck"
	// DutyAcknowledge: a department has not acknowledged a hand-over.
	DutyAcknowledge DutyKind = "acknowledge"
)

// Duty is a task that a rule asks for.
type Duty struct {
	// ID is the id of the task. The same duty has the same id wherever and whenever it is found, so that its task is made
	// once: by the phone, by the server, and after a restart of either.
	ID domain.ID
	// Kind is why it exists.
	Kind DutyKind
	// Due is by when it is to be done.
	Due domain.UnixMilli
	// Role is whose it is; a case's mediator comes before it where there is one.
	Role domain.Role
	// ZH and EN say what is to be done, without a word of the case itself.
	ZH, EN string
}

// dutyID derives a duty's id from its case, its kind and the time that tells it from others of its kind.
func dutyID(of domain.ID, kind DutyKind, at domain.UnixMilli) domain.ID {
	b := append([]byte("onedoor duty 1\x00"+string(kind)+"\x00"), of[:]...)
	return domain.DerivedID(binary.BigEndian.AppendUint64(b, uint64(at)))
}

// duties gathers the duties of one case.
type duties struct {
	of  domain.ID
	now domain.UnixMilli
	out []Duty
}

// add adds a duty that stands apart from others of its kind by at.
func (d *duties) add(kind DutyKind, at, due domain.UnixMilli, role domain.Role, zh, en string) {
	d.out = append(d.out, Duty{ID: dutyID(d.of, kind, at), Kind: kind, Due: due, Role: role, ZH: zh, EN: en})
}

// Duties lists the tasks that the rules ask for about a dispute at now, those of before that still stand among them.
func (m *Matter) Duties(rules Rules, now domain.UnixMilli) []Duty {
	d := &duties{of: m.ID, now: now}
	m.addDeadline(d, rules)
	m.addTransfer(d, rules)
	m.addFollowUp(d, rules)
	m.addAgreement(d, rules)
	return d.out
}

func (m *Matter) addDeadline(d *duties, rules Rules) {
	timing, ok := m.Timing(rules, d.now)
	if !ok || timing.Clock.State == calendar.Stopped {
		return
	}
	zh, en := timing.Phase.words()
	at := timing.Deadline.At
	switch {
	case timing.Deadline.Late(d.now):
		d.add(DutyOverdue, at, endOfNextDay(d.now), domain.RoleStreetLead, zh+"已超期，请督办", en+" is overdue: supervise it")
	case timing.NearlyDue(d.now):
		d.add(DutyNearlyDue, at, at, domain.RoleDispatcher, zh+"即将到期", en+" is nearly due")
	}
}

// addTransfer asks for a decision about a case that nobody has taken, declined or transferred when the time for a transfer
// runs out.
func (m *Matter) addTransfer(d *duties, rules Rules) {
	if m.State != Registered || m.RegisteredAt == 0 || m.last(EventTransferred) != 0 {
		return
	}
	if due, warn, ok := rules.term(policy.TermTransfer, m.RegisteredAt); ok && d.now >= due-warn {
		d.add(DutyTransfer, due, due, domain.RoleDispatcher, "请决定是否属于本中心，不属于的应移送",
			"decide whether the case is ours, and transfer it if not")
	}
}

func (m *Matter) addFollowUp(d *duties, rules Rules) {
	row, ok := rules.Policy.Clinic(m.Clinic, m.AcceptedAt.ShanghaiDay())
	if !ok || row.FollowUpDays == 0 || m.AcceptedAt == 0 || Disputes.Done(m.State) {
		return
	}
	last := max(m.AcceptedAt, m.last(EventTriaged), m.last(EventFollowUp))
	day := last.ShanghaiDay() + row.FollowUpDays
	if d.now.ShanghaiDay() >= day {
		d.add(DutyFollowUp, last, endOfDay(day), domain.RoleGridWorker, "社区门诊随访", "follow up the case")
	}
}

func (m *Matter) addAgreement(d *duties, rules Rules) {
	agreed := max(m.last(EventAgreed), m.EffectiveOn)
	if agreed == 0 || m.State != Agreed && m.State != Performing && m.State != Verified {
		return
	}
	if due, warn, ok := rules.term(policy.TermPerformance, max(agreed, m.last(EventFollowUp))); ok && m.State != Verified && d.now >= due-warn {
		d.add(DutyPerformance, due, due, domain.RoleMediator, "了解协议履行情况", "see whether the agreement is performed")
	}
	if due, warn, ok := rules.term(policy.TermCallBack, agreed); ok && m.CalledBack == 0 && d.now >= due-warn {
		d.add(DutyCallBack, due, due, domain.RoleReception, "回访当事人", "call the parties back")
	}
	if due, warn, ok := rules.term(policy.TermJudicial, m.EffectiveOn); ok && m.Written && !m.Confirming && d.now >= due-warn && !late(due, d.now) {
		d.add(DutyJudicial, due, due, domain.RoleMediator, "司法确认申请期限即将届满", "the time to apply for judicial confirmation runs out")
	}
}

// term counts when a step's term ends, and how long before that it is nearly due; false where there is no start or no row.
func (r Rules) term(name string, start domain.UnixMilli) (due, warn domain.UnixMilli, ok bool) {
	row, ok := r.Policy.Term(name, start.ShanghaiDay())
	if !ok || start == 0 {
		return 0, 0, false
	}
	deadline, err := r.Calendar.Deadline(calendar.Timing{Start: start, Term: row.Term})
	return deadline.At, domain.UnixMilli(row.Warn.Milliseconds()), err == nil
}

func late(due, now domain.UnixMilli) bool { return calendar.Deadline{At: due}.Late(now) }

// endOfDay gives the last minute of a day.
func endOfDay(day domain.Days) domain.UnixMilli { return (day + 1).Midnight() - 60_000 }

func endOfNextDay(t domain.UnixMilli) domain.UnixMilli { return endOfDay(t.ShanghaiDay() + 1) }

// HazardMatter is what decides the duties about a hazard.
type HazardMatter struct {
	// ID is the hazard's id.
	ID domain.ID
	// State is how far it has come.
	State State
	// Deadline is by when it is to be put right; 0 for no date.
	Deadline domain.UnixMilli
	// Events is its timeline, in any order.
	Events []Event
}

// Duties lists the tasks that the rules ask for about a hazard at now. The re-check of a dated notice stands from the day of
// the notice on, so that the door comes into the plan when its day has come.
func (m *HazardMatter) Duties(rules Rules, now domain.UnixMilli) []Duty {
	d := &duties{of: m.ID, now: now}
	timeline := Matter{Events: m.Events}
	switch m.State {
	case Notified:
		if due, _, ok := rules.term(policy.TermRecheck, m.Deadline); ok {
			d.add(DutyRecheck, m.Deadline, due, domain.RoleGridWorker, "复查限期整改的隐患", "re-check a hazard with a dated notice")
		}
	case Rectified:
		at := max(timeline.last(EventRectified), m.Deadline)
		if due, _, ok := rules.term(policy.TermRecheck, at); ok {
			d.add(DutyRecheck, at, due, domain.RoleGridWorker, "复查已整改的隐患", "re-check a hazard that was put right")
		}
	case HandedOver:
		at := timeline.last(EventHandedOver)
		if due, warn, ok := rules.term(policy.TermAcknowledge, at); ok && !Acknowledged(m.Events) && now >= due-warn {
			d.add(DutyAcknowledge, due, due, domain.RoleStreetLead, "移交的隐患还没有签收", "a hazard that was handed over is not acknowledged")
		}
	}
	return d.out
}

// Why gives the text that a duty's task carries as its reason: the rule's name, and the case's kind.
func (d Duty) Why() string { return whyRule + string(d.Kind) }
