package metrics

import (
	"fmt"
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
)

// Month is a calendar month in Asia/Shanghai.
type Month struct {
	Year  int
	Month int
}

// MonthOf gives the month in which a day lies.
func MonthOf(d domain.Days) Month {
	at := calendar.Date(d)
	return Month{at.Year(), int(at.Month())}
}

// ParseMonth reads a month such as 2026-03.
func ParseMonth(text string) (Month, error) {
	at, err := time.Parse("2006-01", text)
	if err != nil {
		return Month{}, fmt.Errorf("month %q: write it as 2026-03", text)
	}
	return Month{at.Year(), int(at.Month())}, nil
}

// String writes the month as 2026-03.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, m.Month) }

// Next gives the month after.
func (m Month) Next() Month {
	if m.Month == 12 {
		return Month{m.Year + 1, 1}
	}
	return Month{m.Year, m.Month + 1}
}

// After reports that the month is later than another.
func (m Month) After(other Month) bool {
	return m.Year > other.Year || m.Year == other.Year && m.Month > other.Month
}

// First gives the month's first day.
func (m Month) First() domain.Days {
	day, err := calendar.ParseDay(fmt.Sprintf("%s-01", m))
	if err != nil {
		return NoDay
	}
	return day
}

// Last gives the month's last day.
func (m Month) Last() domain.Days { return m.Next().First() - 1 }

// Month gives the month that the period is, whole; false where it is none.
func (p Period) Month() (Month, bool) {
	m := MonthOf(p.From)
	return m, p.From == m.First() && p.To == m.Last()
}

// DayText writes a day as 2026-03-10.
func DayText(d domain.Days) string { return calendar.Date(d).Format(time.DateOnly) }
