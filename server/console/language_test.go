package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/domain"
	"onedoor/internal/browser"
	"onedoor/server/console"
)

// inBraces is what a template does; what stands beside it is the same in every language.
var inBraces = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// chinese are signs that only a page in Chinese may hold, its punctuation too.
var chinese = regexp.MustCompile(`[\p{Han}\x{3000}-\x{303f}\x{ff01}-\x{ff5e}]+`)

func TestPages_WhatStandsOutsideAChoiceOfLanguageIsInNone(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"pages/*.html", "pages/parts/*.html"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(found), err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, sign := range chinese.FindAllString(inBraces.ReplaceAllString(string(text), ""), -1) {
			if sign != "中文" { // the button that leads to Chinese
				t.Errorf("%s shows %q in every language: write {{t \"…\" \"…\"}}", page, sign)
			}
		}
	}
}

func TestPages_FiguresAreHeadedInTheReadersLanguage(t *testing.T) {
	b := as(t, domain.RoleDistrict, "/")
	b.SetCookie(languageCookie, "en")
	for _, path := range []string{"/overview?area=530702001", "/reports?figure=coverage", "/reports?figure=closed"} {
		b.Go(path)
		heads := browser.Eval[[]string](b, "[...document.querySelectorAll('thead th, td[data-label]')].map(h => h.dataset.label ?? h.textContent)")
		if len(heads) == 0 {
			t.Errorf("%s has no table", path)
		}
		for _, head := range heads {
			if chinese.MatchString(head) {
				t.Errorf("%s has a column %q in English", path, head)
			}
		}
	}
}

func TestLedger_EveryActHasItsWords(t *testing.T) {
	for number, name := range adminv1.AccessAction_name {
		words := console.ActWords[adminv1.AccessAction(number)]
		if number != 0 && (words[0] == "" || words[1] == "" || !chinese.MatchString(words[0]) || chinese.MatchString(words[1])) {
			t.Errorf("%s is shown as %q", name, words)
		}
	}
}
