package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"strings"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/syncengine"
)

//go:embed pages
var pageFiles embed.FS

// pages holds the templates: each page with the layout and the parts, once a language.
type pages struct {
	// files are what pages name.
	files  *assets
	byName map[language]map[string]*template.Template
}

// Files of the templates: parts are shared, every other file is a page.
const (
	layoutFile = "pages/layout.html"
	partsFiles = "pages/parts/*.html"
	pageGlob   = "pages/*.html"
)

func readPages(files *assets) (*pages, error) {
	out := &pages{files: files, byName: map[language]map[string]*template.Template{}}
	for _, lang := range []language{chinese, english} {
		functions := maps.Clone(lang.functions())
		functions["asset"] = files.address
		shared, err := template.New("").Funcs(functions).ParseFS(pageFiles, layoutFile, partsFiles)
		if err != nil {
			return nil, err
		}
		if out.byName[lang], err = eachPage(shared); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func eachPage(shared *template.Template) (map[string]*template.Template, error) {
	names, err := fs.Glob(pageFiles, pageGlob)
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, name := range names {
		if name == layoutFile {
			continue
		}
		own, err := shared.Clone()
		if err == nil {
			own, err = own.ParseFS(pageFiles, name)
		}
		if err != nil {
			return nil, err
		}
		out[strings.TrimSuffix(path.Base(name), ".html")] = own
	}
	return out, nil
}

// view is what a page shows.
type view struct {
	// Title stands in the heading and in the browser's tab.
	Title string
	// Section is the address of the section of the navigation that the page belongs to.
	Section string
	// Data is the page's own.
	Data any
	// Problem is said on top of the page: why what was sent was not done. Form holds what was sent then.
	Problem *problem
	Form    form
	// Charts says that the page draws charts.
	Charts bool
	// Live says that the page shows what is new by itself.
	Live bool

	// What follows is filled by show.
	Lang      language
	Other     language
	User      *adminv1.User
	UserPlace string
	Path      string
	Reached   syncengine.Seq
	Sections  []section
	may       func(...string) bool
}

// May reports that the reader's role may make one of the calls.
func (m *view) May(calls ...string) bool { return m.may(calls...) }

// form is what somebody sent, by field.
type form map[string][]string

// Value gives the first value of a field.
func (f form) Value(name string) string {
	if values := f[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// show answers with a page. It is made whole before a byte is sent, so that no half page stands under a status that says all
// is well.
func (v *visit) show(status int, name string, m *view) {
	m.Lang, m.User, m.Path, m.Sections, m.may = v.lang, v.me.GetUser(), v.r.URL.RequestURI(), v.sections(), v.may
	m.UserPlace, m.Reached = v.me.GetTerritoryName(), v.reached
	m.Other = english
	if v.lang == english {
		m.Other = chinese
	}
	if v.r.Method != http.MethodGet {
		m.Path = "/"
	}
	var b bytes.Buffer
	err := fmt.Errorf("no page %q", name)
	if t, ok := v.c.pages.byName[v.lang][name]; ok {
		err = t.ExecuteTemplate(&b, "layout", m)
	}
	if err != nil {
		v.c.o.Log.Error("page not made", "page", name, "error", err)
		http.Error(v.w, faultProblem.text(v.lang), http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // A browser that has gone needs no answer.
}

// showPage is show for a page that stands as it is.
func (v *visit) showPage(name string, m *view) error {
	v.show(http.StatusOK, name, m)
	return nil
}

// showAgain shows a form again with what was sent and why it was not done. What is no refusal is given back.
func (v *visit) showAgain(err error, name string, m *view) error {
	p := problemOf(err)
	if p.signedOut || p.status >= http.StatusInternalServerError {
		return err
	}
	m.Problem, m.Form = p, form(v.r.PostForm)
	v.show(p.status, name, m)
	return nil
}
