package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"onedoor/server/observe"
)

// deployed reads a file of the folder deploy.
func deployed(t *testing.T, path ...string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "deploy"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// alert is one rule of Prometheus.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) (list []alert) {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	d := yaml.NewDecoder(strings.NewReader(deployed(t, "prometheus", "onedoor.rules.yml")))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		list = append(list, g.Rules...)
	}
	if len(list) == 0 {
		t.Fatal("no alert")
	}
	return list
}

// query is an expression of the alerts or the dashboard, with where it stands.
type query struct{ where, expr string }

func queries(t *testing.T) (list []query) {
	t.Helper()
	for _, a := range alerts(t) {
		list = append(list, query{a.Alert, a.Expr})
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(deployed(t, "grafana", "onedoor.json")), &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("panel %s shows nothing", p.Title)
		}
		for _, x := range p.Targets {
			list = append(list, query{p.Title, x.Expr})
		}
	}
	return list
}

var (
	metricName = regexp.MustCompile(`\b(?:onedoor|process|go)_[a-z0-9_]+\b`)
	selector   = regexp.MustCompile(`\b((?:onedoor|process|go)_[a-z0-9_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`(\w+)(=~|=)"([^"]*)"`)
	histogram  = regexp.MustCompile(`_(bucket|sum|count)$`)
	// outside are labels that Prometheus adds, and the dashboard's own variables.
	outside = []string{"job", "instance", "realm"}
)

// told gives the labels' values of each metric, as a real server tells them.
func (w *world) told() map[string]map[string][]string {
	w.t.Helper()
	out := map[string]map[string][]string{}
	_, body := w.get("/metrics")
	for line := range strings.Lines(body) {
		name := regexp.MustCompile(`^[a-z0-9_]+`).FindString(line)
		if name == "" {
			continue
		}
		if out[name] == nil {
			out[name] = map[string][]string{}
		}
		for _, m := range matcher.FindAllStringSubmatch(line, -1) {
			out[name][m[1]] = append(out[name][m[1]], m[3])
		}
	}
	return out
}

func TestDeploy_AlertsAndDashboardAskForWhatARealServerTells(t *testing.T) {
	w := serving(t, "--admin", "127.0.0.1:0")
	w.workday()
	told, names := w.told(), observe.New(observe.Build{}).Names()
	for _, q := range queries(t) {
		for _, name := range metricName.FindAllString(q.expr, -1) {
			if _, is := told[name]; !is && !slices.Contains(names, histogram.ReplaceAllString(name, "")) {
				t.Errorf("%s: no metric %s", q.where, name)
			}
		}
		for _, s := range selector.FindAllStringSubmatch(q.expr, -1) {
			labels, is := told[s[1]]
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				if !is || slices.Contains(outside, m[1]) {
					continue
				}
				if labels[m[1]] == nil {
					t.Errorf("%s: %s has no label %s", q.where, s[1], m[1])
				}
				if m[2] == "=" && !slices.Contains(labels[m[1]], m[3]) {
					t.Errorf("%s: %s of %s is never %q", q.where, m[1], s[1], m[3])
				}
			}
		}
	}
}

func TestDeploy_EveryAlertHasItsCure(t *testing.T) {
	page := document(t, "operating.md")
	for _, a := range alerts(t) {
		if a.Annotations["runbook_url"] != "docs/operating.md#"+strings.ToLower(a.Alert) {
			t.Errorf("%s: runbook %q", a.Alert, a.Annotations["runbook_url"])
		}
		if !strings.Contains(page, "\n### "+a.Alert+"\n") {
			t.Errorf("%s has no heading in operating.md", a.Alert)
		}
		if a.Annotations["summary"] == "" || !slices.Contains([]string{"page", "ticket"}, a.Labels["severity"]) {
			t.Errorf("%s: %+v", a.Alert, a)
		}
	}
	if cures := strings.Count(page, "\n### Onedoor"); cures != len(alerts(t)) {
		t.Errorf("%d cures for %d alerts", cures, len(alerts(t)))
	}
}

