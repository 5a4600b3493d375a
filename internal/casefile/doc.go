// Package casefile sets a case as one file (一案一档): a PDF on A4 with Chinese text, its font embedded, so that it looks and
// prints the same everywhere and needs no other program.
//
// It knows pages and no case: what stands in the file, and in which words, is its caller's. It reads no clock; equal
// contents give equal bytes. It never shortens a text: what does not fit goes on the next line or page.
//
// Read File first, then page.go.
package casefile

// File is what is set, from the top of the first page on.
type File struct {
	// Title is the name of the case.
	Title string
	// Number stands in the head of every page.
	Number string
	// Sections follow one another.
	Sections []Section
	// Source is a statement at the end: where the contents come from, when, and by which rules.
	Source string
}

// Section is a heading with facts, or with a table, or with both.
type Section struct {
	Heading string
	Facts   []Fact
	// Columns are the table's headings with their shares of the width; Rows its lines.
	Columns []Column
	Rows    [][]string
	// Empty is what stands in place of a table without lines.
	Empty string
}

// Fact is a label with what there is to say.
type Fact struct{ Label, Value string }

// Column is one column of a table.
type Column struct {
	Name string
	// Share is its part of the width; the shares of a table add up to 1.
	Share float64
}
