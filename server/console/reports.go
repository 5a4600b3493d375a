package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/reportfile"
)

// reportsData is what the page of reports shows.
type reportsData struct {
	Figures []*reportv1.Figure
	Sets    []figureSet
	Areas   []area
	Asked   *reportv1.PullReportRequest
	Cards   []reportCard
	// Above leads back to the territories above the one that is shown.
	Above []area
	// Sheet is the address of the file with all that is shown, on the office's sheets where they are of its figures.
	Sheet string
	// Levels are what rows may be.
	Levels []level
}

// level is what a row of a report is.
type level struct{ Name, Label string }

// area is a territory to choose.
type area struct{ Code, Name, Indent string }

// figureSet is several figures that an office reads together.
type figureSet struct {
	Name, Label string
	figures     []string
}

// figureSets are the offices' sheets.
func (v *visit) figureSets() []figureSet {
	return []figureSet{
		{"inspection", v.lang.pick("矛盾纠纷排查情况表", "Disputes found and settled (情况表)"), reportfile.InspectionFigures},
		{"bulletin", v.lang.pick("网格工作通报", "Bulletin of grid work (通报)"), reportfile.BulletinFigures},
	}
}

// reportCard is one figure as a page shows it: whole places first, then the parts that they are split into.
type reportCard struct {
	Report *reportfile.Report
	// ID parts the tables of one page.
	ID string
	// Places are whole territories, Whole is all of them together; Parts and PartTotals are split by the figure's parts.
	Places, Whole, Parts, PartTotals, Late []reportRow
	Hidden                                 bool
	Address                                string
}

// reportRow is a row as people read it.
type reportRow struct {
	Name, Part, Numerator, Denominator, Value, Bounds string
	// Plot is the value for the chart; empty where there is none to show.
	Plot   string
	Hidden bool
	// Below is the address of the same figure in the territory's own parts; empty where the reader goes no deeper.
	Below string
}

// reportsPage pulls the figures that were asked for and shows them with their charts, statements and files.
func (v *visit) reportsPage() error {
	d, names, err := v.reportsAsked()
	if err != nil {
		return err
	}
	m := &view{Title: v.lang.pick("统计报表", "Reports"), Section: "/reports", Data: d, Charts: true}
	if len(names) > 0 {
		one := proto.CloneOf(d.Asked)
		one.Figure, one.Format = names[0], formConsole
		pulled, err := v.pull(one, names[1:]...)
		if err != nil {
			return v.showAgain(err, "reports", m)
		}
		for i, r := range pulled {
			d.Cards = append(d.Cards, v.reportCard(r, fmt.Sprint("report", i)))
		}
	}
	d.Sheet = "/reports/file?form=xlsx&" + v.r.URL.RawQuery
	return v.showPage("reports", m)
}

