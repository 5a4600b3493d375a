package recount

import (
	"strings"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

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
