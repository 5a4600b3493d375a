package reportfile

import (
	"strconv"
	"strings"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"
)

// Report is a report as it was sent.
type Report struct {
	Head *reportv1.ReportHead
	// Rows are disjoint, Totals are sums of them, Late is what came after a month was frozen.
	Rows, Totals, Late []*reportv1.Row
}

// Add takes in one message of a pull.
func (r *Report) Add(m *reportv1.PullReportResponse) {
	if head := m.GetHead(); head != nil {
		r.Head = head
		return
	}
	switch m.GetRows().GetKind() {
	case reportv1.RowKind_ROW_KIND_ROW:
		r.Rows = append(r.Rows, m.GetRows().GetRows()...)
	case reportv1.RowKind_ROW_KIND_TOTAL:
		r.Totals = append(r.Totals, m.GetRows().GetRows()...)
	case reportv1.RowKind_ROW_KIND_LATE:
		r.Late = append(r.Late, m.GetRows().GetRows()...)
	}
}

// Together gathers the reports of one pull, in the order in which they are sent. Its zero value is ready.
type Together []*Report

// Add takes in one message of the pull. Each head begins the next report.
func (t *Together) Add(m *reportv1.PullReportResponse) {
	if m.GetHead() != nil {
		*t = append(*t, &Report{})
	}
	if n := len(*t); n > 0 {
		(*t)[n-1].Add(m)
	}
}

// Find gives the report of a figure; nil where it is not among them.
func (t Together) Find(figure string) *Report {
	for _, r := range t {
		if r.Head.GetFigure().GetName() == figure {
			return r
		}
	}
	return nil
}

// Nothing stands where a denominator is 0, Hidden where a number may not be shown.
const (
	Nothing = "—"
	Hidden  = "＊"
)

// Value writes a row's value as people read it: a share in percent, a count as it is.
func Value(f *reportv1.Figure, r *reportv1.Row) string {
	switch {
	case r.GetSuppressed():
		return Hidden
	case r.Value == nil:
		return Nothing
	}
	return number(f, r.GetValue())
}

// number writes a value in the figure's unit.
func number(f *reportv1.Figure, v float64) string {
	switch f.GetUnit() {
	case "share":
		return strconv.FormatFloat(100*v, 'f', 2, 64) + "%"
	case "per_hundred":
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Bounds writes between what a value lies when phones have not sent everything; empty where nothing is unsent.
func Bounds(f *reportv1.Figure, r *reportv1.Row) string {
	if r.Low == nil || r.High == nil || r.GetLow() == r.GetValue() && r.GetHigh() == r.GetValue() {
		return ""
	}
	return number(f, r.GetLow()) + "–" + number(f, r.GetHigh())
}

// Count writes a numerator or denominator.
func Count(n *int64, suppressed bool) string {
	switch {
	case suppressed:
		return Hidden
	case n == nil:
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// plain keeps a text from being taken for a formula by a spreadsheet.
func plain(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// title names a report: 走访覆盖率 古城区 2026-03-01至2026-03-31.
func (r *Report) title() string {
	h := r.Head
	return h.GetFigure().GetNameZh() + " " + h.GetTerritoryName() + " " + h.GetFrom() + "至" + h.GetTo()
}

// part is a stretch of rows of one kind.
type part struct {
	name string
	rows []*reportv1.Row
}

func (r *Report) parts() []part {
	return []part{{"明细", r.Rows}, {"合计", r.Totals}, {"补报", r.Late}}
}
