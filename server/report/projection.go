package report

import (
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
	// merged are the doors for which another stands.
	merged map[syncengine.ID]*door
	// patrols holds visits that name no door, by the territory they name.
	patrols map[syncengine.ID]*door
	checks  map[syncengine.ID]*check
	hazards map[syncengine.ID]*hazard
	// alike lists the hazards of one code at one door.
	alike    map[sameHazard][]*hazard
	disputes map[syncengine.ID]*dispute
	// events are the timelines, by case; caseOf tells of an event which case it is of.
	events map[syncengine.ID]map[syncengine.ID]*recordv1.CaseEvent
	caseOf map[syncengine.ID]syncengine.ID
	// crews are the sets of people who made visits; a call names one by its number.
	crews  [][]domain.ID
	crewOf map[string]uint32
	// devices counts what each incarnation sent, by the day of the stamp.
	devices map[syncengine.ID]map[domain.Days]*sent
	// rules are those that deadlines, follow-ups and cadences go by; rulesVersion tells them from others.
	rules        casework.Rules
	rulesVersion string
}

// door is a door with where it stands.
type door struct {
	metrics.Door
	id        syncengine.ID
	territory syncengine.ID
	into      syncengine.ID
	grade     domain.Grade
	// known says that its record is there and not deleted; before that only visits name it.
	known bool
}

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
	door   syncengine.ID
	fresh  bool
}

type sameHazard struct {
	door syncengine.ID
	code domain.HazardCode
}

func (h *hazard) same() sameHazard {
	return sameHazard{h.door, domain.HazardCode(h.record.GetCode())}
}

// dispute is a dispute likewise.
type dispute struct {
	metrics.Dispute
	id        syncengine.ID
	record    *recordv1.Dispute
	stamps    recordunits.Stamps
	territory syncengine.ID
	door      syncengine.ID
	fresh     bool
}

// sent counts what a device sent. Bytes are those that the log held when it was read: what is erased later has none, so they
// alone are no function of the log.
type sent struct{ changes, suspect, bytes int64 }

func newProjection() *projection {
	return &projection{
		doorOf: map[syncengine.ID]*door{}, merged: map[syncengine.ID]*door{}, patrols: map[syncengine.ID]*door{},
		checks: map[syncengine.ID]*check{}, hazards: map[syncengine.ID]*hazard{}, alike: map[sameHazard][]*hazard{},
		disputes: map[syncengine.ID]*dispute{}, events: map[syncengine.ID]map[syncengine.ID]*recordv1.CaseEvent{},
		caseOf: map[syncengine.ID]syncengine.ID{}, crewOf: map[string]uint32{}, devices: map[syncengine.ID]map[domain.Days]*sent{},
	}
}

// setRules has everything counted by other rules from now on.
func (p *projection) setRules(rules casework.Rules, version string) {
	p.rules, p.rulesVersion = rules, version
	for _, d := range p.disputes {
		d.fresh = false
	}
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
	delete(p.merged, id)
	d.known, d.into, d.territory, d.grade = m != nil, syncengine.ID{}, syncengine.ID{}, 0
	unit := metrics.Door{Calls: d.Calls}
	if m != nil {
		unit = recordunits.Door(m, at)
		d.grade = domain.Grade(m.GetGrade())
		unit.Calls = d.Calls
		d.territory, _ = syncengine.IDFromBytes(m.GetTerritory())
		if d.into = syncengine.ID(recordunits.MergedInto(m)); !d.into.IsZero() {
			p.merged[id] = d
		}
	}
	d.Door = unit
}

// forgetDoor takes a door's record out; the calls at it stay.
func (p *projection) forgetDoor(id syncengine.ID) {
	p.setDoor(id, nil, noStamps)
}

// standing gives the door that stands for one after merges; nil for a ring of merges.
func (p *projection) standing(id syncengine.ID) *door {
	if _, merged := p.merged[id]; !merged {
		return p.doorOf[id]
	}
	into := make(map[domain.ID]domain.ID, len(p.merged))
	for from, d := range p.merged {
		into[domain.ID(from)] = domain.ID(d.into)
	}
	return p.doorOf[syncengine.ID(domain.Standing(domain.ID(id), into))]
}

// visitNumber tells visits apart in the calls of a door.
func visitNumber(id syncengine.ID) uint64 { return recordunits.Number(domain.ID(id)) }

// setVisit takes in what stands of a visit; nil when it is deleted. ever are the doors that it names or ever named, fresh
// says that nothing of it was taken in before.
func (p *projection) setVisit(id syncengine.ID, v *recordunits.Visit, territory syncengine.ID, lag uint32, ever []syncengine.ID, fresh bool) {
	if !fresh {
		p.dropVisit(id, ever)
	}
	if v == nil {
		return
	}
	if v.Check {
		p.checks[id] = &check{day: v.Day, result: v.Result, doors: v.CheckedDoors, of: v.Checks, crew: v.Crew}
	}
	call := metrics.Call{Visit: visitNumber(id), Day: int32(v.Day), Lag: lag, Crew: p.crew(v.Crew)}
	if v.Day == metrics.NoDay {
		return
	}
	for _, c := range v.Calls {
		call.Outcome = c.Outcome
		p.named(syncengine.ID(c.Door)).insert(call)
		call.Lag = metrics.LagNone // The first of its doors tells it.
	}
	if len(v.Calls) == 0 && !v.Check {
		p.patrol(territory).insert(call)
	}
}

// dropVisit takes a visit's calls out again.
func (p *projection) dropVisit(id syncengine.ID, ever []syncengine.ID) {
	delete(p.checks, id)
	number := visitNumber(id)
	for _, at := range ever {
		if d := p.doorOf[at]; d != nil {
			d.remove(number)
		}
	}
	for _, d := range p.patrols {
		d.remove(number)
	}
}

// dropEverywhere is dropVisit for a visit of which nothing tells any more which doors it named.
func (p *projection) dropEverywhere(id syncengine.ID) {
	for _, d := range p.doors {
		d.remove(visitNumber(id))
	}
	p.dropVisit(id, nil)
}

func (p *projection) patrol(territory syncengine.ID) *door {
	d := p.patrols[territory]
	if d == nil {
		d = &door{territory: territory}
		p.patrols[territory] = d
	}
	return d
}

// insert puts a call where its day, and then its number, says.
func (d *door) insert(c metrics.Call) {
	at := len(d.Calls)
	if at > 0 && !before(&d.Calls[at-1], &c) {
		at = sort.Search(len(d.Calls), func(i int) bool { return before(&c, &d.Calls[i]) })
	}
	d.Calls = append(d.Calls, metrics.Call{})
	copy(d.Calls[at+1:], d.Calls[at:])
	d.Calls[at] = c
}

func before(a, b *metrics.Call) bool {
	return a.Day < b.Day || a.Day == b.Day && a.Visit < b.Visit
}

func (d *door) remove(visit uint64) {
	kept := d.Calls[:0]
	for i := range d.Calls {
		if d.Calls[i].Visit != visit {
			kept = append(kept, d.Calls[i])
		}
	}
	d.Calls = kept
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
