package casework_test

import (
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/domain/casework"
)

func TestTrespasses_AreStepsThatStandInARoleThatMayNotTakeThem(t *testing.T) {
	by := func(roles ...domain.Role) []domain.Role { return roles }
	entry := func(what casework.EventKind, at domain.UnixMilli, roles ...domain.Role) casework.Taken {
		return casework.Taken{What: what, At: at, Roles: roles}
	}
	const grid, desk, help = domain.RoleGridWorker, domain.RoleDispatcher, domain.RoleHelper
	for _, c := range []struct {
		why     string
		table   casework.Table
		state   casework.State
		by      []domain.Role
		entries []casework.Taken
		want    string
	}{
		{"by who may", casework.Disputes, casework.Triaged, by(desk), []casework.Taken{entry(casework.EventTriaged, 1, desk)}, ""},
		{"by who may not: told once of state and entry", casework.Disputes, casework.Triaged, by(grid), []casework.Taken{entry(casework.EventTriaged, 1, grid)}, "triage"},
		{"in one of two roles", casework.Disputes, casework.Triaged, by(grid, desk), nil, ""},
		{"taken again by who may", casework.Disputes, casework.Triaged, by(desk),
			[]casework.Taken{entry(casework.EventTriaged, 1, grid), entry(casework.EventTriaged, 2, desk)}, ""},
		{"taken before by who may", casework.Disputes, casework.Triaged, by(grid),
			[]casework.Taken{entry(casework.EventTriaged, 1, desk), entry(casework.EventTriaged, 2, grid)}, "triage"},
		{"taken again by nobody who is known", casework.Disputes, casework.Assigned, by(desk),
			[]casework.Taken{entry(casework.EventTriaged, 1, grid), entry(casework.EventTriaged, 2)}, "triage"},
		{"taken again at a desk", casework.Disputes, casework.Triaged, by(grid),
			[]casework.Taken{entry(casework.EventTriaged, 1, grid), {What: casework.EventTriaged, At: 2, Asked: true}}, ""},
		{"an entry beside the state", casework.Disputes, casework.Handling, by(grid), []casework.Taken{entry(casework.EventHandling, 1, grid), entry(casework.EventExtended, 1, grid)}, "extend"},
		{"closed since by who may", casework.Disputes, casework.Closed, by(domain.RoleReception), []casework.Taken{entry(casework.EventExtended, 1, grid)}, ""},
		{"closed in one of two roles", casework.Disputes, casework.Closed, by(domain.RoleStreetLead, help), nil, ""},
		{"closed by a helper", casework.Disputes, casework.Closed, by(help), nil, "resolve"},
		{"a clinic by hand, without the entry of a return", casework.Disputes, casework.Triaged, by(grid), nil, "triage"},
		{"sent back by who works on it", casework.Disputes, casework.Triaged, by(grid), []casework.Taken{entry(casework.EventReturned, 1, grid)}, ""},
		{"archived", casework.Disputes, casework.Archived, by(grid), []casework.Taken{entry(casework.EventTriaged, 1, grid)}, ""},
		{"nobody who is known", casework.Disputes, casework.Triaged, nil, nil, ""},
		{"a helper fixes", casework.Hazards, casework.Rectified, by(help), nil, ""},
		{"a helper re-checks and leaves no entry", casework.Hazards, casework.Rechecked, by(help), nil, "recheck"},
		{"a helper gives a notice", casework.Hazards, casework.Rectified, by(help), []casework.Taken{entry(casework.EventNotified, 1, help)}, "notify"},
		{"an entry that no step of the table leaves", casework.Hazards, casework.Found, by(help), []casework.Taken{entry(casework.EventTriaged, 1, help)}, ""},
	} {
		var got []string
		for _, f := range c.table.Trespasses(casework.Taken{State: c.state, Roles: c.by}, c.entries) {
			name, _, _ := strings.Cut(f.EN, " ")
			if got = append(got, name); f.Rule != c.table.Name+".step_role" || f.ZH == "" {
				t.Errorf("%s: %+v", c.why, f)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", c.why, got, c.want)
		}
	}
}
