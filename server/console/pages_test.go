package console_test

import (
	"testing"

	"onedoor/domain"
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
