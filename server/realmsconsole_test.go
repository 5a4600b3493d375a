package server_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// browser is a browser reduced to its cookies.
type browser struct {
	t    *testing.T
	base string
	http.Client
}

func (r *realms) browser() *browser {
	jar, err := cookiejar.New(nil)
	r.must(err)
	return &browser{r.t, "http://" + r.server.ConsoleAddr().String(), http.Client{Jar: jar}}
}

// shows gives the path that a browser ends at, and the page.
func (b *browser) shows(resp *http.Response, err error) (path, page string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.Request.URL.RequestURI(), string(text)
}

func (b *browser) open(path string) (string, string) {
	b.t.Helper()
	return b.shows(b.Get(b.base + path))
}

func (b *browser) send(path string, form url.Values) (string, string) {
	b.t.Helper()
	return b.shows(b.PostForm(b.base+path, form))
}

func TestRealms_TheConsoleAsksForTheDistrictAndASessionStaysInItsOwn(t *testing.T) {
	r := both(t)
	r.later.Store(time.Since(clock()).Milliseconds()) // The browser throws cookies away by its own clock.
	b := r.browser()
	path, page := b.open("/cases")
	if path != "/realm?next=%2Fcases" || !strings.Contains(page, "古城区") || !strings.Contains(page, "玉龙纳西族自治县") {
		t.Fatalf("nobody has chosen: %s\n%s", path, page)
	}
	if path, page = b.send("/realm", url.Values{"code": {"530721"}, "next": {"/cases"}}); path != "/signin?next=%2Fcases" || !strings.Contains(page, "玉龙纳西族自治县") {
		t.Fatalf("chosen: %s\n%s", path, page)
	}
	if !strings.Contains(page, `href="/realm?next=`) {
		t.Error("the page to sign in has no way to the other district")
	}
	w := r.of[yulong]
	w.later.Store(r.later.Load())
	shown := w.password("530721102201", "mu.chun").GetPassword()
	r.later.Store(w.later.Load())
	if path, page = b.send("/signin", url.Values{"name": {shown.GetName()}, "password": {shown.GetPassword()}, "code": {shown.GetCode()}}); strings.HasPrefix(path, "/signin") {
		t.Fatalf("signed in: %s\n%s", path, page)
	}
	if !strings.Contains(page, "木春") {
		t.Errorf("the page is not the officer's:\n%s", page)
	}
	// Another choice of the browser does not move the session.
	b.send("/realm", url.Values{"code": {"530702"}})
	if path, page = b.open("/"); strings.HasPrefix(path, "/signin") || !strings.Contains(page, "木春") {
		t.Errorf("after choosing the neighbour: %s", path)
	}
	if path, _ = b.send("/realm", url.Values{"code": {"110101"}}); path != "/realm" {
		t.Errorf("a district that is not here leads to %s", path)
	}
}

func TestRealms_AnInvitationIsSetUpWhateverDistrictIsChosen(t *testing.T) {
	r := both(t)
	b := r.browser()
	b.send("/realm", url.Values{"code": {"530702"}})
	w := r.of[yulong]
	code := w.invitation("530721102201", "mu.chun")
	if _, page := b.send("/setup", url.Values{"code": {code}, "password": {"correct horse battery"}, "again": {"correct horse battery"}}); !strings.Contains(page, "otpauth") {
		t.Errorf("the invitation of the other district:\n%s", page)
	}
}
