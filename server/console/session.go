package console

import (
	"net/http"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// Names of the session's cookie. The prefix makes browsers refuse one that was set without TLS, for another path, or by a
// neighbouring host; without TLS it cannot be had.
const (
	sessionName       = "onedoor-session"
	sessionNameSecure = "__Host-onedoor-session"
)

// sessionCookie gives the name of the session's cookie.
func sessionCookie(r *http.Request) string {
	if r.TLS != nil {
		return sessionNameSecure
	}
	return sessionName
}

// begin keeps a session in the browser. The cookie holds the token, which no script can read; it ends with the session.
func (c *Console) begin(w http.ResponseWriter, r *http.Request, s *adminv1.SignInResponse) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie(r), Value: s.GetToken(), Path: "/", Expires: time.UnixMilli(s.GetExpiresMs()),
		HttpOnly: true, Secure: c.secure(r), SameSite: http.SameSiteLaxMode,
	})
}

// end takes the session out of the browser.
func (c *Console) end(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie(r), Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.secure(r), SameSite: http.SameSiteLaxMode})
}

// secure reports that the browser speaks TLS, with this server or with the gateway in front.
func (c *Console) secure(r *http.Request) bool { return r.TLS != nil || c.o.BehindGateway }

// signOut ends the session at the server, then in the browser.
func (v *visit) signOut() error {
	if _, err := call(v, v.c.o.Admin.SignOut, &adminv1.SignOutRequest{}); err != nil {
		return err
	}
	v.c.end(v.w, v.r)
	return v.seeOther("/signin")
}
