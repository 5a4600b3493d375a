package tidy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"onedoor/internal/tidy"
)

func TestHouse_KeepsItsPlan(t *testing.T) {
	root := os.DirFS("../..")
	goMod, err := fs.ReadFile(root, "go.mod")
	if err != nil || !bytes.HasPrefix(goMod, []byte("module "+tidy.Module+"\n")) {
		t.Fatalf("the test does not stand in the house it checks: go.mod begins %.40q, error %v", goMod, err)
	}
	report, err := tidy.Check(root)
	if err != nil {
		t.Fatal(err)
	}
	own, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil || report.Files < len(own) {
		t.Fatalf("the walk read %d files, fewer than the %d of this package, error %v", report.Files, len(own), err)
	}
	for _, finding := range report.Findings {
		t.Error(finding)
	}
}

func TestBadHouse_EveryBadLineIsFoundAndNoOther(t *testing.T) {
	root := os.DirFS("testdata/badhouse")
	report, err := tidy.Check(root)
	if err != nil {
		t.Fatal(err)
	}
	wants := wantedFindings(t, root)
	for _, finding := range report.Findings {
		line := fmt.Sprintf("%s:%d", finding.File, finding.Line)
		if want, bad := wants[line]; !bad || !strings.Contains(finding.What, want) {
			t.Errorf("found %v, wanted %q", finding, want)
		}
		delete(wants, line)
	}
	for line, want := range wants {
		t.Errorf("%s: nothing found, wanted %q", line, want)
	}
}

func TestBans_EachIsBrokenByTheBadHouse(t *testing.T) {
	report, err := tidy.Check(os.DirFS("testdata/badhouse"))
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, ban := range tidy.Bans {
		reasons = append(reasons, ban.Why)
	}
	for _, ban := range tidy.CallBans {
		reasons = append(reasons, ban.Why)
	}
	for _, why := range reasons {
		if !slices.ContainsFunc(report.Findings, func(f tidy.Finding) bool { return strings.HasSuffix(f.What, why) }) {
			t.Errorf("no line of the bad house shows that this ban can fail: %s", why)
		}
	}
}

func TestHouse_ImportsOnlyPointDown(t *testing.T) {
	floors := make(map[string]int)
	for i, room := range tidy.House {
		if _, twice := floors[room.Path]; twice || room.Holds == "" {
			t.Errorf("%s stands twice in the plan, or nothing says what it holds", room.Path)
		}
		floors[room.Path] = i
	}
	for i, room := range tidy.House {
		for _, below := range room.May {
			if floor, known := floors[below]; !known || floor <= i {
				t.Errorf("%s may import %s, which does not stand below it", room.Path, below)
			}
		}
	}
}

func TestCheck_OpenWorkIsFoundInEveryFileOfTheHouse(t *testing.T) {
	// The marks are put together here so that no search finds them in this file.
	for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
		source := &fstest.MapFile{Data: []byte("package domain\n\n// " + mark + ": later\nvar _ = \"" + mark + "\"\n")}
		report, err := tidy.Check(fstest.MapFS{"domain/rules.go": source, "domain/rules_test.go": source})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, finding := range report.Findings {
			got = append(got, fmt.Sprintf("%s:%d", finding.File, finding.Line))
		}
		if want := []string{"domain/rules.go:3", "domain/rules_test.go:3"}; !slices.Equal(got, want) {
			t.Errorf("%s: found in %v, wanted %v", mark, got, want)
		}
	}
}

func TestCheck_PassesOverWhatIsNotTheHouse(t *testing.T) {
	source := &fstest.MapFile{Data: []byte("package nowhere\n")}
	report, err := tidy.Check(fstest.MapFS{
		"domain/testdata/fixture.go": source,
		".cache/cached.go":           source,
		"_drafts/draft.go":           source,
		"tools/go.mod":               {Data: []byte("module onedoor/tools\n")},
		"tools/generator/main.go":    source,
		"README.md":                  {Data: []byte("package nowhere\n")},
	})
	if err != nil || report.Files != 0 || len(report.Findings) != 0 {
		t.Errorf("got %+v, error %v, wanted nothing read", report, err)
	}
}

func TestCheck_AFileThatIsNotGoIsAnError(t *testing.T) {
	report, err := tidy.Check(fstest.MapFS{"domain/rules.go": {Data: []byte("<html>")}})
	if err == nil {
		t.Errorf("got %+v without an error", report)
	}
}

// want reads what a line of the bad house expects to be found there.
var want = regexp.MustCompile(`// want "(.+)"$`)

// wantedFindings gives the expected findings of a tree by `file:line`.
func wantedFindings(t *testing.T, root fs.FS) map[string]string {
	t.Helper()
	wants := make(map[string]string)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".go" {
			return err
		}
		source, err := fs.ReadFile(root, name)
		lines := bufio.NewScanner(bytes.NewReader(source))
		for number := 1; lines.Scan(); number++ {
			if match := want.FindStringSubmatch(lines.Text()); match != nil {
				wants[fmt.Sprintf("%s:%d", name, number)] = match[1]
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return wants
}
