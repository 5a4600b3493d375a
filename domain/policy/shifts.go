package policy

import (
	"fmt"
	"strings"
	"time"

	"onedoor/domain"
)

// A ShiftRow is the time at doors in a day.
type ShiftRow struct {
	Validity
	// Shift is its parts, and what a door and the way to another stair take.
	Shift domain.Shift
	// Source is where the row comes from.
	Source string
}

var shiftColumns = []string{"version", "effective_from", "morning", "afternoon", "evening", "door_minutes", "stair_minutes", "source"}

// shiftMinutesMost bounds what one door or one way takes: half a day, far above what any does.
const shiftMinutesMost = 12 * 60

func (r ShiftRow) key() string { return "shift" }

func readShift(r *reading) ShiftRow {
	row := ShiftRow{Validity: r.validity(), Source: r.text("source")}
	for _, slot := range []domain.Slot{domain.Morning, domain.Afternoon, domain.Evening} {
		column := slot.String()
		from, to, given := r.hours(column)
		if !given {
			continue
		}
		if domain.SlotOf(from) != slot || domain.SlotOf(to-1) != slot {
			r.wrong(column, "%q must lie within the %s: it ends at 12:00, the afternoon at 18:00", r.row.Get(column), column)
		}
		row.Shift.Slots = append(row.Shift.Slots, domain.SlotTime{Slot: slot, From: from, To: to})
	}
	row.Shift.DoorMinutes = int(r.number("door_minutes", shiftMinutesMost))
	row.Shift.StairMinutes = int(r.number("stair_minutes", shiftMinutesMost))
	if row.Shift.DoorMinutes == 0 {
		r.wrong("door_minutes", "must be 1 or more")
	}
	if len(row.Shift.Slots) == 0 {
		r.wrong("morning", "a shift has one part at least")
	}
	return row
}

// hours reads a part of the day such as 09:00-11:30, as minutes of the day; the empty text is none.
func (r *reading) hours(column string) (from, to int, given bool) {
	text := r.row.Get(column)
	if text == "" {
		return 0, 0, false
	}
	first, last, _ := strings.Cut(text, "-")
	from, errFrom := minuteOf(first)
	to, errTo := minuteOf(last)
	if errFrom != nil || errTo != nil || from >= to {
		r.wrong(column, "%q must be hours of the day such as 09:00-11:30", text)
		return 0, 0, false
	}
	return from, to, true
}

func minuteOf(text string) (int, error) {
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err
}

// Hours writes a part of a shift as the table does; the empty text for one that the shift has not.
func (r ShiftRow) Hours(slot domain.Slot) string {
	for _, s := range r.Shift.Slots {
		if s.Slot == slot {
			return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
		}
	}
	return ""
}

// ShiftRow gives the row that holds on a day; before the first one holds, that one.
func (p Policy) ShiftRow(day domain.Days) ShiftRow {
	if rows := inForce(p.shifts, day); len(rows) > 0 {
		return rows[0]
	}
	return p.shifts[0] // complete() holds for every policy, so there is one.
}

// Shift gives the time at doors on a day.
func (p Policy) Shift(day domain.Days) domain.Shift { return p.ShiftRow(day).Shift }
