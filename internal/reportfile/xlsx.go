package reportfile

import (
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"
)

// Sheet is one sheet of a file: a title, heads, rows of cells and notes below.
type Sheet struct {
	// Name is on the tab.
	Name string
	// Title stands above the table, over its whole width.
	Title string
	Heads []string
	// Rows hold text, whole numbers (int64), shares (Share) or nothing (nil).
	Rows [][]any
	// Notes stand below the table, a line each.
	Notes []string
}

// Share is a number that is shown in percent.
type Share float64

// Number formats of the file format: 0.00% and 0.
const (
	percentFormat = 10
	wholeFormat   = 1
)

// XLSX writes sheets as one file. Equal sheets give equal files.
func XLSX(w io.Writer, sheets []Sheet) error {
	f := excelize.NewFile()
	defer f.Close()
	styles, err := newStyles(f)
	if err != nil {
		return fmt.Errorf("set the spreadsheet: %w", err)
	}
	for i := range sheets {
		if err := styles.sheet(i, &sheets[i]); err != nil {
			return fmt.Errorf("set the sheet %s: %w", sheets[i].Name, err)
		}
	}
	// A file says when it was made; the report inside says it better, and equal reports are equal files.
	made := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{Creator: "onedoor", LastModifiedBy: "onedoor", Created: made, Modified: made, Language: "zh-CN"}); err != nil {
		return fmt.Errorf("set the spreadsheet: %w", err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write the spreadsheet: %w", err)
	}
	return nil
}

// styles are the looks of cells in one file.
type styles struct {
	f                                *excelize.File
	title, head, text, whole, shares int
	// sign is of what stands for a number: hidden, or none.
	notes, sign int
}

func newStyles(f *excelize.File) (*styles, error) {
	s := &styles{f: f}
	border := []excelize.Border{{Type: "left", Color: "000000", Style: 1}, {Type: "right", Color: "000000", Style: 1}, {Type: "top", Color: "000000", Style: 1}, {Type: "bottom", Color: "000000", Style: 1}}
	centre := &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}
	for _, one := range []struct {
		id    *int
		style *excelize.Style
	}{
		{&s.title, &excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}, Alignment: centre}},
		{&s.head, &excelize.Style{Font: &excelize.Font{Bold: true}, Border: border, Alignment: centre}},
		{&s.text, &excelize.Style{Border: border}},
		{&s.whole, &excelize.Style{Border: border, NumFmt: wholeFormat}},
		{&s.sign, &excelize.Style{Border: border, Alignment: &excelize.Alignment{Horizontal: "right"}}},
		{&s.notes, &excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}},
		{&s.shares, &excelize.Style{Border: border, NumFmt: percentFormat}},
	} {
		var err error
		if *one.id, err = f.NewStyle(one.style); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// sheet sets one sheet.
func (s *styles) sheet(number int, sheet *Sheet) error {
	if number == 0 {
		if err := s.f.SetSheetName("Sheet1", sheet.Name); err != nil {
			return err
		}
	} else if _, err := s.f.NewSheet(sheet.Name); err != nil {
		return err
	}
	if err := s.titled(sheet); err != nil {
		return err
	}
	row := 2
	for i, head := range sheet.Heads {
		if err := s.put(sheet.Name, i+1, row, head, s.head); err != nil {
			return err
		}
	}
	for _, cells := range sheet.Rows {
		row++
		for i, value := range cells {
			if err := s.cell(sheet.Name, i+1, row, value); err != nil {
				return err
			}
		}
	}
	for _, note := range sheet.Notes {
		row++
		if err := s.note(sheet, row, note); err != nil {
			return err
		}
	}
	return s.page(sheet)
}

// noteChars is how many characters of a note a column of the usual width holds.
const noteChars = 6

// note sets a note over the whole width, in as many lines as it takes.
func (s *styles) note(sheet *Sheet, row int, note string) error {
	columns := sheet.span()
	last, err := excelize.CoordinatesToCellName(columns, row)
	if err != nil {
		return err
	}
	first, lines := fmt.Sprintf("A%d", row), 1+utf8.RuneCountInString(note)/(noteChars*columns)
	return errors.Join(
		s.f.MergeCell(sheet.Name, first, last), s.put(sheet.Name, 1, row, plain(note), s.notes), s.f.SetRowHeight(sheet.Name, row, float64(lines)*lineHeight),
	)
}

// spanLeast is over how many columns title and notes stand at least: a table of two would squeeze them.
const spanLeast = 8

func (s *Sheet) span() int { return max(len(s.Heads), spanLeast) }

// lineHeight is the height of a line of text, titleHeight that of the title, in points.
const lineHeight, titleHeight = 15, 30

// page has the sheet printed as an office hands it on: A4, across, in one width, with title and heads on every page.
func (s *styles) page(sheet *Sheet) error {
	across, a4, wide, tall, fit := "landscape", 9, 1, 0, true
	heads := fmt.Sprintf("'%s'!$1:$2", sheet.Name)
	return errors.Join(
		s.f.SetPageLayout(sheet.Name, &excelize.PageLayoutOptions{Orientation: &across, Size: &a4, FitToWidth: &wide, FitToHeight: &tall}),
		s.f.SetSheetProps(sheet.Name, &excelize.SheetPropsOptions{FitToPage: &fit}),
		s.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: heads, Scope: sheet.Name}),
		s.f.SetRowHeight(sheet.Name, 1, titleHeight),
		s.f.SetPanes(sheet.Name, &excelize.Panes{Freeze: true, YSplit: 2, TopLeftCell: "A3", ActivePane: "bottomLeft"}),
	)
}

