package recount

import (
	"strings"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/internal/casebook"
)

// place gives the territory of a dispute.
func (w *World) place(d *recordv1.Dispute) ID {
	if len(d.GetPremisesId()) > 0 {
		if at, ok := w.stands(idOf(d.GetPremisesId())); ok {
			door := w.Doors[at]
			return idOf(door.GetTerritory())
		}
	}
	return idOf(d.GetTerritory())
}

func category(d *recordv1.Dispute) string {
	name := strings.TrimPrefix(d.GetCategory().String(), "DISPUTE_CATEGORY_")
	if name == "UNSPECIFIED" {
		return "UNKNOWN"
	}
	return name
}

// disputeLife is what a dispute's timeline tells.
type disputeLife struct {
	events []*recordv1.CaseEvent
	ended  int64
}

func (l *disputeLife) has(kinds ...recordv1.CaseEventKind) bool {
	for _, e := range l.events {
		for _, k := range kinds {
			if e.GetWhat() == k {
				return true
			}
		}
	}
	return false
}

func (w *World) disputeLife(id ID, d *recordv1.Dispute, state int64) disputeLife {
	l := disputeLife{events: w.eventsOf(id)}
	switch d.GetState() {
	case recordv1.DisputeState_DISPUTE_STATE_DECLINED, recordv1.DisputeState_DISPUTE_STATE_CLOSED, recordv1.DisputeState_DISPUTE_STATE_ARCHIVED:
	default:
		return l
	}
	l.ended = state
	for _, e := range l.events {
		if e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_CLOSED || e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_DECLINED {
			l.ended = e.GetAt()
		}
	}
	return l
}

func (s *counting) disputes() map[string]func() {
	each := func(f func(id ID, d *recordv1.Dispute, l disputeLife)) func() {
		return func() {
			for id, c := range s.Disputes {
				f(id, c.Record, s.disputeLife(id, c.Record, c.StateMS))
			}
		}
	}
	put := func(d *recordv1.Dispute, yes bool) { s.out.put(s.place(d), category(d), yes) }
	cohort := func(yes func(d *recordv1.Dispute, l disputeLife) bool) func() {
		return each(func(_ ID, d *recordv1.Dispute, l disputeLife) {
			if s.hasMS(d.GetRegisteredAt()) {
				put(d, yes(d, l))
			}
		})
	}
	answer := func(of func(*recordv1.Dispute) (yes, given bool)) func() {
		return each(func(_ ID, d *recordv1.Dispute, _ disputeLife) {
			if yes, given := of(d); given && s.hasMS(d.GetCallBackAt()) {
				put(d, yes)
			}
		})
	}
	return map[string]func(){
		"found": each(func(_ ID, d *recordv1.Dispute, _ disputeLife) {
			if s.hasMS(d.GetRegisteredAt()) {
				s.out.add(s.place(d), category(d), 1, 0)
			}
		}),
		"handled": cohort(handled),
		"resolved": cohort(func(d *recordv1.Dispute, _ disputeLife) bool {
			return d.GetResult() == recordv1.CaseResult_CASE_RESULT_SUCCESS || d.GetResult() == recordv1.CaseResult_CASE_RESULT_PARTIAL
		}),
		"escalated": cohort(func(d *recordv1.Dispute, l disputeLife) bool {
			return d.GetEscalatedAt() != 0 || l.has(recordv1.CaseEventKind_CASE_EVENT_KIND_ESCALATED)
		}),
		"returned": cohort(func(_ *recordv1.Dispute, l disputeLife) bool {
			return l.has(recordv1.CaseEventKind_CASE_EVENT_KIND_RETURNED)
		}),
		"to_community": cohort(func(d *recordv1.Dispute, _ disputeLife) bool {
			return d.GetClinic() == recordv1.Clinic_CLINIC_COMMUNITY
		}),
		"open_stock": each(s.openStock),
		"closed":     each(func(id ID, d *recordv1.Dispute, l disputeLife) { s.closed(id, d, l, false) }),
		"closed_on_time": each(func(id ID, d *recordv1.Dispute, l disputeLife) {
			s.closed(id, d, l, true)
		}),
		"same_day": each(func(_ ID, d *recordv1.Dispute, l disputeLife) {
			if d.GetClinic() == recordv1.Clinic_CLINIC_GENERAL && s.hasMS(d.GetAcceptedAt()) {
				put(d, told(l.ended) && date(l.ended).Equal(date(d.GetAcceptedAt())))
			}
		}),
		"follow_ups": each(s.followUps),
		"relapse":    each(s.relapse),
		"performed": each(func(_ ID, d *recordv1.Dispute, _ disputeLife) {
			if s.due(d.GetAgreementEffectiveOn()) {
				put(d, performed(d))
			}
		}),
		"confirmed": each(func(_ ID, d *recordv1.Dispute, _ disputeLife) {
			if s.due(d.GetAgreementEffectiveOn()) && d.GetAgreementForm() == recordv1.AgreementForm_AGREEMENT_FORM_WRITTEN {
				put(d, d.GetJudicialConfirmation() == recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_CONFIRMED)
			}
		}),
		"responded": answer(func(d *recordv1.Dispute) (bool, bool) { return d.GetResponded(), d.Responded != nil }),
		"solved":    answer(func(d *recordv1.Dispute) (bool, bool) { return d.GetSolved(), d.Solved != nil }),
		"satisfied": answer(func(d *recordv1.Dispute) (bool, bool) {
			given := d.GetSatisfaction() != recordv1.Satisfaction_SATISFACTION_UNSPECIFIED
			return d.GetSatisfaction() != recordv1.Satisfaction_SATISFACTION_DISSATISFIED, given
		}),
	}
}

