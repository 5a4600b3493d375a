package domain_test

import (
	"fmt"
	"slices"
	"testing"

	"onedoor/domain"
	"onedoor/domain/policy"
)

// shift gives the time at doors by the tables that are compiled in.
func shift() domain.Shift { return policy.Default().Shift(domain.Days(20_000)) }

// planned runs the plan of Tuesday 10 March 2026 at a time of that day.
func planned(t *testing.T, clock string, doors ...domain.PlanDoor) []domain.PlanLine {
	t.Helper()
	now := at(t, "2026-03-10T"+clock+":00+08:00")
	for i := range doors {
		doors[i].ID = domain.ID{15: byte(i + 1)}
	}
	return domain.Plan(doors, cadence(), shift(), now.ShanghaiDay(), now)
}

func rental(key string, grade domain.Grade, seen domain.UnixMilli) domain.PlanDoor {
	return domain.PlanDoor{Key: door(key), Class: domain.CadenceRental, Grade: grade, LastSeen: seen}
}

func TestPlan_ListsWhatIsDueInWalkingOrder(t *testing.T) {
	fresh, old := at(t, "2026-03-09T10:00:00+08:00"), at(t, "2026-02-01T10:00:00+08:00")
	lines := planned(t, "08:00",
		rental("丽景苑/10幢/1/1/101", domain.GradeGreen, old),
		rental("丽景苑/2幢/1/3/301", domain.GradeGreen, domain.NeverSeen),
		rental("丽景苑/2幢/1/2/201", domain.GradeGreen, fresh),
		rental("丽景苑/2幢/1/2/202", domain.GradeOrange, old),
		domain.PlanDoor{Address: "福慧路3号", Class: domain.CadenceHousehold, LastSeen: old},
		domain.PlanDoor{Address: "福慧路1号", Class: domain.CadenceHotel, LastSeen: old},
	)
	var got []int
	for _, line := range lines {
		got = append(got, line.Door)
	}
	if !slices.Equal(got, []int{3, 1, 0, 5}) {
		t.Errorf("the walk is %v", got)
	}
}

func TestPlan_EachLineSaysWhyAndHowLong(t *testing.T) {
	gas, ok := domain.ParseHazardCode("GAS")
	if !ok {
		t.Fatal("GAS")
	}
	seen := at(t, "2026-03-01T10:00:00+08:00")
	tried := at(t, "2026-03-08T10:00:00+08:00")
	for _, c := range []struct {
		why     string
		door    domain.PlanDoor
		overdue domain.Days
		zh, en  string
	}{
		{"never seen", domain.PlanDoor{}, 0, "从未走访", "never seen"},
		{"orange", domain.PlanDoor{Grade: domain.GradeOrange, LastSeen: seen}, 2,
			"橙色，距上次走访9天，每7天一次", "orange, 9 days since seen, every 7 days"},
		{"green and not due, but a hazard's date has come",
			domain.PlanDoor{Grade: domain.GradeGreen, LastSeen: seen, Hazards: []domain.PlanHazard{{Code: gas, Severity: 1, Deadline: at(t, "2026-03-10T23:00:00+08:00")}}}, 0,
			"绿色，距上次走访9天，每21天一次；燃气隐患今天到期", "green, 9 days since seen, every 21 days; open GAS hazard due today"},
		{"a hazard three days late",
			domain.PlanDoor{Grade: domain.GradeGreen, LastSeen: seen, Hazards: []domain.PlanHazard{{Code: gas, Severity: 1, Deadline: at(t, "2026-03-07T23:00:00+08:00")}}}, 3,
			"绿色，距上次走访9天，每21天一次；燃气隐患逾期3天", "green, 9 days since seen, every 21 days; open GAS hazard 3 days late"},
		{"a major hazard, seen yesterday", domain.PlanDoor{Grade: domain.GradeRed, LastSeen: at(t, "2026-03-09T10:00:00+08:00"), Hazards: []domain.PlanHazard{{Code: gas, Severity: 3}}}, 0,
			"重大隐患未复查；红色，距上次走访1天，每7天一次", "open major hazard; red, 1 days since seen, every 7 days"},
		{"a task without a date", domain.PlanDoor{Grade: domain.GradeGreen, LastSeen: seen, Tasks: []domain.UnixMilli{0}}, 0,
			"绿色，距上次走访9天，每21天一次；有待办任务", "green, 9 days since seen, every 21 days; an open task"},
		{"a task of yesterday", domain.PlanDoor{Grade: domain.GradeGreen, LastSeen: seen, Tasks: []domain.UnixMilli{at(t, "2026-03-09T12:00:00+08:00")}}, 1,
			"绿色，距上次走访9天，每21天一次；任务逾期1天", "green, 9 days since seen, every 21 days; task a day late"},
		{"nobody opened", domain.PlanDoor{Grade: domain.GradeOrange, LastSeen: seen, LastTry: tried, LastOutcome: domain.OutcomeNobody}, 2,
			"橙色，距上次走访9天，每7天一次；上次无人（2天前上午）", "orange, 9 days since seen, every 7 days; last call: nobody, 2 days ago in the morning"},
	} {
		c.door.Class = domain.CadenceRental
		lines := planned(t, "08:00", c.door)
		if len(lines) != 1 || lines[0].Overdue != c.overdue || lines[0].ZH != c.zh || lines[0].EN != c.en {
			t.Errorf("%s:\n got %+v\nwant %d %s / %s", c.why, lines, c.overdue, c.zh, c.en)
		}
	}
}

