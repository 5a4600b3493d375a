package console

import (
	"fmt"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/reportfile"
)

// reportsData is what the page of reports shows.
type reportsData struct {
	Figures []*reportv1.Figure
	Areas   []area
	Asked   *reportv1.PullReportRequest
	Report  *reportfile.Report
	Rows    []reportRow
	Totals  []reportRow
	Late    []reportRow
	Hidden  bool
	Address string
	// Levels are what rows may be.
	Levels []level
}

// level is what a row of a report is.
type level struct{ Name, Label string }

// area is a territory to choose.
type area struct{ Code, Name, Indent string }

// reportRow is a row as people read it.
type reportRow struct {
	Name, Part, Numerator, Denominator, Value, Bounds string
	// Plot is the value for the chart; empty where there is none to show.
	Plot   string
	Hidden bool
}

// reportsPage pulls one figure and shows it with its chart, its statement and its file.
func (v *visit) reportsPage() error {
	d, err := v.reportsAsked()
	if err != nil {
		return err
	}
	m := &view{Title: v.lang.pick("统计报表", "Reports"), Section: "/reports", Data: d, Charts: true}
	if d.Asked.GetFigure() == "" {
		return v.showPage("reports", m)
	}
	if d.Report, err = v.pull(d.Asked); err != nil {
		return v.showAgain(err, "reports", m)
	}
	d.Rows, d.Totals, d.Late = reportRows(d.Report, d.Report.Rows), reportRows(d.Report, d.Report.Totals), reportRows(d.Report, d.Report.Late)
	for _, row := range append(d.Rows, d.Totals...) {
		d.Hidden = d.Hidden || row.Hidden
	}
	d.Address = "/reports/file?" + v.r.URL.RawQuery
	return v.showPage("reports", m)
}

// reportsAsked reads the question; without one it is the last whole month in the reader's territory.
func (v *visit) reportsAsked() (*reportsData, error) {
	figures, err := v.c.o.Reports.ListFigures(v.ctx, &reportv1.ListFiguresRequest{})
	if err != nil {
		return nil, err
	}
	dir, err := v.directory()
	if err != nil {
		return nil, err
	}
	d := &reportsData{Figures: figures.GetFigures(), Levels: []level{
		{"street", v.lang.pick("街道", "street")}, {"community", v.lang.pick("社区", "community")}, {"grid", v.lang.pick("网格", "grid")},
	}}
	home := v.me.GetUser().GetTerritoryCode()
	for _, a := range dir.Within(home, recordv1.TerritoryLevel_TERRITORY_LEVEL_COMMUNITY) {
		d.Areas = append(d.Areas, area{a.GetCode(), a.GetName(), indent(a.GetCode())})
	}
	first, last := lastMonth(v.c.o.Now())
	d.Asked = &reportv1.PullReportRequest{
		Figure: v.query("figure"), Territory: orElse(v.query("territory"), home), From: orElse(v.query("from"), first), To: orElse(v.query("to"), last),
	}
	d.Asked.By = orElse(v.query("by"), levelBelow(d.Asked.GetTerritory()))
	return d, nil
}

// levelBelow names the level of the rows that one looks for first: the territories directly below.
func levelBelow(code string) string {
	switch {
	case len(code) >= 12:
		return "grid"
	case len(code) >= 9:
		return "community"
	}
	return "street"
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// lastMonth gives the first and the last day of the month before now's.
func lastMonth(now time.Time) (first, last string) {
	now = now.In(shanghai)
	begin := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, shanghai)
	return begin.AddDate(0, -1, 0).Format(time.DateOnly), begin.AddDate(0, 0, -1).Format(time.DateOnly)
}

// pull asks for a report.
func (v *visit) pull(req *reportv1.PullReportRequest) (*reportfile.Report, error) {
	req.AtOnce = true // A page that comes after a minute is one that nobody waits for.
	parts, err := gather(named(v.ctx, req), v.c.o.Reports.PullReport, req)
	out := &reportfile.Report{}
	for _, m := range parts {
		out.Add(m)
	}
	return out, err
}

// reportRows writes rows. What may not be shown has no number in the page, for a chart neither.
func reportRows(r *reportfile.Report, rows []*reportv1.Row) (out []reportRow) {
	f := r.Head.GetFigure()
	for _, row := range rows {
		line := reportRow{
			Name: row.GetName(), Part: row.GetClassZh(), Numerator: reportfile.Count(row.Numerator, row.GetSuppressed()),
			Denominator: reportfile.Count(row.Denominator, row.GetSuppressed()), Value: reportfile.Value(f, row), Bounds: reportfile.Bounds(f, row), Hidden: row.GetSuppressed(),
		}
		if row.Value != nil && !row.GetSuppressed() {
			line.Plot = plotted(f, row.GetValue())
		}
		out = append(out, line)
	}
	return out
}

// plotted gives a value for a chart: a share in percent.
func plotted(f *reportv1.Figure, value float64) string {
	if f.GetUnit() == "share" {
		value *= 100
	}
	return fmt.Sprintf("%.2f", value)
}

// reportFile gives the same report as a file: CSV, or XLSX.
func (v *visit) reportFile() error {
	d, err := v.reportsAsked()
	if err != nil {
		return err
	}
	asked := proto.CloneOf(d.Asked)
	asked.Format = "csv"
	if v.query("form") == "xlsx" {
		asked.Format = "xlsx"
	}
	r, err := v.pull(asked)
	if err != nil {
		return err
	}
	kind := map[string]string{"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
	v.w.Header().Set("Content-Type", kind[asked.GetFormat()])
	v.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s-%s.%s"`, r.Head.GetFigure().GetName(), r.Head.GetFrom(), r.Head.GetTo(), asked.GetFormat()))
	v.w.WriteHeader(http.StatusOK)
	if asked.GetFormat() == "xlsx" {
		return reportfile.XLSX(v.w, []reportfile.Sheet{reportfile.Plain(r)})
	}
	return reportfile.CSV(v.w, r)
}
