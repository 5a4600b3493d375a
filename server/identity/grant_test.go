package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// text shows grants as one line: role:territory or role:[records].
func text(list []identity.Grant) string {
	names := map[syncengine.ID]string{street: "street", communityA: "A", communityB: "B", gridA1: "A1", gridA2: "A2", gridB1: "B1", gridB2: "B2", microA1: "A1a"}
	var out []string
	for _, g := range list {
		if len(g.Records) == 0 {
			out = append(out, fmt.Sprintf("%d:%s", g.Role, names[g.Territory]))
			continue
		}
		var records []string
		for _, r := range g.Records {
			records = append(records, fmt.Sprint(int(r[14])<<8|int(r[15])))
		}
		out = append(out, fmt.Sprintf("%d:%v", g.Role, records))
	}
	return strings.Join(out, " ")
}

func TestSetGrants_AddsAVersionOnlyWhenSomethingChanged(t *testing.T) {
	realm(t, func(w store.Writer) {
		user := id(100)
		a := identity.Grant{Role: worker, Territory: gridA1}
		b := identity.Grant{Role: worker, Records: []syncengine.ID{id(2), id(1)}}
		c := identity.Grant{Role: worker, Records: []syncengine.ID{id(1), id(3)}}
		steps := []struct {
			grants  []identity.Grant
			version uint64
			text    string
		}{
			{[]identity.Grant{a, b}, 1, "2:[1 2] 2:A1"},
			{[]identity.Grant{b, a, a}, 1, "2:[1 2] 2:A1"},
			{[]identity.Grant{b, a, c}, 2, "2:[1 2 3] 2:A1"},
			{nil, 3, ""},
			{nil, 3, ""},
		}
		for i, s := range steps {
			version, err := identity.SetGrants(w, user, s.grants, monday+syncengine.UnixMilli(i))
			must(t, err)
			current, err := identity.CurrentGrants(w, user)
			must(t, err)
			if version != s.version || current.Version != s.version || text(current.Grants) != s.text {
				t.Errorf("step %d: version %d and %d %q, want %d %q", i, version, current.Version, text(current.Grants), s.version, s.text)
			}
		}
		old, err := identity.GrantVersionOf(w, user, 1)
		must(t, err)
		if text(old.Grants) != "2:[1 2] 2:A1" || old.At != monday {
			t.Errorf("version 1 is now %q at %d", text(old.Grants), old.At)
		}
		if _, err := identity.GrantVersionOf(w, user, 4); !errors.Is(err, identity.ErrGrantUnknown) {
			t.Errorf("a version of the future: %v", err)
		}
		if never, err := identity.CurrentGrants(w, id(99)); err != nil || never.Version != 0 {
			t.Errorf("a user who was never granted anything: %v %v", never, err)
		}
	})
}

func TestSetGrants_GrantingNothingIsAVersionToo(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), auditor, syncengine.ID{})
		if g, err := identity.CurrentGrants(w, id(100)); err != nil || g.Version != 1 || len(g.Grants) != 0 {
			t.Errorf("grants of a user without territory: %v %v", g, err)
		}
	})
}

