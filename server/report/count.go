package report

import (
	"slices"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/syncengine"
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
	out := newSums(len(l.places), f.Split)
	doors, hazards, disputes := f.Counts()
	if doors {
		p.countDoors(f, period, l, out)
	}
	if hazards {
		p.countHazards(f, period, l, out)
	}
	if disputes {
		p.countDisputes(f, period, l, out)
	}
	return out
}

func (p *projection) countDoors(f *metrics.Figure, period metrics.Period, l *layout, out *sums) {
	var checks map[*door][]metrics.Check
	if f.Split == metrics.SplitChecks {
		checks = p.checksByDoor()
	}
	adders, cadence := make([]metrics.Adding, len(l.places)), p.rules.Policy.Cadence(period.End())
	p.eachDoor(func(d *door, calls []metrics.Call) {
		place, ok := l.leafOf(d.territory)
		if !ok {
			return
		}
		if adders[place] == nil {
			adders[place] = out.adding(place)
		}
		d.Every = cadence.Every(d.Class, d.grade)
		unit := &d.Door
		if len(calls) != len(d.Calls) || checks != nil {
			joined := d.Door
			joined.Calls, joined.Checks = calls, checks[d]
			unit = &joined
		}
		f.OfDoor(unit, period, adders[place])
	})
}

// eachDoor calls f for every door of the register that stands for itself, with the calls at it and at those merged into it.
func (p *projection) eachDoor(f func(d *door, calls []metrics.Call)) {
	merged := p.mergedCalls()
	for _, d := range p.doors {
		if !d.known || !d.into.IsZero() {
			continue
		}
		calls := d.Calls
		if more := merged[d]; len(more) > 0 {
			calls = slices.Concat(calls, more)
			slices.SortFunc(calls, func(a, b metrics.Call) int {
				switch {
				case before(&a, &b):
					return -1
				case before(&b, &a):
					return 1
				}
				return 0
			})
		}
		f(d, calls)
	}
}

// mergedCalls gives the calls at merged doors by the doors that stand for them.
func (p *projection) mergedCalls() map[*door][]metrics.Call {
	out := map[*door][]metrics.Call{}
	for id, d := range p.merged {
		if standing := p.standing(id); standing != nil && standing != d {
			out[standing] = append(out[standing], d.Calls...)
		}
	}
	return out
}

// checksByDoor gives the officers' checks by door: those that a check names, or else those of the visit that it checks.
func (p *projection) checksByDoor() map[*door][]metrics.Check {
	out := map[*door][]metrics.Check{}
	add := func(id syncengine.ID, c *check) {
		if standing := p.standing(id); standing != nil {
			out[standing] = append(out[standing], metrics.Check{Day: c.day, Result: c.result})
		}
	}
	open := map[uint64][]*check{}
	for _, c := range p.checks {
		for _, id := range c.doors {
			add(syncengine.ID(id), c)
		}
		if len(c.doors) > 0 || c.of == (domain.ID{}) {
			continue
		}
		if of := p.checks[syncengine.ID(c.of)]; of != nil && of.day != metrics.NoDay {
			for _, id := range of.doors { // A check of a check.
				add(syncengine.ID(id), c)
			}
		} else if of == nil {
			number := visitNumber(syncengine.ID(c.of))
			open[number] = append(open[number], c)
		}
	}
	if len(open) == 0 {
		return out
	}
	for _, d := range p.doors {
		for i := range d.Calls {
			for _, c := range open[d.Calls[i].Visit] {
				add(d.id, c)
			}
		}
	}
	return out
}

func (p *projection) countHazards(f *metrics.Figure, period metrics.Period, l *layout, out *sums) {
	for _, h := range p.hazards {
		unit, territory, ok := p.joined(h)
		if place, placed := l.leafOf(territory); ok && placed {
			f.OfHazard(&unit, period, out.adding(place))
		}
	}
}

func (p *projection) countDisputes(f *metrics.Figure, period metrics.Period, l *layout, out *sums) {
	for _, d := range p.disputes {
		if place, ok := l.leafOf(p.placeOf(d)); ok {
			f.OfDispute(&d.Dispute, period, out.adding(place))
		}
	}
}

// lags gathers the lags of the visits of a period by place.
func (p *projection) lags(period metrics.Period, l *layout) []metrics.Lags {
	out := make([]metrics.Lags, len(l.places))
	add := func(territory syncengine.ID, calls []metrics.Call) {
		place, ok := l.leafOf(territory)
		if !ok {
			return
		}
		in := metrics.During(calls, period)
		for i := range in {
			out[place].Add(&in[i])
		}
	}
	p.eachDoor(func(d *door, calls []metrics.Call) { add(d.territory, calls) })
	for territory, d := range p.patrols {
		add(territory, d.Calls)
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
	calls := func(door domain.ID, list []metrics.Call) {
		for i := range list {
			if mine[list[i].Crew] {
				count.Call(door, &list[i])
			}
		}
	}
	for _, d := range p.doors {
		calls(domain.ID(d.id), d.Calls)
	}
	for _, d := range p.patrols {
		calls(domain.ID{}, d.Calls)
	}
	for id, c := range p.checks {
		if slices.Contains(c.crew, user) {
			count.Visit(visitNumber(id), c.day)
		}
	}
	for _, h := range p.hazards {
		if string(h.record.GetRegisteredBy()) == string(user[:]) {
			count.Hazard(metrics.DayOf(domain.UnixMilli(h.record.GetFoundAt())))
		}
	}
	for _, d := range p.disputes {
		if string(d.record.GetRegisteredBy()) == string(user[:]) {
			count.Case(metrics.DayOf(domain.UnixMilli(d.record.GetRegisteredAt())))
		}
	}
	return count.Sum()
}
