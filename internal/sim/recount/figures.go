package recount

import (
	"fmt"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/policy"
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
