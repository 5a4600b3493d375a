package calendar_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
)

const clock = "2006-01-02 15:04"

var shanghai = time.FixedZone("+08:00", 8*60*60)

// at reads a minute at +08:00.
func at(t *testing.T, text string) domain.UnixMilli {
	t.Helper()
	parsed, err := time.ParseInLocation(clock, text, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return domain.UnixMilli(parsed.UnixMilli())
}

func shown(at domain.UnixMilli) string { return time.UnixMilli(int64(at)).In(shanghai).Format(clock) }

func term(t *testing.T, text string) calendar.Term {
	t.Helper()
	out, err := calendar.ParseTerm(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The days were counted by hand on the printed calendars of the two notices.
func TestDeadline_AsCountedByHand(t *testing.T) {
	for _, c := range []struct{ why, start, term, want string }{
		{"a plain week", "2026-03-02 09:30", "5wd", "2026-03-09 23:59"},
		{"begun at midnight, that day does not count", "2026-03-02 00:00", "5wd", "2026-03-09 23:59"},
		{"begun a minute before midnight", "2026-03-02 23:59", "1d", "2026-03-03 23:59"},
		{"a swapped Saturday before Spring Festival, then nine days of rest", "2026-02-11 10:00", "5wd", "2026-02-25 23:59"},
		{"a swapped Saturday after it", "2026-02-26 10:00", "2wd", "2026-02-28 23:59"},
		{"a swapped Sunday between two holidays", "2026-09-18 16:00", "3wd", "2026-09-22 23:59"},
		{"National Day, then a swapped Saturday", "2026-09-30 17:00", "5wd", "2026-10-13 23:59"},
		{"Labour Day and its swapped Saturday", "2026-04-30 08:00", "3wd", "2026-05-08 23:59"},
		{"into the swapped Saturday", "2026-04-30 08:00", "4wd", "2026-05-09 23:59"},
		{"Qingming on a Monday", "2026-04-03 11:00", "1wd", "2026-04-07 23:59"},
		{"over the new year, a swapped Sunday first", "2025-12-31 15:00", "3wd", "2026-01-06 23:59"},
		{"2025: a swapped Sunday before the holiday", "2025-09-26 12:00", "3wd", "2025-09-30 23:59"},
		{"2025: Spring Festival", "2025-01-24 12:00", "5wd", "2025-02-07 23:59"},
		{"2025: the swapped Saturday after it", "2025-02-07 12:00", "1wd", "2025-02-08 23:59"},
		{"2025: New Year's Day alone", "2025-01-01 12:00", "1wd", "2025-01-02 23:59"},

		{"the same day", "2026-03-02 09:30", "same_day", "2026-03-02 23:59"},
		{"the same day, a minute before it ends", "2026-03-02 23:59", "same_day", "2026-03-02 23:59"},
		{"the same day, at its first minute", "2026-03-02 00:00", "same_day", "2026-03-02 23:59"},
		{"the same day, a holiday", "2026-10-01 09:00", "same_day", "2026-10-01 23:59"},

		{"twenty days", "2026-03-02 09:30", "20d", "2026-03-22 23:59"},
		{"twenty days over the end of February", "2026-02-20 09:30", "20d", "2026-03-12 23:59"},
		{"calendar days end on a day of rest", "2026-09-11 09:30", "20d", "2026-10-01 23:59"},

		{"thirty days that end on National Day roll behind it", "2026-09-03 09:00", "30rd", "2026-10-08 23:59"},
		{"thirty days that end on a swapped Sunday do not roll", "2026-08-21 09:00", "30rd", "2026-09-20 23:59"},
		{"thirty days that end on a Sunday roll to Monday", "2026-02-13 09:00", "30rd", "2026-03-16 23:59"},
		{"thirty days that end on the first day of Spring Festival", "2026-01-16 09:00", "30rd", "2026-02-24 23:59"},
	} {
		got, err := calendar.Official().Deadline(calendar.Timing{Start: at(t, c.start), Term: term(t, c.term)})
		if err != nil || shown(got.At) != c.want || got.Provisional() {
			t.Errorf("%s: %s from %s ends %s, want %s (%v, missing %v)", c.why, c.term, c.start, shown(got.At), c.want, err, got.Missing)
		}
	}
}

func TestDeadline_PausesAndExtensionsAsCountedByHand(t *testing.T) {
	pause := func(from, limit, resumed string) calendar.Pause {
		p := calendar.Pause{From: at(t, from), Limit: at(t, limit)}
		if resumed != "" {
			p.Resumed = at(t, resumed)
		}
		return p
	}
	for _, c := range []struct {
		why, start, term string
		extra            int
		pauses           []calendar.Pause
		want             string
	}{
		{"two hours", "2026-03-02 09:00", "20d", 0, []calendar.Pause{pause("2026-03-05 10:00", "2026-03-05 12:00", "")}, "2026-03-23 01:59"},
		{"on the day it began, before it counts", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-02 10:00", "2026-03-02 12:00", "")}, "2026-03-22 23:59"},
		{"over midnight into the first day", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-02 22:00", "2026-03-03 06:30", "")}, "2026-03-23 06:29"},
		{"over a weekend, working days", "2026-03-05 09:00", "5wd", 0,
			[]calendar.Pause{pause("2026-03-07 00:00", "2026-03-09 00:00", "")}, "2026-03-12 23:59"},
		{"from Friday noon to Monday noon, working days", "2026-03-05 09:00", "5wd", 0,
			[]calendar.Pause{pause("2026-03-06 12:00", "2026-03-09 12:00", "")}, "2026-03-13 23:59"},
		{"an hour that pushes into the weekend", "2026-03-02 09:00", "4wd", 0,
			[]calendar.Pause{pause("2026-03-04 12:00", "2026-03-04 13:00", "")}, "2026-03-09 00:59"},
		{"two that overlap count once", "2026-03-02 09:00", "20d", 0, []calendar.Pause{
			pause("2026-03-05 11:00", "2026-03-05 13:00", ""), pause("2026-03-05 10:00", "2026-03-05 12:00", "")}, "2026-03-23 02:59"},
		{"resumed before its limit", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-05 10:00", "2026-03-15 10:00", "2026-03-06 10:00")}, "2026-03-23 23:59"},
		{"resumed after its limit ended it", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-05 10:00", "2026-03-06 10:00", "2026-03-16 10:00")}, "2026-03-23 23:59"},
		{"after the deadline", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-23 00:00", "2026-03-25 00:00", "")}, "2026-03-22 23:59"},
		{"on the deadline's last minute", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-22 23:59", "2026-03-25 00:00", "")}, "2026-03-25 00:00"},
		{"ends before it begins", "2026-03-02 09:00", "20d", 0,
			[]calendar.Pause{pause("2026-03-05 10:00", "2026-03-04 10:00", "")}, "2026-03-22 23:59"},
		{"of the same day, to the next morning", "2026-03-02 14:00", "same_day", 0,
			[]calendar.Pause{pause("2026-03-02 15:00", "2026-03-03 10:00", "")}, "2026-03-03 18:59"},
		{"extended by ten days", "2026-03-02 09:00", "20d", 10, nil, "2026-04-01 23:59"},
		{"extended by two working days over Qingming", "2026-03-30 09:00", "3wd", 2, nil, "2026-04-07 23:59"},
	} {
		got, err := calendar.Official().Deadline(calendar.Timing{
			Start: at(t, c.start), Term: term(t, c.term), ExtraDays: c.extra, Pauses: c.pauses,
		})
		if err != nil || shown(got.At) != c.want {
			t.Errorf("%s: ends %s, want %s (%v)", c.why, shown(got.At), c.want, err)
		}
	}
}

func TestDeadline_ZoneIsFixedWhateverTheMinuteSays(t *testing.T) {
	for start, want := range map[string]string{
		"2026-03-02T15:59:59Z": "2026-03-03 23:59", // Still 2 March at +08:00.
		"2026-03-02T16:00:00Z": "2026-03-04 23:59",
	} {
		parsed, err := time.Parse(time.RFC3339, start)
		if err != nil {
			t.Fatal(err)
		}
		got, err := calendar.Official().Deadline(calendar.Timing{Start: domain.UnixMilli(parsed.UnixMilli()), Term: term(t, "1d")})
		if err != nil || shown(got.At) != want {
			t.Errorf("from %s: %s, want %s (%v)", start, shown(got.At), want, err)
		}
	}
}

func TestDeadline_OverAYearWithoutItsNoticeIsProvisional(t *testing.T) {
	timing := calendar.Timing{Start: at(t, "2026-12-29 09:00"), Term: term(t, "5wd")}
	got, err := calendar.Official().Deadline(timing)
	if err != nil || shown(got.At) != "2027-01-05 23:59" || !slices.Equal(got.Missing, []int{2027}) {
		t.Errorf("%s, missing %v, %v", shown(got.At), got.Missing, err)
	}
	year, err := calendar.ParseYear("date,day,name\n2027-01-01,off,元旦\n")
	if err != nil {
		t.Fatal(err)
	}
	got, err = calendar.Official().With(year).Deadline(timing)
	if err != nil || shown(got.At) != "2027-01-06 23:59" || got.Provisional() {
		t.Errorf("with the year: %s, missing %v, %v", shown(got.At), got.Missing, err)
	}
	if calendar.Official().Years()[0] != 2025 || len(calendar.Official().Years()) != 2 {
		t.Errorf("an imported year changed the official calendar: %v", calendar.Official().Years())
	}
}

func TestDeadline_IsLateWhenItsMinuteIsOver(t *testing.T) {
	d := calendar.Deadline{At: at(t, "2026-03-02 23:59")}
	if d.Late(d.At+59_999) || !d.Late(d.At+60_000) {
		t.Error("the deadline's own minute is in time, the next one is late")
	}
}

func TestDeadline_RefusesWhatIsNoTerm(t *testing.T) {
	for _, timing := range []calendar.Timing{
		{}, {Term: calendar.Term{Unit: calendar.CalendarDays}}, {Term: calendar.Term{Days: 1, Unit: calendar.WorkingDays}, ExtraDays: -1},
		{Term: calendar.Term{Days: calendar.TermDaysMax + 1, Unit: calendar.CalendarDays}},
		{Term: calendar.Term{Days: 1, Unit: calendar.CalendarDays}, Pauses: []calendar.Pause{{Limit: 1 << 60}}},
	} {
		if got, err := calendar.Official().Deadline(timing); !errors.Is(err, calendar.ErrTerm) {
			t.Errorf("%+v: %+v, %v", timing, got, err)
		}
	}
}

func TestParseTerm_ReadsWhatItWrites(t *testing.T) {
	for _, text := range []string{"", "same_day", "20d", "30rd", "5wd"} {
		if got := term(t, text).String(); got != text {
			t.Errorf("%q reads back %q", text, got)
		}
	}
	for _, text := range []string{"d", "0d", "-1d", "20", "20 d", "20x", "99999d", "wd5", "+5d", "05d"} {
		if got, err := calendar.ParseTerm(text); !errors.Is(err, calendar.ErrTerm) {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestClock_TellsWhatIsUsedAndLeft(t *testing.T) {
	timing := calendar.Timing{Start: at(t, "2026-03-05 09:00"), Term: term(t, "5wd"),
		Pauses: []calendar.Pause{{From: at(t, "2026-03-06 12:00"), Limit: at(t, "2026-03-09 12:00")}}}
	const hour = 3600
	for _, c := range []struct {
		now, stopped string
		want         calendar.Clock
	}{
		{"2026-03-05 18:00", "", calendar.Clock{State: calendar.Running, LeftSeconds: 120 * hour}},
		{"2026-03-06 11:59", "", calendar.Clock{State: calendar.Running, UsedSeconds: 12*hour - 60, LeftSeconds: 108*hour + 60}},
		{"2026-03-07 10:00", "", calendar.Clock{State: calendar.Paused, UsedSeconds: 12 * hour, LeftSeconds: 108 * hour}},
		{"2026-03-09 12:00", "", calendar.Clock{State: calendar.Running, UsedSeconds: 12 * hour, LeftSeconds: 108 * hour}},
		{"2026-03-13 23:59", "", calendar.Clock{State: calendar.Running, UsedSeconds: 120*hour - 60, LeftSeconds: 60}},
		{"2026-03-14 00:00", "", calendar.Clock{State: calendar.Overdue, UsedSeconds: 120 * hour}},
		{"2026-03-14 01:00", "", calendar.Clock{State: calendar.Overdue, UsedSeconds: 120 * hour, LeftSeconds: -hour}},
		{"2026-09-01 00:00", "2026-03-10 00:00", calendar.Clock{State: calendar.Stopped, UsedSeconds: 24 * hour, LeftSeconds: 96 * hour}},
	} {
		stopped := timing
		if c.stopped != "" {
			stopped.Stopped = at(t, c.stopped)
		}
		if got, err := calendar.Official().Clock(stopped, at(t, c.now)); err != nil || got != c.want {
			t.Errorf("at %s: %+v, want %+v (%v)", c.now, got, c.want, err)
		}
	}
}

func TestClock_RunsThroughTheRestADeadlineRollsOver(t *testing.T) {
	timing := calendar.Timing{Start: at(t, "2026-09-03 09:00"), Term: term(t, "30rd")}
	got, err := calendar.Official().Clock(timing, at(t, "2026-10-05 00:00"))
	want := calendar.Clock{State: calendar.Running, UsedSeconds: 31 * 86400, LeftSeconds: 4 * 86400}
	if err != nil || got != want {
		t.Errorf("%+v, want %+v (%v)", got, want, err)
	}
}
