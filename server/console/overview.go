package console

import (
	"net/url"
	"slices"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"
)

// overviewData is what the overview shows.
type overviewData struct {
	*adminv1.GetOverviewResponse
	// Coverage is how the doors of the territories below were called at this month; nil for who pulls no figures.
	Coverage *coverageData
	// Reads says which lists the reader may look into.
	ReadsCases, ReadsHazards bool
}

// coverageData is calls at doors against what was due, by territory.
type coverageData struct {
	Seen, Due *reportv1.Figure
	From, To  string
	Rows      []coverageRow
	Hidden    bool
	// Address leads to the figure with its bounds and statement.
	Address string
}

// coverageRow is a territory's coverage and its due calls.
type coverageRow struct {
	Name      string
	Seen, Due reportRow
}

// freshHeader is sent by a page that renews its records: what was counted for it stands as it is.
const freshHeader = "Onedoor-Fresh"

// overviewPage shows what is open in a territory and in those below it.
func (v *visit) overviewPage() error {
	out, err := call(v, v.c.o.Admin.GetOverview, &adminv1.GetOverviewRequest{TerritoryCode: v.query("area")})
	if err != nil {
		return err
	}
	d := &overviewData{GetOverviewResponse: out, ReadsCases: v.may("ListCases"), ReadsHazards: v.readsHazards()}
	if v.r.Header.Get(freshHeader) == "" && v.pullsReports() {
		// A territory that is granted besides may be looked at here and yet be none whose figures are pulled; and after a start
		// the figures come a moment later than the counts of what is open.
		d.Coverage, err = v.coverage(out.GetTerritoryCode())
		if reason := reasonOf(err); err != nil && reason != adminv1.Reason_REASON_NOT_PERMITTED && reason != adminv1.Reason_REASON_COUNTING {
			return err
		}
	}
	return v.showPage("overview", &view{Title: out.GetTerritoryName(), Section: "/overview", Data: d, Charts: true, Live: true})
}

// coverage pulls this month's coverage and due calls, as one pull: it passes the reports' gate and is one entry of the access ledger.
func (v *visit) coverage(code string) (*coverageData, error) {
	now := v.c.o.Now().In(shanghai)
	req := &reportv1.PullReportRequest{
		Figure: "coverage", Territory: code, By: levelBelow(code), From: now.AddDate(0, 0, 1-now.Day()).Format(time.DateOnly), To: now.Format(time.DateOnly), Format: formConsole,
	}
	if len(code) > communityDigits || len(code) == communityDigits && !v.goesBelow(code) {
		req.By = ""
	}
	pulled, err := v.pull(req, "due_done")
	if err != nil {
		return nil, err
	}
	seen, due := pulled[0], pulled[1]
	d := &coverageData{Seen: seen.Head.GetFigure(), Due: due.Head.GetFigure(), From: req.GetFrom(), To: req.GetTo(), Address: "/reports?" + url.Values{
		"figure": {"coverage"}, "territory": {code}, "from": {req.GetFrom()}, "to": {req.GetTo()},
	}.Encode()}
	done := map[string]reportRow{}
	card := v.reportCard(due, "")
	for _, row := range card.Places {
		done[row.Name] = row
	}
	of := v.reportCard(seen, "")
	for _, row := range of.Places {
		d.Rows = append(d.Rows, coverageRow{row.Name, row, done[row.Name]})
	}
	hidden := func(row reportRow) bool { return row.Hidden }
	d.Hidden = slices.ContainsFunc(of.Places, hidden) || slices.ContainsFunc(card.Places, hidden)
	return d, nil
}
