package importer

import (
	"fmt"
	"io"

	"onedoor/domain"
	"onedoor/internal/csvfile"
)

// Grades are the short names of a premises' grade; the colours are those of the
// rental-house rules, green the calmest.
var Grades = []string{"GREEN", "YELLOW", "ORANGE", "RED"}

// Premises is one door of a file, checked value by value.
type Premises struct {
	// Line is the physical line of the file.
	Line int
	// ExternalRef is the source's own stable key, empty where it has none.
	ExternalRef string
	// Address is never empty.
	Address string
	// Territory is the code of the finest territory the source knows.
	Territory domain.Code
	// KindOfPremises, Use and RentalKind are short names of enum values in upper
	// case, empty where the file is silent.
	KindOfPremises, Use, RentalKind string
	// Place tells the doors of one address apart.
	Place Place
	// Rooms and Headcount are nil where the file is silent, which is not zero.
	Rooms, Headcount *int
	// ContactName and ContactPhone belong to a person: to be sealed, never
	// logged.
	ContactName, ContactPhone string
	// Grade is one of [Grades] or empty.
	Grade string
	// LeaseFiled is nil where the file is silent, which is not no.
	LeaseFiled *bool
}

// Place is the key of a door inside its address.
type Place struct {
	// Compound, Building, Stair, Floor and Door go from the gate to the door;
	// each may be empty.
	Compound, Building, Stair, Floor, Door string
}

// premisesFile is the canonical premises file.
var premisesFile = kind{
	columns: []string{
		"external_ref", "address", "territory", "kind_of_premises", "use", "rental_kind",
		"compound", "building", "stair", "floor", "door", "rooms", "headcount",
		"contact_name", "contact_phone", "grade", "lease_filed",
	},
	needed: []string{"address", "territory"},
}

// ReadPremises reads a whole premises file, all or nothing. The error is
// [csvfile.Problems] when rows are wrong, a [csvfile.FileError] when the file
// is, [ErrNoRows] or [ErrMap].
func ReadPremises(r io.Reader, o Options) ([]Premises, error) {
	s, err := openSheet(r, premisesFile, withGrades(o))
	if err != nil {
		return nil, err
	}
	rows := make([]Premises, 0, len(s.table.Rows))
	for _, row := range s.table.Rows {
		rows = append(rows, premisesOf(row.Line, s.cells(row)))
	}
	s.repeated(rows)
	if err := s.problems.Err(); err != nil {
		return nil, err
	}
	return rows, nil
}

// withGrades adds the grades to what the caller knows, unless it knows better.
func withGrades(o Options) Options {
	names := map[string][]string{"grade": Grades}
	for column, allowed := range o.ShortNames {
		names[column] = allowed
	}
	o.ShortNames = names
	return o
}

// premisesOf reads one row.
func premisesOf(line int, c *cells) Premises {
	return Premises{
		Line:           line,
		ExternalRef:    c.externalRef("external_ref"),
		Address:        c.needed("address", AddressRunesMax),
		Territory:      c.territory("territory"),
		KindOfPremises: c.shortName("kind_of_premises"),
		Use:            c.shortName("use"),
		RentalKind:     c.shortName("rental_kind"),
		Place: Place{
			Compound: c.text("compound", CompoundRunesMax),
			Building: c.text("building", BuildingRunesMax),
			Stair:    c.text("stair", FloorRunesMax),
			Floor:    c.text("floor", FloorRunesMax),
			Door:     c.text("door", BuildingRunesMax),
		},
		Rooms:        c.count("rooms", domain.RoomsMax),
		Headcount:    c.count("headcount", domain.HeadcountMax),
		ContactName:  c.text("contact_name", PersonNameRunesMax),
		ContactPhone: c.phone("contact_phone"),
		Grade:        c.shortName("grade"),
		LeaseFiled:   c.flag("lease_filed"),
	}
}

// repeated finds rows that mean one door: the same external_ref, or the same
// place where at least one of the two rows has no external_ref to tell them
// apart by.
func (s *sheet) repeated(rows []Premises) {
	refs, places := map[string]int{}, newPlaceIndex()
	for i, row := range rows {
		if first, ok := refs[row.ExternalRef]; ok && row.ExternalRef != "" {
			s.problems = append(s.problems, s.repeat(row, "external_ref", rows[first].Line))
			continue
		}
		refs[row.ExternalRef] = i
		if row.Address == "" || row.Territory == "" {
			continue // Its problem is noted and it has no place to compare.
		}
		door := row.standing()
		for _, other := range places.at(door) {
			if row.ExternalRef == "" || rows[other].ExternalRef == "" {
				s.problems = append(s.problems, s.repeat(row, "address", rows[other].Line))
				break
			}
		}
		places.add(i, door)
	}
}

// repeat says that a row means the door of an earlier line.
func (s *sheet) repeat(row Premises, column string, line int) csvfile.Problem {
	return csvfile.Problem{File: s.o.File, Line: row.Line, Column: s.o.Map.column(column),
		Why: fmt.Sprintf("the door of line %d again: delete one, or give each its own external_ref", line)}
}
