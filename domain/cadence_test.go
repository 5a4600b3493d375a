package domain_test

import (
	"strings"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/domain/policy"
)

// cadence gives how often doors are seen by the tables that are compiled in.
func cadence() domain.Cadence { return policy.Default().Cadence(domain.Days(20_000)) }

func at(t *testing.T, text string) domain.UnixMilli {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return domain.UnixMilli(parsed.UnixMilli())
}

func TestDaysSince_CountsShanghaiDays(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     domain.Days
	}{
		{"2026-03-02T23:50:00+08:00", "2026-03-03T00:10:00+08:00", 1},
		{"2026-03-03T00:10:00+08:00", "2026-03-03T23:50:00+08:00", 0},
		{"2026-03-02T15:59:59Z", "2026-03-02T16:00:00Z", 1},
		{"2024-02-28T12:00:00+08:00", "2024-03-01T12:00:00+08:00", 2},
		{"1969-12-31T15:59:00Z", "1969-12-31T16:01:00Z", 1},
		{"2026-03-03T12:00:00+08:00", "2026-03-01T12:00:00+08:00", -2},
	} {
		if got := at(t, c.to).DaysSince(at(t, c.from)); got != c.want {
			t.Errorf("from %s to %s: %d days, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestCadence_EveryDoorHasItsDays(t *testing.T) {
	cadence := cadence()
	for _, c := range []struct {
		name  string
		class domain.CadenceClass
		grade domain.Grade
		want  domain.Days
	}{
		{"ungraded rental", domain.CadenceRental, 0, 21},
		{"green rental", domain.CadenceRental, domain.GradeGreen, 21},
		{"yellow rental", domain.CadenceRental, domain.GradeYellow, 14},
		{"orange rental", domain.CadenceRental, domain.GradeOrange, 7},
		{"red rental", domain.CadenceRental, domain.GradeRed, 7},
		{"green group-let", domain.CadenceGroupLet, domain.GradeGreen, 21},
		{"green mixed", domain.CadenceMixed, domain.GradeGreen, 30},
		{"orange mixed", domain.CadenceMixed, domain.GradeOrange, 7},
		{"household", domain.CadenceHousehold, 0, 180},
		{"green household", domain.CadenceHousehold, domain.GradeGreen, 180},
		{"yellow household", domain.CadenceHousehold, domain.GradeYellow, 14},
		{"hotel", domain.CadenceHotel, domain.GradeGreen, 30},
		{"class to come", 99, domain.GradeGreen, 21},
	} {
		if got := cadence.Every(c.class, c.grade); got != c.want {
			t.Errorf("%s: every %d days, want %d", c.name, got, c.want)
		}
	}
}

func TestCadence_GroupLetIsMonthlyAtLeast(t *testing.T) {
	slow := cadence()
	slow.GreenDays = 90
	if got := slow.Every(domain.CadenceGroupLet, domain.GradeGreen); got != 30 {
		t.Errorf("every %d days where rentals have 90, want 30", got)
	}
}

func TestCadenceClassOf_TheMostDemandingFactDecides(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    domain.KindOfPremises
		letting domain.RentalKind
		use     domain.PremisesUse
		want    domain.CadenceClass
	}{
		{"nothing told", 0, 0, 0, domain.CadenceRental},
		{"rental unit", domain.RentalUnit, domain.WholeLet, 0, domain.CadenceRental},
		{"building", domain.Building, 0, 0, domain.CadenceRental},
		{"household", domain.Household, 0, 0, domain.CadenceHousehold},
		{"household with lodgers", domain.Household, domain.SharedLet, 0, domain.CadenceRental},
		{"group-let", domain.RentalUnit, domain.GroupLet, 0, domain.CadenceGroupLet},
		{"hotel", domain.Hotel, 0, 0, domain.CadenceHotel},
		{"homestay in a flat", domain.RentalUnit, domain.Homestay, 0, domain.CadenceHotel},
		{"shop", domain.Shop, 0, 0, domain.CadenceHousehold},
		{"shop that is lived in", domain.Shop, 0, domain.UseMixed, domain.CadenceMixed},
	} {
		if got := domain.CadenceClassOf(c.kind, c.letting, c.use); got != c.want {
			t.Errorf("%s: class %d, want %d", c.name, got, c.want)
		}
	}
}

func TestDue_WhenItsDaysHaveRunOut(t *testing.T) {
	now := at(t, "2026-03-10T09:00:00+08:00")
	for _, c := range []struct {
		name     string
		grade    domain.Grade
		major    bool
		lastSeen domain.UnixMilli
		want     domain.Turn
	}{
		{"never seen", domain.GradeGreen, false, domain.NeverSeen,
			domain.Turn{Due: true, Every: 21, ZH: "从未走访", EN: "never seen"}},
		{"orange, a day early", domain.GradeOrange, false, at(t, "2026-03-04T23:00:00+08:00"),
			domain.Turn{DaysSince: 6, Every: 7, ZH: "橙色，距上次走访6天，每7天一次", EN: "orange, 6 days since seen, every 7 days"}},
		{"orange, on the day", domain.GradeOrange, false, at(t, "2026-03-03T23:00:00+08:00"),
			domain.Turn{Due: true, DaysSince: 7, Every: 7, ZH: "橙色，距上次走访7天，每7天一次", EN: "orange, 7 days since seen, every 7 days"}},
		{"seen today with an open major hazard", domain.GradeGreen, true, now,
			domain.Turn{Due: true, Every: 21, ZH: "重大隐患未复查；绿色，距上次走访0天，每21天一次",
				EN: "open major hazard; green, 0 days since seen, every 21 days"}},
		{"seen by a clock that runs ahead", domain.GradeOrange, false, at(t, "2027-03-10T09:00:00+08:00"),
			domain.Turn{Every: 7, ZH: "橙色，距上次走访0天，每7天一次", EN: "orange, 0 days since seen, every 7 days"}},
	} {
		if got := cadence().Due(domain.CadenceRental, c.grade, c.major, c.lastSeen, now); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestDue_NamesEveryGrade(t *testing.T) {
	now := at(t, "2026-03-10T09:00:00+08:00")
	for grade, word := range []string{"ungraded", "green", "yellow", "orange", "red"} {
		turn := cadence().Due(domain.CadenceRental, domain.Grade(grade), false, now-1, now)
		if !strings.HasPrefix(turn.EN, word+",") {
			t.Errorf("grade %d reads %q", grade, turn.EN)
		}
	}
}

func TestOutcomeAt_TheDoorsExceptionStandsBeforeTheWhole(t *testing.T) {
	exceptions := map[string]domain.Outcome{"room 302": domain.OutcomeNobody}
	if got := domain.OutcomeAt("room 302", domain.OutcomeSeen, exceptions); got != domain.OutcomeNobody {
		t.Errorf("the exception reads %d", got)
	}
	if got := domain.OutcomeAt("room 303", domain.OutcomeSeen, exceptions); got != domain.OutcomeSeen {
		t.Errorf("the rest reads %d", got)
	}
}

func TestCountsAsSeen_OnlySeen(t *testing.T) {
	for outcome := domain.Outcome(0); outcome < 6; outcome++ {
		if got := domain.CountsAsSeen(outcome); got != (outcome == domain.OutcomeSeen) {
			t.Errorf("outcome %d counts as seen: %v", outcome, got)
		}
	}
}
