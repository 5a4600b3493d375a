package rentsafe

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"onedoor/internal/csvfile"
)

// buildingOf reads what a row of either kind of file says about a building.
func buildingOf(row csvfile.Row) Building {
	return Building{
		RSN:          RSN(value(row, columnRSN)),
		Address:      value(row, columnAddress),
		Ward:         value(row, columnWard),
		WardName:     value(row, columnWardName),
		PropertyType: value(row, columnPropertyType),
		Storeys:      countOf(value(row, columnStoreys)),
		Units:        countOf(value(row, columnUnits)),
		YearBuilt:    countOf(value(row, columnYearBuilt)),
	}
}

// inspectionOf reads a row of an evaluations or day file. The reasons say which
// values of it are not taken.
func inspectionOf(file string, row csvfile.Row) (inspection Inspection, reasons []string) {
	inspection = Inspection{
		Key:       Key{RSN: RSN(value(row, columnRSN)), Year: Year(value(row, columnYear))},
		Building:  buildingOf(row),
		Current:   countOf(value(row, columnCurrent)),
		Proactive: countOf(value(row, columnProactive)),
		Reactive:  countOf(value(row, columnReactive)),
		File:      file,
		Line:      row.Line,
		content:   contentOf(row),
	}
	var ok bool
	if inspection.CompletedOn, ok = dateOf(value(row, columnCompletedOn)); !ok {
		reasons = append(reasons, fmt.Sprintf("%s is %.40q, not a date: left out", columnCompletedOn, value(row, columnCompletedOn)))
	}
	for _, item := range checklist {
		score, ok := scoreOf(value(row, item.Name))
		if !ok {
			reasons = append(reasons, fmt.Sprintf("%s is %.40q, not a score from %d to %d: left out", item.Name, value(row, item.Name), ScoreWorst, ScoreBest))
		}
		if score != 0 {
			inspection.Items = append(inspection.Items, Item{Name: item.Name, Score: score})
		}
	}
	return inspection, reasons
}

// contentOf covers the known columns of a row, by name, so that neither the
// order of the columns nor a new one makes a row look changed.
func contentOf(row csvfile.Row) [32]byte {
	var text strings.Builder
	add := func(column string) {
		if found := value(row, column); found != "" {
			text.WriteString(column + "\x1f" + found + "\x1e")
		}
	}
	for _, column := range compared {
		add(column)
	}
	for _, item := range checklist {
		add(item.Name)
	}
	return sha256.Sum256([]byte(text.String()))
}

// countOf reads a whole number; anything else is absent.
func countOf(found string) Count {
	n, err := strconv.Atoi(found)
	if err != nil {
		return Count{}
	}
	return Count{Value: n, Known: true}
}

// scoreOf reads the mark of an item: 0 where the item does not apply, not ok
// where the value is neither a mark nor one of the ways to leave it out.
func scoreOf(found string) (Score, bool) {
	switch strings.ToUpper(found) {
	case "", "0", "N/A", "NA":
		return 0, true
	}
	n := countOf(found)
	if score := Score(n.Value); n.Known && score >= ScoreWorst && score <= ScoreBest {
		return score, true
	}
	return 0, false
}

// dateOf reads a date, with a time of day behind it or not; blank is absent.
func dateOf(found string) (Date, bool) {
	if found == "" {
		return "", true
	}
	day, _, _ := strings.Cut(strings.Replace(found, "T", " ", 1), " ")
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", false
	}
	return Date(day), true
}