func TestSetGrants_RefusesWhatGrantsNothingOrTooMuch(t *testing.T) {
	many := make([]syncengine.ID, identity.GrantRecordsMax+1)
	for i := range many {
		many[i] = id(uint64(i + 1))
	}
	var wide []identity.Grant
	for i := range identity.GrantsMax + 1 {
		wide = append(wide, identity.Grant{Role: worker, Territory: id(uint64(i + 1))})
	}
	cases := []struct {
		name   string
		grants []identity.Grant
		want   error
	}{
		{"nothing named", []identity.Grant{{Role: worker}}, identity.ErrInvalid},
		{"both named", []identity.Grant{{Role: worker, Territory: gridA1, Records: many[:1]}}, identity.ErrInvalid},
		{"no role", []identity.Grant{{Territory: gridA1}}, identity.ErrRoleUnknown},
		{"a territory that is not there", []identity.Grant{{Role: worker, Territory: id(99)}}, identity.ErrTerritoryUnknown},
		{"too many records", []identity.Grant{{Role: worker, Records: many}}, identity.ErrInvalid},
		{"too many grants", wide, identity.ErrInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			realm(t, func(w store.Writer) {
				if _, err := identity.SetGrants(w, id(100), c.grants, monday); !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestPutTeam_GivesItsTerritoriesAndTakesThemFromWhoLeft(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), officer, communityA)
		addUser(t, w, id(101), worker, gridA1)
		addUser(t, w, id(102), helper, syncengine.ID{})
		addUser(t, w, id(103), helper, syncengine.ID{})
		team := identity.Team{ID: id(300), Name: "一组", Officer: id(100), GridWorker: id(101),
			Helpers: []syncengine.ID{id(102), id(103)}, Territories: []syncengine.ID{gridA1, gridB1}}
		must(t, identity.PutTeam(w, team, monday))
		want := map[uint64]string{100: "3:A 3:A1 3:B1", 101: "2:A1 2:B1", 102: "1:A1 1:B1", 103: "1:A1 1:B1"}
		expectGrants(t, w, want)

		team.Helpers, team.Territories = team.Helpers[:1], []syncengine.ID{gridB1}
		must(t, identity.PutTeam(w, team, monday+1))
		expectGrants(t, w, map[uint64]string{100: "3:A 3:B1", 101: "2:A1 2:B1", 102: "1:B1", 103: ""})
		teams, err := identity.Teams(w)
		must(t, err)
		if len(teams) != 1 || !slices.Equal(teams[0].Members(), []syncengine.ID{id(100), id(101), id(102)}) {
			t.Errorf("teams %v", teams)
		}
	})
}

func TestPutTeam_RefusesAPostForTheWrongRole(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(101), worker, gridA1)
		grids := []syncengine.ID{gridA1}
		cases := []struct {
			name string
			team identity.Team
			want error
		}{
			{"a worker as officer", identity.Team{ID: id(300), Name: "x", Officer: id(101), Territories: grids}, identity.ErrInvalid},
			{"a worker as helper", identity.Team{ID: id(300), Name: "x", Helpers: []syncengine.ID{id(101)}, Territories: grids}, identity.ErrInvalid},
			{"nobody", identity.Team{ID: id(300), Name: "x", Territories: grids}, identity.ErrInvalid},
			{"nowhere", identity.Team{ID: id(300), Name: "x", GridWorker: id(101)}, identity.ErrInvalid},
			{"a stranger", identity.Team{ID: id(300), Name: "x", GridWorker: id(99), Territories: grids}, identity.ErrUserUnknown},
			{"a territory that is not there", identity.Team{ID: id(300), Name: "x", GridWorker: id(101), Territories: []syncengine.ID{id(99)}}, identity.ErrTerritoryUnknown},
		}
		for _, c := range cases {
			if err := identity.PutTeam(w, c.team, monday); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

func TestErrors_NameRolesInTheirOwnWords(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(101), worker, gridA1)
		doors := []identity.Door{{ID: id(500), Territory: gridA1}}
		assigned := identity.AssignDoors(w, identity.SlotOfficer, id(101), doors, monday)
		for want, err := range map[string]error{
			"with the role grid_worker cannot be the officer of a door": assigned,
			"has the role grid_worker, the post needs police_officer": identity.PutTeam(w, identity.Team{
				ID: id(300), Name: "x", Officer: id(101), Territories: []syncengine.ID{gridA1},
			}, monday),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	})
}

