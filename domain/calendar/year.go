package calendar

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"time"

	"onedoor/domain"
	"onedoor/domain/table"
)

// years holds the official days, one file a year; its README names the notices.
//
//go:embed years/*.csv
var years embed.FS

// A Year is the official days of one calendar year.
type Year struct {
	// Number is the year, such as 2026.
	Number int
	// special holds the days that differ from the week: true is worked.
	special map[domain.Days]bool
	names   map[domain.Days]string
}

// ParseYear reads the official days of one year from CSV: date, day (off or work), name.
func ParseYear(text string) (Year, error) {
	rows, err := table.Read(text, "date", "day", "name")
	if err != nil {
		return Year{}, err
	}
	if len(rows) == 0 {
		return Year{}, fmt.Errorf("%w: no day: a year has at least its public holidays", table.ErrTable)
	}
	y := Year{special: map[domain.Days]bool{}, names: map[domain.Days]string{}}
	for _, row := range rows {
		if err := y.add(row); err != nil {
			return Year{}, err
		}
	}
	return y, nil
}

func (y *Year) add(row table.Row) error {
	date, err := time.Parse(time.DateOnly, row.Get("date"))
	if err != nil {
		return row.Wrong("date", "%q is no date such as 2026-01-01", row.Get("date"))
	}
	if y.Number == 0 {
		y.Number = date.Year()
	}
	day := dayOf(date)
	_, twice := y.special[day]
	switch {
	case date.Year() != y.Number:
		return row.Wrong("date", "%s lies outside %d: give one file a year", row.Get("date"), y.Number)
	case twice:
		return row.Wrong("date", "%s is told twice", row.Get("date"))
	case row.Get("day") != "off" && row.Get("day") != "work":
		return row.Wrong("day", "%q must be off or work", row.Get("day"))
	case row.Get("day") == "work" && weekday(day):
		return row.Wrong("day", "%s is a %s, which is worked anyway: is the date right?", row.Get("date"), date.Weekday())
	}
	y.special[day], y.names[day] = row.Get("day") == "work", row.Get("name")
	return nil
}

// A Calendar knows which days are worked. It never changes.
type Calendar struct{ years map[int]Year }

// official is what stands in the folder years.
var official = readOfficial()

func readOfficial() Calendar {
	var c Calendar
	files, err := years.ReadDir("years")
	if err != nil {
		panic(fmt.Sprintf("the official days are not compiled in: %v", err))
	}
	for _, file := range files {
		text, err := years.ReadFile("years/" + file.Name())
		if err != nil {
			panic(fmt.Sprintf("official days %s: %v", file.Name(), err))
		}
		year, err := ParseYear(string(text))
		if err != nil {
			panic(fmt.Sprintf("official days %s: %v", file.Name(), err))
		}
		c = c.With(year)
	}
	return c
}

// Official gives the calendar of the notices that are compiled in.
func Official() Calendar { return official }

// With gives the calendar with the year in place of what it knew of that year.
func (c Calendar) With(year Year) Calendar {
	with := maps.Clone(c.years)
	if with == nil {
		with = map[int]Year{}
	}
	with[year.Number] = year
	return Calendar{years: with}
}

// Years lists the years that the calendar knows, in order.
func (c Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Working reports whether a day is worked, and whether the calendar knows the day's year: of one that it does not know,
// Monday to Friday count as worked.
func (c Calendar) Working(day domain.Days) (worked, known bool) {
	year, known := c.years[Date(day).Year()]
	if worked, special := year.special[day]; special {
		return worked, known
	}
	return weekday(day), known
}

// Name gives the holiday to which a day of rest or a swapped day belongs, or nothing.
func (c Calendar) Name(day domain.Days) string { return c.years[Date(day).Year()].names[day] }

// weekday reports that a day is one of Monday to Friday. Day 0, the first of January 1970, was a Thursday.
func weekday(day domain.Days) bool {
	of := ((day+4)%7 + 7) % 7
	return of >= 1 && of <= 5
}

// Date gives a numbered day as a date, at midnight UTC; for its year, month and day only.
func Date(day domain.Days) time.Time { return time.Unix(int64(day)*daySeconds, 0).UTC() }

// ParseDay reads a date such as 2026-03-10.
func ParseDay(text string) (domain.Days, error) {
	date, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%q is no date such as 2026-03-10", text)
	}
	return dayOf(date), nil
}

func dayOf(date time.Time) domain.Days { return domain.Days(date.Unix() / daySeconds) }
