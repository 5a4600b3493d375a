package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/command"
	"onedoor/internal/reportfile"
	"onedoor/syncengine"
)

// formats are the forms of a report.
var formats = []string{"table", "json", "csv", "xlsx"}

// reportFlags are what a report is asked with.
type reportFlags struct {
	territory, by, from, to, format, out string
	asOf                                 uint64
}

func newReport(a *app) *cobra.Command {
	f := &reportFlags{}
	c := &cobra.Command{
		Use: "report FIGURE --territory CODE --from D --to D", Short: "Pull a figure by territory and period", Args: cobra.ExactArgs(1),
		Long: `Pulls one figure: numerator, denominator and value by territory, as of an entry of
the log, with the share of phones heard from and the least and greatest value that
unsent work allows. Both days count, +08:00. "onedoor report list" names the figures;
docs/reports.md says how each is counted and what is hidden.

Rows are disjoint and in the order of codes, totals stand apart. Whole months are
frozen five days after their end: pulled again they are the same, and what arrives
later is told as 补报. Every pull stands in the access ledger.

Needs the token of a district, street or community user; sync_lag and sync_health
take the operator's too.`,
		Example: `  onedoor report coverage --territory 530702 --by street --from 2026-03-01 --to 2026-03-31 --token-file district.token
  onedoor report found --territory 530702 --by street --from 2026-03-01 --to 2026-03-31 --format xlsx --out march.xlsx --token-file district.token`,
	}
	flags := c.Flags()
	flags.StringVar(&f.territory, "territory", "", "`CODE` of the territory")
	flags.StringVar(&f.by, "by", "", "rows by `LEVEL`: street, community or grid (default: the territory as one row)")
	flags.StringVar(&f.from, "from", "", "first `DAY`, such as 2026-03-01")
	flags.StringVar(&f.to, "to", "", "last `DAY`")
	flags.Uint64Var(&f.asOf, "as-of", 0, "count up to this `SEQ` of the log instead of its end")
	flags.StringVar(&f.format, "format", "", "`FORM`: "+strings.Join(formats, ", ")+" (default table; --json is json)")
	flags.StringVar(&f.out, "out", "", "write it to this `FILE`, which must not be there")
	command.Required(c, "territory", "from", "to")
	c.RunE = a.asking(func(client *client, args []string) error { return a.report(client, args[0], f) })
	a.reaching(c).AddCommand(a.reportList(), a.reportFreeze(), a.reportRebuild(), a.reportVerify())
	return c
}

// form gives the form that was asked for.
func (f *reportFlags) form(asJSON bool) (string, error) {
	switch {
	case f.format == "" && asJSON:
		return "json", nil
	case f.format == "":
		return "table", nil
	case asJSON && f.format != "json":
		return "", command.Misused("--json and --format %s exclude each other", f.format)
	case !slices.Contains(formats, f.format):
		return "", command.Misused("--format %s: give one of %s", f.format, strings.Join(formats, ", "))
	}
	return f.format, nil
}

func (a *app) report(client *client, figure string, f *reportFlags) error {
	form, err := f.form(a.AsJSON)
	if err != nil {
		return err
	}
	req := &reportv1.PullReportRequest{Figure: figure, Territory: f.territory, By: f.by, From: f.from, To: f.to, AsOf: f.asOf, Format: form}
	if form == "xlsx" {
		req.Beside = reportfile.Beside(figure)
	}
	return a.writing(f.out, func(w io.Writer) error {
		pulled, err := a.pull(client, req)
		if err != nil {
			return err
		}
		r := pulled[0]
		switch form {
		case "json":
			return printReportJSON(w, r)
		case "csv":
			return reportfile.CSV(w, r)
		case "xlsx":
			return reportfile.XLSX(w, append([]reportfile.Sheet{reportfile.Plain(r)}, reportfile.Office(figure, pulled)...))
		}
		writeReport(w, r)
		return nil
	})
}

// writing runs f over a file that is not there yet, or over standard output.
func (a *app) writing(path string, f func(io.Writer) error) error {
	var body strings.Builder
	if err := f(&body); err != nil {
		return err
	}
	if path == "" {
		if _, err := io.WriteString(a.Out, body.String()); err != nil {
			return fmt.Errorf("write the report to standard output: %w", err)
		}
		return nil
	}
	if err := writeExported(path, []byte(body.String())); err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "written to %s (%d bytes)\n", path, body.Len())
	return nil
}

// pull asks for a report, and those beside it, and gathers their rows. While the server counts its log it shows how far that is.
func (a *app) pull(c *client, req *reportv1.PullReportRequest) (out reportfile.Together, err error) {
	stream, err := c.reports.PullReport(c.ctx, req)
	if err != nil {
		return nil, err
	}
	wait := a.countWait()
	defer func() { wait.finish() }()
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) && len(out) <= len(req.GetBeside()) {
			return nil, fmt.Errorf("the server gave %d of %d figures: it is older than this command; use its own", len(out), 1+len(req.GetBeside()))
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if counting := m.GetCounting(); counting != nil {
			wait.show(counting)
			continue
		}
		out.Add(m)
	}
}

// countWait shows that a report waits for the server's count of its log: as a bar on a terminal, else once in a line.
type countWait struct {
	a        *app
	begun    bool
	progress func(done, total syncengine.Seq)
	finish   func()
}

func (a *app) countWait() *countWait { return &countWait{a: a, finish: func() {}} }

func (w *countWait) show(m *reportv1.Counting) {
	if m.GetTotal() == 0 {
		return // Another report is counted, which takes no time to tell of.
	}
	if !w.begun {
		w.begun = true
		if w.progress, w.finish = w.a.progress("the server counts its log"); w.progress == nil {
			fmt.Fprintf(w.a.Err, "the server counts its log, %d%% is done; the report follows\n", 100*m.GetDone()/m.GetTotal())
		}
	}
	if w.progress != nil {
		w.progress(syncengine.Seq(m.GetDone()), syncengine.Seq(m.GetTotal()))
	}
}
