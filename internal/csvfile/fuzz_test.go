package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"onedoor/internal/csvfile"
)

// FuzzRead holds what must be true of any bytes at all: an answer is a table or
// a reason, rows fit their header, lines lie inside the file and rise, and a
// table written out again reads as the same table.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "\ufeffa,b\r\n\"1\n1\",2\r\n", "a,b\n1\n", "a,a\n1,2\n", "<html>", "{}", "",
		"a,b\n\"1,2\n", "a,b\n1,\xff\n", "\xff\xfea\x00", "地址,房间\n\"西安街,12\",3\n", "a;b\n", "a\r1\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := csvfile.Read(bytes.NewReader(data), csvfile.Options{File: "f.csv", ColumnsMin: 1})
		if table == nil {
			if _, ok := errors.AsType[*csvfile.FileError](err); !ok {
				t.Fatalf("no table and no reason: %v", err)
			}
			return
		}
		checkTable(t, table, 1+bytes.Count(data, []byte{'\n'}))
		if bytes.Contains(data, []byte("\r\r")) {
			return // The parser reads CRLF in a value as LF, so CRCRLF takes two readings to settle.
		}
		again, err := csvfile.Read(bytes.NewReader(rewrite(t, table)), csvfile.Options{ColumnsMin: 1})
		if err != nil {
			t.Fatalf("a table written out again is refused: %v", err)
		}
		if !slices.Equal(again.Header, table.Header) || !slices.EqualFunc(again.Rows, table.Rows, sameValues) {
			t.Fatalf("a table written out again reads differently: %q and %d rows, then %q and %d rows", table.Header, len(table.Rows), again.Header, len(again.Rows))
		}
	})
}

// checkTable checks the shape of a table against the number of lines it came
// from.
func checkTable(t *testing.T, table *csvfile.Table, lines int) {
	t.Helper()
	line := 0
	for _, row := range table.Rows {
		if row.Line <= line || row.Line > lines {
			t.Fatalf("line %d after line %d in a file of %d lines", row.Line, line, lines)
		}
		line = row.Line
		if len(row.Values) != len(table.Header) {
			t.Fatalf("%d values under %d names", len(row.Values), len(table.Header))
		}
		for column, name := range table.Header {
			if row.Get(name) != row.Values[column] || !utf8.ValidString(row.Values[column]) {
				t.Fatalf("column %q reads %q, holds %q", name, row.Get(name), row.Values[column])
			}
		}
	}
}

// rewrite writes a table as CSV, every value in quotes so that no first byte of
// the header is mistaken for another kind of file.
func rewrite(t *testing.T, table *csvfile.Table) []byte {
	t.Helper()
	var out bytes.Buffer
	write := func(values []string) {
		for column, value := range values {
			if column > 0 {
				out.WriteByte(',')
			}
			out.WriteString(`"` + strings.ReplaceAll(value, `"`, `""`) + `"`)
		}
		out.WriteByte('\n')
	}
	write(table.Header)
	for _, row := range table.Rows {
		write(row.Values)
	}
	if _, err := csv.NewReader(bytes.NewReader(out.Bytes())).Read(); err != nil {
		t.Fatalf("the test writes bad CSV: %v", err)
	}
	return out.Bytes()
}

// sameValues compares rows without their lines.
func sameValues(a, b csvfile.Row) bool {
	return slices.Equal(a.Values, b.Values)
}
