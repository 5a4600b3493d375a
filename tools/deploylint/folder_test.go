package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// deploy is the folder that this module is for.
const deploy = "../../deploy"

// told runs the linter on a folder.
func told(t *testing.T, folder string) (code int, out string) {
	t.Helper()
	var text, problems strings.Builder
	code = run(t.Context(), folder, &text, &problems)
	return code, text.String() + problems.String()
}

func TestLint_FindsNothingInWhatIsDelivered(t *testing.T) {
	if code, out := told(t, deploy); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// edited gives a copy of what is delivered in which one text of one file is another one.
func edited(t *testing.T, file, from, to string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(deploy)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, file)
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(body), from) < 1 {
		t.Fatalf("%s has no %q", file, from)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(body), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// What is broken, what the message says, and the text on whose line it stands; "" where no line is told.
func TestLint_NamesFileLineAndFault(t *testing.T) {
	for name, c := range map[string]struct{ file, from, to, says, on string }{
		"a field that a kind does not have": {"kubernetes/onedoor.yaml", "terminationGracePeriodSeconds:", "terminationGraceSeconds:", "unknown field", "terminationGraceSeconds"},
		"a field that stands twice":         {"kubernetes/onedoor.yaml", "enableServiceLinks: false", "enableServiceLinks: false\n      enableServiceLinks: true", "already set", "enableServiceLinks: true"},
		"a value of another type":           {"kubernetes/onedoor.yaml", "replicas: 1", "replicas: one", "cannot unmarshal", ""},
		"a port's name that is too long":    {"kubernetes/onedoor.yaml", "name: admin, containerPort", "name: administration-port, containerPort", "no more than 15", "administration-port"},
		"a mount without a volume":          {"kubernetes/onedoor.yaml", "name: tmp, mountPath", "name: scratch, mountPath", "Not found: \"scratch\"", "scratch"},
		"a selector that misses its pods":   {"kubernetes/onedoor.yaml", "matchLabels: {app.kubernetes.io/name: onedoor}\n  template", "matchLabels: {app.kubernetes.io/name: onedor}\n  template", "does not match", "labels: {app.kubernetes.io/name: onedoor}"},
		"a port that nobody opens":          {"kubernetes/onedoor.yaml", "targetPort: grpc", "targetPort: gprc", "no container opens port gprc", "gprc"},
		"a container that may gain rights":  {"kubernetes/onedoor.yaml", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation != false", ""},
		"a root file system to write to":    {"kubernetes/onedoor.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write its root file system", ""},
		"a claim that nobody makes":         {"kubernetes/onedoor.yaml", "claimName: onedoor-data", "claimName: onedoor-dat", "no manifest here makes the claim onedoor-dat", ""},
		"a budget that selects nobody":      {"kubernetes/replicas.yaml", "matchLabels: {app.kubernetes.io/name: onedoor-replicas}\n---", "matchLabels: {app.kubernetes.io/name: nobody}\n---", "selects no pod", ""},

		"an instruction that there is none of": {"docker/Dockerfile", "WORKDIR /src", "WORKDIRECTORY /src", "unknown instruction: WORKDIRECTORY", "WORKDIRECTORY"},
		"a stage that is not there":            {"docker/Dockerfile", "--from=build /out/onedoor", "--from=builder /out/onedoor", "--from=builder names no stage", "--from=builder"},
		"a secret in the image":                {"docker/Dockerfile", "ONEDOOR_LOG_FORMAT=json", "ONEDOOR_PASSWORD=x", "SecretsUsedInArgOrEnv", ""},
		"a copy to nowhere":                    {"docker/Dockerfile", "/out/onedoor /onedoor", "/out/onedoor", "at least two arguments", "COPY --from=build /out/onedoor"},
		"an image that runs as root":           {"docker/Dockerfile", "USER 65532:65532", "USER 0", "give USER a number other than 0", ""},
		"a check that needs a shell":           {"docker/Dockerfile", `CMD ["/onedoor", "health"]`, "CMD /onedoor health", "give HEALTHCHECK in its exec form", ""},

		"a key that compose does not know":     {"docker/compose.yaml", "stop_grace_period:", "stop_grace:", "stop_grace", "stop_grace:"},
		"a service that is waited for in vain": {"docker/compose.yaml", "      postgres:\n        condition", "      postgre:\n        condition", "postgre", ""},
		"a service that may write its root":    {"docker/compose.yaml", "read_only: true", "read_only: false", "set read_only: true", "  onedoor:"},

		"an expression that is none":        {"prometheus/onedoor.rules.yml", "expr: onedoor_ready == 0", "expr: onedoor_ready === 0", "unexpected", "onedoor_ready === 0"},
		"a template that is none":           {"prometheus/onedoor.rules.yml", "{{ $labels.instance }} does not", "{{ $label.instance }} does not", "undefined variable", ""},
		"a duration that is none":           {"prometheus/onedoor.rules.yml", "for: 2m", "for: two", "not a valid duration", ""},
		"a word that a rule does not have":  {"prometheus/onedoor.rules.yml", "for: 2m", "during: 2m", "field during not found", "during: 2m"},
		"an alert that nobody is told of":   {"prometheus/onedoor.rules.yml", "severity: page", "importance: page", "has no severity", "alert: OnedoorDown"},
		"a target without a port":           {"prometheus/scrape.yml", "127.0.0.1:7490", "127.0.0.1", "is no HOST:PORT", "127.0.0.1"},
		"a file of rules that is not there": {"prometheus/scrape.yml", "- onedoor.rules.yml", "- onedoor.rule.yml", "no file onedoor.rule.yml", "onedoor.rule.yml"},

		"a panel's expression that is none":     {"grafana/onedoor.json", `min(onedoor_ready{realm=~\"$realm\"})`, `min(onedoor_ready{realm=~\"$realm\")`, "panel Ready", "min(onedoor_ready"},
		"a field that a panel does not have":    {"grafana/onedoor.json", `"colorMode": "value"`, `"colourMode": "value"`, "colourMode", ""},
		"a dashboard without a version of form": {"grafana/onedoor.json", `"schemaVersion": 39,`, "", "schemaVersion", ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := edited(t, c.file, c.from, c.to)
			code, out := told(t, folder)
			if code != 1 || !strings.Contains(out, c.says) {
				t.Fatalf("exit code %d, wanted %q in:\n%s", code, c.says, out)
			}
			for text := range strings.Lines(out) {
				if strings.Contains(text, c.says) && !onLine(t, filepath.Join(folder, c.file), text, c.on) {
					t.Errorf("wanted the line with %q: %s", c.on, text)
				}
			}
		})
	}
}

var place = regexp.MustCompile(`^(.*?):(\d+): `)

// onLine reports that a finding names a file and the line on which a text stands.
func onLine(t *testing.T, file, finding, text string) bool {
	t.Helper()
	if !strings.HasPrefix(finding, file) {
		return false
	}
	if text == "" {
		return true
	}
	m := place.FindStringSubmatch(finding)
	body, err := os.ReadFile(file)
	if err != nil || m == nil {
		return false
	}
	number := 0
	for line := range strings.Lines(string(body)) {
		if number++; m[2] == strconv.Itoa(number) && strings.Contains(line, text) {
			return true
		}
	}
	return false
}

func TestLint_AFolderWithoutAKindOfFileIsAnError(t *testing.T) {
	folder := edited(t, "grafana/onedoor.json", "{", "{")
	if err := os.Remove(filepath.Join(folder, "grafana", "onedoor.json")); err != nil {
		t.Fatal(err)
	}
	if code, out := told(t, folder); code != 2 || !strings.Contains(out, "no file grafana/*.json") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
