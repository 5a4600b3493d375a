package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSabotage_SaysWhatIsMissing(t *testing.T) {
	outside := t.TempDir()
	cases := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"outside of the repository", []string{"--source", outside}, 1, "--source"},
		{"a saboteur that is none", []string{"--only", "nobody"}, 1, `"nobody" is no saboteur`},
		{"no seeds", []string{"--seeds", "0"}, 2, "--seeds"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := run(t, append([]string{"sabotage"}, c.args...)...)
			if code != c.code || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
				t.Errorf("exit %d, printed %q and %q", code, out, errs)
			}
		})
	}
}

func TestSabotage_WithoutGoItSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	code, out, errs := run(t, "sabotage")
	if code != 1 || out != "" || !strings.Contains(errs, "install Go") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit %d, printed %q and %q", code, out, errs)
	}
}

func TestSabotage_WritesTheOverlayOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "broken")
	code, out, errs := run(t, "sabotage", "--overlay", dir, "--only", "clamp missing")
	if code != 0 || out != "" {
		t.Fatalf("exit %d, printed %q and %q", code, out, errs)
	}
	copies, err := filepath.Glob(filepath.Join(dir, "*.broken"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %v, %v", copies, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "overlay.json"))
	if err != nil || !strings.Contains(string(text), "syncengine/stamp.go") {
		t.Errorf("overlay.json holds %s, %v", text, err)
	}
}

// quick are saboteurs that any run of the simulator catches within a few seeds.
var quick = []string{
	"clamp missing", "gap in seq on rollback", "high-water mark skipped", "own chain ignored", "quarantine blocking the queue", "scope fill skipped",
	"used nonce answered with a page",
}

func TestSabotage_QuickSaboteursAreCaught(t *testing.T) {
	code, out, errs := run(t, "sabotage", "--json", "--seeds", "40", "--within", "10m", "--only", strings.Join(quick, ","))
	if code != 0 {
		t.Fatalf("exit %d, printed %q and %q", code, out, errs)
	}
	var got map[string][]map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got) != 1 || len(got["saboteurs"]) != len(quick) {
		t.Fatalf("%v: %s", err, out)
	}
	for _, row := range got["saboteurs"] {
		if seeds, _ := row["seeds_needed"].(float64); len(row) != 4 || row["caught"] != true || row["invariant"] == "" || seeds < 1 {
			t.Errorf("row %v", row)
		}
	}
}
