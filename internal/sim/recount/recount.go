// Package recount counts the figures of reports a second time, from the records as they stand, as plainly as they are
// described: one loop a figure, dates as dates, nothing kept from one question to the next. It shares no code with what it
// checks but what has rules and tests of its own: the deadlines of cases, the order of a timeline, and how often a door is due.
//
// It is slow on purpose and imported by tests and the simulator alone. Read this file, then figures.go, hazards.go and disputes.go.
package recount

import (
	"sort"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain/casework"
	"onedoor/internal/casebook"
)

// ID is a record's id.
type ID [16]byte

// Door is a door's record with the times behind it, in milliseconds; StateMS is when its status was written last.
type Door struct {
	*recordv1.Premises
	CreatedMS, StateMS int64
}

// Case is a hazard or a dispute with when its state was written last, in milliseconds.
type Case[M any] struct {
	Record  M
	StateMS int64
}

// World is every record that stands, by id. What is deleted is left out.
type World struct {
	Doors    map[ID]Door
	Visits   map[ID]*recordv1.Visit
	Hazards  map[ID]Case[*recordv1.Hazard]
	Disputes map[ID]Case[*recordv1.Dispute]
	Events   map[ID]*recordv1.CaseEvent
	// Until is the last day that the log tells of.
	Until time.Time
}

// Sum is a numerator and a denominator.
type Sum struct{ Num, Den int64 }

// Where is a territory's id and the name of a part.
type Where struct {
	Territory ID
	Class     string
}

// Sums are a figure's numbers.
type Sums map[Where]Sum

func (s Sums) add(territory ID, class string, num, den int64) {
	at := s[Where{territory, class}]
	s[Where{territory, class}] = Sum{at.Num + num, at.Den + den}
}

// put is add for a unit that is in the denominator, and in the numerator when yes.
func (s Sums) put(territory ID, class string, yes bool) {
	if yes {
		s.add(territory, class, 1, 1)
	} else {
		s.add(territory, class, 0, 1)
	}
}

// zone has kept UTC+8 without summer time since 1991.
var zone = time.FixedZone("CST", 8*60*60)

// date gives the calendar date of a time, at noon UTC so that dates subtract in whole days.
func date(ms int64) time.Time {
	at := time.UnixMilli(ms).In(zone)
	return time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, time.UTC)
}

// told reports a time that a sound clock shows.
func told(ms int64) bool {
	d := date(ms)
	return d.Year() >= 2000 && d.Year() <= 2100
}

// Day makes a date.
func Day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}

func days(from, to time.Time) int { return int(to.Sub(from).Hours() / 24) }

func plus(d time.Time, n int) time.Time { return d.AddDate(0, 0, n) }

// span is the days from one to another, both in it.
type span struct{ from, to time.Time }

func (s span) has(d time.Time) bool { return !d.Before(s.from) && !d.After(s.to) }

func (s span) hasMS(ms int64) bool { return told(ms) && s.has(date(ms)) }

// call is one call at one door.
type call struct {
	on   time.Time
	seen bool
}

func idOf(b []byte) (id ID) {
	copy(id[:], b)
	return id
}

// callsAt lists the calls at each door that stands for itself, by day; those at merged doors go where the merges lead.
func (w *World) callsAt() map[ID][]call {
	out := map[ID][]call{}
	for _, v := range w.Visits {
		if !told(v.GetOccurredAt()) || v.GetPurpose() == recordv1.VisitPurpose_VISIT_PURPOSE_CHECK && v.GetOutcome() == 0 {
			continue
		}
		for door := range doorsOf(v) {
			outcome := v.GetOutcome()
			if own, ok := v.GetExceptions()[text(door)]; ok {
				outcome = own
			}
			if stands, ok := w.stands(door); ok {
				out[stands] = append(out[stands], call{date(v.GetOccurredAt()), outcome == recordv1.VisitOutcome_VISIT_OUTCOME_SEEN})
			}
		}
	}
	for _, list := range out {
		sort.SliceStable(list, func(i, j int) bool { return list[i].on.Before(list[j].on) })
	}
	return out
}

func doorsOf(v *recordv1.Visit) map[ID]bool {
	out := map[ID]bool{}
	for _, b := range v.GetPremisesIds() {
		out[idOf(b)] = true
	}
	return out
}

// stands follows merges to the door that stands for one.
func (w *World) stands(id ID) (ID, bool) {
	for range 100 {
		d, ok := w.Doors[id]
		if !ok {
			return id, false
		}
		if d.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO || len(d.GetMergedInto()) == 0 {
			return id, true
		}
		id = idOf(d.GetMergedInto())
	}
	return ID{}, false
}

func text(id ID) string {
	const digits = "0123456789abcdef"
	var out []byte
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}

// eventsOf lists the events of a case in the order in which they took place.
func (w *World) eventsOf(id ID) []*recordv1.CaseEvent {
	var ids []ID
	for event, e := range w.Events {
		if idOf(e.GetCaseId()) == id {
			ids = append(ids, event)
		}
	}
	sort.Slice(ids, func(i, j int) bool { return string(ids[i][:]) < string(ids[j][:]) })
	out := make([]*recordv1.CaseEvent, len(ids))
	for i, event := range ids {
		out[i] = w.Events[event]
	}
	sort.SliceStable(out, func(i, j int) bool {
		return casework.CompareEvents(casebook.Event(out[i]), casebook.Event(out[j])) < 0
	})
	return out
}
