package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// byteOrderMark is what spreadsheets put before UTF-8 text.
const byteOrderMark = "\ufeff"

// Options say what the caller needs of a file.
type Options struct {
	// File names the file in errors; it is not opened.
	File string
	// ColumnsMin is how many columns the caller cannot do without. 0 and 1 accept
	// a single column.
	ColumnsMin int
	// LooseHeader accepts names given twice and columns without a name, for a
	// publisher who keeps renamed columns side by side. Otherwise both are
	// refused, because a value would be read from the wrong column in silence.
	LooseHeader bool
	// Name gives the form in which column names are compared, so that two
	// spellings of one name meet. nil compares them as they are.
	Name func(string) string
}

// Read reads a file to its end. The error is a [*FileError] when the file
// cannot be used, [Problems] beside a table of the sound rows when single rows
// are wrong, or the reader's own error.
func Read(r io.Reader, o Options) (*Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, FileBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.File, err)
	}
	if len(data) > FileBytesMax {
		return nil, refuse(ErrTooLarge, o.File, 0, "more than %d bytes: split the file", FileBytesMax)
	}
	if refused := sniff(o.File, data); refused != nil {
		return nil, refused
	}
	return parse(bytes.TrimPrefix(data, []byte(byteOrderMark)), o)
}

// parse reads UTF-8 text without a byte order mark.
func parse(text []byte, o Options) (*Table, error) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	table, refused := newTable(reader, o)
	if refused != nil {
		return nil, refused
	}
	var problems Problems
	for cells := 0; ; {
		values, line, refused := next(reader, o.File)
		if refused != nil {
			return nil, refused
		}
		if values == nil {
			return table, problems.Err()
		}
		if blank(values) {
			continue
		}
		cells += len(values)
		if len(table.Rows) == RowsMax || cells > CellsMax {
			return nil, refuse(ErrTooLarge, o.File, line, "more than %d rows or %d values: split the file", RowsMax, CellsMax)
		}
		row := Row{Line: line, Values: values, table: table}
		if why := table.misfit(values); why != "" {
			problems = append(problems, row.Problem("", why))
			continue
		}
		table.Rows = append(table.Rows, row)
	}
}

// next returns the next row and the physical line it starts on, nil values at
// the end of the text.
func next(reader *csv.Reader, file string) ([]string, int, *FileError) {
	values, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, nil
	}
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, 0, refuse(ErrNotCSV, file, bad.StartLine,
			"a double quote stands or closes where it should not (found at line %d): put quotes around the whole value and double those inside", bad.Line)
	}
	if err != nil {
		return nil, 0, refuse(ErrNotCSV, file, 0, "%v", err)
	}
	line, _ := reader.FieldPos(0)
	return values, line, nil
}

// newTable reads the header.
func newTable(reader *csv.Reader, o Options) (*Table, *FileError) {
	header, line, refused := next(reader, o.File)
	if refused != nil {
		return nil, refused
	}
	if header == nil {
		return nil, refuse(ErrNotCSV, o.File, 0, "empty: export it again")
	}
	if refused := checkWidth(header, line, o); refused != nil {
		return nil, refused
	}
	table := &Table{File: o.File, columns: map[string][]int{}, name: o.Name}
	if table.name == nil {
		table.name = func(name string) string { return name }
	}
	for column, name := range header {
		name = strings.TrimSpace(name)
		form := table.name(name)
		if refused := checkName(table, name, form, column, line, o); refused != nil {
			return nil, refused
		}
		table.Header = append(table.Header, name)
		table.columns[form] = append(table.columns[form], column)
	}
	return table, nil
}

// checkWidth refuses a header that is too narrow for the caller or too wide for
// anyone.
func checkWidth(header []string, line int, o Options) *FileError {
	if len(header) > ColumnsMax {
		return refuse(ErrTooLarge, o.File, line, "%d columns, the limit is %d", len(header), ColumnsMax)
	}
	if len(header) >= o.ColumnsMin {
		return nil
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return refuse(ErrNotCSV, o.File, line, "columns are parted by semicolons or tabs: save it with commas")
	}
	return refuse(ErrNotCSV, o.File, line, "the first line has %d column(s), at least %d are needed: is it the right file", len(header), o.ColumnsMin)
}

// checkName refuses a column without a name and a name given twice, unless the
// caller asked for a loose header.
func checkName(table *Table, name, form string, column, line int, o Options) *FileError {
	if o.LooseHeader {
		return nil
	}
	if name == "" {
		return refuse(ErrHeader, o.File, line, "column %d has no name: name it or delete it", column+1)
	}
	if earlier := table.columns[form]; len(earlier) > 0 {
		return refuse(ErrHeader, o.File, line, "columns %d and %d are both named %q: rename or delete one", earlier[0]+1, column+1, name)
	}
	return nil
}

// misfit says why values cannot be a row of the table, or nothing.
func (t *Table) misfit(values []string) string {
	if len(values) != len(t.Header) {
		return fmt.Sprintf("%d values where the header names %d columns", len(values), len(t.Header))
	}
	for column, value := range values {
		if len(value) > FieldBytesMax {
			return fmt.Sprintf("column %s holds %d bytes, the limit is %d", t.Header[column], len(value), FieldBytesMax)
		}
	}
	return ""
}
