package server_test

import (
	"strings"
	"testing"
	"time"

	chrome "onedoor/internal/browser"
)

// chromium opens the console of both realms in a real browser.
func (r *realms) chromium() *chrome.Tab {
	r.t.Helper()
	b, err := chrome.Open()
	r.must(err)
	r.t.Cleanup(b.Close)
	tab := b.Tab(r.t, "http://"+r.server.ConsoleAddr().String())
	r.t.Cleanup(func() {
		if said := tab.Complaints(); len(said) > 0 {
			r.t.Errorf("the browser complains: %q", said)
		}
	})
	return tab
}

// look keeps pictures of a page at three widths, and has it checked for everybody.
func look(tab *chrome.Tab, name string) {
	tab.Pictures(name)
	tab.Accessible()
}

func TestRealms_InABrowserSomebodyChoosesTheDistrictByKeyboardChangesTheirMindAndSignsIn(t *testing.T) {
	r := both(t)
	r.later.Store(time.Since(clock()).Milliseconds()) // The browser throws cookies away by its own clock.
	b := r.chromium()
	at := func(address string) {
		t.Helper()
		if got := b.Address(); got != address {
			t.Fatalf("the browser is at %s, wanted %s", got, address)
		}
	}
	b.Go("/cases")
	at("/realm?next=%2Fcases")
	look(b, "realm")
	b.TabTo(`button[value="530702"]`)
	b.Press()
	at("/signin?next=%2Fcases")
	if got := b.Text(".realm"); !strings.Contains(got, "古城区") {
		t.Errorf("to sign in to: %q", got)
	}
	look(b, "signin-several")
	b.TabTo(`a[href^="/realm"]`)
	b.Press()
	b.Submit(`button[value="530721"]`)
	at("/signin?next=%2Fcases")
	if got := b.Text(".realm"); !strings.Contains(got, "玉龙") {
		t.Errorf("after another choice, to sign in to: %q", got)
	}

	w := r.of[yulong]
	w.later.Store(r.later.Load())
	shown := w.password("530721102201", "mu.chun").GetPassword()
	r.later.Store(w.later.Load())
	b.Type("[name=name]", shown.GetName())
	b.Type("[name=password]", "a wrong password")
	b.Type("[name=code]", shown.GetCode())
	b.Submit(`form[action="/signin"] button`)
	if got := b.Text(".realm"); !strings.Contains(got, "玉龙") {
		t.Errorf("after a wrong password, to sign in to: %q", got)
	}
	look(b, "signin-several-refused")
	b.Type("[name=password]", shown.GetPassword())
	b.Type("[name=code]", shown.GetCode())
	b.Submit(`form[action="/signin"] button`)
	at("/cases")
	if got := b.Text("body"); !strings.Contains(got, "木春") {
		t.Errorf("signed in is: %s", got)
	}
}

func TestRealms_ThePageToChooseTheDistrictIsWholeInEnglishToo(t *testing.T) {
	b := both(t).chromium()
	b.SetCookie("onedoor-language", "en")
	b.Go("/")
	if got := b.Text("h1"); got != "Choose the district" {
		t.Errorf("the page is headed %q", got)
	}
	look(b, "realm-english")
}
