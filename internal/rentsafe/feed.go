package rentsafe

import "strings"

// RSN is the register's key of a building: text without meaning.
type RSN string

// Year is the YEAR EVALUATED of an inspection: text without meaning, though it
// mostly reads as a year.
type Year string

// Date is a day as YYYY-MM-DD, which sorts as text; empty where the file has
// none.
type Date string

// Key identifies an inspection.
type Key struct {
	// RSN is the inspected building.
	RSN RSN
	// Year is the round of inspections; a building is inspected once in each.
	Year Year
}

// Compare orders keys by text.
func (k Key) Compare(other Key) int {
	if c := strings.Compare(string(k.RSN), string(other.RSN)); c != 0 {
		return c
	}
	return strings.Compare(string(k.Year), string(other.Year))
}

// Count is a whole number that a file may leave out.
type Count struct {
	// Value is zero where Known is false.
	Value int
	// Known is false where the file has a blank or no number.
	Known bool
}

// Building is a rental building: a door of the replay.
type Building struct {
	// RSN is the building's key.
	RSN RSN
	// Address is as found, trimmed; the publisher pads it in the middle too.
	Address string
	// Ward is the number of the ward as text, "07". The two files disagree in a
	// few rows.
	Ward string
	// WardName is the ward's name. The register has no such column; it gets the
	// name that the inspections give the ward, if any does.
	WardName string
	// PropertyType is PRIVATE, TCHC (the city's housing company) or SOCIAL
	// HOUSING, or what a later file says.
	PropertyType string
	// Storeys, Units and YearBuilt are facts of the building.
	Storeys, Units, YearBuilt Count
	// FromInspection says that no register has the building, so that it is known
	// from an inspection alone.
	FromInspection bool
}

// Score is the mark of a checklist item: 1 is the worst, 3 the best.
type Score int

// The marks an inspector may give.
const (
	// ScoreWorst makes an item a hazard.
	ScoreWorst Score = 1
	// ScoreBest is an item in good repair.
	ScoreBest Score = 3
)

// Item is a checklist item that has a score. Items that do not apply, marked
// N/A, 0 or blank, are left out.
type Item struct {
	// Name is the publisher's name of the item, as [Checklist] spells it.
	Name string
	// Score is from ScoreWorst to ScoreBest.
	Score Score
}

// Inspection is one row of an evaluations or day file: a visit of the replay.
type Inspection struct {
	// Key identifies it.
	Key Key
	// Building is what this row says about the building.
	Building Building
	// CompletedOn is when the inspection was made, empty in a few rows.
	CompletedOn Date
	// Current is the building's score in per cent, Proactive the part of the
	// inspection itself, Reactive the points that complaints and orders took off.
	Current, Proactive, Reactive Count
	// Items are the scored items in the order of [Checklist].
	Items []Item
	// File and Line are where the row stands.
	File string
	Line int

	// content covers every known column of the row, so that two rows can be
	// compared without keeping all values.
	content [32]byte
}

// SameContent says whether two rows say the same in every column this package
// knows, wherever they stand.
func (i Inspection) SameContent(other Inspection) bool { return i.content == other.content }

// Hazards returns the items scored worst.
func (i Inspection) Hazards() []Item {
	var worst []Item
	for _, item := range i.Items {
		if item.Score == ScoreWorst {
			worst = append(worst, item)
		}
	}
	return worst
}

// Day is the work of one day file.
type Day struct {
	// Date is in the file's name.
	Date Date
	// File is the path of the file in the folder.
	File string
	// Rows counts data lines, also those refused and those with a key that comes
	// again.
	Rows int
	// Inspections are the rows that stand at the end of the file, one a key,
	// sorted by key.
	Inspections []Inspection
}

// Refused says what of the folder was not taken, and why. The rest of the folder
// is unaffected.
type Refused struct {
	// File is a path in the folder.
	File string
	// Line is the physical line, or 0 for the whole file.
	Line int
	// Why says what is wrong.
	Why string
}

// Feed is a folder that has been read.
type Feed struct {
	// Buildings are those of the registers and, marked, those that only the
	// evaluations files have, sorted by RSN. Day files may bring more.
	Buildings []Building
	// Inspections are those of the evaluations files, one a key, sorted by key.
	Inspections []Inspection
	// Days are the day files in the order of their dates.
	Days []Day
	// Refused lists what was not taken, in the order of reading.
	Refused []Refused
}

// Totals are the distinct things of all files of a feed together.
type Totals struct {
	// Doors counts buildings by RSN.
	Doors int
	// Visits counts inspections by key.
	Visits int
	// Hazards counts pairs of inspection and item that were scored worst in any
	// state the feed goes through; a later better score closes a hazard and does
	// not unmake it.
	Hazards int
}
