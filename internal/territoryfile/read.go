package territoryfile

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"onedoor/domain"
	"onedoor/internal/csvfile"
)

// NameRunesMax bounds a territory's name, as the record of a territory does. The
// longest name of the statistical codes has some 25 characters; three times that
// leaves room for grids named after their streets.
const NameRunesMax = 80

// Header names the columns of a territory file.
var Header = []string{"code", "parent_code", "level", "name"}

// ErrNoRows means a file has a header and nothing else.
var ErrNoRows = errors.New("no rows")

// Options say what the caller knows before it reads a file.
type Options struct {
	// File names the file in errors.
	File string
	// Known are territories that stand already, so that a later file may bring
	// the grids of communities it does not repeat.
	Known []Area
}

// Read reads a whole territory file. All problems of its rows come back together
// as [csvfile.Problems], and then no area does: half a tree would give doors no
// place. A row that repeats a known territory is returned like any other.
func Read(r io.Reader, o Options) ([]Area, error) {
	table, err := csvfile.Read(r, csvfile.Options{File: o.File, ColumnsMin: len(Header), Name: strings.ToLower})
	if table == nil {
		return nil, err
	}
	if err := checkHeader(table); err != nil {
		return nil, err
	}
	problems, _ := errors.AsType[csvfile.Problems](err)
	if len(table.Rows) == 0 && len(problems) == 0 {
		return nil, fmt.Errorf("%s: %w", o.File, ErrNoRows)
	}
	tree := tree{lines: map[domain.Code]int{}}
	for _, known := range o.Known {
		tree.lines[known.Code] = 0
	}
	for _, row := range table.Rows {
		problems = append(problems, tree.add(row)...)
	}
	problems = append(problems, tree.orphans(o.File)...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(tree.areas, inTreeOrder)
	return tree.areas, nil
}

// inTreeOrder puts parents before children and siblings in code order.
func inTreeOrder(a, b Area) int {
	if a.Level != b.Level {
		return int(a.Level - b.Level)
	}
	return strings.Compare(string(a.Code), string(b.Code))
}

// checkHeader wants exactly the columns of the format, since a column nobody
// reads is a file meant for something else.
func checkHeader(table *csvfile.Table) error {
	lacking := table.Lacking(Header...)
	if len(lacking) == 0 && len(table.Header) == len(Header) {
		return nil
	}
	return &csvfile.FileError{Kind: csvfile.ErrHeader, Problem: csvfile.Problem{File: table.File, Line: 1,
		Why: fmt.Sprintf("the columns are %s: exactly %s are read", strings.Join(table.Header, ","), strings.Join(Header, ","))}}
}

// tree collects the areas of one file.
type tree struct {
	// areas are the sound rows in file order.
	areas []Area
	// lines gives the line of every code met so far, 0 for one known before.
	lines map[domain.Code]int
}

// add reads one row into the tree, or says what is wrong with it.
func (t *tree) add(row csvfile.Row) csvfile.Problems {
	area, column, why := areaOf(row)
	if why != "" {
		return csvfile.Problems{row.Problem(column, why)}
	}
	if line := t.lines[area.Code]; line > 0 {
		return csvfile.Problems{row.Problem("code", fmt.Sprintf("%s stands on line %d already", area.Code, line))}
	}
	t.lines[area.Code] = row.Line
	t.areas = append(t.areas, area)
	return nil
}

// orphans names the rows whose parent is neither in the file nor known.
func (t *tree) orphans(file string) csvfile.Problems {
	var problems csvfile.Problems
	for _, area := range t.areas {
		if _, ok := t.lines[area.Parent]; area.Level != domain.Province && !ok {
			problems = append(problems, csvfile.Problem{File: file, Line: area.Line, Column: "parent_code",
				Why: fmt.Sprintf("the %s %s has no row of its own: add it", area.Level-1, area.Parent)})
		}
	}
	return problems
}

// areaOf reads one row by itself, without its neighbours. A reason comes with
// the column it is about.
func areaOf(row csvfile.Row) (area Area, column, why string) {
	area = Area{Parent: domain.Code(strings.TrimSpace(row.Get("parent_code"))), Name: strings.TrimSpace(row.Get("name")), Line: row.Line}
	code, err := domain.ParseCode(row.Get("code"))
	if err != nil {
		return area, "code", err.Error()
	}
	area.Code = code
	level, ok := domain.ParseLevel(row.Get("level"))
	if !ok || level.Digits() != len(code) {
		return area, "level", fmt.Sprintf("%q does not fit a code of %d digits", row.Get("level"), len(code))
	}
	area.Level = level
	if err := domain.CheckPlace(code, area.Parent, level); err != nil {
		return area, "parent_code", err.Error()
	}
	if runes := utf8.RuneCountInString(area.Name); runes == 0 || runes > NameRunesMax {
		return area, "name", fmt.Sprintf("%d characters, 1 to %d are needed", runes, NameRunesMax)
	}
	return area, "", ""
}
