package main_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// get asks the console for a path.
func get(t *testing.T, address, path string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestServe_TellsWhereTheConsoleIsAndServesItUnderItsPolicy(t *testing.T) {
	w := serving(t, "--http", "127.0.0.1:0")
	_, rest, ok := strings.Cut(w.log(), "console ")
	if !ok {
		t.Fatalf("no console in %q", w.log())
	}
	address := strings.Fields(rest)[0]
	status, page, headers := get(t, address, "/cases")
	if status != http.StatusUnauthorized || !strings.Contains(page, `name="password"`) {
		t.Errorf("who is not signed in gets %d: %s", status, page)
	}
	policy := headers.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || headers.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", headers)
	}
	if status, _, _ := get(t, address, "/events"); status != http.StatusUnauthorized {
		t.Errorf("events without a session: %d", status)
	}
	if code := w.stop(); code != done {
		t.Errorf("stop: exit %d", code)
	}
}

func TestServe_RefusesAWriteThatAnotherSiteAsksFor(t *testing.T) {
	w := serving(t, "--http", "127.0.0.1:0")
	_, rest, _ := strings.Cut(w.log(), "console ")
	address := strings.Fields(rest)[0]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/signout", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://evil.example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a write from elsewhere gets %d", resp.StatusCode)
	}
}

func TestServe_GivesNoConsoleInPlainTextToOthers(t *testing.T) {
	r := run(t, "serve", "--data", founded(t), "--listen", "127.0.0.1:0", "--http", "0.0.0.0:0")
	r.wantLine(t, failed, "--tls-cert")
}

func TestServe_SpeaksTLSWithBrowsersUnderTheCertificateOfPhones(t *testing.T) {
	cert, key := certificate(t)
	w := serving(t, "--http", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	_, rest, _ := strings.Cut(w.log(), "console ")
	pem, err := os.ReadFile(cert)
	w.must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, ForceAttemptHTTP2: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+strings.Fields(rest)[0]+"/signin", nil)
	w.must(err)
	resp, err := client.Do(req)
	w.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s %d, %v", resp.Proto, resp.StatusCode, resp.Header)
	}
}
