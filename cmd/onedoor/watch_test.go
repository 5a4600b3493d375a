package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server/observe/tracetest"
)

// secrets are what no log and no trace of the server's may hold after a day of work.
func (w *world) secrets() []string {
	w.t.Helper()
	token, err := os.ReadFile(filepath.Join(w.dir, "admin.token"))
	w.must(err)
	return []string{secretName, secretAddress, secretPhone, "测试机", strings.TrimSpace(string(token))}
}

func TestServe_TracesCallsWithTheirGroupAndPageAndNobodysContent(t *testing.T) {
	c := tracetest.Start(t)
	w := serving(t, "--trace-to", c.URL)
	w.workday()
	if code := w.stop(); code != done {
		t.Fatalf("exit %d: %s", code, w.log())
	}
	for _, name := range []string{"/onedoor.sync.v1.SyncService/Exchange", "/onedoor.admin.v1.AdminService/AddUser", "group", "commit", "page"} {
		if len(c.Named(name)) == 0 {
			t.Errorf("no span %s among %d", name, len(c.Spans()))
		}
	}
	for _, span := range c.Spans() {
		for _, secret := range w.secrets() {
			if strings.Contains(fmt.Sprint(span), secret) || strings.Contains(span.String(), secret) {
				t.Errorf("a span tells %s: %v", secret, span)
			}
		}
		if len(span.GetParentSpanId()) == 0 && !strings.HasPrefix(span.GetName(), "/") {
			t.Errorf("span %s belongs to no call", span.GetName())
		}
	}
}

func TestServe_ALogOfADayOfWorkIsJSONWithoutContent(t *testing.T) {
	w := serving(t, "--log-format", "json", "--verbose", "--ledger", t.TempDir())
	w.workday()
	w.run("quarantine", "list")
	w.run("explain", w.id().String())
	w.run("token", "--user", w.id().String(), "--out", filepath.Join(t.TempDir(), "none"))
	w.stop()
	lines := 0
	for line := range strings.Lines(w.log()) {
		if !strings.HasPrefix(line, "{") {
			if !strings.HasPrefix(line, "listening ") {
				t.Errorf("line %q", line)
			}
			continue
		}
		lines++
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	if lines < 10 {
		t.Errorf("%d lines for a day of work:\n%s", lines, w.log())
	}
	for _, secret := range w.secrets() {
		// In JSON and in Go's quoted form Chinese characters stand as they are.
		if strings.Contains(w.log(), secret) {
			t.Errorf("the log tells %s", secret)
		}
	}
}

func TestServe_RefusesAFormOfLogAndATraceAddressThatAreNone(t *testing.T) {
	dir := founded(t)
	run(t, "serve", "--data", dir, "--log-format", "xml").wantLine(t, usage, "text or json")
	run(t, "serve", "--data", dir, "--trace-to", "collector:4317").wantLine(t, failed, "http://127.0.0.1:4317")
	run(t, "serve", "--data", dir, "--trace-share", "7").wantLine(t, failed, "a part of 1")
}
