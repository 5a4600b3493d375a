package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"onedoor/domain"
	"onedoor/internal/csvfile"
)

// ErrNoRows means a file has a header and no row, which says nothing about any
// door or user and, as a complete register, would say that there are none.
var ErrNoRows = errors.New("no rows")

// Options say what the caller knows about a file and about the realm.
type Options struct {
	// File names the file in errors.
	File string
	// Map reads a file with other columns; nil for the canonical ones.
	Map *Map
	// KnownTerritory says whether the realm has a territory of that code. nil
	// checks the form of a code alone.
	KnownTerritory func(code domain.Code) bool
	// ShortNames gives the short names a column of enum values may hold, in upper
	// case, by canonical column name. A column it does not list is checked for its
	// form alone.
	ShortNames map[string][]string
}

// kind is what a file may hold: canonical names, and those it cannot do without.
type kind struct {
	columns, needed []string
	// refused gives columns that must not be in a canonical file, each with the
	// reason.
	refused map[string]string
}

// sheet is a file whose header fits its kind.
type sheet struct {
	table *csvfile.Table
	o     Options
	// problems collects what is wrong with rows and values.
	problems csvfile.Problems
}

// openSheet reads a file and checks its header. Problems of rows stay in the
// sheet to be reported with those of their values.
func openSheet(r io.Reader, k kind, o Options) (*sheet, error) {
	if o.Map != nil {
		if err := o.Map.check(k.columns); err != nil {
			return nil, err
		}
	}
	options := csvfile.Options{File: o.File, ColumnsMin: 2, Name: snake}
	if o.Map != nil {
		options.Name = nil // Somebody else's A-B and A_B may be two columns.
	}
	table, err := csvfile.Read(r, options)
	if table == nil {
		return nil, err
	}
	s := &sheet{table: table, o: o}
	s.problems, _ = errors.AsType[csvfile.Problems](err)
	if err := s.checkHeader(k); err != nil {
		return nil, err
	}
	if len(table.Rows) == 0 && len(s.problems) == 0 {
		return nil, fmt.Errorf("%s: %w", o.File, ErrNoRows)
	}
	return s, nil
}

// checkHeader wants every needed column, every column the map names, and no
// other column in a canonical file.
func (s *sheet) checkHeader(k kind) error {
	for _, name := range k.columns {
		mapped := s.o.Map != nil && s.o.Map.columns[name] != ""
		needed := slices.Contains(k.needed, name) && !s.hasDefault(name)
		if (mapped || needed) && !s.table.Has(s.o.Map.column(name)) {
			return s.refuse("column %q is missing; the file has %s", s.o.Map.column(name), strings.Join(s.table.Header, ", "))
		}
	}
	if s.o.Map != nil {
		return nil
	}
	for _, name := range s.table.Header {
		if why := k.refused[snake(name)]; why != "" {
			return s.refuse("column %q: %s", name, why)
		}
		if !slices.Contains(k.columns, snake(name)) {
			return s.refuse("column %q is none of %s: rename or delete it, or give a map", name, strings.Join(k.columns, ", "))
		}
	}
	return nil
}

// hasDefault says whether the map fills a column the file may lack.
func (s *sheet) hasDefault(name string) bool {
	return s.o.Map != nil && s.o.Map.defaults[name] != ""
}

// refuse refuses the file for its header.
func (s *sheet) refuse(format string, values ...any) error {
	return &csvfile.FileError{Kind: csvfile.ErrHeader, Problem: csvfile.Problem{File: s.o.File, Line: 1, Why: fmt.Sprintf(format, values...)}}
}

// cells reads the values of one row.
func (s *sheet) cells(row csvfile.Row) *cells { return &cells{sheet: s, row: row} }
