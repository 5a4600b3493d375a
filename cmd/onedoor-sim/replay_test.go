package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/command"
)

// committed is the repository's folder of test data.
const committed = "../../testdata"

// run runs a command line and gives what it printed.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Run(t.Context(), args, command.Stdio{Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// folderWith copies the sample and puts further files beside it.
func folderWith(t *testing.T, further map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(committed, "rentsafe"))); err != nil {
		t.Fatal(err)
	}
	for name, source := range further {
		data, err := os.ReadFile(filepath.Join(committed, source))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReplay_TheSampleWithBadFilesBesideItIsReplayedWithoutThem(t *testing.T) {
	dir := folderWith(t, map[string]string{
		"days/2026-07-04.csv":          "bad/web-page.csv",
		"registrations-2026-07-01.csv": "bad/registrations-few-rows.csv",
	})
	code, out, errs := run(t, "replay", "--json", "--data", dir)
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &keys); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v: standard output is not one object: %s", err, out)
	}
	for _, key := range []string{"doors", "visits", "hazards", "days", "conflicts", "refused", "lost", "duplicated", "converged"} {
		if _, ok := keys[key]; !ok {
			t.Errorf("the object has no %s", key)
		}
		delete(keys, key)
	}
	if len(keys) > 0 {
		t.Errorf("the object has more than the contract: %v", keys)
	}
	var got replayJSON
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	checkSample(t, got)
	if !strings.Contains(errs, "generated") || !strings.Contains(errs, "Open Government Licence") {
		t.Errorf("standard error says neither what is generated nor the licence: %s", errs)
	}
}

func checkSample(t *testing.T, got replayJSON) {
	t.Helper()
	if got.Doors != 61 || got.Visits != 95 || got.Hazards != 414 {
		t.Errorf("%d doors, %d visits, %d hazards, want 61, 95, 414", got.Doors, got.Visits, got.Hazards)
	}
	days := []dayJSON{{"2026-07-02", 8, 1, 7}, {"2026-07-03", 10, 5, 5}, {"2026-07-05", 11, 5, 3}, {"2026-07-06", 9, 4, 4}}
	if !slices.Equal(got.Days, days) {
		t.Errorf("days %+v, want %+v", got.Days, days)
	}
	if got.Lost != 0 || got.Duplicated != 0 || !got.Converged || got.Conflicts == 0 {
		t.Errorf("lost %d, duplicated %d, converged %v, conflicts %d", got.Lost, got.Duplicated, got.Converged, got.Conflicts)
	}
	var files []string
	for _, r := range got.Refused {
		files = append(files, r.File)
		if r.Why == "" {
			t.Errorf("refused without a reason: %+v", r)
		}
	}
	if !slices.Equal(files, []string{"registrations-2026-07-01.csv", "days/2026-07-04.csv"}) {
		t.Errorf("refused %+v", got.Refused)
	}
}

func TestReplay_TellsPeopleTheSame(t *testing.T) {
	dir := t.TempDir()
	data := "RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,GRAFFITI\n1,2024,07,1 MAIN ST,2024-05-01,1\n"
	if err := os.WriteFile(filepath.Join(dir, "evaluations-2026-06-30.csv"), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := run(t, "replay", "--data", dir)
	if code != 0 || !strings.Contains(out, "1 doors, 1 visits, 1 hazards in 1 wards") || !strings.Contains(out, "lost 0, duplicated 0, converged true") {
		t.Errorf("exit %d\n%s\n%s", code, out, errs)
	}
}

func TestRun_WrongUseAndFailuresHaveTheirExitCodes(t *testing.T) {
	cases := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no command", nil, 2, "name one of"},
		{"no folder", []string{"replay"}, 2, "data"},
		{"an unknown flag", []string{"replay", "--dat", "x"}, 2, "--dat"},
		{"a word too many", []string{"replay", "x", "--data", "."}, 2, "x"},
		{"a folder that is not there", []string{"replay", "--data", "nowhere"}, 1, "nowhere"},
		{"a folder without a feed", []string{"replay", "--data", "."}, 1, "registrations-*.csv"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := run(t, c.args...)
			if code != c.code || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
				t.Errorf("exit %d, printed %q and %q", code, out, errs)
			}
		})
	}
}
