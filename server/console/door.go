package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Door is the one way in to the consoles of several realms: it brings a request to the console of the realm that its session
// speaks in, or that the browser chose. It lets nobody in: each console looks at the session itself.
type Door struct {
	// Alone gives the console of the one realm that there is; nil where there are more.
	Alone func() *Console
	// Of gives the console of a realm, nil for one that is not here; Any gives one of them, for what all have.
	Of  func(code uint32) *Console
	Any func() *Console
	// Speaks gives the console of the realm that a session's token speaks in, nil where none is known.
	Speaks func(ctx context.Context, token string) *Console
	// Invites gives the console of the realm that made an invitation; any other where none did.
	Invites func(ctx context.Context, code string) *Console
}

// ServeHTTP answers a browser.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c := d.pick(w, r); c != nil {
		c.ServeHTTP(w, r)
		return
	}
	if wantsData(r) {
		http.Error(w, "signed out", http.StatusUnauthorized)
		return
	}
	next := realmPath
	if r.Method == http.MethodGet && r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/signin") {
		next += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// pick gives the console that a request is for; nil where the realm has to be chosen.
func (d *Door) pick(w http.ResponseWriter, r *http.Request) *Console {
	if c := d.Alone(); c != nil {
		return c
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, assetPrefix), path == realmPath, path == "/language", path == "/setup" && r.Method == http.MethodGet:
		return d.Any()
	case strings.HasPrefix(path, "/setup"):
		r.Body = http.MaxBytesReader(w, r.Body, formBytesMax)
		return d.Invites(r.Context(), strings.TrimSpace(r.PostFormValue("code")))
	case strings.HasPrefix(path, "/signin"):
		// Who signs in has chosen, or comes from where a session has ended.
		if c := d.chosen(r); c != nil {
			return c
		}
		return d.inSession(r)
	}
	if c := d.inSession(r); c != nil {
		return c
	}
	return d.chosen(r)
}

func (d *Door) inSession(r *http.Request) *Console {
	cookie, err := r.Cookie(sessionCookie(r))
	if err != nil {
		return nil
	}
	return d.Speaks(r.Context(), cookie.Value)
}

func (d *Door) chosen(r *http.Request) *Console {
	cookie, err := r.Cookie(realmCookie)
	if err != nil {
		return nil
	}
	code, err := strconv.ParseUint(cookie.Value, 10, 32)
	if err != nil {
		return nil
	}
	return d.Of(uint32(code))
}
