package metrics

import "onedoor/domain"

// Own is a worker's own count of their own work in a period. It is theirs alone: nobody else is shown it, and nothing is
// ordered by it.
type Own struct {
	// Visits are those that the worker made or had a part in.
	Visits int64
	// Calls are the doors called at on them, each time it was; Seen those where somebody was met.
	Calls, Seen int64
	// Doors are the doors seen, each once.
	Doors int64
	// Hazards are those that the worker registered, by the day they were found; Cases likewise, by the day of registering.
	Hazards, Cases int64
}

// OwnCount gathers an Own. Its zero value is not ready: NewOwnCount makes one.
type OwnCount struct {
	period Period
	own    Own
	visits map[uint64]bool
	doors  map[domain.ID]bool
}

// NewOwnCount begins a count for a period.
func NewOwnCount(p Period) *OwnCount {
	return &OwnCount{period: p, visits: map[uint64]bool{}, doors: map[domain.ID]bool{}}
}

// Call counts a call of one of the worker's visits, by the visit's number; door is zero where the visit names none.
func (o *OwnCount) Call(visit uint64, door domain.ID, c Call) {
	if !o.period.holds(domain.Days(c.Day)) {
		return
	}
	o.visits[visit] = true
	if door == (domain.ID{}) {
		return
	}
	o.own.Calls++
	if c.Seen() {
		o.own.Seen++
		o.doors[door] = true
	}
}

// Visit counts a visit at which nobody called at a door, such as a check or a patrol.
func (o *OwnCount) Visit(number uint64, day domain.Days) {
	if o.period.holds(day) {
		o.visits[number] = true
	}
}

// Hazard counts a hazard that the worker registered.
func (o *OwnCount) Hazard(found domain.Days) {
	if o.period.holds(found) {
		o.own.Hazards++
	}
}

// Case counts a dispute that the worker registered.
func (o *OwnCount) Case(registered domain.Days) {
	if o.period.holds(registered) {
		o.own.Cases++
	}
}

// Sum gives the count.
func (o *OwnCount) Sum() Own {
	out := o.own
	out.Visits, out.Doors = int64(len(o.visits)), int64(len(o.doors))
	return out
}
