package console

import (
	"net/http"
	"strings"
	"time"
)

// language is what a page is written in.
type language string

// The languages of the console.
const (
	chinese language = "zh-CN"
	english language = "en"
)

// languageCookie keeps the choice of a browser.
const languageCookie = "onedoor-language"

// languageFor is how long a choice is kept.
const languageFor = 365 * 24 * time.Hour

// pick gives the text of the language.
func (l language) pick(zh, en string) string {
	if l == english {
		return en
	}
	return zh
}

// languageOf gives the language that a browser chose, else the first it asks for that the console has.
func languageOf(r *http.Request) language {
	if c, err := r.Cookie(languageCookie); err == nil {
		return languageNamed(c.Value)
	}
	for wanted := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		switch wanted = strings.ToLower(strings.TrimSpace(wanted)); {
		case strings.HasPrefix(wanted, "zh"):
			return chinese
		case strings.HasPrefix(wanted, "en"):
			return english
		}
	}
	return chinese
}

func languageNamed(name string) language {
	if language(name) == english {
		return english
	}
	return chinese
}

// setLanguage keeps a browser's choice and goes back to where it came from.
func (c *Console) setLanguage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formBytesMax)
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: string(languageNamed(r.PostFormValue("lang"))), Path: "/", MaxAge: int(languageFor / time.Second),
		HttpOnly: true, Secure: r.TLS != nil || c.o.BehindGateway, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, ownPath(r.PostFormValue("next")), http.StatusSeeOther)
}

// ownPath gives a path of this console: what a form says, unless that would lead elsewhere.
func ownPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}
