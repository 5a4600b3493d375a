package report

import (
	"cmp"
	"slices"

	"onedoor/domain"
	"onedoor/domain/metrics"
)

// sums are one figure's sums by place and part. Places are those of a layout.
type sums struct {
	classes int
	cells   []metrics.Sum
}

func newSums(places int, split metrics.Split) *sums {
	classes := max(split.Classes(), 1)
	return &sums{classes: classes, cells: make([]metrics.Sum, places*classes)}
}

func (s *sums) at(place int, class metrics.Class) *metrics.Sum {
	return &s.cells[place*s.classes+max(int(class), 0)]
}

// adding gives the place where a unit's part is added; nil for a unit that stands nowhere in the layout.
func (s *sums) adding(place int) metrics.Adding {
	return func(c metrics.Class, sum metrics.Sum) { s.at(place, c).Add(sum) }
}

// count sums a figure over all units, by the places of a layout.
func (p *projection) count(f *metrics.Figure, period metrics.Period, l *layout) *sums {
	p.freshen()
	c := &counting{p: p, f: f, period: period, leaves: l.leavesOf(p.grounds), out: newSums(len(l.places), f.Split), adders: make([]metrics.Adding, len(l.places))}
	doors, hazards, disputes := f.Counts()
	if doors {
		c.doors()
	}
	if hazards {
		c.hazards()
	}
	if disputes {
		c.disputes()
	}
	return c.out
}

// counting is one figure that is being summed.
type counting struct {
	p      *projection
	f      *metrics.Figure
	period metrics.Period
	// leaves are the places of the projection's grounds; -1 for one outside of the layout.
	leaves []int32
	out    *sums
	adders []metrics.Adding
}

// add gives where the units of a ground are added; nil for one outside of the layout.
func (c *counting) add(at ground) metrics.Adding {
	place := c.leaves[at]
	if place < 0 {
		return nil
	}
	if c.adders[place] == nil {
		c.adders[place] = c.out.adding(int(place))
	}
	return c.adders[place]
}

func (c *counting) doors() {
	var checks map[*door][]metrics.Check
	if c.f.Split == metrics.SplitChecks {
		checks = c.p.checksByDoor(c.period)
	}
	merged, cadence := c.p.mergedDoors(), c.p.rules.Policy.Cadence(c.period.End())
	for _, d := range c.p.doors {
		if !d.counts() {
			continue
		}
		add := c.add(d.ground)
		if add == nil {
			continue
		}
		d.Every = cadence.Every(d.Class, d.grade)
		unit := &d.Door
		if len(merged) > 0 || checks != nil {
			unit = joinedDoor(d, merged[d], checks[d])
		}
		c.f.OfDoor(unit, c.period, add)
	}
}

// joinedDoor gives a door with the calls at those that were merged into it, and its checks.
func joinedDoor(d *door, merged []*door, checks []metrics.Check) *metrics.Door {
	if len(merged) == 0 && len(checks) == 0 {
		return &d.Door
	}
	unit := d.Door
	unit.Checks = checks
	for _, one := range merged {
		unit.Calls = slices.Concat(unit.Calls, one.Calls)
	}
	if len(merged) > 0 {
		slices.SortStableFunc(unit.Calls, func(a, b metrics.Call) int { return cmp.Compare(a.Day, b.Day) })
	}
	return &unit
}

// mergedDoors gives the merged doors by those that stand for them.
func (p *projection) mergedDoors() map[*door][]*door {
	out := map[*door][]*door{}
	for _, d := range p.merged {
		if standing := p.standing(d); standing != nil && standing != d {
			out[standing] = append(out[standing], d)
		}
	}
	return out
}

func (c *counting) hazards() {
	var again []domain.Days
	for _, h := range c.p.hazards.units {
		unit, at := c.p.joined(h, c.period, again)
		if at == nil {
			continue
		}
		again = unit.Again
		if add := c.add(at.ground); add != nil {
			c.f.OfHazard(&unit, c.period, add)
		}
	}
}

func (c *counting) disputes() {
	for _, d := range c.p.disputes.units {
		if add := c.add(c.p.groundOfDispute(d)); add != nil {
			c.f.OfDispute(&d.Dispute, c.period, add)
		}
	}
}

// lags gathers the lags of the visits of a period by place.
func (p *projection) lags(period metrics.Period, l *layout) []metrics.Lags {
	out, leaves := make([]metrics.Lags, len(l.places)), l.leavesOf(p.grounds)
	add := func(at ground, d *door) {
		if leaves[at] < 0 {
			return
		}
		from, to := metrics.Span(d.Calls, period)
		for i := from; i < to; i++ {
			out[leaves[at]].Add(d.tails[i].lag)
		}
	}
	for _, d := range p.doors {
		if standing := p.standing(d); standing != nil && standing.counts() {
			add(standing.ground, d)
		}
	}
	for _, d := range p.patrols {
		add(d.ground, d)
	}
	return out
}

// own counts one worker's own work.
func (p *projection) own(user domain.ID, period metrics.Period) metrics.Own {
	count := metrics.NewOwnCount(period)
	mine := make([]bool, len(p.crews))
	for n, crew := range p.crews {
		mine[n] = slices.Contains(crew, user)
	}
	calls := func(at domain.ID, d *door) {
		for i := range d.tails {
			if mine[d.tails[i].crew] {
				count.Call(d.tails[i].visit, at, d.Calls[i])
			}
		}
	}
	for _, d := range p.doors {
		calls(domain.ID(d.id), d)
	}
	for _, d := range p.patrols {
		calls(domain.ID{}, d)
	}
	for id, c := range p.checks {
		if slices.Contains(c.crew, user) {
			count.Visit(visitNumber(id), c.day)
		}
	}
	for _, h := range p.hazards.units {
		if string(h.record.GetRegisteredBy()) == string(user[:]) {
			count.Hazard(metrics.DayOf(domain.UnixMilli(h.record.GetFoundAt())))
		}
	}
	for _, d := range p.disputes.units {
		if string(d.record.GetRegisteredBy()) == string(user[:]) {
			count.Case(metrics.DayOf(domain.UnixMilli(d.record.GetRegisteredAt())))
		}
	}
	return count.Sum()
}
