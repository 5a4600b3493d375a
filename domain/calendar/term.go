package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Unit says which days of a term count.
type Unit uint8

// The units.
const (
	// SameDay is the rest of the day on which the term begins.
	SameDay Unit = iota + 1
	// CalendarDays are all days.
	CalendarDays
	// RolledDays are all days, and a term that ends on a day of rest ends with the next working day.
	RolledDays
	// WorkingDays are the days that are worked.
	WorkingDays
)

// TermDaysMax bounds a term: ten years is longer than any term of the field.
const TermDaysMax = 3_650

// ErrTerm means that a text is no term, or a term is too long.
var ErrTerm = errors.New("unusable term")

// A Term is an amount of time after which a thing is late.
type Term struct {
	// Days is how many days; 0 with SameDay and in a term that is none.
	Days int
	// Unit says which days count.
	Unit Unit
}

// suffixes are the units as they are written behind a number.
var suffixes = map[Unit]string{CalendarDays: "d", RolledDays: "rd", WorkingDays: "wd"}

// ParseTerm reads a term: "same_day", "20d" (calendar days), "30rd" (calendar days that roll to a working day) or "5wd"
// (working days). The empty text is the term that is none.
func ParseTerm(text string) (Term, error) {
	switch text {
	case "":
		return Term{}, nil
	case "same_day":
		return Term{Unit: SameDay}, nil
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	days, err := strconv.Atoi(digits)
	for unit, suffix := range suffixes {
		if err == nil && text == strconv.Itoa(days)+suffix {
			term := Term{Days: days, Unit: unit}
			return term, term.check()
		}
	}
	return Term{}, fmt.Errorf("%w: %q must be same_day or a number with d, rd or wd, such as 20d", ErrTerm, text)
}

func (t Term) check() error {
	if t.Unit != SameDay && (t.Days < 1 || t.Days > TermDaysMax) {
		return fmt.Errorf("%w: %d days must lie between 1 and %d", ErrTerm, t.Days, TermDaysMax)
	}
	return nil
}

// None reports that there is no term, and so no deadline.
func (t Term) None() bool { return t.Unit == 0 }

// String gives the term as ParseTerm reads it.
func (t Term) String() string {
	switch t.Unit {
	case 0:
		return ""
	case SameDay:
		return "same_day"
	}
	return strconv.Itoa(t.Days) + suffixes[t.Unit]
}

// Words says the term in Chinese and English.
func (t Term) Words() (zh, en string) {
	switch t.Unit {
	case SameDay:
		return "当日", "the same day"
	case CalendarDays:
		return fmt.Sprintf("%d日", t.Days), fmt.Sprintf("%d days", t.Days)
	case RolledDays:
		return fmt.Sprintf("%d日（末日遇休息日顺延）", t.Days), fmt.Sprintf("%d days, to the next working day", t.Days)
	case WorkingDays:
		return fmt.Sprintf("%d个工作日", t.Days), fmt.Sprintf("%d working days", t.Days)
	}
	return "无期限", "no term"
}
