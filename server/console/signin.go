package console

import (
	"cmp"
	"net/http"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

func (c *Console) signInRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /signin", func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).signInPage(http.StatusOK, nil) })
	m.HandleFunc("POST /signin", func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).signIn() })
	m.HandleFunc("GET /signin/provider", func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).toProvider() })
	m.HandleFunc("GET "+callbackPath, func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).fromProvider() })
	m.HandleFunc("GET /setup", func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).setUpPage() })
	m.HandleFunc("POST /setup", func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).setUp() })
	m.HandleFunc("POST /setup/code", func(w http.ResponseWriter, r *http.Request) { c.stranger(w, r).finishSetUp() })
}

// stranger is a visit of somebody who is not signed in.
func (c *Console) stranger(w http.ResponseWriter, r *http.Request) *visit {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, formBytesMax)
	return &visit{c: c, w: w, r: r, lang: languageOf(r), ctx: c.calling(r, ""), me: &adminv1.GetMeResponse{}}
}

// signInData is what the page to sign in shows.
type signInData struct {
	Realm    string
	Provider bool
	// Several says that one may choose another realm.
	Several bool
	// Next is where to go then.
	Next string
	// Ended says that a session has ended; Kept is the form that was not sent because of it.
	Ended bool
	Kept  *keptForm
}

// askSignIn asks somebody to sign in and keeps what they had typed.
func (c *Console) askSignIn(w http.ResponseWriter, r *http.Request, ended bool) {
	if wantsData(r) {
		http.Error(w, "signed out", http.StatusUnauthorized)
		return
	}
	v := &visit{c: c, w: w, r: r, lang: languageOf(r), ctx: c.calling(r, ""), me: &adminv1.GetMeResponse{}}
	d := &signInData{Ended: ended, Next: "/"}
	if r.Method == http.MethodGet {
		d.Next = r.URL.RequestURI()
	} else {
		d.Kept = keep(r)
		d.Ended = true
	}
	v.showSignIn(http.StatusUnauthorized, d, nil)
}

// wantsData reports a request of a script, which can show no page.
func wantsData(r *http.Request) bool { return r.URL.Path == "/events" }

func (v *visit) signInPage(status int, p *problem) {
	d := &signInData{Next: ownPath(cmp.Or(v.form("next"), v.query("next"))), Kept: keptIn(v.r)}
	v.showSignIn(status, d, p)
}

func (v *visit) showSignIn(status int, d *signInData, p *problem) {
	ways, err := call(v, v.c.o.Admin.GetSignIn, &adminv1.GetSignInRequest{})
	if err != nil {
		p = problemOf(err)
		ways = &adminv1.GetSignInResponse{}
	}
	d.Realm, d.Provider, d.Several = ways.GetRealmName(), ways.GetProvider() != nil, v.c.severalRealms()
	v.show(status, "signin", &view{Title: v.lang.pick("登录", "Sign in"), Data: d, Problem: p, Form: form{"name": {v.form("name")}}})
}

// signIn begins a session with name, password and one-time code.
func (v *visit) signIn() {
	s, err := call(v, v.c.o.Admin.SignIn, &adminv1.SignInRequest{Proof: &adminv1.SignInRequest_Password{Password: &adminv1.Password{
		Name: v.form("name"), Password: v.r.PostFormValue("password"), Code: v.form("code"),
	}}})
	if err != nil {
		p := problemOf(err)
		v.signInPage(p.status, p)
		return
	}
	v.signedIn(s)
}

// signedIn begins the session, and goes on to where somebody wanted to be or to the form that they had filled in.
func (v *visit) signedIn(s *adminv1.SignInResponse) {
	v.c.begin(v.w, v.r, s)
	if kept := keptIn(v.r); kept != nil {
		v.show(http.StatusOK, "resume", &view{Title: v.lang.pick("还没有提交", "Not sent yet"), Data: kept})
		return
	}
	_ = v.seeOther(ownPath(v.form("next")))
}
