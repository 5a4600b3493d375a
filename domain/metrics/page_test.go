package metrics_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"onedoor/domain/metrics"
	"onedoor/internal/docpage"
)

var update = flag.Bool("update", false, "write the tables of docs/reports.md")

const (
	page  = "../../docs/reports.md"
	begin = "<!-- The tables below are written by `go test ./domain/metrics -run TestPage -update`. -->\n"
)

func TestPage_HasTheFiguresOfTheCode(t *testing.T) {
	docpage.Tail(t, page, begin, tablesOfFigures(), *update)
}

func tablesOfFigures() string {
	var b strings.Builder
	b.WriteString("\n## The figures\n\n| figure | 指标 | numerator 分子 | denominator 分母 | formula | split by | unit | source |\n|---|---|---|---|---|---|---|---|\n")
	for _, f := range metrics.Figures() {
		den := f.DenZH
		if den == "" {
			den = "none"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", f.Name, f.ZH, f.NumZH, den, f.Formula, splitName(f.Split), f.Unit, f.Source)
	}
	b.WriteString("\n## The parts of a split\n\n| split | parts |\n|---|---|\n")
	for s := metrics.SplitDoors; s < metrics.SplitNone; s++ {
		var parts []string
		for c := range metrics.Class(s.Classes()) {
			zh, _ := s.Words(c)
			parts = append(parts, fmt.Sprintf("`%s` %s", s.Name(c), zh))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", splitName(s), strings.Join(parts, ", "))
	}
	return b.String()
}

func splitName(s metrics.Split) string {
	return [...]string{"cadence class", "measure", "hazard code", "category", "age", "none"}[s]
}
