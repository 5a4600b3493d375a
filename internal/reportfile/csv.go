package reportfile

import (
	"encoding/csv"
	"fmt"
	"io"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"
)

// bom tells spreadsheets that a CSV file is UTF-8.
const bom = "\ufeff"

// heads are the columns of a report's rows.
func heads(f *reportv1.Figure) []string {
	den := f.GetDenominatorZh()
	if den == "" {
		den = "分母"
	}
	return []string{"类别", "地区代码", "地区", "分类", f.GetNumeratorZh(), den, "数值", "下限", "上限", "说明"}
}

// cells are a row as text.
func cells(kind string, f *reportv1.Figure, r *reportv1.Row) []string {
	low, high, note := "", "", ""
	if r.Low != nil && r.High != nil {
		low, high = number(f, r.GetLow()), number(f, r.GetHigh())
	}
	if r.GetSuppressed() {
		note = "数值过小或可推算，不显示"
	}
	return []string{
		kind, r.GetTerritory(), plain(r.GetName()), plain(r.GetClassZh()), Count(r.Numerator, r.GetSuppressed()), Count(r.Denominator, r.GetSuppressed()),
		Value(f, r), low, high, note,
	}
}

// CSV writes a report as CSV with a byte order mark and Chinese heads, its statement below the rows.
func CSV(w io.Writer, r *Report) error {
	if _, err := io.WriteString(w, bom); err != nil {
		return fmt.Errorf("write the CSV file: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	f := r.Head.GetFigure()
	rows := [][]string{heads(f)}
	for _, p := range r.parts() {
		for _, row := range p.rows {
			rows = append(rows, cells(p.name, f, row))
		}
	}
	for _, line := range r.Head.GetStatement() {
		row := make([]string, len(rows[0]))
		row[0], row[len(row)-1] = "说明", line
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the CSV file: %w", err)
	}
	return nil
}
