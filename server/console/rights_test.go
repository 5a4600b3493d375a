package console_test

import (
	"testing"

	"onedoor/domain"
	"onedoor/internal/browser"
)

// rights says of each role which pages it has, and of each page which actions. What is not named is absent from the page and
// refused where it is asked for all the same.
var rights = map[domain.Role]struct{ pages, actions []string }{
	domain.RoleReception:      {pages: []string{"/overview", "/cases", "/cases/new", "/rules", "/conflicts", "/quarantine", "/privacy", "/registers", "/retention"}, actions: []string{"register", "ask", "file", "hold"}},
	domain.RoleDispatcher:     {pages: []string{"/overview", "/cases", "/cases/new", "/rules", "/conflicts", "/quarantine", "/privacy", "/registers", "/retention"}, actions: []string{"register", "ask", "file", "hold"}},
	domain.RoleMediator:       {pages: []string{"/overview", "/cases", "/cases/new", "/rules", "/conflicts", "/quarantine", "/privacy", "/registers", "/retention"}, actions: []string{"register", "ask", "file", "hold"}},
	domain.RoleDepartment:     {pages: []string{"/cases", "/hazards", "/rules", "/conflicts", "/quarantine"}},
	domain.RoleCommunityStaff: {pages: []string{"/overview", "/cases", "/hazards", "/cases/new", "/rules", "/reports", "/conflicts", "/quarantine", "/privacy", "/registers", "/retention"}, actions: []string{"register", "ask", "file", "hold"}},
	domain.RoleStreetLead:     {pages: []string{"/overview", "/cases", "/hazards", "/cases/new", "/rules", "/reports", "/conflicts", "/quarantine", "/registers", "/retention"}, actions: []string{"register", "file", "hold"}},
	domain.RoleDistrict:       {pages: []string{"/overview", "/cases", "/rules", "/reports", "/conflicts", "/quarantine"}, actions: []string{"import rules"}},
	domain.RoleAuditor:        {pages: []string{"/cases", "/rules", "/conflicts", "/quarantine", "/health", "/privacy", "/registers", "/retention", "/ledger"}, actions: []string{"file", "hold"}},
	domain.RoleOperator:       {pages: []string{"/rules", "/reports", "/quarantine", "/health", "/people", "/teams", "/handover", "/imports", "/privacy", "/registers", "/retention", "/ledger"}, actions: []string{"import rules", "hold", "set retention", "run retention", "revoke", "add person", "new team", "hand over", "import"}},
}

// action is one thing that a page lets somebody do: where its button stands, and what the browser sends for it.
type action struct{ page, button, path, body string }

// actions are what pages offer beside looking; those of single cases, conflicts and changes that wait are told by the records
// themselves, which the calls' own tests hold.
var actions = map[string]action{
	"register":      {"/cases/new", "form[action='/cases/new'] .primary", "/cases/new", "title=x"},
	"ask":           {"/privacy", "form[action='/privacy'] .primary", "/privacy", "kind=1&identity=x&phone=13800000001"},
	"file":          {"/registers", "form[action='/registers'] .primary", "/registers", "what=x&recipient=y&purpose=z"},
	"hold":          {"/retention", "button[value=hold]", "/retention", "act=hold&reason=x&record=01890a5d-ac96-774b-bcce-b302099a8057"},
	"set retention": {"/retention", "button[value=set]", "/retention", "act=set"},
	"run retention": {"/retention", "button[value=check]", "/retention", "act=check"},
	"import rules":  {"/rules", "form[action='/rules'][method=post] .primary", "", ""},
	"revoke":        {"/health", ".danger", "/devices/01890a5d-ac96-774b-bcce-b302099a8057/revoke", "reason=x"},
	"add person":    {"/people", "form[action='/people'][method=post] .primary", "/people", "name=x&role=99"},
	"new team":      {"/teams?team=new", "form[action='/teams'] .primary", "/teams", "name="},
	"hand over":     {"/handover", "button[value=plan]", "/handover", "act=plan&grid=x"},
	"import":        {"/imports", "button[value=do]", "", ""},
}

// everyPage lists the pages of the navigation.
func everyPage() (out []string) {
	seen := map[string]bool{}
	for _, r := range rights {
		for _, p := range r.pages {
			if !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out
}

func has(list []string, one string) bool {
	for _, s := range list {
		if s == one {
			return true
		}
	}
	return false
}

func TestRights_EveryRoleHasItsPagesAndActionsAndNoOther(t *testing.T) {
	for role, want := range rights {
		t.Run(role.String(), func(t *testing.T) {
			b := as(t, role, "/")
			offered := browser.Eval[[]string](b, "[...document.querySelectorAll('.top > .nav a')].map((a) => a.getAttribute('href'))")
			for _, page := range everyPage() {
				if has(offered, page) != has(want.pages, page) {
					t.Errorf("the navigation offers %s: %v", page, has(offered, page))
				}
			}
			for name, a := range actions {
				checkAction(t, b, name, a, has(want.actions, name))
			}
		})
	}
}

// refused are the answers to who may not: no page to act on, or none for this role. Another answer speaks of what was sent.
var refused = map[int]bool{403: true}

// checkAction looks for the button of an action, and asks for the action as a browser would.
func checkAction(t *testing.T, b *browser.Tab, name string, a action, may bool) {
	t.Helper()
	shown := browser.Eval[bool](b, "fetch('"+a.page+"').then((r) => r.text()).then((t) => new DOMParser().parseFromString(t, 'text/html').querySelector(`"+a.button+"`) !== null)")
	if shown != may {
		t.Errorf("%s shows %q: %v", a.page, name, shown)
	}
	if a.path == "" {
		return // A file is sent for it, which the story of its page does.
	}
	status := browser.Eval[int](b, "fetch('"+a.path+"', {method: 'POST', redirect: 'manual', headers: {'Content-Type': 'application/x-www-form-urlencoded'}, body: '"+a.body+"'}).then((r) => r.status)")
	if refused[status] == may {
		t.Errorf("%q of a role that may do it: %v, answered with %d", name, may, status)
	}
}
