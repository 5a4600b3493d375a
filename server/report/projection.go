package report

import (
	"slices"
	"sort"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/metrics"
	"onedoor/internal/recordunits"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Watermark is the place in the log that a projection stands at: everything up to it counts, and nothing after it.
type Watermark struct {
	Epoch syncengine.Epoch
	Seq   syncengine.Seq
	// Tag marks the commit, so that another history under the same numbers is noticed.
	Tag store.Tag
	// Committed is the time of that commit.
	Committed syncengine.UnixMilli
}

// projection is the log folded into units that figures count. What stands in it is a function of the log up to its
// watermark alone, however it came there.
type projection struct {
	at Watermark
	// doors holds every door that a record or a visit names, in the order they came; doorOf finds one.
	doors  []*door
	doorOf map[syncengine.ID]*door
	// merged are the doors for which another stands; roots gives which, and is nil when that is to be found anew.
	merged map[syncengine.ID]*door
	roots  map[*door]*door
	// grounds are the territories in which something stands; groundOf finds one's number. The first is none.
	grounds  []syncengine.ID
	groundOf map[syncengine.ID]ground
	// patrols holds visits that name no door, by the territory they name.
	patrols map[syncengine.ID]*door
	checks  map[syncengine.ID]*check
	// widest is how many doors a visit that was taken in has ever named at most.
	widest int
	// checked tells at which doors those visits called that a check names without naming doors, by the visits' numbers.
	checked  map[uint64]*checked
	hazards  roster[*hazard]
	alike    map[sameHazard]*alike
	disputes roster[*dispute]
	// unread are the cases whose units are to be read anew.
	unread []syncengine.ID
	// events are the timelines, by case; caseOf tells of an event which case it is of.
	events map[syncengine.ID]map[syncengine.ID]*recordv1.CaseEvent
	caseOf map[syncengine.ID]syncengine.ID
	// crews are the sets of people who made visits; a call names one by its number.
	crews  [][]domain.ID
	crewOf map[string]uint32
	// devices counts what each incarnation sent, by the day of the stamp.
	devices map[syncengine.ID]map[domain.Days]*sent
	// rules are those that deadlines, follow-ups and cadences go by, book the version of the rulebook that they are of;
	// rulesVersion tells them from others.
	rules        casework.Rules
	book         uint32
	rulesVersion string
}

// ground is the number of a territory in a projection.
type ground uint32

// door is a door with where it stands.
type door struct {
	metrics.Door
	// tails are those of Calls, in their order.
	tails  []tail
	id     syncengine.ID
	into   syncengine.ID
	ground ground
	grade  domain.Grade
	// known says that its record is there and not deleted; before that only visits name it.
	known bool
}

// tail is what is kept of a call beside what most figures count of it.
type tail struct {
	// visit tells visits apart; it is drawn from the visit's id.
	visit uint64
	// lag is how many minutes after the visit it had reached the server; [metrics.LagNone] where another call tells it.
	lag uint32
	// crew is the number of who made the visit.
	crew uint32
}

// counts reports that the door stands in the register for itself.
func (d *door) counts() bool { return d.known && d.into.IsZero() }

// check is an officer's check of a visit.
type check struct {
	day    domain.Days
	result metrics.CheckResult
	// doors are those that it names; of names the visit that it checks.
	doors []domain.ID
	of    domain.ID
	// crew is who made it.
	crew []domain.ID
}

// hazard is a hazard with its record, from which its unit is read anew when its timeline grows.
type hazard struct {
	metrics.Hazard
	record *recordv1.Hazard
	stamps recordunits.Stamps
	door   *door
	alike  *alike
}

type sameHazard struct {
	door *door
	code domain.HazardCode
}

// alike are the hazards of one code at one door.
type alike struct{ hazards []*hazard }

// dispute is a dispute likewise.
type dispute struct {
	metrics.Dispute
	id     syncengine.ID
	record *recordv1.Dispute
	stamps recordunits.Stamps
	ground ground
	// door is nil for a dispute about no door.
	door *door
}

// sent counts what a device sent. Bytes are those that the log held when it was read: what is erased later has none, so they
// alone are no function of the log.
type sent struct{ changes, suspect, bytes int64 }

func newProjection() *projection {
	p := &projection{
		doorOf: map[syncengine.ID]*door{}, merged: map[syncengine.ID]*door{}, patrols: map[syncengine.ID]*door{},
		groundOf: map[syncengine.ID]ground{}, checks: map[syncengine.ID]*check{}, checked: map[uint64]*checked{},
		hazards: newRoster[*hazard](), alike: map[sameHazard]*alike{}, disputes: newRoster[*dispute](),
		events: map[syncengine.ID]map[syncengine.ID]*recordv1.CaseEvent{},
		caseOf: map[syncengine.ID]syncengine.ID{}, crewOf: map[string]uint32{}, devices: map[syncengine.ID]map[domain.Days]*sent{},
	}
	p.groundAt(syncengine.ID{})
	return p
}

// setRules has everything counted by other rules from now on.
func (p *projection) setRules(rules casework.Rules, book uint32, version string) {
	p.rules, p.book, p.rulesVersion = rules, book, version
	p.unread = append(p.unread, p.disputes.ids...)
}

// groundAt gives the number of a territory.
func (p *projection) groundAt(territory syncengine.ID) ground {
	n, ok := p.groundOf[territory]
	if !ok {
		n = ground(len(p.grounds))
		p.grounds, p.groundOf[territory] = append(p.grounds, territory), n
	}
	return n
}

// named gives the door of an id, known or not.
func (p *projection) named(id syncengine.ID) *door {
	d := p.doorOf[id]
	if d == nil {
		d = &door{id: id}
		p.doorOf[id] = d
		p.doors = append(p.doors, d)
	}
	return d
}

// setDoor takes in what stands of a door; nil when it is deleted.
func (p *projection) setDoor(id syncengine.ID, m *recordv1.Premises, at recordunits.Stamps) {
	d := p.named(id)
	if !d.into.IsZero() {
		delete(p.merged, id)
		p.roots = nil
	}
	d.known, d.into, d.ground, d.grade = m != nil, syncengine.ID{}, 0, 0
	unit := metrics.Door{}
	if m != nil {
		unit = recordunits.Door(m, at)
		d.grade = domain.Grade(m.GetGrade())
		territory, _ := syncengine.IDFromBytes(m.GetTerritory())
		d.ground = p.groundAt(territory)
		if d.into = syncengine.ID(recordunits.MergedInto(m)); !d.into.IsZero() {
			p.merged[id], p.roots = d, nil
		}
	}
	unit.Calls = d.Calls
	d.Door = unit
}

// forgetDoor takes a door's record out; the calls at it stay.
func (p *projection) forgetDoor(id syncengine.ID) {
	p.setDoor(id, nil, noStamps)
}

// standing gives the door that stands for one after merges; nil for a ring of merges, and where no door does.
func (p *projection) standing(d *door) *door {
	if d == nil || d.into.IsZero() {
		return d
	}
	if p.roots == nil {
		p.findRoots()
	}
	return p.roots[d]
}

// findRoots follows all merges.
func (p *projection) findRoots() {
	p.roots = make(map[*door]*door, len(p.merged))
	into := make(map[domain.ID]domain.ID, len(p.merged))
	for from, d := range p.merged {
		into[domain.ID(from)] = domain.ID(d.into)
	}
	for from, d := range p.merged {
		p.roots[d] = p.doorOf[syncengine.ID(domain.Standing(domain.ID(from), into))]
	}
}

// visitNumber tells visits apart in the calls of a door.
func visitNumber(id syncengine.ID) uint64 { return recordunits.Number(domain.ID(id)) }

// seenVisit is what a projection takes in of a visit.
type seenVisit struct {
	id        syncengine.ID
	unit      *recordunits.Visit
	territory syncengine.ID
	lag       uint32
	// ever are the doors that it names or ever named.
	ever []syncengine.ID
	// checked are the doors that the visit which it checks names or ever named, where it names none itself.
	checked []syncengine.ID
}

// setVisit takes in what stands of a visit; without a unit it is deleted. fresh says that nothing of it was taken in before.
func (p *projection) setVisit(v *seenVisit, fresh bool) {
	if !fresh {
		p.dropVisit(v.id, v.ever)
	}
	if v.unit == nil {
		return
	}
	p.widest = max(p.widest, len(v.ever))
	if v.unit.Check {
		p.setCheck(v)
	}
	if v.unit.Day == metrics.NoDay {
		return
	}
	rest := tail{visit: visitNumber(v.id), lag: v.lag, crew: p.crew(v.unit.Crew)}
	for _, c := range v.unit.Calls {
		p.insert(p.named(syncengine.ID(c.Door)), metrics.NewCall(v.unit.Day, c.Outcome), rest)
		rest.lag = metrics.LagNone // The first of its doors tells it.
	}
	if len(v.unit.Calls) == 0 && !v.unit.Check {
		p.patrol(v.territory).insert(metrics.NewCall(v.unit.Day, 0), rest)
	}
}

// dropVisit takes a visit's calls out again.
func (p *projection) dropVisit(id syncengine.ID, ever []syncengine.ID) {
	p.dropCheck(id)
	number := visitNumber(id)
	for _, at := range ever {
		if d := p.doorOf[at]; d != nil {
			p.remove(d, number)
		}
	}
	for _, d := range p.patrols {
		d.remove(number)
	}
}

// dropEverywhere is dropVisit for a visit of which nothing tells any more which doors it named.
func (p *projection) dropEverywhere(id syncengine.ID) {
	for _, d := range p.doors {
		p.remove(d, visitNumber(id))
	}
	p.dropVisit(id, nil)
}

func (p *projection) patrol(territory syncengine.ID) *door {
	d := p.patrols[territory]
	if d == nil {
		d = &door{id: territory, ground: p.groundAt(territory)}
		p.patrols[territory] = d
	}
	return d
}

// insert puts a call of a visit at a door.
func (p *projection) insert(d *door, c metrics.Call, rest tail) {
	d.insert(c, rest)
	if of := p.checked[rest.visit]; of != nil {
		of.doors = append(of.doors, d)
	}
}

// remove takes a visit's calls at a door out.
func (p *projection) remove(d *door, visit uint64) {
	if of := p.checked[visit]; of != nil {
		of.doors = slices.DeleteFunc(of.doors, func(one *door) bool { return one == d })
	}
	d.remove(visit)
}

// insert puts a call where its day, and then its visit's number, says.
func (d *door) insert(c metrics.Call, rest tail) {
	at := len(d.Calls)
	if at > 0 && !d.before(at-1, c, rest) {
		at = sort.Search(len(d.Calls), func(i int) bool { return !d.before(i, c, rest) })
	}
	d.Calls, d.tails = slices.Insert(d.Calls, at, c), slices.Insert(d.tails, at, rest)
}

// before reports that the door's call i comes before another.
func (d *door) before(i int, c metrics.Call, rest tail) bool {
	return d.Calls[i].Day < c.Day || d.Calls[i].Day == c.Day && d.tails[i].visit <= rest.visit
}

func (d *door) remove(visit uint64) {
	n := 0
	for i := range d.tails {
		if d.tails[i].visit != visit {
			d.Calls[n], d.tails[n] = d.Calls[i], d.tails[i]
			n++
		}
	}
	d.Calls, d.tails = d.Calls[:n], d.tails[:n]
}

// crew gives the number of a set of people.
func (p *projection) crew(people []domain.ID) uint32 {
	key := make([]byte, 0, 32)
	for _, id := range people {
		key = append(key, id[:]...)
	}
	n, ok := p.crewOf[string(key)]
	if !ok {
		n = uint32(len(p.crews))
		p.crews, p.crewOf[string(key)] = append(p.crews, people), n
	}
	return n
}
