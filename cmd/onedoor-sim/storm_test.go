package main

import (
	"encoding/json"
	"strings"
	"testing"

	"onedoor/internal/pgtest"
)

func TestStorm_FindsEveryChangeInTheLogAndMeasuresListenersAndFirstSyncs(t *testing.T) {
	code, out, errs := run(t, "storm", "--phones", "20", "--changes", "3", "--window", "100ms", "--watch", "--firsts", "3", "--first-records", "50",
		"--stalled-after", "1h", "--stalled-into", t.TempDir(), "--json")
	if code != 0 || strings.Count(out, "\n") != 1 {
		t.Fatalf("exit %d, printed %q and %q", code, out, errs)
	}
	var r map[string]any
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"phones": 20.0, "changes": 60.0, "lost": 0.0, "duplicated": 0.0, "store": "sqlite", "watchers": 20.0, "firsts": 3.0} {
		if r[key] != want {
			t.Errorf("%s is %v, want %v", key, r[key], want)
		}
	}
	for _, key := range []string{"p50_ms", "p95_ms", "p99_ms", "accepted_per_s", "server_rss_mb", "server_cpu_s", "first_s"} {
		if n, ok := r[key].(float64); !ok || n <= 0 {
			t.Errorf("%s is %v", key, r[key])
		}
	}
	if files, ok := r["stalled"]; ok {
		t.Errorf("syncs that did not stand still for an hour were written down in %v", files)
	}
	// Each fetches what the nine others of its grid have written.
	if n, ok := r["pulled"].(float64); !ok || n < 60 {
		t.Errorf("%v records were pulled", r["pulled"])
	}
}

func TestStorm_OfADatabaseHasARealmOfItsOwnWhichGoesWithItsEnd(t *testing.T) {
	url := pgtest.Database(t)
	storm := func(store string) {
		t.Helper()
		code, out, errs := run(t, "storm", "--phones", "3", "--changes", "2", "--window", "10ms", "--store", store, "--json")
		if code != 0 || !strings.Contains(out, `"lost":0`) || !strings.Contains(out, `"store":"postgres"`) {
			t.Fatalf("exit %d, printed %q and %q", code, out, errs)
		}
	}
	stand := func(want string) {
		t.Helper()
		if n, err := pgtest.Value(url, "SELECT count(*) FROM onedoor_heads"); err != nil || n != want {
			t.Errorf("%s realms stand there, %v; want %s", n, err, want)
		}
	}
	for range 2 {
		storm(url)
	}
	stand("0")
	storm(url + "&realm=kept")
	stand("1")
}

func TestStorm_RefusesWhatIsNone(t *testing.T) {
	for _, args := range [][]string{{"--phones", "0"}, {"--phones", "20000"}, {"--changes", "0"}, {"--window", "-1s"}, {"--store", "mysql://x"}, {"--stalled-after", "-1s"}, {"--stalled-after", "1s", "--stalled-into", ""}} {
		code, out, errs := run(t, append([]string{"storm"}, args...)...)
		if code != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, printed %q and %q", args, code, out, errs)
		}
	}
}
