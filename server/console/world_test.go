package console_test

import (
	"strings"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/internal/browser"
	"onedoor/internal/demo"
)

// desk gives the account of a role.
func desk(t *testing.T, role domain.Role) *demo.Desk {
	t.Helper()
	for _, d := range scene.demo.Desks() {
		if d.Role == role {
			return d
		}
	}
	t.Fatalf("nobody signs in as %s", role)
	return nil
}

// tab opens a tab of somebody who is not signed in.
func tab(t *testing.T) *browser.Tab {
	t.Helper()
	b := scene.browser.Tab(t, scene.origin)
	t.Cleanup(func() {
		if c := b.Complaints(); len(c) > 0 {
			t.Errorf("the browser complained: %s", strings.Join(c, "; "))
		}
	})
	return b
}

// code waits for a one-time code that was not used yet.
func code(t *testing.T, d *demo.Desk) string {
	t.Helper()
	for {
		code, wait, err := d.Code(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if wait == 0 {
			return code
		}
		select {
		case <-time.After(wait):
		case <-t.Context().Done():
			t.Fatal("the test has ended")
		}
	}
}

// codeFor is how long the digits of an authenticator are good for at least.
const codeFor = 30 * time.Second

// signIn fills in the page for signing in, where it stands; with the next digits where the machine took longer than they last.
func signIn(t *testing.T, b *browser.Tab, d *demo.Desk) {
	t.Helper()
	for {
		b.Type("[name=name]", d.Name)
		b.Type("[name=password]", d.Password)
		digits, began := code(t, d), time.Now()
		b.Type("[name=code]", digits)
		b.Submit("form[action='/signin'] button")
		if time.Since(began) < codeFor || !b.Has("form[action='/signin'] [name=code]") {
			return
		}
	}
}

// sessions are those of the desks at which a test has signed in already.
var sessions = map[domain.Role]string{}

// sessionCookie is what the console calls its cookie without TLS.
const sessionCookie = "onedoor-session"

// as opens a tab of somebody of a role, at a path. The first one signs in, the next ones share that session: an authenticator
// shows a new code every half minute only.
func as(t *testing.T, role domain.Role, path string) *browser.Tab {
	t.Helper()
	b := tab(t)
	if session := sessions[role]; session != "" {
		b.SetCookie(sessionCookie, session)
		b.Go(path)
		return b
	}
	b.Go(path)
	signIn(t, b, desk(t, role))
	sessions[role] = b.Cookie(sessionCookie)
	return b
}

// afresh opens a tab of somebody who signs in with a session of the tab's own.
func afresh(t *testing.T, role domain.Role, path string) *browser.Tab {
	t.Helper()
	b := tab(t)
	b.Go(path)
	signIn(t, b, desk(t, role))
	return b
}

// look keeps pictures of a page at three widths and asks axe-core about it.
func look(b *browser.Tab, name string) {
	b.Pictures(name)
	b.Accessible()
}