// titled sets the title over the whole width, and the columns' widths.
func (s *styles) titled(sheet *Sheet) error {
	last, err := excelize.ColumnNumberToName(sheet.span())
	if err != nil {
		return err
	}
	if err := s.f.MergeCell(sheet.Name, "A1", last+"1"); err != nil {
		return err
	}
	if err := s.widths(sheet); err != nil {
		return err
	}
	return s.put(sheet.Name, 1, 1, sheet.Title, s.title)
}

// Widths of columns, in digits; a Chinese character takes two.
const widthLeast, widthMost = 10, 30

// widths makes each column as wide as what stands in it.
func (s *styles) widths(sheet *Sheet) error {
	for i, head := range sheet.Heads {
		width := min(displayed(head)+2, widthMost)
		for _, row := range sheet.Rows {
			if text, ok := row[i].(string); ok {
				width = max(width, displayed(text)+2)
			}
		}
		column, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := s.f.SetColWidth(sheet.Name, column, column, float64(min(max(width, widthLeast), widthMost))); err != nil {
			return err
		}
	}
	return nil
}

// displayed is how many digits' room a text takes.
func displayed(text string) (n int) {
	for _, r := range text {
		if n++; r > 0x2e80 {
			n++
		}
	}
	return n
}

// cell sets one value in the style of its type.
func (s *styles) cell(sheet string, column, row int, value any) error {
	switch v := value.(type) {
	case nil:
		return s.put(sheet, column, row, Nothing, s.sign)
	case Share:
		return s.put(sheet, column, row, float64(v), s.shares)
	case int64, float64:
		return s.put(sheet, column, row, v, s.whole)
	case string:
		if v == Hidden || v == Nothing {
			return s.put(sheet, column, row, v, s.sign)
		}
		return s.put(sheet, column, row, plain(v), s.text)
	}
	return fmt.Errorf("a cell of type %T", value)
}

func (s *styles) put(sheet string, column, row int, value any, style int) error {
	at, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return err
	}
	if err := s.f.SetCellValue(sheet, at, value); err != nil || style == 0 {
		return err
	}
	return s.f.SetCellStyle(sheet, at, at, style)
}

// numeratorCell, denominatorCell and valueCell give a row's numbers as cells.
func numeratorCell(r *reportv1.Row) any { return countCell(r.Numerator, r.GetSuppressed()) }

func denominatorCell(r *reportv1.Row) any { return countCell(r.Denominator, r.GetSuppressed()) }

func countCell(n *int64, suppressed bool) any {
	switch {
	case suppressed:
		return Hidden
	case n == nil:
		return ""
	}
	return *n
}

func valueCell(f *reportv1.Figure, r *reportv1.Row) any {
	switch {
	case r.GetSuppressed():
		return Hidden
	case r.Value == nil:
		return nil
	case f.GetUnit() == "share":
		return Share(r.GetValue())
	case f.GetUnit() == "per_hundred":
		return Value(f, r)
	}
	return int64(r.GetValue())
}
