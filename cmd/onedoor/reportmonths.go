package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/command"
)

// figureJSON is a figure of `report list --json`.
type figureJSON struct {
	Name    string   `json:"name"`
	NameZH  string   `json:"name_zh"`
	NameEN  string   `json:"name_en"`
	Formula string   `json:"formula"`
	Source  string   `json:"source"`
	Unit    string   `json:"unit"`
	Classes []string `json:"classes"`
}

// monthJSON is a month of `report list --json` and `report freeze --json`.
type monthJSON struct {
	Month     string           `json:"month"`
	State     string           `json:"state"`
	FreezesOn string           `json:"freezes_on"`
	Frozen    json.RawMessage  `json:"frozen"`
	AsOf      uint64           `json:"as_of"`
	Hash      string           `json:"hash"`
	HeardFrom heardJSON        `json:"heard_from"`
	Unsent    uint64           `json:"unsent"`
	Stale     []stalePlaceJSON `json:"stale"`
}

// monthStates name the states of a month.
var monthStates = map[reportv1.MonthState]string{
	reportv1.MonthState_MONTH_STATE_RUNNING: "running", reportv1.MonthState_MONTH_STATE_PROVISIONAL: "provisional", reportv1.MonthState_MONTH_STATE_FROZEN: "frozen",
}

func monthOf(m *reportv1.Month) monthJSON {
	return monthJSON{
		Month: m.GetMonth(), State: monthStates[m.GetState()], FreezesOn: m.GetFreezesOn(), Frozen: command.TimeJSON(m.GetFrozenMs()), AsOf: m.GetAsOf(),
		Hash: hex.EncodeToString(m.GetHash()), HeardFrom: heardJSON{m.GetPhonesHeard(), m.GetPhones()}, Unsent: m.GetUnsent(), Stale: stalePlaces(m.GetStale()),
	}
}

func stalePlaces(places []*reportv1.Place) []stalePlaceJSON {
	out := []stalePlaceJSON{}
	for _, p := range places {
		out = append(out, stalePlaceJSON{p.GetTerritory(), p.GetName()})
	}
	return out
}

// says tells how a month stands, for its line in a table.
func (m *monthJSON) says(frozenMS int64) string {
	switch {
	case m.State == "frozen":
		return fmt.Sprintf("frozen %s as of %d, hash %s", command.TimeText(frozenMS), m.AsOf, m.Hash[:16])
	case m.State == "running":
		return "not over"
	case m.FreezesOn == "":
		return "older than the realm: frozen by `onedoor report freeze` alone"
	}
	return "provisional, frozen on " + m.FreezesOn
}

func (a *app) reportList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the figures with their formulas, and the months with their states", Args: cobra.NoArgs,
		Long: `Lists every figure that a report can be pulled of, with its formula and source,
and every month since the realm was made: still running, over but provisional, or
frozen, with the entry of the log that it was counted at, its hash and how many
phones had been heard from.`,
		Example: "  onedoor report list --token-file district.token --json",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.reports.ListFigures(client.ctx, &reportv1.ListFiguresRequest{})
		if err != nil {
			return err
		}
		months, err := client.reports.ListMonths(client.ctx, &reportv1.ListMonthsRequest{})
		if err != nil {
			return err
		}
		figures := []figureJSON{}
		for _, f := range m.GetFigures() {
			figures = append(figures, figureJSON{f.GetName(), f.GetNameZh(), f.GetNameEn(), f.GetFormula(), f.GetSource(), f.GetUnit(), append([]string{}, f.GetClasses()...)})
		}
		list := []monthJSON{}
		for _, one := range months.GetMonths() {
			list = append(list, monthOf(one))
		}
		return a.Print(map[string]any{"figures": figures, "months": list}, func(w io.Writer) {
			t := command.Table{}
			for _, f := range figures {
				t.Add(f.Name, f.NameZH, f.Formula)
			}
			t.Write(w)
			fmt.Fprintln(w)
			t = command.Table{}
			for i, one := range list {
				t.Add(one.Month, one.says(months.GetMonths()[i].GetFrozenMs()), fmt.Sprintf("%d of %d phones heard from", one.HeardFrom.Phones, one.HeardFrom.Of))
			}
			t.Write(w)
		})
	})
	return c
}

// frozenJSON is what `report freeze --json` prints.
type frozenJSON struct {
	monthJSON
	Done   bool `json:"done"`
	DryRun bool `json:"dry_run"`
}

func (a *app) reportFreeze() *cobra.Command {
	req := &reportv1.FreezeMonthRequest{}
	c := &cobra.Command{
		Use: "freeze MONTH", Short: "Make the figures of a month final", Args: cobra.ExactArgs(1),
		Long: `Counts every figure of a month at the end of the log and keeps it with a hash: from
then on a pull of that month gives those numbers, and tells what arrives later as
补报. The server does so by itself five days after a month's end; this command does
it earlier (--early), or for a month that is older than the realm. A month that is
frozen stays as it is. --dry-run writes nothing and tells the hash that it would have.

Needs a district user's token or the operator's; it prints no figure. It stands in
the access ledger, and the month in the side ledger, so that a restore keeps it.`,
		Example: `  onedoor report freeze 2026-03 --dry-run --token-file district.token
  onedoor report freeze 2026-03 --early --token-file district.token`,
	}
	c.Flags().BoolVar(&req.DryRun, "dry-run", false, "write nothing; tell what would be frozen")
	c.Flags().BoolVar(&req.Early, "early", false, "freeze it though phones still have days to bring records of it")
	c.RunE = a.asking(func(client *client, args []string) error {
		req.Month = args[0]
		m, err := client.reports.FreezeMonth(client.ctx, req)
		if err != nil {
			return err
		}
		out := frozenJSON{monthOf(m.GetMonth()), m.GetDone(), req.DryRun}
		return a.Print(out, func(w io.Writer) { out.write(w, m.GetMonth().GetFrozenMs()) })
	})
	return c
}

func (f *frozenJSON) write(w io.Writer, frozenMS int64) {
	switch {
	case f.Done:
		fmt.Fprintf(w, "%s is %s\n", f.Month, f.says(frozenMS))
	case f.State == "frozen":
		fmt.Fprintf(w, "%s was %s; nothing was changed\n", f.Month, f.says(frozenMS))
	default:
		fmt.Fprintf(w, "%s would be frozen as of %d, hash %s; nothing was changed\n", f.Month, f.AsOf, f.Hash[:16])
	}
	fmt.Fprintf(w, "%d of %d phones heard from since its end, %d changes unsent\n", f.HeardFrom.Phones, f.HeardFrom.Of, f.Unsent)
	if len(f.Stale) > 0 {
		var codes []string
		for _, p := range f.Stale {
			codes = append(codes, p.Territory)
		}
		fmt.Fprintf(w, "not heard from in: %s\n", strings.Join(codes, " "))
	}
}
