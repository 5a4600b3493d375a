package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"google.golang.org/protobuf/proto"

	"onedoor/server"
)

// admin gives where metrics and health are.
func (w *world) admin() string {
	w.t.Helper()
	_, rest, ok := strings.Cut(w.log(), "admin ")
	if !ok {
		w.t.Fatalf("no admin address in %s", w.log())
	}
	return "http://" + strings.Fields(rest)[0]
}

// get asks the admin listener.
func (w *world) get(path string) (code int, body string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.admin()+path, nil)
	w.must(err)
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	w.must(err)
	return resp.StatusCode, string(all)
}

// metric gives a metric's number; its name may have labels.
func (w *world) metric(name string) float64 {
	w.t.Helper()
	_, body := w.get("/metrics")
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			w.must(err)
			return n
		}
	}
	w.t.Fatalf("no metric %s in:\n%s", name, body)
	return 0
}

// What residents and workers of these tests are called, none of which any watcher of the server may see.
const (
	secretName    = "和秘密"
	secretAddress = "文化街绝密7号"
	secretPhone   = "13987654321"
)

// workday enrols two phones, which write and clash, with a change that is quarantined.
func (w *world) workday() {
	w.t.Helper()
	w.withGrids()
	user := w.user(secretName, "grid_worker", gridA)
	one, two := w.phone(user), w.phone(user)
	door := one.door(gridA, secretAddress)
	one.sync()
	two.sync()
	one.edit(door, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(secretName), Phone: proto.String(secretPhone)}})
	one.edit(door, &recordv1.Premises{Address: proto.String(secretAddress + "甲")})
	two.edit(door, &recordv1.Premises{Address: proto.String(secretAddress + "乙")})
	one.sync()
	two.sync()
	one.edit(w.id(), &recordv1.Premises{Address: proto.String(secretAddress)})
	one.sync()
}

func TestAdmin_MetricsTellOfADayOfWorkAndNobodysContent(t *testing.T) {
	w := serving(t, "--admin", "127.0.0.1:0")
	w.workday()
	for name, least := range map[string]float64{
		`onedoor_changes_total{realm="530702"}`:                                                        5,
		`onedoor_log_entries_total{realm="530702",type="quarantined"}`:                                 1,
		`onedoor_conflict_records{realm="530702"}`:                                                     1,
		`onedoor_conflicts_opened_total{realm="530702"}`:                                               1,
		`onedoor_quarantine_changes{realm="530702"}`:                                                   1,
		`onedoor_calls_total{code="OK",method="/onedoor.sync.v1.SyncService/Exchange",realm="530702"}`: 5,
		`onedoor_call_seconds_count{method="/onedoor.sync.v1.SyncService/Exchange",realm="530702"}`:    5,
		`onedoor_group_seconds_count{part="commit",realm="530702"}`:                                    5,
		`onedoor_page_records_count{realm="530702"}`:                                                   3,
		`onedoor_store_seconds_count{operation="commit",realm="530702"}`:                               5,
		`onedoor_phones{realm="530702",state="active"}`:                                                2,
		`onedoor_phones_seen{realm="530702",within="1h"}`:                                              2,
		`onedoor_ready{realm="530702"}`:                                                                1,
		`process_open_fds`:                                                                             1,
		`go_goroutines`:                                                                                1,
	} {
		if got := w.metric(name); got < least {
			t.Errorf("%s is %v, want at least %v", name, got, least)
		}
	}
	_, body := w.get("/metrics")
	for _, secret := range []string{secretName, secretAddress, secretPhone, "测试机", "127.0.0.1"} {
		if strings.Contains(body, secret) {
			t.Errorf("the metrics tell %s", secret)
		}
	}
	if id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`).FindString(body); id != "" {
		t.Errorf("the metrics tell an id, %s", id)
	}
}

func TestAdmin_TheNumberOfLinesDoesNotGrowWithPhonesAndRecords(t *testing.T) {
	w := serving(t, "--admin", "127.0.0.1:0").withGrids()
	user := w.user("和丽", "grid_worker", gridA)
	count := func() int {
		_, body := w.get("/metrics")
		return strings.Count(body, "\nonedoor_")
	}
	first := w.phone(user)
	first.door(gridA, "文化街1号")
	first.sync()
	was := count()
	for range 5 {
		p := w.phone(user)
		p.door(gridA, "文化街2号")
		p.sync()
	}
	if now := count(); now != was {
		t.Errorf("%d lines became %d", was, now)
	}
}

func TestAdmin_ReadinessSaysWhatToLookAt(t *testing.T) {
	w := serving(t, "--admin", "127.0.0.1:0")
	warnings := func() []string {
		code, body := w.get("/readyz")
		var got struct {
			Ready    bool
			Warnings []server.Advice
		}
		w.must(json.Unmarshal([]byte(body), &got))
		if code != http.StatusOK || !got.Ready {
			t.Fatalf("not ready: %d %s", code, body)
		}
		var names []string
		for _, a := range got.Warnings {
			if a.Why == "" || a.Do == "" {
				t.Errorf("advice without why or what to do: %+v", a)
			}
			names = append(names, a.Name)
		}
		return names
	}
	if got := warnings(); !slices.Contains(got, "backup-old") {
		t.Errorf("no backup, and only %v is told", got)
	}
	if r := run(t, "backup", "--data", w.dir, "--out", filepath.Join(t.TempDir(), "one.backup")); r.code != done {
		t.Fatalf("%+v", r)
	}
	if got := warnings(); slices.Contains(got, "backup-old") {
		t.Errorf("a fresh backup, and %v is told", got)
	}
	if code, body := w.get("/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("health %d %s", code, body)
	}
}

func TestAdmin_IsNotAmongWhatPhonesAndBrowsersReach(t *testing.T) {
	w := serving(t, "--admin", "127.0.0.1:0", "--http", "127.0.0.1:0")
	_, rest, _ := strings.Cut(w.log(), "console ")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+strings.Fields(rest)[0]+"/metrics", nil)
	w.must(err)
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); strings.Contains(string(body), "onedoor_changes_total") {
		t.Error("the console shows the metrics")
	}
	if code, _ := w.get("/debug/pprof/heap"); code != http.StatusOK {
		t.Errorf("a profile for this machine: %d", code)
	}
	if code, _ := w.get("/debug/pprof/cmdline"); code == http.StatusOK {
		t.Error("the command line is shown, which may hold a password")
	}
}
