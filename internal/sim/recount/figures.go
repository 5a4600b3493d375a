package recount

import (
	"fmt"
	"strings"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/internal/casebook"
)

// Count counts one figure over the days from one to another, both in them.
func (w *World) Count(figure string, from, to time.Time) (Sums, error) {
	s := &counting{World: w, span: span{from, to}, out: Sums{}}
	for _, f := range []map[string]func(){s.doors(), s.hazards(), s.disputes()} {
		if count, ok := f[figure]; ok {
			count()
			return s.out, nil
		}
	}
	return nil, fmt.Errorf("no recount of %s", figure)
}

// counting is one count.
type counting struct {
	*World
	span
	out Sums
}

// last is the last day of the span that has come.
func (s *counting) last() time.Time {
	if s.Until.Before(s.to) {
		return s.Until
	}
	return s.to
}

// due reports a date in the span that has come.
func (s *counting) due(ms int64) bool { return s.hasMS(ms) && !date(ms).After(s.Until) }

func (d *Door) class() domain.CadenceClass {
	if d.GetCadenceClass() != 0 {
		return domain.CadenceClass(d.GetCadenceClass())
	}
	return domain.CadenceClassOf(domain.KindOfPremises(d.GetKindOfPremises()), domain.RentalKind(d.GetRentalKind()), domain.PremisesUse(d.GetUse()))
}

func (d *Door) className() string {
	return [...]string{"UNKNOWN", "RENTAL", "GROUP_LET", "MIXED", "HOUSEHOLD", "HOTEL"}[d.class()]
}

// standing reports that a door stood in the register at the end of a day.
func (d *Door) standing(calls []call, day time.Time) bool {
	in := told(d.CreatedMS) && !date(d.CreatedMS).After(day) || len(calls) > 0 && !calls[0].on.After(day)
	switch d.GetStatus() {
	case recordv1.PremisesStatus_PREMISES_STATUS_VOID, recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
		return in && told(d.StateMS) && date(d.StateMS).After(day)
	}
	return in
}

// eachDoor visits the doors that stand for themselves.
func (s *counting) eachDoor(f func(id ID, d *Door, calls []call)) {
	calls := s.callsAt()
	for id, d := range s.Doors {
		if d.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO && len(d.GetMergedInto()) > 0 {
			continue
		}
		f(id, &d, calls[id])
	}
}

func (s *counting) seen(calls []call) bool {
	for _, c := range calls {
		if c.seen && s.has(c.on) {
			return true
		}
	}
	return false
}

func (s *counting) doors() map[string]func() {
	return map[string]func(){
		"coverage": func() {
			s.eachDoor(func(_ ID, d *Door, calls []call) {
				if d.standing(calls, s.last()) {
					s.out.put(idOf(d.GetTerritory()), d.className(), s.seen(calls))
				}
			})
		},
		"contact_made": func() {
			s.eachDoor(func(_ ID, d *Door, calls []call) {
				for _, c := range calls {
					if s.has(c.on) {
						s.out.put(idOf(d.GetTerritory()), d.className(), c.seen)
					}
				}
			})
		},
		"due_done":       func() { s.eachDoor(s.dueDone) },
		"police_check":   s.policeCheck,
		"hazard_density": s.density,
	}
}

// dueDone walks the turns of one door: due a cadence after the last time, done by then or three days later.
func (s *counting) dueDone(_ ID, d *Door, calls []call) {
	var start time.Time
	if told(d.CreatedMS) {
		start = date(d.CreatedMS)
	}
	if len(calls) > 0 && (start.IsZero() || calls[0].on.Before(start)) {
		start = calls[0].on
	}
	if start.IsZero() {
		return
	}
	every := int(policy.Default().Cadence(domain.Days(s.last().Unix()/86_400)).Every(d.class(), domain.Grade(d.GetGrade())))
	end := s.last()
	if !d.standing(calls, plus(s.Until, 400_000)) {
		switch d.GetStatus() {
		case recordv1.PremisesStatus_PREMISES_STATUS_VOID, recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
			over := d.StateMS
			if !told(over) {
				over = d.CreatedMS
			}
			if before := plus(date(over), -1); before.Before(end) {
				end = before
			}
		}
	}
	for at := start; ; {
		due := plus(at, every)
		if due.After(end) {
			return
		}
		done, next := false, due
		for _, c := range calls {
			if c.seen && c.on.After(at) && !c.on.After(due) {
				done, next = true, c.on
			}
		}
		for _, c := range calls {
			if !done && c.seen && c.on.After(due) && !c.on.After(plus(due, 3)) {
				done, next = true, c.on
			}
		}
		if s.has(due) {
			s.out.put(idOf(d.GetTerritory()), d.className(), done)
		}
		at = next
	}
}

func (s *counting) policeCheck() {
	checked := map[ID]bool{}
	for _, v := range s.Visits {
		if v.GetPurpose() != recordv1.VisitPurpose_VISIT_PURPOSE_CHECK || !s.hasMS(v.GetOccurredAt()) {
			continue
		}
		doors := doorsOf(v)
		if len(doors) == 0 {
			if of := s.Visits[idOf(v.GetChecksVisitId())]; of != nil && told(of.GetOccurredAt()) {
				doors = doorsOf(of)
			}
		}
		for door := range doors {
			id, ok := s.stands(door)
			if !ok {
				continue
			}
			checked[id] = true
			if d := s.Doors[id]; v.GetCheckResult() != 0 {
				s.out.put(idOf(d.GetTerritory()), "PASSED", v.GetCheckResult() == recordv1.CheckResult_CHECK_RESULT_PASS)
			}
		}
	}
	s.eachDoor(func(id ID, d *Door, calls []call) {
		if len(d.GetOfficer()) > 0 && d.standing(calls, s.last()) {
			s.out.put(idOf(d.GetTerritory()), "CHECKED", checked[id])
		}
	})
}

