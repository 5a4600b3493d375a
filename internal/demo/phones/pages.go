package phones

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	client "onedoor/client-sdk"
	"onedoor/domain"
	"onedoor/internal/recordwords"
)

//go:embed pages assets
var files embed.FS

// policy lets pages load what stands here, and stand in each other's frames.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"

// Desk is somewhere to sit down at the console, offered beside the phones.
type Desk struct {
	Role domain.Role
	User string
}

// Stage serves the phones.
type Stage struct {
	phones []*Phone
	desks  []Desk
	pages  map[string]*template.Template
	mux    *http.ServeMux
}

// languageCookie keeps the language of a browser.
const languageCookie = "onedoor-language"

// New makes the pages of some phones.
func New(phones []*Phone, desks []Desk) (*Stage, error) {
	s := &Stage{phones: phones, desks: desks, pages: map[string]*template.Template{}, mux: http.NewServeMux()}
	for _, lang := range []string{"zh", "en"} {
		t, err := template.New("").Funcs(functions(lang)).ParseFS(files, "pages/*.html")
		if err != nil {
			return nil, fmt.Errorf("pages of the phones: %w", err)
		}
		s.pages[lang] = t
	}
	s.mux.HandleFunc("GET /phones/assets/phones.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "assets/phones.css") })
	s.mux.HandleFunc("GET /phones", s.stage)
	s.mux.HandleFunc("POST /phones/language", s.language)
	for pattern, f := range map[string]func(*screen) error{
		"GET /phones/{n}/{$}": (*screen).today, "GET /phones/{n}/search": (*screen).search, "GET /phones/{n}/new/{kind}": (*screen).form,
		"POST /phones/{n}/new/{kind}": (*screen).add, "GET /phones/{n}/records/{id}": (*screen).record, "POST /phones/{n}/records/{id}": (*screen).edit,
		"GET /phones/{n}/conflicts": (*screen).conflicts, "POST /phones/{n}/conflicts/{id}": (*screen).settle,
		"GET /phones/{n}/sync": (*screen).state, "POST /phones/{n}/sync": (*screen).sync, "POST /phones/{n}/flight": (*screen).flight,
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.open(w, r, f) })
	}
	return s, nil
}

// ServeHTTP answers a browser.
func (s *Stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	http.NewCrossOriginProtection().Handler(s.mux).ServeHTTP(w, r)
}

// screen is one request to one phone.
type screen struct {
	stage *Stage
	phone *Phone
	n     int
	w     http.ResponseWriter
	r     *http.Request
	lang  string
}

// open answers a request to a phone. What goes wrong is told as the SDK tells a person.
func (s *Stage) open(w http.ResponseWriter, r *http.Request, f func(*screen) error) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(s.phones) {
		http.NotFound(w, r)
		return
	}
	x := &screen{stage: s, phone: s.phones[n-1], n: n, w: w, r: r, lang: languageOf(r)}
	if err := f(x); err != nil {
		x.show(http.StatusUnprocessableEntity, "problem", x.explain(err))
	}
}

func languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && c.Value == "en" {
		return "en"
	}
	return "zh"
}

// explain gives the SDK's sentence about an error.
func (x *screen) explain(err error) string {
	lang := client.Chinese
	if x.lang == "en" {
		lang = client.English
	}
	return client.Explain(err, lang)
}

func (x *screen) pick(zh, en string) string { return recordwords.Words{ZH: zh, EN: en}.In(x.lang) }

// view is what every page of a phone shows around its own part.
type view struct {
	N        int
	Phone    *Phone
	Lang     string
	Time     string
	Flight   bool
	Status   *client.Status
	Tab      string
	Data     any
	Sentence string
}

// show answers with a page.
func (x *screen) show(status int, name string, data any) {
	v := &view{N: x.n, Phone: x.phone, Lang: x.lang, Flight: x.phone.flies(), Time: time.Now().In(shanghai).Format("15:04"), Tab: name, Data: data}
	var err error
	if v.Status, err = x.phone.Replica.Status(); err != nil {
		v.Status = &client.Status{}
		v.Sentence = x.explain(err)
	}
	x.stage.write(x.w, x.lang, status, name, v)
}

// write makes a page whole before a byte of it is sent.
func (s *Stage) write(w http.ResponseWriter, lang string, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.pages[lang].ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // A browser that has gone needs no answer.
}

// back sends the browser to a page of the phone.
func (x *screen) back(path string) error {
	http.Redirect(x.w, x.r, fmt.Sprintf("/phones/%d/%s", x.n, path), http.StatusSeeOther)
	return nil
}

// stage shows all phones side by side.
func (s *Stage) stage(w http.ResponseWriter, r *http.Request) {
	lang := languageOf(r)
	s.write(w, lang, http.StatusOK, "stage", map[string]any{"Phones": s.phones, "Desks": s.desks, "Lang": lang})
}

// language keeps a browser's choice; the console has the same cookie.
func (s *Stage) language(w http.ResponseWriter, r *http.Request) {
	value := "zh-CN"
	if r.PostFormValue("lang") == "en" {
		value = "en"
	}
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/phones", http.StatusSeeOther)
}

// today shows the doors that are due, as the phone plans them without a signal.
func (x *screen) today() error {
	plan, err := x.phone.Replica.Plan("")
	if err != nil {
		return err
	}
	part := partOf(x.r, len(plan.Due))
	x.show(http.StatusOK, "today", map[string]any{"Due": of(part, plan.Due), "Part": part})
	return nil
}

// found is a record in a list.
type found struct {
	ID, Kind, Label string
	State           client.SyncState
	Conflicts       int
}

// search looks for words in everything that the phone holds.
func (x *screen) search() error {
	q := x.r.URL.Query().Get("q")
	var records []*client.Record
	if q != "" {
		var err error
		if records, err = x.phone.Replica.Search(q); err != nil {
			return err
		}
	}
	var out []found
	part := partOf(x.r, len(records))
	for _, rec := range of(part, records) {
		out = append(out, x.found(rec))
	}
	x.show(http.StatusOK, "search", map[string]any{"Q": q, "Found": out, "Part": part})
	return nil
}

// sync syncs, and shows what came of it.
func (x *screen) sync() error {
	x.phone.sync(x.r.Context())
	return x.back("sync")
}

// state shows how the phone stands.
func (x *screen) state() error {
	said, err := x.phone.lastSync()
	waiting, qerr := x.phone.Replica.Quarantined()
	if qerr != nil {
		return qerr
	}
	data := map[string]any{"Said": said, "Waiting": waiting}
	if err != nil {
		data["Trouble"] = x.explain(err)
	}
	x.show(http.StatusOK, "sync", data)
	return nil
}

// flight switches flight mode.
func (x *screen) flight() error {
	x.phone.setFlight(x.r.PostFormValue("on") != "")
	return x.back(x.r.PostFormValue("back"))
}
