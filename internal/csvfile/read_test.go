package csvfile_test

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"

	"onedoor/internal/csvfile"
)

// read reads text under one file name with the options most callers use.
func read(text string) (*csvfile.Table, error) {
	return csvfile.Read(strings.NewReader(text), csvfile.Options{File: "doors.csv", ColumnsMin: 2})
}

func TestRead_RowsKeepTheirPhysicalLine(t *testing.T) {
	cases := []struct {
		name  string
		text  string
		lines []int
	}{
		{"plain", "a,b\n1,2\n3,4\n", []int{2, 3}},
		{"no line break at the end", "a,b\n1,2\n3,4", []int{2, 3}},
		{"windows line ends", "a,b\r\n1,2\r\n3,4\r\n", []int{2, 3}},
		{"byte order mark", "\ufeffa,b\n1,2\n", []int{2}},
		{"quoted line breaks", "a,b\n\"1\n1\n1\",2\n3,4\n", []int{2, 5}},
		{"line break in the header", "\"a\nx\",b\n1,2\n", []int{3}},
		{"empty lines are no rows", "a,b\n\n\n1,2\n\n3,4\n", []int{4, 6}},
		{"blank rows are no rows", "a,b\n1,2\n , \n,\n3,4\n", []int{2, 5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table, err := read(c.text)
			if err != nil {
				t.Fatal(err)
			}
			var lines []int
			for _, row := range table.Rows {
				lines = append(lines, row.Line)
			}
			if !slices.Equal(lines, c.lines) {
				t.Errorf("lines %v, want %v", lines, c.lines)
			}
		})
	}
}

func TestRead_ValuesAreAsFoundAndNamesAreTrimmed(t *testing.T) {
	table, err := read("\ufeff address , rooms\n\" 西安街 12 号, \"\"甲\"\" \", 3\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := table.Header, []string{"address", "rooms"}; !slices.Equal(got, want) {
		t.Errorf("header %q, want %q", got, want)
	}
	row := table.Rows[0]
	if got, want := row.Get("address"), ` 西安街 12 号, "甲" `; got != want {
		t.Errorf("address %q, want %q", got, want)
	}
	if got, want := row.Get("rooms"), " 3"; got != want {
		t.Errorf("rooms %q, want %q", got, want)
	}
	if table.Has("door") || row.Get("door") != "" {
		t.Error("a column the file lacks has a value")
	}
	if got, want := table.Lacking("rooms", "door", "stair"), []string{"door", "stair"}; !slices.Equal(got, want) {
		t.Errorf("lacking %q, want %q", got, want)
	}
}

func TestRead_RefusesWhatIsNotACSV(t *testing.T) {
	page, err := os.ReadFile("../../testdata/bad/web-page.csv")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		text string
		kind error
		line int
	}{
		{"a web page", string(page), csvfile.ErrNotCSV, 1},
		{"a web page after a byte order mark and blanks", "\ufeff \n<html>", csvfile.ErrNotCSV, 1},
		{"JSON", "{\"success\": false,\n\"error\": 1}", csvfile.ErrNotCSV, 1},
		{"a JSON list", "[1,2]", csvfile.ErrNotCSV, 1},
		{"a workbook", "PK\x03\x04\x00\x00", csvfile.ErrNotCSV, 1},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1", csvfile.ErrNotCSV, 1},
		{"gzip", "\x1f\x8b\x08\x00", csvfile.ErrNotCSV, 1},
		{"nothing", "", csvfile.ErrNotCSV, 0},
		{"only blanks", " \r\n\n", csvfile.ErrNotCSV, 0},
		{"only a byte order mark", "\ufeff", csvfile.ErrNotCSV, 0},
		{"a single column", "Service unavailable\ntry again\n", csvfile.ErrNotCSV, 1},
		{"semicolons", "a;b\n1;2\n", csvfile.ErrNotCSV, 1},
		{"bare carriage returns", "a,b\r1,2\r", csvfile.ErrNotCSV, 1},
		{"a zero byte", "a,b\n1,\x002\n", csvfile.ErrNotCSV, 2},
		{"a quote that never closes", "a,b\n1,2\n3,\"4\n5,6\n7,8\n", csvfile.ErrNotCSV, 3},
		{"a quote in the middle", "a,b\n1,2\n3,4\"5\n", csvfile.ErrNotCSV, 3},
		{"UTF-16", "\xff\xfea\x00,\x00b\x00", csvfile.ErrEncoding, 1},
		{"bad UTF-8", "a,b\n1,2\n\"3\n3\",\xff\n", csvfile.ErrEncoding, 4},
		{"a column without a name", "a,,b\n1,2,3\n", csvfile.ErrHeader, 1},
		{"a name given twice", "a,b,a\n1,2,3\n", csvfile.ErrHeader, 1},
		{"too many columns", strings.Repeat("a,", csvfile.ColumnsMax) + "b\n", csvfile.ErrTooLarge, 1},
		{"a row of nothing but commas", "a,b\n" + strings.Repeat(",", 4*csvfile.ColumnsMax), csvfile.ErrTooLarge, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table, err := read(c.text)
			if !errors.Is(err, c.kind) {
				t.Fatalf("error %v, want %v", err, c.kind)
			}
			if table != nil {
				t.Error("a refused file has a table")
			}
			refused, ok := errors.AsType[*csvfile.FileError](err)
			if !ok {
				t.Fatalf("%T is no FileError", err)
			}
			if refused.Line != c.line || refused.File != "doors.csv" || refused.Why == "" {
				t.Errorf("place %q line %d why %q, want line %d", refused.File, refused.Line, refused.Why, c.line)
			}
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("error is more than one line: %q", err)
			}
		})
	}
}

