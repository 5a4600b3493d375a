// Package table reads the small tables of the field's rules (official days, clinics, grades) strictly from CSV text, so
// that a rule which is a matter of policy stands in a row that people can read and replace, and never in code.
//
// It knows no column's meaning and never guesses: the header must be exactly the one asked for, every row must fit it,
// and a text with one wrong row gives no table at all but a list of everything that is wrong, by line. Lines that begin
// with # are remarks, for the source of the rows.
//
// Files that people hand in with thousands of rows are read by internal/csvfile; this package has no reader, no file and
// no clock, as the phone reads the same tables.
package table

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// RowsMax bounds a table: the longest, a year's official days, has some forty rows.
const RowsMax = 2_000

// ErrTable is what every fault of a table wraps.
var ErrTable = errors.New("unusable table")

// A Row is one row under its header.
type Row struct {
	// Line counts the lines of the text from 1.
	Line   int
	header []string
	values []string
}

// Get gives a column's value without blanks around it. Asking for a column outside the header is a programmer's error.
func (r Row) Get(column string) string {
	at := slices.Index(r.header, column)
	if at < 0 {
		panic(fmt.Sprintf("the table has no column %q", column))
	}
	return strings.TrimSpace(r.values[at])
}

// Wrong makes the fault of one value of the row.
func (r Row) Wrong(column, why string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s: %s", ErrTable, r.Line, column, fmt.Sprintf(why, args...))
}

// Read gives the rows of a CSV text whose first row is the header, in the given order of columns. Its error joins
// everything that is wrong.
func Read(text string, header ...string) ([]Row, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%w: not UTF-8: export it as CSV UTF-8", ErrTable)
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	reader.Comment, reader.FieldsPerRecord = '#', -1
	var rows []Row
	var faults []error
	for first := true; ; first = false {
		values, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			if first {
				faults = append(faults, fmt.Errorf("%w: empty: the header is %s", ErrTable, strings.Join(header, ",")))
			}
			return rows, errors.Join(faults...)
		case err != nil:
			return nil, errors.Join(append(faults, fmt.Errorf("%w: %w", ErrTable, err))...)
		case first && !slices.Equal(values, header):
			return nil, fmt.Errorf("%w: the header is %s and must be %s", ErrTable, strings.Join(values, ","), strings.Join(header, ","))
		case first:
			continue
		case len(rows) == RowsMax:
			return nil, fmt.Errorf("%w: more than %d rows", ErrTable, RowsMax)
		}
		line, _ := reader.FieldPos(0)
		if len(values) != len(header) {
			faults = append(faults, fmt.Errorf("%w: line %d: %d values under %d columns", ErrTable, line, len(values), len(header)))
			continue
		}
		rows = append(rows, Row{Line: line, header: header, values: values})
	}
}
