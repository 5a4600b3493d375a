package domain

import (
	"cmp"
	"slices"
)

// Slot is a part of the day in which doors are called at.
type Slot int8

// The slots. A failed call moves a door to another one.
const (
	NoSlot Slot = iota
	Morning
	Afternoon
	Evening
)

// Words names the slot in Chinese and English; of no slot, nothing.
func (s Slot) Words() (zh, en string) {
	switch s {
	case Morning:
		return "上午", "morning"
	case Afternoon:
		return "下午", "afternoon"
	case Evening:
		return "晚上", "evening"
	}
	return "", ""
}

// String gives the slot's English name, and nothing for no slot.
func (s Slot) String() string {
	_, en := s.Words()
	return en
}

// Minutes of the day at which the slots meet.
const (
	noon         = 12 * 60
	evening      = 18 * 60
	minuteMillis = 60_000
)

// slotAt gives the part of the day in which a time lies.
func slotAt(t UnixMilli) Slot { return SlotOf(minuteOfDay(t)) }

// SlotOf gives the part of the day in which a minute of the day lies, counted from midnight.
func SlotOf(minute int) Slot {
	switch {
	case minute < noon:
		return Morning
	case minute < evening:
		return Afternoon
	}
	return Evening
}

func minuteOfDay(t UnixMilli) int { return int((t - t.ShanghaiDay().Midnight()) / minuteMillis) }

// SlotTime is a slot of a shift, in minutes of the day.
type SlotTime struct {
	// Slot is which one.
	Slot Slot
	// From and To bound it.
	From, To int
}

// Shift is a worker's time at doors in a day: a row of the policy, see domain/policy.
type Shift struct {
	// Slots are its parts, in the order of the day.
	Slots []SlotTime
	// DoorMinutes is what one door takes, StairMinutes what coming to another stair or building takes beside it.
	DoorMinutes, StairMinutes int
}

// stairGroup is a run of due doors of one stair, which are called at together.
type stairGroup struct {
	first, last int
	urgent      bool
	overdue     Days
}

// assign gives doors their slots: the stairs with what is urgent first, then those that waited longest, as many as fit the
// time that is left of the day.
func (s Shift) assign(doors []PlanDoor, lines []PlanLine, day Days, at UnixMilli) {
	left := s.left(day, at)
	groups := groupsOf(doors, lines)
	slices.SortStableFunc(groups, func(a, b stairGroup) int {
		return cmp.Or(compareBool(b.urgent, a.urgent), cmp.Compare(b.overdue, a.overdue))
	})
	for _, g := range groups {
		if !slices.ContainsFunc(left, func(t SlotTime) bool { return t.To-t.From >= s.DoorMinutes }) {
			return
		}
		s.assignGroup(doors, lines[g.first:g.last+1], left, day)
	}
}

// left gives the slots with the time that is left of each.
func (s Shift) left(day Days, at UnixMilli) []SlotTime {
	out := slices.Clone(s.Slots)
	if at.ShanghaiDay() != day {
		return out
	}
	for i := range out {
		out[i].From = min(max(out[i].From, minuteOfDay(at)), out[i].To)
	}
	return out
}

func groupsOf(doors []PlanDoor, lines []PlanLine) []stairGroup {
	var out []stairGroup
	for i := range lines {
		if i == 0 || !sameStair(&doors[lines[i-1].Door], &doors[lines[i].Door]) {
			out = append(out, stairGroup{first: i})
		}
		g := &out[len(out)-1]
		g.last = i
		g.urgent = g.urgent || lines[i].urgent
		g.overdue = max(g.overdue, lines[i].Overdue)
	}
	return out
}

func sameStair(a, b *PlanDoor) bool {
	return !a.Key.Empty() && a.Key.Compound == b.Key.Compound && a.Key.Building == b.Key.Building && a.Key.Stair == b.Key.Stair
}

// assignGroup puts the doors of one stair into the slots, each into the first with time that its last call allows. The way
// to the stair is paid once a slot.
func (s Shift) assignGroup(doors []PlanDoor, lines []PlanLine, left []SlotTime, day Days) {
	came := make([]bool, len(left))
	for i := range lines {
		door := &doors[lines[i].Door]
		if door.leftAlone(day) {
			continue
		}
		avoid := door.slotToAvoid()
		for at := range left {
			takes := s.DoorMinutes
			if !came[at] {
				takes += s.StairMinutes
			}
			if left[at].Slot == avoid || left[at].To-left[at].From < takes {
				continue
			}
			left[at].From += takes
			came[at] = true
			lines[i].Slot = left[at].Slot
			break
		}
	}
}

// slotToAvoid gives the part of the day in which nobody opened at the last call.
func (d *PlanDoor) slotToAvoid() Slot {
	if d.LastTry == 0 || d.LastTry < d.LastSeen || CountsAsSeen(d.LastOutcome) {
		return NoSlot
	}
	return slotAt(d.LastTry)
}

// leftAlone reports that somebody refused or asked for another time on the day: nobody calls again before the next.
func (d *PlanDoor) leftAlone(day Days) bool {
	answered := d.LastOutcome == OutcomeRefused || d.LastOutcome == OutcomeRescheduled
	return answered && d.LastTry >= d.LastSeen && d.LastTry.ShanghaiDay() == day
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
