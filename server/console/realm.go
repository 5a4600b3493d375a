package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

const (
	// realmPath is where one chooses the realm to sign in to.
	realmPath = "/realm"
	// realmCookie keeps the choice of a browser, the realm's code: a convenience, by which nobody is let in anywhere.
	realmCookie = "onedoor-realm"
	// realmFor is how long a choice is kept.
	realmFor = 365 * 24 * time.Hour
)

func (c *Console) realmRoutes(m *http.ServeMux) {
	if c.o.Realms == nil {
		return
	}
	m.HandleFunc("GET "+realmPath, func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).realmPage() })
	m.HandleFunc("POST "+realmPath, func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).chooseRealm() })
}

// severalRealms reports that one has to choose.
func (c *Console) severalRealms() bool { return c.o.Realms != nil && len(c.o.Realms()) > 1 }

// realmData is what the page of the choice shows.
type realmData struct {
	Realms []*adminv1.ServedRealm
	// Next is where to go then.
	Next string
}

func (v *visit) realmPage() {
	v.show(http.StatusOK, "realm", &view{Title: v.lang.pick("选择区县", "Choose the district"), Data: &realmData{v.c.o.Realms(), ownPath(v.query("next"))}})
}

// chooseRealm keeps the choice; one of a realm that is not here is asked again.
func (v *visit) chooseRealm() {
	code, err := strconv.ParseUint(v.form("code"), 10, 32)
	for _, realm := range v.c.o.Realms() {
		if err == nil && realm.GetCode() == uint32(code) {
			http.SetCookie(v.w, &http.Cookie{
				Name: realmCookie, Value: strconv.FormatUint(code, 10), Path: "/", MaxAge: int(realmFor / time.Second),
				HttpOnly: true, Secure: v.c.secure(v.r), SameSite: http.SameSiteLaxMode,
			})
			_ = v.seeOther(signInAt(ownPath(v.form("next"))))
			return
		}
	}
	_ = v.seeOther(realmPath)
}

// signInAt is the address of the sign-in page that leads on to a path.
func signInAt(next string) string {
	if cmp.Or(next, "/") == "/" {
		return "/signin"
	}
	return "/signin?next=" + url.QueryEscape(next)
}