// TestDeploy_TheUnitIsAsSystemdWantsIt asks systemd where it is installed; it also wants the program to be there.
func TestDeploy_TheUnitIsAsSystemdWantsIt(t *testing.T) {
	unit := deployed(t, "systemd", "onedoor.service")
	for _, line := range []string{"NoNewPrivileges=yes", "ProtectSystem=strict", "User=onedoor", "Restart=on-failure", "--config /etc/onedoor/onedoor.yaml"} {
		if !strings.Contains(unit, line) {
			t.Errorf("the unit lacks %s", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd is not installed: the unit was read, and not checked by it")
		return
	}
	path := filepath.Join(t.TempDir(), "onedoor.service")
	unit = strings.ReplaceAll(unit, "/usr/local/bin/onedoor", "/bin/true")
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "onedoor.service") {
			t.Errorf("systemd: %s", strings.TrimSpace(line))
		}
	}
	if err != nil && len(out) == 0 {
		t.Error(err)
	}
}

// serveFlags are the flags and variables of `serve` in a text.
var serveFlag = regexp.MustCompile(`--[a-z][a-z-]+`)

func TestDeploy_EverySettingInTheFilesIsOneOfServe(t *testing.T) {
	help := run(t, "serve", "--help").out
	config := deployed(t, "onedoor.yaml")
	var entries map[string]any
	if err := yaml.Unmarshal([]byte(config), &entries); err != nil {
		t.Fatal(err)
	}
	for name := range entries {
		if !strings.Contains(help, "--"+name+" ") {
			t.Errorf("onedoor.yaml: no setting %s", name)
		}
	}
	// What stands there as a comment is offered too.
	for _, m := range regexp.MustCompile(`(?m)^#([a-z-]+):`).FindAllStringSubmatch(config, -1) {
		if !strings.Contains(help, "--"+m[1]+" ") {
			t.Errorf("onedoor.yaml: no setting %s", m[1])
		}
	}
	for _, path := range [][]string{{"docker", "compose.yaml"}, {"docker", "Dockerfile"}, {"kubernetes", "onedoor.yaml"}, {"kubernetes", "replicas.yaml"}} {
		text := deployed(t, path...)
		for _, m := range regexp.MustCompile(`\bONEDOOR_([A-Z_]+)\b`).FindAllStringSubmatch(text, -1) {
			flag := "--" + strings.ToLower(strings.ReplaceAll(m[1], "_", "-")) + " "
			if !strings.Contains(help, flag) {
				t.Errorf("%v: no setting %s", path, m[0])
			}
		}
	}
	if !slices.ContainsFunc(serveFlag.FindAllString(help, -1), func(f string) bool { return f == "--backup-to" }) {
		t.Error("the help was not read")
	}
}

// TestDeploy_EveryCommandInTheFilesIsOne asks each command line of the files for its help, which is given only when the command
// and all its flags exist.
func TestDeploy_EveryCommandInTheFilesIsOne(t *testing.T) {
	tried := 0
	for _, path := range [][]string{{"docker", "Dockerfile"}, {"kubernetes", "init.yaml"}, {"kubernetes", "onedoor.yaml"}, {"kubernetes", "replicas.yaml"}} {
		for _, m := range regexp.MustCompile(`(?:args: |CMD )\[([^\]]+)\]`).FindAllStringSubmatch(deployed(t, path...), -1) {
			args := strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(`", `, r) })
			if args[0] == "/onedoor" {
				args = args[1:]
			}
			if r := run(t, append(args, "--help")...); r.code != done {
				t.Errorf("%v: onedoor %v: %s", path, args, r.err)
			}
			tried++
		}
	}
	if tried < 5 {
		t.Errorf("%d command lines were found", tried)
	}
}