func handled(d *recordv1.Dispute, l disputeLife) bool {
	if l.has(recordv1.CaseEventKind_CASE_EVENT_KIND_HANDLING, recordv1.CaseEventKind_CASE_EVENT_KIND_MEDIATED, recordv1.CaseEventKind_CASE_EVENT_KIND_AGREED,
		recordv1.CaseEventKind_CASE_EVENT_KIND_FAILED, recordv1.CaseEventKind_CASE_EVENT_KIND_PERFORMING, recordv1.CaseEventKind_CASE_EVENT_KIND_CLOSED) {
		return true
	}
	switch d.GetState() {
	case recordv1.DisputeState_DISPUTE_STATE_UNSPECIFIED, recordv1.DisputeState_DISPUTE_STATE_REGISTERED, recordv1.DisputeState_DISPUTE_STATE_ACCEPTED,
		recordv1.DisputeState_DISPUTE_STATE_TRIAGED, recordv1.DisputeState_DISPUTE_STATE_ASSIGNED, recordv1.DisputeState_DISPUTE_STATE_REFUSED,
		recordv1.DisputeState_DISPUTE_STATE_DECLINED:
		return false
	case recordv1.DisputeState_DISPUTE_STATE_ARCHIVED:
		return d.GetResult() != 0
	}
	return true
}

func performed(d *recordv1.Dispute) bool {
	if d.Solved != nil && !d.GetSolved() {
		return false
	}
	switch d.GetState() {
	case recordv1.DisputeState_DISPUTE_STATE_VERIFIED:
		return true
	case recordv1.DisputeState_DISPUTE_STATE_CLOSED, recordv1.DisputeState_DISPUTE_STATE_ARCHIVED:
		return d.GetCallBackAt() != 0
	}
	return false
}

func (s *counting) openStock(_ ID, d *recordv1.Dispute, l disputeLife) {
	if !told(d.GetRegisteredAt()) || date(d.GetRegisteredAt()).After(s.last()) || told(l.ended) && !date(l.ended).After(s.last()) {
		return
	}
	age, class := days(date(d.GetRegisteredAt()), s.last()), "61+"
	switch {
	case age <= 7:
		class = "0-7"
	case age <= 20:
		class = "8-20"
	case age <= 60:
		class = "21-60"
	}
	s.out.add(s.place(d), class, 1, 0)
}