func TestPlan_LeavesOutWhatIsNotDue(t *testing.T) {
	tomorrow := at(t, "2026-03-11T01:00:00+08:00")
	gas := domain.PlanHazard{Code: 4, Severity: 2, Deadline: tomorrow}
	door := rental("丽景苑/1", domain.GradeGreen, at(t, "2026-03-09T10:00:00+08:00"))
	door.Hazards, door.Tasks = []domain.PlanHazard{gas, {Code: 4, Severity: 1}}, []domain.UnixMilli{tomorrow}
	if lines := planned(t, "23:59", door); len(lines) != 0 {
		t.Errorf("%+v", lines)
	}
}

// stair makes n doors of one stair that were never seen.
func stair(key string, n int) []domain.PlanDoor {
	var out []domain.PlanDoor
	for i := range n {
		out = append(out, rental(fmt.Sprintf("%s/1/%d", key, 100+i), domain.GradeGreen, domain.NeverSeen))
	}
	return out
}

func slotsOf(lines []domain.PlanLine) (out string) {
	for _, line := range lines {
		out += map[domain.Slot]string{domain.NoSlot: "-", domain.Morning: "m", domain.Afternoon: "a", domain.Evening: "e"}[line.Slot]
	}
	return out
}

func TestPlan_GivesSlotsToWhatFitsTheShift(t *testing.T) {
	// A morning of 150 minutes holds the way of 10 and 23 doors of 6, the afternoon as many, the evening of 60 holds 8.
	lines := planned(t, "08:00", stair("丽景苑/1/1", 60)...)
	want := repeat("m", 23) + repeat("a", 23) + repeat("e", 8) + repeat("-", 6)
	if got := slotsOf(lines); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// At ten to eleven the morning has 40 minutes left: the way and five doors.
	lines = planned(t, "10:50", stair("丽景苑/1/1", 40)...)
	if got, want := slotsOf(lines), repeat("m", 5)+repeat("a", 23)+repeat("e", 8)+repeat("-", 4); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := slotsOf(planned(t, "20:00", stair("丽景苑/1/1", 3)...)); got != "---" {
		t.Errorf("after the shift: %s", got)
	}
}

func repeat(s string, n int) (out string) {
	for range n {
		out += s
	}
	return out
}

func TestPlan_WhatIsUrgentComesFirstAndTheWalkStaysInOrder(t *testing.T) {
	doors := stair("丽景苑/1/1", 60)
	late := rental("丽景苑/2/1/1/101", domain.GradeOrange, at(t, "2026-01-01T10:00:00+08:00"))
	major := rental("丽景苑/3/1/1/101", domain.GradeRed, at(t, "2026-03-09T10:00:00+08:00"))
	major.Hazards = []domain.PlanHazard{{Code: 4, Severity: domain.SeverityMajor}}
	lines := planned(t, "08:00", append(doors, late, major)...)
	if got := slotsOf(lines[60:]); got != "mm" || lines[60].Door != 60 || lines[61].Door != 61 {
		t.Errorf("the late and the major door have %q, at %d and %d", got, lines[60].Door, lines[61].Door)
	}
}

