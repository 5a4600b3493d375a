package metrics

import "onedoor/domain"

// DueGrace is how many days after its due day a visit still counts as done by then: a weekend and the day after it.
const DueGrace domain.Days = 3

// Call is one call at one door: a visit, or one door's part of it. It has four bytes, since a district has millions and a
// figure over a month reads those of every door: what they weigh in memory is what a pull takes.
type Call struct {
	// Day is the day of the visit; [DayOf] gives none beyond it.
	Day uint16
	// Outcome is what came of it at this door; 255 for a number that is larger.
	Outcome uint8
}

// NewCall makes a call on a day that [DayOf] gave.
func NewCall(day domain.Days, outcome domain.Outcome) Call {
	const largest = 1<<8 - 1
	return Call{Day: uint16(day), Outcome: uint8(min(uint32(outcome), largest))}
}

// Seen reports that the call counts as seen.
func (c Call) Seen() bool { return domain.CountsAsSeen(domain.Outcome(c.Outcome)) }

// CheckResult is what an officer's check found.
type CheckResult uint8

// The results of a check.
const (
	CheckOpen CheckResult = iota
	CheckPassed
	CheckReturned
)

// Check is an officer's check of a visit at a door.
type Check struct {
	Day    domain.Days
	Result CheckResult
}

// Door is one door of the register with what was done at it.
type Door struct {
	// Class is its cadence class. Every is its cadence in days, by the rules at the end of the period; the holder's to set.
	Class domain.CadenceClass
	Every domain.Days
	// Officer says that it is assigned to an officer.
	Officer bool
	// Registered is the day it came into the register, Ended the first day on which it was void or merged; NoDay for not.
	Registered, Ended domain.Days
	// Calls are the calls at it, by day.
	Calls []Call
	// Checks are the checks at it, in any order.
	Checks []Check
}

// since is the day from which the door counts: a door was there when it was first called at, whenever it was entered.
func (d *Door) since() domain.Days {
	if len(d.Calls) > 0 && (d.Registered == NoDay || domain.Days(d.Calls[0].Day) < d.Registered) {
		return domain.Days(d.Calls[0].Day)
	}
	return d.Registered
}

// inScope reports that the door stood in the register at the end of a day.
func (d *Door) inScope(day domain.Days) bool {
	since := d.since()
	return since != NoDay && since <= day && (d.Ended == NoDay || d.Ended > day)
}

// during gives the calls of a period.
func (d *Door) during(p Period) []Call { return During(d.Calls, p) }

// During gives the calls of a period, of calls by day.
func During(calls []Call, p Period) []Call {
	from, to := Span(calls, p)
	return calls[from:to]
}

// Span gives where the calls of a period begin and end, of calls by day.
func Span(calls []Call, p Period) (from, to int) {
	from = firstOn(calls, p.From)
	for to = from; to < len(calls) && domain.Days(calls[to].Day) <= p.To; {
		to++
	}
	return from, to
}

// firstOn gives the first call on a day or after it.
func firstOn(calls []Call, day domain.Days) int {
	low, high := 0, len(calls)
	for low < high {
		if mid := (low + high) / 2; domain.Days(calls[mid].Day) < day {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// seenIn reports that the door was seen in a period.
func (d *Door) seenIn(p Period) bool {
	calls := d.during(p)
	for i := range calls {
		if calls[i].Seen() {
			return true
		}
	}
	return false
}

func (d *Door) coverage(p Period, add Adding) {
	if d.inScope(p.End()) {
		add(classOfDoor(d.Class), share(d.seenIn(p)))
	}
}

func (d *Door) dueDone(p Period, add Adding) {
	var sum Sum
	until := p.End()
	if d.Ended != NoDay {
		until = min(until, d.Ended-1)
	}
	seen := 0
	turn{start: d.since(), every: d.Every, grace: DueGrace, done: func(i int) (domain.Days, bool) {
		for k := i + seen; k < len(d.Calls); k++ {
			if d.Calls[k].Seen() {
				return domain.Days(d.Calls[k].Day), true
			}
			seen++ // Calls that nobody opened at are passed over.
		}
		return 0, false
	}}.each(until, func(due domain.Days, done bool) {
		if p.due(due) {
			sum.Add(share(done))
		}
	})
	if sum.Den > 0 {
		add(classOfDoor(d.Class), sum)
	}
}

func (d *Door) contactMade(p Period, add Adding) {
	calls := d.during(p)
	if len(calls) == 0 {
		return
	}
	var sum Sum
	for i := range calls {
		sum.Add(share(calls[i].Seen()))
	}
	add(classOfDoor(d.Class), sum)
}

func (d *Door) policeCheck(p Period, add Adding) {
	checked, passed := false, Sum{}
	for _, c := range d.Checks {
		if !p.holds(c.Day) {
			continue
		}
		checked = true
		if c.Result != CheckOpen {
			passed.Add(share(c.Result == CheckPassed))
		}
	}
	if d.Officer && d.inScope(p.End()) {
		add(ClassChecked, share(checked))
	}
	if passed.Den > 0 {
		add(ClassPassed, passed)
	}
}

// visited is the door's part of the hazard density: 1 in the denominator where it was seen.
func (d *Door) visited(p Period, add Adding) {
	if d.seenIn(p) {
		add(classOfDoor(d.Class), Sum{0, 1})
	}
}
