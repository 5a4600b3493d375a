package casework

import (
	"onedoor/domain"
	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	"onedoor/syncengine"
)

// dueSoon is how near a deadline is when an overview counts it apart: the working days that somebody has to do something.
const dueSoon = 3 * 24 * 60 * 60 * 1000

// Open counts what is open in a place.
type Open struct {
	Cases, Overdue, DueSoon        int
	Hazards, HazardsOverdue, Major int
}

// Ages counts open cases by the days since they were registered: up to 7, 20, 60, and more. The classes are those of the
// figure of open stock.
type Ages [4]int

// Severities counts hazards of severity general or not judged, serious, major.
type Severities [3]int

// Overview is what is open in a territory. It names no case and no person.
type Overview struct {
	// Whole counts all of it, Parts what is in each part, in the order they were asked for.
	Whole Open
	Parts []Open
	// Clinics counts open cases by clinic; 0 stands for those that wait for one.
	Clinics map[domain.Clinic]Ages
	// Codes counts open hazards by code.
	Codes map[domain.HazardCode]Severities
	// At is the time as of which deadlines are judged.
	At domain.UnixMilli
}

// Overview counts what is open in a territory: whole lists its ids with all below, parts those of each part. Who may see it is
// the caller's to check.
func (x *Indexed) Overview(whole []syncengine.ID, parts [][]syncengine.ID) (*Overview, error) {
	s := x.s
	if err := s.follow(x); err != nil {
		return nil, err
	}
	rules, err := s.realm.Rules(x)
	if err != nil {
		return nil, err
	}
	c := &counting{s: s, rules: rules, at: s.now(), part: map[syncengine.ID]int{}, out: &Overview{
		Parts: make([]Open, len(parts)), Clinics: map[domain.Clinic]Ages{}, Codes: map[domain.HazardCode]Severities{},
	}}
	c.out.At = c.at
	for _, id := range whole {
		c.part[id] = -1
	}
	for i, ids := range parts {
		for _, id := range ids {
			c.part[id] = i
		}
	}
	for id, d := range s.index.disputes {
		c.dispute(id, d)
	}
	for id, h := range s.index.unsettled {
		c.hazard(id, h)
	}
	return c.out, nil
}

// counting is one overview in the making. The caller holds the index.
type counting struct {
	s     *Service
	rules cases.Rules
	at    domain.UnixMilli
	part  map[syncengine.ID]int
	out   *Overview
}

// each calls f for the counts that a record belongs to; none when it is elsewhere.
func (c *counting) each(id syncengine.ID, f func(*Open)) bool {
	part, inside := c.part[c.s.index.places[id]]
	if !inside {
		return false
	}
	f(&c.out.Whole)
	if part >= 0 {
		f(&c.out.Parts[part])
	}
	return true
}

func (c *counting) dispute(id syncengine.ID, d *recordv1.Dispute) {
	if cases.Disputes.Done(cases.State(d.GetState())) {
		return
	}
	late, soon := c.due(id, d)
	inside := c.each(id, func(o *Open) {
		o.Cases++
		o.Overdue += count(late)
		o.DueSoon += count(soon)
	})
	if inside {
		ages := c.out.Clinics[domain.Clinic(d.GetClinic())]
		ages[ageClass(c.at.DaysSince(domain.UnixMilli(d.GetRegisteredAt())))]++
		c.out.Clinics[domain.Clinic(d.GetClinic())] = ages
	}
}

// due tells whether the deadline of a case is over, or near.
func (c *counting) due(id syncengine.ID, d *recordv1.Dispute) (late, soon bool) {
	m := casebook.Matter(domain.ID(id), d, c.s.index.eventsOf(id))
	timing, ok := m.Timing(c.rules, c.at)
	if !ok || timing.Clock.State == calendar.Stopped {
		return false, false
	}
	if timing.Deadline.Late(c.at) {
		return true, false
	}
	return false, timing.Clock.State != calendar.Paused && timing.Deadline.At-c.at <= dueSoon
}

// ageClass gives the place of an age in [Ages].
func ageClass(days domain.Days) int {
	switch {
	case days <= 7:
		return 0
	case days <= 20:
		return 1
	case days <= 60:
		return 2
	}
	return 3
}

func (c *counting) hazard(id syncengine.ID, h *recordv1.Hazard) {
	severity := max(int(severityOf(h)), int(domain.SeverityGeneral))
	late := h.GetDeadline() != 0 && domain.UnixMilli(h.GetDeadline()) < c.at
	inside := c.each(id, func(o *Open) {
		o.Hazards++
		o.HazardsOverdue += count(late)
		o.Major += count(severity == int(domain.SeverityMajor))
	})
	if inside {
		row := c.out.Codes[domain.HazardCode(h.GetCode())]
		row[min(severity, len(row))-1]++
		c.out.Codes[domain.HazardCode(h.GetCode())] = row
	}
}

// severityOf is the severity that counts: what an officer ruled, else what was found.
func severityOf(h *recordv1.Hazard) domain.Severity {
	if h.SeverityRuled != nil {
		return domain.Severity(h.GetSeverityRuled())
	}
	return domain.Severity(h.GetSeverityFound())
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// countHazard keeps a hazard for overviews while it is not put right.
func (x *index) countHazard(id syncengine.ID, h *recordv1.Hazard) {
	delete(x.unsettled, id)
	if !cases.Hazards.Done(cases.State(h.GetState())) {
		x.unsettled[id] = &recordv1.Hazard{Code: h.Code, SeverityFound: h.SeverityFound, SeverityRuled: h.SeverityRuled, Deadline: h.Deadline}
	}
}

// placeOf gives the territory that a record stands in; zero for none.
func placeOf(rec *syncengine.Record) syncengine.ID {
	for _, key := range rec.CurrentKeys() {
		if key.IsTerritory() {
			return key.ID()
		}
	}
	return syncengine.ID{}
}
