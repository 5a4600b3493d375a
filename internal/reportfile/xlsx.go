package reportfile

import (
	"fmt"
	"io"
	"time"

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
		if err := s.put(sheet.Name, 1, row, plain(note), 0); err != nil {
			return err
		}
	}
	return nil
}

// titled sets the title over the whole width, and the columns' widths.
func (s *styles) titled(sheet *Sheet) error {
	last, err := excelize.ColumnNumberToName(max(len(sheet.Heads), 1))
	if err != nil {
		return err
	}
	if err := s.f.MergeCell(sheet.Name, "A1", last+"1"); err != nil {
		return err
	}
	if err := s.f.SetColWidth(sheet.Name, "A", last, 14); err != nil {
		return err
	}
	return s.put(sheet.Name, 1, 1, sheet.Title, s.title)
}

// cell sets one value in the style of its type.
func (s *styles) cell(sheet string, column, row int, value any) error {
	switch v := value.(type) {
	case nil:
		return s.put(sheet, column, row, Nothing, s.text)
	case Share:
		return s.put(sheet, column, row, float64(v), s.shares)
	case int64, float64:
		return s.put(sheet, column, row, v, s.whole)
	case string:
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
