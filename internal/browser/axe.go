package browser

import (
	_ "embed"
	"encoding/json"
	"strings"
)

// axe is axe-core, which looks for what keeps people with a screen reader or a keyboard out.
//
//go:embed testdata/axe/axe.min.js
var axe string

// violation is one finding of axe-core.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Accessible fails where axe-core finds something against WCAG 2.2 A and AA.
func (tab *Tab) Accessible() {
	tab.t.Helper()
	Eval[bool](tab, axe+"; true")
	found := Eval[string](tab, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations))`)
	var violations []violation
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		tab.t.Fatalf("what axe-core found: %v", err)
	}
	for _, v := range violations {
		var where []string
		for _, n := range v.Nodes {
			where = append(where, n.HTML+"\n    "+strings.ReplaceAll(n.Summary, "\n", "\n    "))
		}
		tab.t.Errorf("%s: %s: %s\n  %s", tab.Address(), v.ID, v.Help, strings.Join(where, "\n  "))
	}
}
