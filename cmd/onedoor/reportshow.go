package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/command"
	"onedoor/internal/reportfile"
)

// reportJSON is what `report FIGURE --json` prints.
type reportJSON struct {
	Figure      string            `json:"figure"`
	Name        string            `json:"name"`
	Formula     string            `json:"formula"`
	Unit        string            `json:"unit"`
	Territory   string            `json:"territory"`
	By          string            `json:"by"`
	From        string            `json:"from"`
	To          string            `json:"to"`
	AsOf        uint64            `json:"as_of"`
	AsOfTime    json.RawMessage   `json:"as_of_time"`
	HeardFrom   heardJSON         `json:"heard_from"`
	Unsent      uint64            `json:"unsent"`
	Stale       []stalePlaceJSON  `json:"stale"`
	Provisional bool              `json:"provisional"`
	Frozen      *frozenReportJSON `json:"frozen"`
	Rows        []reportRowJSON   `json:"rows"`
	Totals      []reportRowJSON   `json:"totals"`
	Late        []reportRowJSON   `json:"late"`
	Statement   []string          `json:"statement"`
}

// heardJSON is how many phones were heard from.
type heardJSON struct {
	Phones uint32 `json:"phones"`
	Of     uint32 `json:"of"`
}

// stalePlaceJSON is a territory with phones that were not heard from.
type stalePlaceJSON struct {
	Territory string `json:"territory"`
	Name      string `json:"name"`
}

// frozenReportJSON tells of a frozen month.
type frozenReportJSON struct {
	Time json.RawMessage `json:"time"`
	Hash string          `json:"hash"`
}

// reportRowJSON is one number; what is not shown, or is not there, is null.
type reportRowJSON struct {
	Territory   string   `json:"territory"`
	Name        string   `json:"name"`
	Class       string   `json:"class"`
	Numerator   *int64   `json:"numerator"`
	Denominator *int64   `json:"denominator"`
	Value       *float64 `json:"value"`
	Low         *float64 `json:"low"`
	High        *float64 `json:"high"`
	Suppressed  bool     `json:"suppressed"`
}

func reportRows(rows []*reportv1.Row) []reportRowJSON {
	out := make([]reportRowJSON, len(rows))
	for i, r := range rows {
		out[i] = reportRowJSON{r.GetTerritory(), r.GetName(), r.GetClass(), r.Numerator, r.Denominator, r.Value, r.Low, r.High, r.GetSuppressed()}
	}
	return out
}

func printReportJSON(w io.Writer, r *reportfile.Report) error {
	h := r.Head
	out := reportJSON{
		Figure: h.GetFigure().GetName(), Name: h.GetFigure().GetNameZh(), Formula: h.GetFigure().GetFormula(), Unit: h.GetFigure().GetUnit(),
		Territory: h.GetTerritory(), By: h.GetBy(), From: h.GetFrom(), To: h.GetTo(), AsOf: h.GetAsOf(), AsOfTime: command.TimeJSON(h.GetAsOfMs()),
		HeardFrom: heardJSON{h.GetPhonesHeard(), h.GetPhones()}, Unsent: h.GetUnsent(), Stale: stalePlaces(h.GetStale()), Provisional: h.GetProvisional(),
		Rows: reportRows(r.Rows), Totals: reportRows(r.Totals), Late: reportRows(r.Late), Statement: h.GetStatement(),
	}
	if len(h.GetFrozenHash()) > 0 {
		out.Frozen = &frozenReportJSON{command.TimeJSON(h.GetFrozenMs()), hex.EncodeToString(h.GetFrozenHash())}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

// barCells is how wide a bar is.
const barCells = 10

// bar draws a share as a bar of a few cells.
func bar(share float64) string {
	eighths := int(min(max(share, 0), 1)*barCells*8 + 0.5)
	out := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		out += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return out
}

// barOf draws a row's value: a share as it is, anything else against the greatest of its kind.
func barOf(f *reportv1.Figure, r *reportv1.Row, greatest float64) string {
	switch {
	case r.Value == nil || f.GetUnit() == "mixed":
		return ""
	case f.GetUnit() == "share":
		return bar(r.GetValue())
	case greatest <= 0:
		return ""
	}
	return bar(r.GetValue() / greatest)
}

func writeReport(w io.Writer, r *reportfile.Report) {
	h, f := r.Head, r.Head.GetFigure()
	fmt.Fprintf(w, "%s (%s) %s %s, %s to %s\n", f.GetNameZh(), f.GetName(), h.GetTerritory(), command.Printable(h.GetTerritoryName()), h.GetFrom(), h.GetTo())
	fmt.Fprintf(w, "%s\n", f.GetFormula())
	state := "provisional"
	if !h.GetProvisional() {
		state = fmt.Sprintf("frozen %s, hash %x", command.TimeText(h.GetFrozenMs()), h.GetFrozenHash()[:min(8, len(h.GetFrozenHash()))])
	}
	fmt.Fprintf(w, "as of %d (%s), %s; %d of %d phones heard from, %d changes unsent\n", h.GetAsOf(), command.TimeText(h.GetAsOfMs()), state, h.GetPhonesHeard(), h.GetPhones(), h.GetUnsent())
	t := command.Table{}
	t.Add("CODE", "NAME", "PART", "NUM", "DEN", "VALUE", "BETWEEN", "")
	for _, p := range []struct {
		name string
		rows []*reportv1.Row
	}{{"", r.Rows}, {"TOTAL", r.Totals}, {"LATE 补报", r.Late}} {
		if p.name != "" && len(p.rows) > 0 {
			t.Add(p.name)
		}
		greatest := 0.0
		for _, row := range p.rows {
			greatest = max(greatest, row.GetValue())
		}
		for _, row := range p.rows {
			t.Add(row.GetTerritory(), row.GetName(), row.GetClassZh(), reportfile.Count(row.Numerator, row.GetSuppressed()),
				reportfile.Count(row.Denominator, row.GetSuppressed()), reportfile.Value(f, row), reportfile.Bounds(f, row), barOf(f, row, greatest))
		}
	}
	t.Write(w)
	if len(h.GetStale()) > 0 {
		var codes []string
		for _, p := range h.GetStale() {
			codes = append(codes, p.GetTerritory())
		}
		fmt.Fprintf(w, "not heard from in: %s\n", strings.Join(codes, " "))
	}
}
