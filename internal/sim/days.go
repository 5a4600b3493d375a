package sim

import (
	"slices"

	"onedoor/internal/sim/disk"
)

// Behind the script of some seeds weeks follow in which little happens: a few steps a day, and phones that sync every other day.
// Some phones lie in a drawer meanwhile, with what was written on them and never sent, past the end of their lease, past the
// fortnight for which it is taken all the same, past the month after which they destroy what they hold.

const (
	// daysIn says that one in so many seeds has such weeks, which cost as much as the day before them.
	daysIn = 6
	// daysLeast and daysMost are how long they are: the longest is longer than any time that a phone counts.
	daysLeast, daysMost = 12, 50
	// stepsADay is how many steps are taken in a day.
	stepsADay = 2
	// awayFirst is how many phones are put away at once, within hours.
	awayFirst = 2
	// syncsIn says that a phone that is in use syncs on one of so many days.
	syncsIn = 2
)

// putsAway has a phone put away; inDays is what happens in these weeks.
var (
	putsAway = stepKind{name: "put away", weight: 90, do: (*world).putAway}
	inDays   = append(slices.Clone(stepKinds), putsAway)
)

// drawDays draws how many days follow the script; 0 for none.
func drawDays(seed uint64, without kinds) int {
	d := diceFor(seed, "days", 0)
	if n := int(d.between(daysLeast, daysMost)); d.oneIn(daysIn) && !without[Drawer] {
		return n
	}
	return 0
}

// planDays plans the weeks that follow the script. They begin with phones that are put away.
func (w *world) planDays(at instant) {
	days, first := w.weather.days, w.weather.steps+1
	if days == 0 || w.c.Steps > 0 && w.c.Steps < first {
		return
	}
	at = w.planSteps(at, first, first+awayFirst-1, hourMs, []weighed[*stepKind]{{1, &putsAway}})
	first += awayFirst
	w.planSteps(at, first, first+days*stepsADay-1, dayMs/stepsADay, w.choices(inDays))
	w.planEvenings(at, days)
}

// planEvenings has each phone sync on some of the days that begin at a time.
func (w *world) planEvenings(at instant, days int) {
	for day := range days {
		for _, p := range w.phones {
			d := diceFor(w.c.Seed, "evening "+p.name, day)
			if evening := at + instant(int64(day)*dayMs+d.between(0, dayMs)); d.oneIn(syncsIn) {
				w.at(evening, p.beginSync)
			}
		}
	}
}

// putAway has a phone's owner write something more and put the phone into a drawer, where it runs empty; for how long is drawn.
func (w *world) putAway(d dice) {
	p := w.somePhone(d)
	p.work(d)
	if !p.on() || p.away {
		return
	}
	w.strike(Drawer)
	p.away = true
	p.disk.PowerOff(disk.Nothing, nil)
	days := d.between(3, int64(w.weather.days))
	p.died("is put into a drawer")
	w.after(days*dayMs+d.between(0, dayMs), func() { p.takeOut(days) })
}

// takeOut switches on a phone that lay in a drawer. Its owner looks at it before it syncs.
func (p *phone) takeOut(days int64) {
	p.away = false
	p.w.trace.tell(p.w.now, p.name, "is taken out of a drawer after %d days", days)
	p.start()
	p.w.look(p)
	p.beginSync()
}
