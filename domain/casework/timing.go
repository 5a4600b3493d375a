package casework

import (
	"slices"
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/policy"
)

// Matter is what decides the deadlines of a dispute: a few of its fields and its timeline.
type Matter struct {
	// ID is the case's id.
	ID domain.ID
	// State is how far it has come.
	State State
	// Clinic is the clinic that works it; 0 before triage.
	Clinic domain.Clinic
	// RegisteredAt and AcceptedAt are when it came in and was taken; 0 for not.
	RegisteredAt, AcceptedAt domain.UnixMilli
	// EffectiveOn is when the agreement takes effect; 0 for none.
	EffectiveOn domain.UnixMilli
	// Written says that the agreement is in writing, Confirming that judicial confirmation was applied for.
	Written, Confirming bool
	// CalledBack is when the parties were called back; 0 for not yet.
	CalledBack domain.UnixMilli
	// Events is its timeline, in any order.
	Events []Event
}

// Phase is the part of the work whose deadline counts.
type Phase string

// The phases.
const (
	// PhaseAccept: from registering to accepting or declining.
	PhaseAccept Phase = "accept"
	// PhaseTriage: from accepting to a clinic.
	PhaseTriage Phase = "triage"
	// PhaseClinic: the clinic's work, from accepting, or from reopening, to an agreement or its failure.
	PhaseClinic Phase = "clinic"
)

// words names the phase.
func (p Phase) words() (zh, en string) {
	switch p {
	case PhaseAccept:
		return "受理", "accepting"
	case PhaseTriage:
		return "分诊", "triage"
	}
	return "办理", "the clinic's work"
}

// Timing is the deadline of a case and its clock.
type Timing struct {
	// Phase is which part of the work it is of.
	Phase Phase
	// Term is how long the phase has.
	Term calendar.Term
	// Deadline is by when it is to be done.
	Deadline calendar.Deadline
	// Clock is how much of the term is used.
	Clock calendar.Clock
	// Warn is how long before the deadline the case is nearly due.
	Warn time.Duration
}

// NearlyDue reports that at now no more than the warning's time is left, and some is.
func (t Timing) NearlyDue(now domain.UnixMilli) bool {
	return t.Clock.State == calendar.Running && t.Clock.LeftSeconds <= int64(t.Warn/time.Second) && !t.Deadline.Late(now)
}

// Timing gives the deadline that counts for the case at now; false for a case that has none: of a clinic without a term, or
// finished before any was set.
func (m *Matter) Timing(rules Rules, now domain.UnixMilli) (Timing, bool) {
	out, timing, ok := m.phase(rules)
	if !ok {
		return Timing{}, false
	}
	var err error
	if out.Deadline, err = rules.Calendar.Deadline(timing); err != nil {
		return Timing{}, false
	}
	if out.Clock, err = rules.Calendar.Clock(timing, now); err != nil {
		return Timing{}, false
	}
	return out, true
}

// phase gives the phase of the case, and what decides its deadline.
func (m *Matter) phase(rules Rules) (Timing, calendar.Timing, bool) {
	switch {
	case m.State == Registered && m.RegisteredAt != 0:
		return m.stepTerm(rules, PhaseAccept, policy.TermAccept, m.RegisteredAt)
	case m.AcceptedAt == 0:
		return Timing{}, calendar.Timing{}, false
	case m.State == Accepted:
		return m.stepTerm(rules, PhaseTriage, policy.TermTriage, m.AcceptedAt)
	}
	row, ok := rules.Policy.Clinic(m.Clinic, m.AcceptedAt.ShanghaiDay())
	if !ok || row.Term.None() {
		return Timing{}, calendar.Timing{}, false
	}
	timing := calendar.Timing{Start: m.began(), Term: row.Term}
	timing.ExtraDays, timing.Pauses = m.extraDays(), m.Pauses()
	if !slices.Contains(worked, m.State) {
		if timing.Stopped = m.stopped(); timing.Stopped == 0 {
			return Timing{}, calendar.Timing{}, false
		}
	}
	return Timing{Phase: PhaseClinic, Term: row.Term, Warn: row.Warn}, timing, true
}

func (m *Matter) stepTerm(rules Rules, phase Phase, name string, start domain.UnixMilli) (Timing, calendar.Timing, bool) {
	row, ok := rules.Policy.Term(name, start.ShanghaiDay())
	return Timing{Phase: phase, Term: row.Term, Warn: row.Warn},
		calendar.Timing{Start: start, Term: row.Term, Pauses: m.Pauses()}, ok
}

// began gives when the clinic's term began: when the case was accepted, or taken up again last.
func (m *Matter) began() domain.UnixMilli { return max(m.AcceptedAt, m.last(EventReopened)) }

// stopped gives when the clinic's work ended: the first end after it began.
func (m *Matter) stopped() (at domain.UnixMilli) {
	for _, e := range m.Events {
		switch e.What {
		case EventAgreed, EventFailed, EventRefused, EventClosed, EventDeclined:
			if e.At >= m.began() && (at == 0 || e.At < at) {
				at = e.At
			}
		}
	}
	return at
}

// last gives when something happened last; 0 for never.
func (m *Matter) last(what EventKind) (at domain.UnixMilli) {
	for _, e := range m.Events {
		if e.What == what {
			at = max(at, e.At)
		}
	}
	return at
}

// extraDays sums the extensions since the clinic's term began.
func (m *Matter) extraDays() (days int) {
	for _, e := range m.extensions() {
		days += e.Days
	}
	return min(days, calendar.TermDaysMax)
}

func (m *Matter) extensions() (out []Event) {
	for _, e := range m.Events {
		if e.What == EventExtended && e.At >= m.began() {
			out = append(out, e)
		}
	}
	return out
}

// Pauses gives the times in which the clock stood still. A resumption ends the pauses that began before it.
func (m *Matter) Pauses() []calendar.Pause {
	var out []calendar.Pause
	for _, e := range m.Events {
		if e.What == EventPaused {
			out = append(out, calendar.Pause{From: e.At, Limit: e.Until, Resumed: m.resumedAfter(e.At)})
		}
	}
	return out
}

func (m *Matter) resumedAfter(from domain.UnixMilli) (at domain.UnixMilli) {
	for _, e := range m.Events {
		if e.What == EventResumed && e.At >= from && (at == 0 || e.At < at) {
			at = e.At
		}
	}
	return at
}

// paused reports that a pause runs at now.
func (m *Matter) paused(now domain.UnixMilli) bool {
	return slices.ContainsFunc(m.Pauses(), func(p calendar.Pause) bool {
		return p.From <= now && now < p.Limit && (p.Resumed == 0 || now < p.Resumed)
	})
}
