package report

import (
	"slices"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/syncengine"
)

// checked tells at which doors a visit called that officers' checks name without naming doors.
type checked struct {
	// checks counts the checks that name it.
	checks int
	doors  []*door
}

// setCheck takes in a visit that checks another one.
func (p *projection) setCheck(v *seenVisit) {
	c := &check{day: v.unit.Day, result: v.unit.Result, doors: v.unit.CheckedDoors, of: v.unit.Checks, crew: v.unit.Crew}
	p.checks[v.id] = c
	if !c.open() {
		return
	}
	number := visitNumber(syncengine.ID(c.of))
	if of := p.checked[number]; of != nil {
		of.checks++
		return
	}
	of := &checked{checks: 1}
	for _, id := range v.checked {
		if d := p.doorOf[id]; d != nil && slices.ContainsFunc(d.tails, func(t tail) bool { return t.visit == number }) {
			of.doors = append(of.doors, d)
		}
	}
	p.checked[number] = of
}

// open reports that only the visit which is checked tells the doors.
func (c *check) open() bool { return len(c.doors) == 0 && c.of != (domain.ID{}) }

// dropCheck takes a check out.
func (p *projection) dropCheck(id syncengine.ID) {
	c := p.checks[id]
	delete(p.checks, id)
	if c == nil || !c.open() {
		return
	}
	number := visitNumber(syncengine.ID(c.of))
	if of := p.checked[number]; of != nil {
		if of.checks--; of.checks == 0 {
			delete(p.checked, number)
		}
	}
}

// checksByDoor gives the officers' checks of a period by the doors that stand: those that a check names, or else those of the
// visit that it checks.
func (p *projection) checksByDoor(period metrics.Period) map[*door][]metrics.Check {
	out := map[*door][]metrics.Check{}
	for _, c := range p.checks {
		if c.day < period.From || c.day > period.To {
			continue
		}
		for _, d := range p.doorsOf(c) {
			if standing := p.standing(d); standing != nil {
				out[standing] = append(out[standing], metrics.Check{Day: c.day, Result: c.result})
			}
		}
	}
	return out
}

// doorsOf gives the doors of a check, as they are named.
func (p *projection) doorsOf(c *check) (out []*door) {
	named := func(ids []domain.ID) {
		for _, id := range ids {
			if d := p.doorOf[syncengine.ID(id)]; d != nil {
				out = append(out, d)
			}
		}
	}
	if !c.open() {
		named(c.doors)
		return out
	}
	if of := p.checks[syncengine.ID(c.of)]; of != nil {
		if of.day != metrics.NoDay { // A check of a check.
			named(of.doors)
		}
		return out
	}
	if of := p.checked[visitNumber(syncengine.ID(c.of))]; of != nil {
		out = of.doors
	}
	return out
}