// deadline gives by when the clinic is to be done; 0 where none counts.
func (w *World) deadline(id ID, d *recordv1.Dispute) (at int64) {
	if d.GetAcceptedAt() == 0 {
		return 0
	}
	m := casebook.Matter(domain.ID(id), d, w.eventsOf(id))
	if timing, ok := m.Timing(casework.DefaultRules(), domain.UnixMilli(d.GetAcceptedAt())); ok && timing.Phase == casework.PhaseClinic {
		return int64(timing.Deadline.At)
	}
	return d.GetDeadline()
}

func (s *counting) closed(id ID, d *recordv1.Dispute, l disputeLife, onTime bool) {
	at := s.deadline(id, d)
	if !s.due(at) {
		return
	}
	yes := told(l.ended)
	if onTime && yes {
		began, end := d.GetAcceptedAt(), l.ended
		for _, e := range l.events {
			if e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_REOPENED {
				began = max(began, e.GetAt())
			}
		}
		for _, e := range l.events {
			switch e.GetWhat() {
			case recordv1.CaseEventKind_CASE_EVENT_KIND_AGREED, recordv1.CaseEventKind_CASE_EVENT_KIND_FAILED, recordv1.CaseEventKind_CASE_EVENT_KIND_REFUSED,
				recordv1.CaseEventKind_CASE_EVENT_KIND_CLOSED, recordv1.CaseEventKind_CASE_EVENT_KIND_DECLINED:
				if e.GetAt() >= began {
					end = min(end, e.GetAt())
				}
			}
		}
		yes = !calendar.Deadline{At: domain.UnixMilli(at)}.Late(domain.UnixMilli(end))
	}
	s.out.put(s.place(d), category(d), yes)
}

func (s *counting) followUps(_ ID, d *recordv1.Dispute, l disputeLife) {
	row, ok := casework.DefaultRules().Policy.Clinic(domain.Clinic(d.GetClinic()), domain.UnixMilli(d.GetAcceptedAt()).ShanghaiDay())
	if !ok || row.FollowUpDays == 0 || !told(d.GetAcceptedAt()) {
		return
	}
	start, end := d.GetAcceptedAt(), s.last()
	for _, e := range l.events {
		if e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_TRIAGED {
			start = max(start, e.GetAt())
		}
	}
	if !told(start) {
		return
	}
	if told(l.ended) && plus(date(l.ended), -1).Before(end) {
		end = plus(date(l.ended), -1)
	}
	for at := date(start); ; {
		due := plus(at, int(row.FollowUpDays))
		if due.After(end) {
			return
		}
		next, done := due, false
		for _, e := range l.events {
			if e.GetWhat() != recordv1.CaseEventKind_CASE_EVENT_KIND_FOLLOW_UP || !told(e.GetAt()) {
				continue
			}
			if on := date(e.GetAt()); on.After(at) && !on.After(due) {
				next, done = on, true
			}
		}
		if s.has(due) {
			s.out.put(s.place(d), category(d), done)
		}
		at = next
	}
}

func (s *counting) relapse(_ ID, d *recordv1.Dispute, l disputeLife) {
	var closings []time.Time
	events := false
	for _, e := range l.events {
		if e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_CLOSED {
			events = true
			if told(e.GetAt()) {
				closings = append(closings, date(e.GetAt()))
			}
		}
	}
	if !events && d.GetState() == recordv1.DisputeState_DISPUTE_STATE_CLOSED && told(l.ended) {
		closings = append(closings, date(l.ended))
	}
	closed, back := false, false
	for _, on := range closings {
		if !s.has(on) {
			continue
		}
		closed = true
		for _, e := range l.events {
			if e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_REOPENED && told(e.GetAt()) {
				n := days(on, date(e.GetAt()))
				back = back || n >= 0 && n <= 90
			}
		}
	}
	if closed {
		s.out.put(s.place(d), category(d), back)
	}
}
