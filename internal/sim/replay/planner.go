package replay

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"slices"

	"onedoor/domain"
	"onedoor/internal/rentsafe"
)

const (
	// firstSessions is how many working days the inspections of the evaluations
	// files take: enough for later days to meet records of earlier ones.
	firstSessions = 4
	// dayMillis is a day.
	dayMillis domain.UnixMilli = 24 * 60 * 60_000
	// workBegins and workEnds bound the hours in which phones write, eveningAt is
	// when they sync.
	workBegins = 8 * 60 * 60_000
	workEnds   = 17 * 60 * 60_000
	eveningAt  = 18 * 60 * 60_000
)

// firstDayDefault is the first working day of a feed without day files.
const firstDayDefault rentsafe.Date = "2026-07-01"

// ReadPlan reads a folder and plans its replay. The error is [rentsafe.ErrNoFeed],
// [ErrTooManyWards] or one of reading the folder; what is wrong with the content
// of files is in the plan.
func ReadPlan(folder fs.FS, seed uint64) (*Plan, error) {
	feed, err := rentsafe.Load(folder)
	if err != nil {
		return nil, err
	}
	return NewPlan(feed, seed)
}

// NewPlan plans the replay of a feed. The same feed and seed give the same plan.
func NewPlan(feed *rentsafe.Feed, seed uint64) (*Plan, error) {
	p := &planning{
		feed: feed, seed: seed, standing: feed.Standing(), wards: map[string]*wardPlanner{}, bad: map[rentsafe.RSN]string{},
		plan: &Plan{Totals: feed.Totals(), Refused: slices.Clone(feed.Refused)},
	}
	p.plan.Sessions = sessionDates(feed)
	if err := p.place(); err != nil {
		return nil, err
	}
	p.first()
	for i, day := range feed.Days {
		p.day(firstSessions+i, day)
	}
	return p.plan, nil
}

// planning is a plan in the making.
type planning struct {
	feed     *rentsafe.Feed
	seed     uint64
	plan     *Plan
	standing *rentsafe.Standing
	// wards are the planners by the feed's text.
	wards map[string]*wardPlanner
	// bad are the buildings that cannot be doors, with the reason.
	bad map[rentsafe.RSN]string
}

// sessionDates puts the first sessions on the days before the first day file.
func sessionDates(feed *rentsafe.Feed) []Date {
	begin := midnight(firstDayDefault)
	if len(feed.Days) > 0 {
		begin = midnight(feed.Days[0].Date)
	}
	var dates []Date
	for i := range firstSessions {
		dates = append(dates, begin-dayMillis*domain.UnixMilli(firstSessions-i))
	}
	for _, day := range feed.Days {
		dates = append(dates, midnight(day.Date))
	}
	return dates
}

// place makes the wards with their teams and the doors of the register.
func (p *planning) place() error {
	all := p.allBuildings()
	wards, err := wardsOf(all)
	if err != nil {
		return err
	}
	for i, ward := range wards {
		w := newWardPlanner(ward, teamOf(i, ward), p.seed)
		p.wards[ward.Text] = w
		p.plan.Wards = append(p.plan.Wards, w.plan)
	}
	for _, b := range all {
		if why := checkBuilding(b); why != "" {
			p.bad[b.RSN] = why
			p.refuse("registrations-*.csv", 0, "RSN %.80s: %s", b.RSN, why)
			continue
		}
		p.wards[b.Ward].door(b)
	}
	for _, w := range p.wards {
		w.ledger = newLedger(w.plan)
	}
	return nil
}

// allBuildings gives the buildings of the register and, as they first appear,
// those that only inspections know, by RSN.
func (p *planning) allBuildings() []rentsafe.Building {
	all := slices.Clone(p.feed.Buildings)
	walk := p.feed.Standing()
	for _, day := range p.feed.Days {
		changes := rentsafe.Diff(walk, day)
		all = append(all, changes.Buildings...)
		walk.Apply(changes)
	}
	return all
}

func (p *planning) refuse(file string, line int, format string, values ...any) {
	p.plan.Refused = append(p.plan.Refused, Refused{File: file, Line: line, Why: fmt.Sprintf(format, values...)})
}

// wardOf gives the planner of an inspection's door, or refuses the inspection.
// The door's ward counts: the files disagree in a few rows.
func (p *planning) wardOf(i rentsafe.Inspection) (*wardPlanner, bool) {
	why := p.bad[i.Key.RSN]
	if why == "" {
		why = checkInspection(i)
	}
	if why != "" {
		p.refuse(i.File, i.Line, "the visit is left out: %s", why)
		return nil, false
	}
	building, ok := p.standing.Building(i.Key.RSN)
	assert(ok, "inspection of %s without a building", i.Key.RSN)
	return p.wards[building.Ward], true
}

// first plans the sessions of the evaluations files, the earliest inspections first.
func (p *planning) first() {
	byWard := map[*wardPlanner][]rentsafe.Inspection{}
	for _, i := range p.feed.Inspections {
		if w, ok := p.wardOf(i); ok {
			byWard[w] = append(byWard[w], i)
		}
	}
	for _, ward := range p.plan.Wards {
		w := p.wards[ward.Ward.Text]
		list := byWard[w]
		slices.SortStableFunc(list, func(a, b rentsafe.Inspection) int {
			return cmp.Or(cmp.Compare(a.CompletedOn, b.CompletedOn), a.Key.Compare(b.Key))
		})
		for s := range firstSessions {
			part := list[len(list)*s/firstSessions : len(list)*(s+1)/firstSessions]
			w.firstSession(p.plan.Sessions[s], part, s > 0)
		}
	}
}

// day plans the session of a day file.
func (p *planning) day(session int, day rentsafe.Day) {
	changes := rentsafe.Diff(p.standing, day)
	p.plan.Days = append(p.plan.Days, DayFigures{Date: day.Date, Rows: day.Rows, New: len(changes.New), Changed: len(changes.Changed)})
	p.standing.Apply(changes)
	added, changed := map[*wardPlanner][]rentsafe.Inspection{}, map[*wardPlanner][]rentsafe.Change{}
	for _, i := range changes.New {
		if w, ok := p.wardOf(i); ok {
			added[w] = append(added[w], i)
		}
	}
	for _, c := range changes.Changed {
		if w, ok := p.wardOf(c.After); ok {
			changed[w] = append(changed[w], c)
		}
	}
	for _, ward := range p.plan.Wards {
		w := p.wards[ward.Ward.Text]
		w.daySession(p.plan.Sessions[session], added[w], changed[w], session == len(p.plan.Sessions)-1)
	}
}

// wardSeed gives each ward chance of its own, so that a ward's plan depends on
// no other ward's rows.
func wardSeed(seed uint64, ward string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(ward)) // A hash takes every write.
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
