package monitoring

import (
	"io"
	"log/slog"
	"os"
	"regexp"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"onedoor/tools/deploylint/internal/finding"
)

// promql is the parser of a Prometheus with nothing experimental switched on.
func promql() parser.Parser { return parser.NewParser(parser.Options{}) }

// position is how Prometheus begins an error: line and column.
var position = regexp.MustCompile(`(?:^|\s)(\d+):(\d+): `)

// Rules says what Prometheus would not take of a file of rules.
func Rules(file string) ([]finding.Finding, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	groups, errs := rulefmt.Parse(body, false, model.LegacyValidation, promql(), slog.New(slog.NewTextHandler(io.Discard, nil)))
	var found []finding.Finding
	for _, e := range errs {
		found = append(found, finding.Finding{File: file, Line: lineIn(e.Error()), By: "prometheus", Text: e.Error()})
	}
	if len(errs) > 0 {
		return found, nil
	}
	var node yaml.Node
	if err := yaml.Unmarshal(body, &node); err != nil {
		return nil, err
	}
	for i, g := range groups.Groups {
		for j, r := range g.Rules {
			if r.Alert != "" && r.Labels["severity"] == "" {
				path := "groups[" + strconv.Itoa(i) + "].rules[" + strconv.Itoa(j) + "]"
				found = append(found, finding.Finding{File: file, Line: finding.Line(&node, path), By: "house", Text: "alert " + r.Alert + " has no severity, so nobody is told"})
			}
		}
	}
	return found, nil
}

// lineIn finds the line that an error names; 0 for none.
func lineIn(text string) int {
	m := position.FindStringSubmatch(text)
	if m == nil {
		return finding.LineIn(text)
	}
	n, _ := strconv.Atoi(m[1]) // Digits alone, or the number is too large to be a line.
	return n
}
