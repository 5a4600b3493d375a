package calendar_test

import (
	"errors"
	"strings"
	"testing"

	"onedoor/domain/calendar"
	"onedoor/domain/table"
)

func TestOfficial_HasTheDaysOfTheNotices(t *testing.T) {
	// The notices grant so many days of rest and swap so many weekend days, as they say themselves.
	for year, want := range map[int]struct{ named, swapped int }{2025: {33, 5}, 2026: {39, 6}} {
		named, swapped := 0, 0
		first, err := calendar.ParseDay(strings.Replace("YYYY-01-01", "YYYY", []string{"2025", "2026"}[year-2025], 1))
		if err != nil {
			t.Fatal(err)
		}
		for day := first; day < first+365; day++ {
			worked, known := calendar.Official().Working(day)
			if !known {
				t.Fatalf("%s is not known", calendar.Date(day))
			}
			if calendar.Official().Name(day) == "" {
				continue
			}
			named++
			if worked {
				swapped++
			}
		}
		if named != want.named || swapped != want.swapped {
			t.Errorf("%d: %d days named, %d of them worked, want %+v", year, named, swapped, want)
		}
	}
}

func TestParseYear_RefusesWhatWouldBeGuessed(t *testing.T) {
	for name, rows := range map[string]string{
		"no rows":               "",
		"no date":               "2026-13-01,off,x\n",
		"two years":             "2026-01-01,off,x\n2027-01-01,off,x\n",
		"a day twice":           "2026-01-01,off,x\n2026-01-01,work,x\n",
		"no kind":               "2026-01-01,free,x\n",
		"a swapped Monday":      "2026-03-02,work,x\n",
		"a column is left out":  "2026-01-01,off\n",
		"another table's words": "2026-01-01,,x\n",
	} {
		if _, err := calendar.ParseYear("date,day,name\n" + rows); !errors.Is(err, table.ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