func (s *counting) density() {
	s.eachDoor(func(_ ID, d *Door, calls []call) {
		if s.seen(calls) {
			s.out.add(idOf(d.GetTerritory()), d.className(), 0, 1)
		}
	})
	s.eachHazard(func(_ ID, z *recordv1.Hazard, d *Door, _ int64) {
		if s.hasMS(z.GetFoundAt()) {
			s.out.add(idOf(d.GetTerritory()), d.className(), 1, 0)
		}
	})
}

// eachHazard visits the hazards of doors that are there.
func (s *counting) eachHazard(f func(id ID, z *recordv1.Hazard, d *Door, state int64)) {
	for id, z := range s.Hazards {
		if at, ok := s.stands(idOf(z.Record.GetPremisesId())); ok {
			d := s.Doors[at]
			f(id, z.Record, &d, z.StateMS)
		}
	}
}

func code(z *recordv1.Hazard) string {
	name := strings.TrimPrefix(z.GetCode().String(), "HAZARD_CODE_")
	if name == "UNSPECIFIED" {
		return "UNKNOWN"
	}
	return name
}

// hazardLife is what a hazard's timeline tells.
type hazardLife struct {
	right, closed, back int64
	stands              bool
}

func (w *World) hazardLife(id ID, z *recordv1.Hazard, state int64) (l hazardLife) {
	over := false
	for _, e := range w.eventsOf(id) {
		switch e.GetWhat() {
		case recordv1.CaseEventKind_CASE_EVENT_KIND_RECTIFIED:
			l.right, over = e.GetAt(), false
		case recordv1.CaseEventKind_CASE_EVENT_KIND_RECHECKED, recordv1.CaseEventKind_CASE_EVENT_KIND_CLOSED:
			if !over {
				l.closed, l.back = e.GetAt(), 0
			}
			over = true
		case recordv1.CaseEventKind_CASE_EVENT_KIND_NOTIFIED, recordv1.CaseEventKind_CASE_EVENT_KIND_HANDED_OVER:
			over = false
		case recordv1.CaseEventKind_CASE_EVENT_KIND_RECURRED:
			over = false
			if l.closed != 0 && l.back == 0 {
				l.back = e.GetAt()
			}
		}
	}
	fixed := z.GetDisposal() == recordv1.Disposal_DISPOSAL_FIXED_ON_THE_SPOT
	l.stands = z.GetState() == recordv1.HazardState_HAZARD_STATE_RECHECKED || z.GetState() == recordv1.HazardState_HAZARD_STATE_CLOSED
	if l.stands && !told(l.closed) {
		l.closed = state
	}
	if z.GetState() == recordv1.HazardState_HAZARD_STATE_RECURRED && told(l.closed) && !told(l.back) {
		l.back = state
	}
	switch {
	case z.GetState() == recordv1.HazardState_HAZARD_STATE_FOUND && fixed:
		l.right = z.GetFoundAt()
	case z.GetState() != recordv1.HazardState_HAZARD_STATE_RECTIFIED && !l.stands:
		l.right = 0
	case l.right != 0:
	case fixed:
		l.right = z.GetFoundAt()
	case l.stands:
		l.right = l.closed
	default:
		l.right = state
	}
	return l
}

func (s *counting) hazards() map[string]func() {
	cohort := func(yes func(ID, *recordv1.Hazard, int64) bool) func() {
		return func() {
			s.eachHazard(func(id ID, z *recordv1.Hazard, d *Door, state int64) {
				if s.hasMS(z.GetFoundAt()) {
					s.out.put(idOf(d.GetTerritory()), code(z), yes(id, z, state))
				}
			})
		}
	}
	return map[string]func(){
		"hazards_found": func() {
			s.eachHazard(func(_ ID, z *recordv1.Hazard, d *Door, _ int64) {
				if s.hasMS(z.GetFoundAt()) {
					s.out.add(idOf(d.GetTerritory()), code(z), 1, 0)
				}
			})
		},
		"fixed_on_spot": cohort(func(_ ID, z *recordv1.Hazard, _ int64) bool {
			return z.GetDisposal() == recordv1.Disposal_DISPOSAL_FIXED_ON_THE_SPOT
		}),
		"rectified": cohort(func(id ID, z *recordv1.Hazard, state int64) bool { return s.hazardLife(id, z, state).stands }),
		"rectified_on_time": func() {
			s.eachHazard(func(id ID, z *recordv1.Hazard, d *Door, state int64) {
				if s.due(z.GetDeadline()) {
					right := s.hazardLife(id, z, state).right
					s.out.put(idOf(d.GetTerritory()), code(z), told(right) && !date(right).After(date(z.GetDeadline())))
				}
			})
		},
		"recurrence": func() {
			s.eachHazard(func(id ID, z *recordv1.Hazard, d *Door, state int64) {
				if l := s.hazardLife(id, z, state); s.hasMS(l.closed) {
					s.out.put(idOf(d.GetTerritory()), code(z), s.cameBack(id, z, l))
				}
			})
		},
	}
}

func (s *counting) cameBack(id ID, z *recordv1.Hazard, l hazardLife) bool {
	if told(l.back) && days(date(l.closed), date(l.back)) <= 90 {
		return true
	}
	for other, o := range s.Hazards {
		if other == id || idOf(o.Record.GetPremisesId()) != idOf(z.GetPremisesId()) || o.Record.GetCode() != z.GetCode() || !told(o.Record.GetFoundAt()) {
			continue
		}
		if n := days(date(l.closed), date(o.Record.GetFoundAt())); n > 0 && n <= 90 {
			return true
		}
	}
	return false
}

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