func TestAssignDoors_GrantsADoorOnlyWhereNoTerritoryDoes(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), officer, communityA)
		addUser(t, w, id(101), officer, communityB)
		inside, outside := identity.Door{ID: id(500), Territory: microA1}, identity.Door{ID: id(501), Territory: gridB2}
		both := []identity.Door{inside, outside}
		must(t, identity.AssignDoors(w, identity.SlotOfficer, id(100), both, monday))
		expectGrants(t, w, map[uint64]string{100: "3:[501] 3:A", 101: "3:B"})

		must(t, identity.AssignDoors(w, identity.SlotOfficer, id(101), both, monday+1))
		expectGrants(t, w, map[uint64]string{100: "3:A", 101: "3:[500] 3:B"})
		if holder, err := identity.Assigned(w, identity.SlotOfficer, id(500)); err != nil || holder != id(101) {
			t.Errorf("holder %s %v", holder, err)
		}
	})
}

func TestAssignDoors_AHelperGetsTheDoorAndNothingElse(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(102), helper, syncengine.ID{})
		must(t, identity.AssignDoors(w, identity.SlotWorker, id(102), []identity.Door{{ID: id(500), Territory: gridA1}}, monday))
		expectGrants(t, w, map[uint64]string{102: "1:[500]"})
		for _, refused := range []struct {
			slot identity.Slot
			user uint64
			role uint32
		}{{identity.SlotOfficer, 103, worker}, {identity.SlotWorker, 104, auditor}, {3, 105, officer}} {
			addUser(t, w, id(refused.user), refused.role, syncengine.ID{})
			err := identity.AssignDoors(w, refused.slot, id(refused.user), []identity.Door{{ID: id(500)}}, monday)
			if !errors.Is(err, identity.ErrInvalid) {
				t.Errorf("slot %d for role %d: %v", refused.slot, refused.role, err)
			}
		}
	})
}

func TestMoveDoors_AnAssignedDoorThatLeavesTheTerritoryIsGrantedByName(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), officer, communityA)
		addUser(t, w, id(101), worker, gridB1)
		door := identity.Door{ID: id(500), Territory: gridA1}
		must(t, identity.AssignDoors(w, identity.SlotOfficer, id(100), []identity.Door{door}, monday))
		must(t, identity.AssignDoors(w, identity.SlotWorker, id(101), []identity.Door{door}, monday))
		expectGrants(t, w, map[uint64]string{100: "3:A", 101: "2:[500] 2:B1"})
		must(t, identity.MoveDoors(w, []identity.Door{{ID: id(500), Territory: gridB1}, {ID: id(501), Territory: gridB1}}, monday+1))
		expectGrants(t, w, map[uint64]string{100: "3:[500] 3:A", 101: "2:B1"})
	})
}

func TestDeriveGrants_TellsWhereEachGrantComesFrom(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(101), worker, gridA1)
		must(t, identity.PutTeam(w, identity.Team{ID: id(300), Name: "x", GridWorker: id(101), Territories: []syncengine.ID{gridA2}}, monday))
		must(t, identity.PutFurtherGrants(w, id(101), []identity.Grant{{Role: staff, Territory: communityB}}))
		must(t, identity.AssignDoors(w, identity.SlotWorker, id(101), []identity.Door{{ID: id(500), Territory: street}}, monday))
		derived, err := identity.DeriveGrants(w, id(101), monday)
		must(t, err)
		var origins []identity.Origin
		for _, d := range derived {
			origins = append(origins, d.Origin)
		}
		want := []identity.Origin{identity.FromTerritory, identity.FromTeam, identity.FromPerson, identity.FromAssignment}
		if !slices.Equal(origins, want) || derived[1].Team != id(300) {
			t.Errorf("origins %v, want %v", origins, want)
		}
		expectGrants(t, w, map[uint64]string{101: "2:[500] 2:A1 2:A2 4:B"})
	})
}

func expectGrants(t *testing.T, r store.Reader, want map[uint64]string) {
	t.Helper()
	for user, w := range want {
		if got := text(grants(t, r, id(user))); got != w {
			t.Errorf("grants of %d: %q, want %q", user, got, w)
		}
	}
}
