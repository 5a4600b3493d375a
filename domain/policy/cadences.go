package policy

import (
	"slices"

	"onedoor/domain"
)

// The turns of doors by name.
const (
	// TurnGreen to TurnRed: rentals by their grade, and doors of any class that are not green.
	TurnGreen  = "rental_green"
	TurnYellow = "rental_yellow"
	TurnOrange = "rental_orange"
	TurnRed    = "rental_red"
	// TurnMonthly bounds the group-let and the mixed from above.
	TurnMonthly = "group_let_or_mixed"
	// TurnHousehold: ordinary households, and shops, stalls and others, which have no turn of their own.
	TurnHousehold = "household"
	// TurnHotel: hotels, inns and homestays.
	TurnHotel = "hotel"
)

// TurnNames lists the turns in the order of the table.
func TurnNames() []string {
	return []string{TurnGreen, TurnYellow, TurnOrange, TurnRed, TurnMonthly, TurnHousehold, TurnHotel}
}

// A CadenceRow is how often one sort of doors is seen.
type CadenceRow struct {
	Validity
	// Turn is one of TurnNames.
	Turn string
	// Days is after how many days such a door is due again.
	Days domain.Days
	// Source is where the row comes from.
	Source string
}

var cadenceColumns = []string{"version", "effective_from", "turn", "days", "source"}

func (r CadenceRow) key() string { return r.Turn }

func readCadence(r *reading) CadenceRow {
	row := CadenceRow{
		Validity: r.validity(), Turn: TurnNames()[max(0, r.oneOf("turn", TurnNames()...))],
		Days: domain.Days(r.number("days", daysMost)), Source: r.text("source"),
	}
	if row.Days == 0 {
		r.wrong("days", "must be 1 or more")
	}
	return row
}

// CadenceRows lists the rows that hold on a day, in the order of TurnNames.
func (p Policy) CadenceRows(day domain.Days) []CadenceRow {
	rows := inForce(p.cadences, day)
	slices.SortStableFunc(rows, func(a, b CadenceRow) int {
		return slices.Index(TurnNames(), a.Turn) - slices.Index(TurnNames(), b.Turn)
	})
	return rows
}

// Cadence gives how often doors are seen on a day. Before the first row of a turn holds, its first one counts: every door has a
// turn.
func (p Policy) Cadence(day domain.Days) domain.Cadence {
	of := func(turn string) domain.Days {
		first := slices.IndexFunc(p.cadences, func(r CadenceRow) bool { return r.Turn == turn })
		days := p.cadences[first].Days // complete() holds for every policy, so there is one.
		for _, row := range inForce(p.cadences, day) {
			if row.Turn == turn {
				days = row.Days
			}
		}
		return days
	}
	return domain.Cadence{
		GreenDays: of(TurnGreen), YellowDays: of(TurnYellow), OrangeDays: of(TurnOrange), RedDays: of(TurnRed),
		MonthlyDays: of(TurnMonthly), HouseholdDays: of(TurnHousehold), HotelDays: of(TurnHotel),
	}
}