func TestRead_SaysWhenBadTextLooksLikeTheNationalEncoding(t *testing.T) {
	chinese, err := simplifiedchinese.GB18030.NewEncoder().String("地址,房间\n西安街道文化社区 12 号,3\n")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, text string
		gbk        bool
	}{
		{"Chinese in GBK", chinese, true},
		{"French in Latin 1", "address,rooms\n12 rue de Montr\xe9al,3\n", false},
		{"random high bytes", "a,b\n\xff\xff\xff,1\n", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(c.text)
			refused, ok := errors.AsType[*csvfile.FileError](err)
			if !ok || !errors.Is(err, csvfile.ErrEncoding) {
				t.Fatalf("error %v, want an encoding error", err)
			}
			if got := strings.Contains(refused.Why, "looks like GBK/GB18030"); got != c.gbk {
				t.Errorf("%q mentions GBK: %v, want %v", refused.Why, got, c.gbk)
			}
		})
	}
}

func TestRead_NamesEveryRowThatDoesNotFit(t *testing.T) {
	long := strings.Repeat("x", csvfile.FieldBytesMax+1)
	table, err := read("a,b\n1,2\n3\n\"4\n4\",5,6\n7,8\n9," + long + "\n")
	problems, ok := errors.AsType[csvfile.Problems](err)
	if !ok {
		t.Fatalf("error %v, want problems", err)
	}
	var lines []int
	for _, problem := range problems {
		lines = append(lines, problem.Line)
	}
	if want := []int{3, 4, 7}; !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
	if len(table.Rows) != 2 || table.Rows[1].Line != 6 {
		t.Errorf("%d sound rows, want those of lines 2 and 6", len(table.Rows))
	}
	if got, want := problems[0].Error(), "doors.csv: line 3: 1 values where the header names 2 columns"; got != want {
		t.Errorf("problem %q, want %q", got, want)
	}
	if got := err.Error(); !strings.HasSuffix(got, "(and 2 more problems)") {
		t.Errorf("error %q does not say how many follow", got)
	}
}

func TestRead_LooseHeaderTakesTheFirstValueThatIsNotBlank(t *testing.T) {
	table, err := csvfile.Read(strings.NewReader("NO_OF UNITS,NO_OF_UNITS,\n,12,x\n 7,12,x\n , ,x\n"), csvfile.Options{
		LooseHeader: true,
		Name:        func(name string) string { return strings.ReplaceAll(name, "_", " ") },
	})
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, row := range table.Rows {
		units = append(units, strings.TrimSpace(row.Get("NO OF_UNITS")))
	}
	if want := []string{"12", "7", ""}; !slices.Equal(units, want) {
		t.Errorf("units %q, want %q", units, want)
	}
}

func TestRead_RefusesAFileOverTheByteLimit(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("a,b\n"), endlessRows{})
	_, err := csvfile.Read(endless, csvfile.Options{File: "doors.csv"})
	if !errors.Is(err, csvfile.ErrTooLarge) {
		t.Fatalf("error %v, want %v", err, csvfile.ErrTooLarge)
	}
}

func TestRead_RefusesMoreRowsThanTheLimit(t *testing.T) {
	_, err := read("a,b\n" + strings.Repeat("1,2\n", csvfile.RowsMax+1))
	if !errors.Is(err, csvfile.ErrTooLarge) {
		t.Fatalf("error %v, want %v", err, csvfile.ErrTooLarge)
	}
}

func TestRead_PassesTheReadersErrorOn(t *testing.T) {
	broken := errors.New("cable pulled")
	_, err := csvfile.Read(iotest.ErrReader(broken), csvfile.Options{File: "doors.csv"})
	if !errors.Is(err, broken) {
		t.Fatalf("error %v, want %v", err, broken)
	}
}

func TestProblems_ErrIsNilWithoutProblemsAndOrderedByLine(t *testing.T) {
	var problems csvfile.Problems
	if problems.Err() != nil {
		t.Error("no problems are an error")
	}
	problems = csvfile.Problems{{Line: 9, Why: "late"}, {Line: 2, Column: "rooms", Why: "early"}}
	if got, want := problems.Err().Error(), "line 2: column rooms: early (and 1 more problem)"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

// endlessRows is a file that never ends.
type endlessRows struct{}

// Read fills the buffer with rows.
func (endlessRows) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "1,2\n"[i%4]
	}
	return len(p), nil
}