func TestPlan_AFailedKnockMovesToAnotherTimeOfDay(t *testing.T) {
	called := func(clock string, outcome domain.Outcome) domain.PlanDoor {
		d := rental("丽景苑/1/1/1/101", domain.GradeOrange, at(t, "2026-02-01T10:00:00+08:00"))
		d.LastTry, d.LastOutcome = at(t, clock+":00+08:00"), outcome
		return d
	}
	for _, c := range []struct {
		why  string
		door domain.PlanDoor
		want string
	}{
		{"nobody yesterday morning", called("2026-03-09T10:00", domain.OutcomeNobody), "a"},
		{"nobody yesterday afternoon", called("2026-03-09T15:00", domain.OutcomeNobody), "m"},
		{"nobody yesterday evening", called("2026-03-09T19:30", domain.OutcomeNobody), "m"},
		{"nobody this morning", called("2026-03-10T08:00", domain.OutcomeNobody), "a"},
		{"an attempt yesterday morning", called("2026-03-09T10:00", 0), "a"},
		{"refused this morning, left alone today", called("2026-03-10T08:00", domain.OutcomeRefused), "-"},
		{"another time agreed this morning", called("2026-03-10T08:00", domain.OutcomeRescheduled), "-"},
		{"refused yesterday morning", called("2026-03-09T10:00", domain.OutcomeRefused), "a"},
		{"seen since", called("2026-01-09T10:00", domain.OutcomeNobody), "m"},
	} {
		if got := slotsOf(planned(t, "08:30", c.door)); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestPlan_OfADayToComeHasTheWholeShift(t *testing.T) {
	doors := []domain.PlanDoor{rental("丽景苑/1/1/1/101", domain.GradeOrange, at(t, "2026-03-10T10:00:00+08:00"))}
	now := at(t, "2026-03-10T19:50:00+08:00")
	for _, c := range []struct {
		after domain.Days
		want  string
	}{{0, ""}, {6, ""}, {7, "m"}} {
		lines := domain.Plan(doors, cadence(), shift(), now.ShanghaiDay()+c.after, now)
		if got := slotsOf(lines); got != c.want {
			t.Errorf("in %d days: %q, want %q", c.after, got, c.want)
		}
	}
}

// street makes doors of a street: so many rooms in buildings of sixty.
func street(rooms int) []domain.PlanDoor {
	out := make([]domain.PlanDoor, rooms)
	for i := range out {
		building, room := i/60, i%60
		out[i] = domain.PlanDoor{
			ID: domain.ID{byte(i), byte(i >> 8), byte(i >> 16)}, Address: fmt.Sprintf("西安街%d号", building), Class: domain.CadenceRental,
			Grade: domain.Grade(1 + i%4), LastSeen: domain.UnixMilli(1_770_000_000_000 - int64(i%40)*86_400_000),
			Key: domain.DoorKey{Compound: fmt.Sprintf("小区%d", building/20), Building: fmt.Sprintf("%d幢", building%20),
				Stair: fmt.Sprintf("%d单元", room/20), Floor: fmt.Sprint(room / 4 % 6), Door: fmt.Sprint(room)},
		}
		if i%50 == 0 {
			out[i].Hazards = []domain.PlanHazard{{Code: 4, Severity: 2, Deadline: 1_770_000_000_000}}
		}
		if i%7 == 0 {
			out[i].LastTry, out[i].LastOutcome = 1_770_100_000_000, domain.OutcomeNobody
		}
	}
	return out
}

func BenchmarkPlan(b *testing.B) {
	for _, rooms := range []int{5_000, 30_984} {
		b.Run(fmt.Sprint(rooms), func(b *testing.B) {
			doors, now := street(rooms), domain.UnixMilli(1_772_000_000_000)
			for b.Loop() {
				domain.Plan(doors, cadence(), shift(), now.ShanghaiDay(), now)
			}
		})
	}
}
