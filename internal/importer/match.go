package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"onedoor/domain"
	"onedoor/internal/csvfile"
)

// ErrTooManyMissing means a file that claims to be complete lacks more of what
// stands than a register loses by itself.
var ErrTooManyMissing = errors.New("too many doors missing")

// MissingError carries the numbers of [ErrTooManyMissing].
type MissingError struct {
	// Missing of Standing doors are not in the file.
	Missing, Standing int
}

// Error gives numbers and limit.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%d of %d doors are missing from the register, more than %d %%: is the file complete and of this area",
		e.Missing, e.Standing, MissingShareMaxPercent)
}

// Unwrap gives the sentinel.
func (e *MissingError) Unwrap() error { return ErrTooManyMissing }

// Standing is what matching needs to know of a door that stands.
type Standing struct {
	// ExternalRef is the key of the source it was imported from, if any.
	ExternalRef string
	// Territory, Address and Place are the door's own.
	Territory domain.Code
	Address   string
	Place     Place
}

// standing is the door of a row as matching sees it.
func (p Premises) standing() Standing {
	return Standing{ExternalRef: p.ExternalRef, Territory: p.Territory, Address: p.Address, Place: p.Place}
}

// Matching says how the rows of a file meet the doors that stand. Numbers are
// positions in the slices given to [Match].
type Matching struct {
	// Same gives for each row the door it means, or -1 for a new door.
	Same []int
	// Missing lists the doors that no row means, in order.
	Missing []int
}

// Match finds the door each row means.
//
//  1. Equal external_ref: the same door, wherever it has moved.
//  2. Otherwise, if the row or the door has no external_ref: the same door when
//     address and [Place] agree in the form of [NormalisePlace] and one territory
//     contains the other. Contains, not equals, because a phone refines the
//     community of an import to a grid, and the next import still says community.
//  3. Two different external_refs are two doors, at one address too.
//
// A row that would mean several doors under rule 2, or a door that another row
// means, is a problem of its line:
// choosing one would write one household's values into another's record.
func Match(file string, standing []Standing, rows []Premises) (Matching, error) {
	m := Matching{Same: make([]int, len(rows))}
	taken := make([]bool, len(standing))
	m.matchRefs(standing, rows, taken)
	problems := m.matchPlaces(file, standing, rows, taken)
	for door := range standing {
		if !taken[door] {
			m.Missing = append(m.Missing, door)
		}
	}
	return m, problems.Err()
}

// matchRefs applies the first rule; every other row is new so far.
func (m *Matching) matchRefs(standing []Standing, rows []Premises, taken []bool) {
	refs := map[string]int{}
	for door, s := range standing {
		if s.ExternalRef != "" {
			refs[s.ExternalRef] = door
		}
	}
	for i, row := range rows {
		m.Same[i] = -1
		if door, ok := refs[row.ExternalRef]; ok && row.ExternalRef != "" {
			m.Same[i], taken[door] = door, true
		}
	}
}

// matchPlaces applies the second and third rule to what the first left.
func (m *Matching) matchPlaces(file string, standing []Standing, rows []Premises, taken []bool) csvfile.Problems {
	places := newPlaceIndex()
	for door, s := range standing {
		if !taken[door] {
			places.add(door, s)
		}
	}
	var problems csvfile.Problems
	lines := map[int]int{} // The line that means a door by its place.
	for i, row := range rows {
		if m.Same[i] >= 0 {
			continue
		}
		doors := places.at(row.standing())
		doors = slices.DeleteFunc(doors, func(door int) bool {
			return row.ExternalRef != "" && standing[door].ExternalRef != ""
		})
		if len(doors) == 0 {
			continue
		}
		if why := ambiguous(doors, lines); why != "" {
			problems = append(problems, csvfile.Problem{File: file, Line: row.Line, Column: "address", Why: why})
			continue
		}
		m.Same[i], taken[doors[0]], lines[doors[0]] = doors[0], true, row.Line
	}
	return problems
}

// ambiguous says why a row cannot mean the one door it meets by its place, or
// nothing. lines holds the doors that earlier rows mean by their place.
func ambiguous(doors []int, lines map[int]int) string {
	if len(doors) > 1 {
		return fmt.Sprintf("%d doors stand at this place: give the external_ref or the door", len(doors))
	}
	if line, ok := lines[doors[0]]; ok {
		return fmt.Sprintf("the door of line %d again, which stands without an external_ref: tell the two apart by their door", line)
	}
	return ""
}

// Register is [Match] for a file that claims to be complete: the missing doors
// are to be proposed for void, so a file without rows, or one that lacks more
// than [MissingShareMaxPercent] of what stands, is refused.
func Register(file string, standing []Standing, rows []Premises) (Matching, error) {
	if len(rows) == 0 {
		return Matching{}, fmt.Errorf("%s: %w", file, ErrNoRows)
	}
	m, err := Match(file, standing, rows)
	if err != nil {
		return Matching{}, err
	}
	if len(m.Missing)*100 > len(standing)*MissingShareMaxPercent {
		return Matching{}, fmt.Errorf("%s: %w", file, &MissingError{Missing: len(m.Missing), Standing: len(standing)})
	}
	return m, nil
}

// placeIndex finds doors by place.
type placeIndex struct {
	// doors maps a place without its territory to positions and territories.
	doors map[string][]placed
}

// placed is one door of a place.
type placed struct {
	position  int
	territory domain.Code
}

// newPlaceIndex returns an empty index.
func newPlaceIndex() *placeIndex { return &placeIndex{doors: map[string][]placed{}} }

// placeKey joins the normalised address and the parts of the door key. The
// separator cannot be in a value, since control characters are refused.
func placeKey(s Standing) string {
	parts := []string{s.Address, s.Place.Compound, s.Place.Building, s.Place.Stair, s.Place.Floor, s.Place.Door}
	for i, part := range parts {
		parts[i] = NormalisePlace(part)
	}
	return strings.Join(parts, "\x1f")
}

// add puts a door into the index.
func (x *placeIndex) add(position int, s Standing) {
	key := placeKey(s)
	x.doors[key] = append(x.doors[key], placed{position, s.Territory})
}

// at gives the positions of the doors of a place whose territory contains the
// given one or lies in it.
func (x *placeIndex) at(s Standing) []int {
	var positions []int
	for _, door := range x.doors[placeKey(s)] {
		if s.Territory.Contains(door.territory) || door.territory.Contains(s.Territory) {
			positions = append(positions, door.position)
		}
	}
	return positions
}
