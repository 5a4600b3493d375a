package report

import (
	"onedoor/domain"
	"onedoor/domain/metrics"
)

// A phone says how many changes it holds and not of which kind, so a bound takes each for the one that moves the figure most: a
// visit of as many doors as one may name, an edit of a visit that others wrote too, a door that takes its calls, hazards or cases
// along to another one.

// doorsOfMerge is how many doors a change to a door moves: itself, the one that it is merged into, and the one that it was
// merged into before.
const doorsOfMerge = 3

// mover tells how far one unsent change may move a figure.
type mover struct {
	p      *projection
	f      *metrics.Figure
	period metrics.Period
	// named is how many doors a visit may name.
	named int64
}

// most gives the most units by which one change moves the figure's numerator and denominator.
func (m *mover) most() (num, den int64) {
	doors := max(m.named+int64(m.p.widest), doorsOfMerge)
	switch m.f.Name {
	case "coverage":
		return doors, doors
	case "due_done":
		least, longest := m.p.rules.Policy.Cadence(m.period.End()).Range()
		turns := doors * m.turns(least, m.callsAtOne(m.period.From-longest))
		return turns, turns
	case "contact_made":
		calls := max(doors, m.callsAtOne(m.period.From))
		return calls, calls
	case "police_check":
		checks := max(doors, m.checksAtOne())
		return checks, checks
	case "hazard_density":
		return 1 + m.hazardsAtOne(), doors
	}
	if hazards := m.f.Topic == metrics.TopicHazards; hazards {
		units := 1 + m.hazardsAtOne() // One that is found makes the others come back, too.
		return units, units
	}
	units := max(1, m.disputesAtOne())
	if m.f.Name == "follow_ups" {
		units *= m.turns(m.followUps())
	}
	return units, units
}

// turns is how many turns of so many days fall due in the period at most, of what was done so often and is done once more: what is
// done early begins the next turn early.
func (m *mover) turns(every domain.Days, done int64) int64 {
	days := m.period.To - m.period.From + 1
	return min(int64(days), int64(days/max(every, 1))+1+done+1)
}

// atOne gives the greatest count of those that stand for one door together. Doors in a ring of merges count as one.
func (m *mover) atOne(each func(add func(*door, int))) (most int64) {
	of := map[*door]int64{}
	each(func(d *door, n int) {
		if n > 0 {
			root := m.p.standing(d)
			of[root] += int64(n)
			most = max(most, of[root])
		}
	})
	return most
}

func (m *mover) callsAtOne(from domain.Days) int64 {
	during := metrics.Period{From: from, To: m.period.To}
	alone := int64(0) // Of the many doors that nothing was merged with.
	most := m.atOne(func(add func(*door, int)) {
		for _, d := range m.p.doors {
			from, to := metrics.Span(d.Calls, during)
			if len(m.p.merged) == 0 {
				alone = max(alone, int64(to-from))
				continue
			}
			add(d, to-from)
		}
	})
	return max(alone, most)
}

func (m *mover) checksAtOne() int64 {
	return m.atOne(func(add func(*door, int)) {
		for _, c := range m.p.checks {
			for _, d := range m.p.doorsOf(c) {
				add(d, 1)
			}
		}
	})
}

func (m *mover) hazardsAtOne() int64 {
	return m.atOne(func(add func(*door, int)) {
		for _, h := range m.p.hazards.units {
			add(h.door, 1)
		}
	})
}

func (m *mover) disputesAtOne() int64 {
	return m.atOne(func(add func(*door, int)) {
		for _, d := range m.p.disputes.units {
			if d.door != nil {
				add(d.door, 1)
			}
		}
	})
}

// followUps gives the shortest time between two follow-ups of a case, and how many a case had at most.
func (m *mover) followUps() (least domain.Days, done int64) {
	least = PeriodDaysMax
	for _, d := range m.p.disputes.units {
		done = max(done, int64(len(d.FollowUps)))
		if d.FollowUpEvery > 0 {
			least = min(least, d.FollowUpEvery)
		}
	}
	for _, clinic := range m.p.rules.Policy.Clinics(m.period.End()) {
		if clinic.FollowUpDays > 0 {
			least = min(least, clinic.FollowUpDays)
		}
	}
	return least, done
}
