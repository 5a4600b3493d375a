package console_test

import (
	"testing"

	"onedoor/domain"
	"onedoor/internal/browser"
)

// looks are the pages that each role looks at in the ordinary course of work.
var looks = []struct {
	role  domain.Role
	pages map[string]string
}{
	{domain.RoleStreetLead, map[string]string{"overview": "/overview", "cases": "/cases", "cases-overdue": "/cases?inbox=overdue", "hazards": "/hazards", "hazards-major": "/hazards?severity=3", "rules": "/rules"}},
	{domain.RoleCommunityStaff, map[string]string{"conflicts": "/conflicts", "overview-community": "/overview"}},
	{domain.RolePoliceOfficer, nil},
	{domain.RoleReception, map[string]string{"newcase": "/cases/new", "privacy": "/privacy", "registers": "/registers", "registers-incident": "/registers?register=incident", "retention": "/retention"}},
	{domain.RoleDistrict, map[string]string{"overview-district": "/overview", "reports": "/reports"}},
	{domain.RoleAuditor, map[string]string{"ledger": "/ledger", "health-auditor": "/health"}},
	{domain.RoleOperator, map[string]string{"health": "/health", "people": "/people", "teams": "/teams?team=new", "handover": "/handover", "imports": "/imports", "quarantine": "/quarantine", "retention-operator": "/retention", "rules-operator": "/rules"}},
}

func TestPages_AreWholeAtThreeWidthsAndOpenToEverybody(t *testing.T) {
	b := tab(t)
	b.Go("/signin")
	look(b, "signin")
	b.Go("/setup")
	look(b, "setup")
	for _, l := range looks {
		if len(l.pages) == 0 {
			continue
		}
		t.Run(l.role.String(), func(t *testing.T) {
			b := as(t, l.role, "/")
			for name, path := range l.pages {
				b.Go(path)
				if b.Has(".notice.bad") {
					t.Errorf("%s says: %s", path, b.Text(".notice.bad"))
				}
				look(b, name)
			}
		})
	}
}

// languageCookie is what the console calls the cookie with the language of a browser.
const languageCookie = "onedoor-language"

// inEnglish are pages with long words: in English they are wider than in Chinese.
var inEnglish = []struct {
	role  domain.Role
	pages map[string]string
}{
	{domain.RoleStreetLead, map[string]string{"hazards-english": "/hazards", "rules-english": "/rules", "report-english": "/reports?figure=inspection", "cases-english": "/cases"}},
	{domain.RoleReception, map[string]string{"registers-english": "/registers", "retention-english": "/retention", "newcase-english": "/cases/new"}},
	{domain.RoleOperator, map[string]string{"people-english": "/people", "health-english": "/health"}},
}

func TestPages_AreWholeInEnglishToo(t *testing.T) {
	for _, l := range inEnglish {
		t.Run(l.role.String(), func(t *testing.T) {
			b := as(t, l.role, "/")
			b.SetCookie(languageCookie, "en")
			for name, path := range l.pages {
				b.Go(path)
				if lang := browser.Eval[string](b, "document.documentElement.lang"); lang != "en" || b.Has(".notice.bad") {
					t.Errorf("%s is in %q, and says: %s", path, lang, browser.Eval[string](b, "document.querySelector('.notice.bad')?.innerText ?? ''"))
				}
				look(b, name)
			}
		})
	}
}
