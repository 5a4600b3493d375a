package monitoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"onedoor/tools/deploylint/internal/finding"
)

// queried is what of a dashboard is sent to Prometheus.
type queried struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

// Dashboard says what of a dashboard Grafana has no field for, or asks for, and which expressions Prometheus cannot read.
func Dashboard(file string) ([]finding.Finding, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	plugins.RegisterDefaultPlugins() // The panels and data sources that Grafana brings along.
	//lint:ignore SA1019 The file is in the form that every Grafana in use imports; dashboardv2 is the form of its newest.
	var board dashboard.Dashboard
	err = board.UnmarshalJSONStrict(body)
	if err == nil {
		err = board.Validate()
	}
	var found []finding.Finding
	for _, wrong := range each(err) {
		found = append(found, finding.Finding{File: file, By: "grafana", Text: wrong})
	}
	return append(found, expressions(file, body)...), nil
}

// each gives the parts of what Grafana's types tell together.
func each(err error) (list []string) {
	var all cog.BuildErrors
	switch {
	case err == nil:
	case errors.As(err, &all):
		for _, e := range all {
			list = append(list, e.Error())
		}
	default:
		list = append(list, err.Error())
	}
	return list
}

// variable is what Grafana replaces in an expression before it sends it: a duration in brackets, else a value.
var (
	rangeVariable = regexp.MustCompile(`\[\$[a-z_]+\]`)
	variable      = regexp.MustCompile(`\$\{?[a-zA-Z_]+\}?`)
)

// expressions says which expressions Prometheus cannot read.
func expressions(file string, body []byte) (found []finding.Finding) {
	var board queried
	if json.Unmarshal(body, &board) != nil {
		return nil // Grafana's types have told it.
	}
	for _, p := range board.Panels {
		for _, t := range p.Targets {
			asked := variable.ReplaceAllString(rangeVariable.ReplaceAllString(t.Expr, "[5m]"), "1")
			if _, err := promql().ParseExpr(asked); err != nil {
				found = append(found, finding.Finding{File: file, Line: lineOf(body, t.Expr), By: "prometheus", Text: "panel " + p.Title + ": " + err.Error()})
			}
		}
	}
	return found
}

// lineOf finds the line on which a text stands in JSON; 0 where it is written in another way.
func lineOf(body []byte, text string) int {
	var quoted strings.Builder
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	if text == "" || e.Encode(text) != nil {
		return 0
	}
	at := bytes.Index(body, []byte(strings.TrimSpace(quoted.String())))
	if at < 0 {
		return 0
	}
	return 1 + bytes.Count(body[:at], []byte("\n"))
}
