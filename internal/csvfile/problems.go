package csvfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	// ErrNotCSV means the file is something else under the name of a CSV: a web
	// page, JSON, a workbook, nothing at all, or text whose quoting does not
	// close.
	ErrNotCSV = errors.New("not a CSV file")
	// ErrEncoding means the bytes are not UTF-8.
	ErrEncoding = errors.New("not UTF-8")
	// ErrHeader means the first row cannot name the columns: a name is missing,
	// given twice or required and absent.
	ErrHeader = errors.New("unusable header")
	// ErrTooLarge means a limit of this package is reached.
	ErrTooLarge = errors.New("too large")
)

// Problem is one thing that is wrong at one place of a file.
type Problem struct {
	// File is the name the caller gave; it may be empty.
	File string
	// Line counts physical lines from 1, so it is the line an editor shows even
	// where quoted values hold line breaks. 0 means the whole file.
	Line int
	// Column is the header name as the file spells it, or empty where the whole
	// row is meant.
	Column string
	// Why says what is wrong, with value and limit, and what to do about it.
	Why string
}

// Error puts the place before the reason, on one line.
func (p Problem) Error() string {
	var places []string
	if p.File != "" {
		places = append(places, p.File)
	}
	if p.Line > 0 {
		places = append(places, fmt.Sprintf("line %d", p.Line))
	}
	if p.Column != "" {
		places = append(places, "column "+p.Column)
	}
	return strings.Join(append(places, p.Why), ": ")
}

// Problems is an error that holds every wrong row of a file. It is never empty
// when it is returned as an error.
type Problems []Problem

// Error gives the first problem and how many follow, on one line; whoever shows
// all of them ranges over the value.
func (ps Problems) Error() string {
	switch len(ps) {
	case 0:
		return "no problems"
	case 1:
		return ps[0].Error()
	case 2:
		return ps[0].Error() + " (and 1 more problem)"
	default:
		return fmt.Sprintf("%s (and %d more problems)", ps[0].Error(), len(ps)-1)
	}
}

// Err returns the problems ordered by line as an error, or nil when there are
// none: an empty Problems stored in an error would not be nil.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int { return a.Line - b.Line })
	return sorted
}

// FileError says why a file as a whole is refused.
type FileError struct {
	// Problem is the place and the reason.
	Problem
	// Kind is the sentinel of this package that errors.Is finds.
	Kind error
}

// Unwrap gives the sentinel.
func (e *FileError) Unwrap() error { return e.Kind }

// refuse builds the error for a whole file.
func refuse(kind error, file string, line int, format string, values ...any) *FileError {
	return &FileError{Problem: Problem{File: file, Line: line, Why: fmt.Sprintf(format, values...)}, Kind: kind}
}
