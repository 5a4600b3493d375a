package policy_test

import (
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/domain/policy"
)

const (
	cadenceHeader = "version,effective_from,turn,days,source\n"
	shiftHeader   = "version,effective_from,morning,afternoon,evening,door_minutes,stair_minutes,source\n"
)

func TestDefault_HasTheFieldsCadenceAndAShift(t *testing.T) {
	on := day(t, "2026-03-10")
	if got, want := policy.Default().Cadence(on), (domain.Cadence{
		GreenDays: 21, YellowDays: 14, OrangeDays: 7, RedDays: 7, MonthlyDays: 30, HouseholdDays: 180, HotelDays: 30,
	}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	row := policy.Default().ShiftRow(on)
	if row.Hours(domain.Morning) != "09:00-11:30" || row.Hours(domain.Afternoon) != "14:30-17:00" || row.Hours(domain.Evening) != "19:00-20:00" ||
		row.Shift.DoorMinutes != 6 || row.Shift.StairMinutes != 10 {
		t.Errorf("%+v", row)
	}
	if len(policy.Default().CadenceRows(on)) != len(policy.TurnNames()) {
		t.Errorf("%+v", policy.Default().CadenceRows(on))
	}
}

func TestCadence_ARowHoldsFromItsDateAndTheFirstOneBeforeIt(t *testing.T) {
	p, err := policy.Default().With(policy.TableCadences, cadenceHeader+"district-1,2026-07-01,hotel,15,区公安分局文件\n")
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]domain.Days{"2019-01-01": 30, "2026-06-30": 30, "2026-07-01": 15} {
		if got := p.Cadence(day(t, on)); got.HotelDays != want || got.GreenDays != 21 {
			t.Errorf("on %s: %+v, want hotels every %d days", on, got, want)
		}
	}
}

func TestShift_SummerHoursHoldFromTheirDate(t *testing.T) {
	p, err := policy.Default().With(policy.TableShifts, shiftHeader+"summer,2026-06-01,08:00-11:00,,18:30-21:00,5,8,街道办通知\n")
	if err != nil {
		t.Fatal(err)
	}
	if before := p.ShiftRow(day(t, "2026-05-31")); before.Hours(domain.Morning) != "09:00-11:30" {
		t.Errorf("the day before: %+v", before)
	}
	got := p.ShiftRow(day(t, "2026-06-01"))
	if len(got.Shift.Slots) != 2 || got.Hours(domain.Evening) != "18:30-21:00" || got.Hours(domain.Afternoon) != "" || got.Shift.DoorMinutes != 5 {
		t.Errorf("%+v", got)
	}
}

func TestWith_RefusesRoundsThatAreNone(t *testing.T) {
	for why, c := range map[string]struct{ table, text, want string }{
		"a turn of no days":        {policy.TableCadences, cadenceHeader + "a,2026-07-01,hotel,0,x\n", "days"},
		"no such turn":             {policy.TableCadences, cadenceHeader + "a,2026-07-01,castle,3,x\n", "turn"},
		"a shift without hours":    {policy.TableShifts, shiftHeader + "a,2026-07-01,,,,6,10,x\n", "one part"},
		"hours the wrong way":      {policy.TableShifts, shiftHeader + "a,2026-07-01,11:00-09:00,,,6,10,x\n", "morning"},
		"a morning past noon":      {policy.TableShifts, shiftHeader + "a,2026-07-01,09:00-13:00,,,6,10,x\n", "within the morning"},
		"doors that take no time":  {policy.TableShifts, shiftHeader + "a,2026-07-01,09:00-11:00,,,0,10,x\n", "door_minutes"},
		"hours that are no hours":  {policy.TableShifts, shiftHeader + "a,2026-07-01,nine-ten,,,6,10,x\n", "morning"},
		"an evening past midnight": {policy.TableShifts, shiftHeader + "a,2026-07-01,,,19:00-24:30,6,10,x\n", "evening"},
	} {
		if _, err := policy.Default().With(c.table, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", why, err)
		}
	}
}