// reportsAsked reads the question; without one it is the last whole month in the reader's territory. Names are the figures that
// are to be shown.
func (v *visit) reportsAsked() (d *reportsData, names []string, err error) {
	figures, err := v.c.o.Reports.ListFigures(v.ctx, &reportv1.ListFiguresRequest{})
	if err != nil {
		return nil, nil, err
	}
	dir, err := v.directory()
	if err != nil {
		return nil, nil, err
	}
	d = &reportsData{Figures: figures.GetFigures(), Sets: v.figureSets(), Levels: []level{
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
	for _, a := range d.Areas {
		if code := d.Asked.GetTerritory(); code != a.Code && strings.HasPrefix(code, a.Code) {
			d.Above = append(d.Above, area{Code: v.inArea(a.Code), Name: a.Name})
		}
	}
	if d.Asked.GetFigure() != "" {
		names = []string{d.Asked.GetFigure()}
	}
	for _, set := range d.Sets {
		if set.Name == d.Asked.GetFigure() {
			names = set.figures
		}
	}
	return d, names, nil
}

// inArea gives the address of what is shown in another territory, by the level below it.
func (v *visit) inArea(code string) string {
	q := v.r.URL.Query()
	q.Set("territory", code)
	q.Del("by")
	return "/reports?" + q.Encode()
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

// formConsole is what the access ledger calls a report that was read on a page.
const formConsole = "console"

// pull asks for a report and for others beside it: one look, of which the access ledger tells once.
func (v *visit) pull(req *reportv1.PullReportRequest, beside ...string) (out reportfile.Together, err error) {
	req.AtOnce = true // A page that comes after a minute is one that nobody waits for.
	req.Beside = beside
	parts, err := gather(named(v.ctx, req), v.c.o.Reports.PullReport, req)
	if err != nil {
		return nil, err
	}
	for _, m := range parts {
		out.Add(m)
	}
	return out, nil
}

// reportCard parts a report into whole places and parts.
func (v *visit) reportCard(r *reportfile.Report, id string) reportCard {
	q := v.r.URL.Query()
	q.Set("figure", r.Head.GetFigure().GetName())
	q.Set("form", "csv")
	c := reportCard{Report: r, ID: id, Address: "/reports/file?" + q.Encode()}
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if key := row.GetTerritory() + row.GetName(); !seen[key] {
			seen[key] = true
			c.Places = append(c.Places, v.placeRow(r, row))
		}
		if row.GetClass() != wholeClass {
			c.Parts = append(c.Parts, v.reportRow(r, row))
		}
	}
	for _, row := range r.Totals {
		switch whole := row.GetClass() == wholeClass; {
		case row.GetTerritory() != r.Head.GetTerritory() || seen[row.GetTerritory()+row.GetName()]:
		case whole:
			c.Whole = append(c.Whole, v.reportRow(r, row))
		default:
			c.PartTotals = append(c.PartTotals, v.reportRow(r, row))
		}
	}
	for _, row := range r.Late {
		c.Late = append(c.Late, v.reportRow(r, row))
	}
	for _, rows := range [][]reportRow{c.Places, c.Parts, c.PartTotals} {
		c.Hidden = c.Hidden || slices.ContainsFunc(rows, func(row reportRow) bool { return row.Hidden })
	}
	return c
}

// wholeClass names the rows of all parts together.
const wholeClass = "all"

// placeRow gives a place as a whole, with the way to what is below it.
func (v *visit) placeRow(r *reportfile.Report, of *reportv1.Row) reportRow {
	out := reportRow{Name: of.GetName(), Numerator: reportfile.Nothing, Denominator: reportfile.Nothing, Value: reportfile.Nothing}
	for _, rows := range [][]*reportv1.Row{r.Rows, r.Totals} {
		for _, row := range rows {
			if row.GetTerritory() == of.GetTerritory() && row.GetName() == of.GetName() && row.GetClass() == wholeClass {
				out = v.reportRow(r, row)
			}
		}
	}
	if code := of.GetTerritory(); code != r.Head.GetTerritory() && v.goesBelow(code) {
		out.Below = v.inArea(code)
	}
	return out
}

// goesBelow reports that the reader pulls figures of what is below a territory: grids are for their community's own staff.
func (v *visit) goesBelow(code string) bool {
	if len(code) < communityDigits {
		return true
	}
	return len(code) == communityDigits && v.role() == recordv1.Role_ROLE_COMMUNITY_STAFF
}

// communityDigits is the length of a community's code.
const communityDigits = 12

// reportRow writes a row. What may not be shown has no number in the page, for a chart neither.
func (v *visit) reportRow(r *reportfile.Report, row *reportv1.Row) reportRow {
	f := r.Head.GetFigure()
	line := reportRow{
		Name: row.GetName(), Part: row.GetClassZh(), Numerator: reportfile.Count(row.Numerator, row.GetSuppressed()),
		Denominator: reportfile.Count(row.Denominator, row.GetSuppressed()), Value: reportfile.Value(f, row), Bounds: reportfile.Bounds(f, row), Hidden: row.GetSuppressed(),
	}
	if row.Value != nil && !row.GetSuppressed() {
		line.Plot = plotted(f, row.GetValue())
	}
	return line
}

// plotted gives a value for a chart: a share in percent.
func plotted(f *reportv1.Figure, value float64) string {
	if f.GetUnit() == "share" {
		value *= 100
	}
	return fmt.Sprintf("%.2f", value)
}

// reportFile gives what the page shows as a file: CSV of one figure, or XLSX with each figure on a sheet of its own and the office's
// sheets of its subject.
func (v *visit) reportFile() error {
	d, names, err := v.reportsAsked()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return refused("请先选择指标。", "Choose a figure first.")
	}
	asked := proto.CloneOf(d.Asked)
	asked.Figure = names[0]
	if v.query("form") == "xlsx" {
		return v.workbook(asked, names)
	}
	asked.Format = "csv"
	pulled, err := v.pull(asked)
	if err != nil {
		return err
	}
	v.fileHead(pulled[0], "text/csv; charset=utf-8", "csv")
	return reportfile.CSV(v.w, pulled[0])
}

// workbook writes the office's sheets of the first figure's subject, and each figure on a sheet of its own.
func (v *visit) workbook(asked *reportv1.PullReportRequest, names []string) error {
	asked.Format = "xlsx"
	beside := slices.Clone(names[1:])
	for _, other := range reportfile.Beside(names[0]) {
		if !slices.Contains(beside, other) {
			beside = append(beside, other)
		}
	}
	pulled, err := v.pull(asked, beside...)
	if err != nil {
		return err
	}
	sheets := reportfile.Office(names[0], pulled)
	for _, name := range names {
		sheets = append(sheets, reportfile.Plain(pulled.Find(name)))
	}
	v.fileHead(pulled[0], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
	return reportfile.XLSX(v.w, sheets)
}

// fileHead says what kind of file follows, and what it is called.
func (v *visit) fileHead(r *reportfile.Report, kind, ending string) {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s-%s.%s"`, r.Head.GetFigure().GetName(), r.Head.GetFrom(), r.Head.GetTo(), ending))
	v.w.WriteHeader(http.StatusOK)
}
