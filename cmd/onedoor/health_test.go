package main_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth_TellsWhetherCallsAreAnswered(t *testing.T) {
	w := serving(t, "--admin", "127.0.0.1:0")
	at := strings.TrimPrefix(w.admin(), "http://")
	r := run(t, "health", "--admin", at, "--json")
	if got := decode(t, r.out); r.code != done || got.at("ready") != true {
		t.Errorf("%+v", r)
	}
	// A realm without a backup is served, and is warned of.
	if r := run(t, "health", "--admin", at); r.code != done || !strings.Contains(r.out, "ready: true") || !strings.Contains(r.out, "backup-old") {
		t.Errorf("%+v", r)
	}
	_, port, err := net.SplitHostPort(at)
	w.must(err)
	t.Setenv("ONEDOOR_ADMIN", "0.0.0.0:"+port)
	if r := run(t, "health"); r.code != done {
		t.Errorf("an address of all interfaces, from the environment: %+v", r)
	}
}

func TestHealth_FailsWhereNobodyServes(t *testing.T) {
	run(t, "health").wantLine(t, usage, "--admin")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, "health", "--admin", addr).wantLine(t, failed, "nobody answers at "+addr)

	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	run(t, "health", "--admin", strings.TrimPrefix(other.URL, "http://")).wantLine(t, failed, "no onedoor server")

	stopping := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"ready":false,"why":"the server is stopping","warnings":[]}`)) // What is not read is no matter.
	}))
	t.Cleanup(stopping.Close)
	if r := run(t, "health", "--admin", strings.TrimPrefix(stopping.URL, "http://")); r.code != failed || r.out != "ready: false\n" || !strings.Contains(r.err, "the server is stopping") {
		t.Errorf("%+v", r)
	}
}
