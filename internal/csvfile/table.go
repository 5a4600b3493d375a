package csvfile

import "strings"

// Table is a file that has been read: its header and its rows in file order.
type Table struct {
	// File is the name the caller gave, for problems the caller finds itself.
	File string
	// Header holds the names of the columns as the file spells them, trimmed.
	Header []string
	// Rows holds every row that has as many values as the header has names.
	Rows []Row

	// columns maps a name in the form of Options.Name to the positions that
	// carry it, left to right.
	columns map[string][]int
	// name is Options.Name, never nil.
	name func(string) string
}

// Row is one row of a table.
type Row struct {
	// Line is the physical line on which the row starts, from 1.
	Line int
	// Values are as found, one a column, untrimmed.
	Values []string

	// table gives the row its column names.
	table *Table
}

// Has says whether the header names the column.
func (t *Table) Has(name string) bool {
	return len(t.columns[t.name(name)]) > 0
}

// Lacking returns those of the names that the header does not have, in the
// order given.
func (t *Table) Lacking(names ...string) []string {
	var lacking []string
	for _, name := range names {
		if !t.Has(name) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// Get returns the value under a column name, untrimmed. Where several columns
// carry the name it is the first value that is not blank. A column the table
// lacks reads as empty, so a caller that depends on it asks [Table.Has] first.
func (r Row) Get(name string) string {
	var value string
	for _, column := range r.table.columns[r.table.name(name)] {
		value = r.Values[column]
		if strings.TrimSpace(value) != "" {
			break
		}
	}
	return value
}

// Problem places a reason at a column of this row; the column may be empty.
func (r Row) Problem(column, why string) Problem {
	return Problem{File: r.table.File, Line: r.Line, Column: column, Why: why}
}

// blank says whether no value of the row holds anything to read.
func blank(values []string) bool {
	for _, value := range values {
		if strings.TrimSpace(value) != "" {
			return false
		}
	}
	return true
}
