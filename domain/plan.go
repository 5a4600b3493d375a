package domain

import (
	"bytes"
	"fmt"
	"slices"
)

// PlanDoor is what the plan looks at of one door.
type PlanDoor struct {
	// ID is the door's id.
	ID ID
	// Key and Address say where it is; the plan walks by them.
	Key     DoorKey
	Address string
	// Class and Grade give its cadence.
	Class CadenceClass
	Grade Grade
	// LastSeen is when it was last seen; NeverSeen when it never was.
	LastSeen UnixMilli
	// LastTry and LastOutcome are the last call at the door, whatever came of it; 0 when there was none.
	LastTry     UnixMilli
	LastOutcome Outcome
	// Hazards are its open hazards, in any order.
	Hazards []PlanHazard
	// Tasks are when the open tasks about it are due, in any order; 0 for a task without a date.
	Tasks []UnixMilli
}

// PlanHazard is an open hazard of a door.
type PlanHazard struct {
	// Code is what is wrong.
	Code HazardCode
	// Severity is the one ruled, else the one found.
	Severity Severity
	// Deadline is by when it is to be put right; 0 for no date.
	Deadline UnixMilli
}

// PlanLine is one door that is due.
type PlanLine struct {
	// Door is its place in the doors that the plan was asked for.
	Door int
	// ZH and EN say why it is due, and what came of the last call.
	ZH, EN string
	// Overdue counts the days since it should have been seen, or since a hazard's or task's date; 0 for today.
	Overdue Days
	// Slot is when in the day it is to be called at; NoSlot beyond what fits the shift.
	Slot Slot
	// urgent says that lives are at risk or a date has come.
	urgent bool
	key    []byte
}

// Plan lists all doors that are due on a day, in walking order: by compound, building, stair, floor and door. Now is the
// time at which it is made; of a day to come, the doors are looked at as they are now and the whole shift is free. It holds
// no person and scores nobody: what it orders is doors, by what is wrong at them.
func Plan(doors []PlanDoor, cadence Cadence, shift Shift, day Days, now UnixMilli) []PlanLine {
	p := planning{cadence: cadence, at: max(now, day.Midnight()), turns: map[turnKey]Turn{}}
	var lines []PlanLine
	for i := range doors {
		if line, due := p.line(&doors[i]); due {
			line.Door = i
			line.key = WalkKey(doors[i].Key, doors[i].Address)
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, func(a, b PlanLine) int {
		if order := bytes.Compare(a.key, b.key); order != 0 {
			return order
		}
		return bytes.Compare(doors[a.Door].ID[:], doors[b.Door].ID[:])
	})
	shift.assign(doors, lines, day, p.at)
	for i := range lines {
		lines[i].addLastCall(&doors[lines[i].Door], p.at)
	}
	return lines
}

// Midnight gives the first millisecond of the day at +08:00.
func (d Days) Midnight() UnixMilli { return UnixMilli(int64(d)*dayMillis - shanghaiOffsetMillis) }

// planning is one plan under way.
type planning struct {
	cadence Cadence
	at      UnixMilli
	// turns holds what was said of doors that are alike: a street has few ways to be due.
	turns map[turnKey]Turn
}

// turnKey is all that decides what a door's turn says.
type turnKey struct {
	class CadenceClass
	grade Grade
	major bool
	never bool
	since Days
}

func (p *planning) turn(d *PlanDoor, major bool) Turn {
	key := turnKey{class: d.Class, grade: d.Grade, major: major, never: d.LastSeen == NeverSeen}
	if !key.never {
		key.since = p.at.DaysSince(d.LastSeen)
	}
	turn, known := p.turns[key]
	if !known {
		turn = p.cadence.Due(d.Class, d.Grade, major, d.LastSeen, p.at)
		p.turns[key] = turn
	}
	return turn
}

// line tells whether a door is due, and why.
func (p *planning) line(d *PlanDoor) (PlanLine, bool) {
	major := d.majorOpen()
	turn := p.turn(d, major)
	line := PlanLine{ZH: turn.ZH, EN: turn.EN, urgent: major}
	if d.LastSeen != NeverSeen {
		line.Overdue = max(0, turn.DaysSince-turn.Every)
	}
	due := turn.Due
	for i := range d.Hazards {
		due = line.addHazard(&d.Hazards[i], p.at) || due
	}
	for _, date := range d.Tasks {
		due = line.addTask(date, p.at) || due
	}
	return line, due
}

func (d *PlanDoor) majorOpen() bool {
	return slices.ContainsFunc(d.Hazards, func(h PlanHazard) bool { return h.Severity == SeverityMajor })
}

// addHazard adds a hazard whose date has come to the reasons, and reports that it has.
func (l *PlanLine) addHazard(h *PlanHazard, at UnixMilli) bool {
	if h.Deadline == 0 || h.Deadline.ShanghaiDay() > at.ShanghaiDay() {
		return false
	}
	l.urgent = true
	late := at.DaysSince(h.Deadline)
	l.Overdue = max(l.Overdue, late)
	zh, en := lateWords(late)
	l.add(fmt.Sprintf("%s隐患%s", h.Code.LabelZH(), zh), fmt.Sprintf("open %s hazard %s", h.Code, en))
	return true
}

// addTask adds a task to the reasons, and reports that its date has come; a task without a date is due until it is done.
func (l *PlanLine) addTask(date, at UnixMilli) bool {
	if date == 0 {
		l.add("有待办任务", "an open task")
		return true
	}
	if date.ShanghaiDay() > at.ShanghaiDay() {
		return false
	}
	l.urgent = true
	late := at.DaysSince(date)
	l.Overdue = max(l.Overdue, late)
	zh, en := lateWords(late)
	l.add("任务"+zh, "task "+en)
	return true
}

func lateWords(late Days) (zh, en string) {
	switch late {
	case 0:
		return "今天到期", "due today"
	case 1:
		return "逾期1天", "a day late"
	}
	return fmt.Sprintf("逾期%d天", late), fmt.Sprintf("%d days late", late)
}

func (l *PlanLine) add(zh, en string) {
	l.ZH += "；" + zh
	l.EN += "; " + en
}

// addLastCall says what came of the last call where it did not end the door's turn.
func (l *PlanLine) addLastCall(d *PlanDoor, at UnixMilli) {
	if d.LastTry == 0 || CountsAsSeen(d.LastOutcome) || d.LastTry < d.LastSeen {
		return
	}
	zh, en := d.LastOutcome.words()
	wasZH, wasEN := slotAt(d.LastTry).Words()
	l.add(fmt.Sprintf("上次%s（%d天前%s）", zh, max(0, at.DaysSince(d.LastTry)), wasZH),
		fmt.Sprintf("last call: %s, %d days ago in the %s", en, max(0, at.DaysSince(d.LastTry)), wasEN))
}

// words names an outcome in Chinese and English.
func (o Outcome) words() (zh, en string) {
	switch o {
	case OutcomeSeen:
		return "已访", "seen"
	case OutcomeNobody:
		return "无人", "nobody"
	case OutcomeRefused:
		return "拒访", "refused"
	case OutcomeRescheduled:
		return "改约", "another time agreed"
	}
	return "未记结果", "no outcome noted"
}

// String gives the name of the proto enum's value without its prefix; ATTEMPT for none.
func (o Outcome) String() string {
	names := [...]string{"ATTEMPT", "SEEN", "NOBODY", "REFUSED", "RESCHEDULED"}
	if o < 0 || int(o) >= len(names) {
		return "UNKNOWN"
	}
	return names[o]
}
