package demo_test

import (
	"errors"
	"strings"
	"testing"

	"onedoor/internal/demo"
)

// newCast makes a cast or ends the test.
func newCast(t testing.TB, seed uint64, s *demo.Street, phones int) *demo.Cast {
	t.Helper()
	c, err := demo.NewCast(seed, s, phones)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewCast_EveryGridHasAWorkerAndEveryGroupItsHelpers(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	c := newCast(t, 1, s, demo.PhonesOfTheDay)
	workers, helpers := map[demo.TerritoryCode]int{}, map[demo.TerritoryCode]int{}
	for _, u := range c.Users {
		for _, area := range u.Areas {
			switch u.Role {
			case demo.RoleGridWorker:
				workers[area]++
			case demo.RoleHelper:
				helpers[area]++
			}
		}
	}
	for _, territory := range s.Territories {
		switch territory.Level {
		case demo.LevelGrid:
			if workers[territory.Code] != 1 {
				t.Errorf("grid %s has %d workers", territory.Code, workers[territory.Code])
			}
		case demo.LevelMicrogrid:
			if n := helpers[territory.Code]; n < 2 || n > 3 {
				t.Errorf("group %s has %d helpers", territory.Code, n)
			}
		}
	}
}

func TestNewCast_EveryRoleIsPlayedByTestCharacters(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	c := newCast(t, 1, s, demo.PhonesOfTheDay)
	played, names := map[demo.Role]int{}, map[string]bool{}
	for _, u := range c.Users {
		played[u.Role]++
		if !strings.HasPrefix(u.Name, "测试") || names[u.Name] {
			t.Errorf("%s is no test name or stands twice", u.Name)
		}
		names[u.Name] = true
		if len(u.Areas) == 0 {
			t.Errorf("%s has no area", u)
		}
	}
	for role, want := range map[demo.Role]int{
		demo.RolePoliceOfficer: 8, demo.RoleCommunityStaff: 8, demo.RoleReception: 2, demo.RoleDispatcher: 1, demo.RoleMediator: 6,
		demo.RoleDepartment: 8, demo.RoleStreetLead: 1, demo.RoleDistrict: 1, demo.RoleAuditor: 1, demo.RoleOperator: 1,
	} {
		if played[role] != want {
			t.Errorf("%d users with role %s, want %d", played[role], role, want)
		}
	}
}

func TestNewCast_DoorsAreAssignedWhereTheirPeopleAreGranted(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	c := newCast(t, 1, s, demo.PhonesOfTheDay)
	for i, a := range c.Assignments {
		door := s.Premises[i]
		if w := c.Users[a.Worker]; w.Role != demo.RoleGridWorker || !w.Covers(door.Territory) {
			t.Fatalf("door %d in %s has the worker %s of %v", i, door.Territory, w, w.Areas)
		}
		needsOfficer := door.Kind == demo.KindHotel || door.Grade != demo.GradeGreen
		if needsOfficer != (a.Officer != demo.NoUser) {
			t.Fatalf("door %d (%s, %s) has the officer %d", i, door.Kind, door.Grade, a.Officer)
		}
		if needsOfficer && (c.Users[a.Officer].Role != demo.RolePoliceOfficer || !c.Users[a.Officer].Covers(door.Territory)) {
			t.Fatalf("door %d in %s has the officer %s", i, door.Territory, c.Users[a.Officer])
		}
	}
	for i, u := range c.Users {
		if got := len(c.AssignedTo(demo.UserIndex(i))); u.Role == demo.RolePoliceOfficer && (got < 300 || got > 1500) {
			t.Errorf("%s has %d doors", u, got)
		}
	}
}

func TestNewCast_SeveralPhonesOfATeamWorkTheSameGrid(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	c := newCast(t, 1, s, demo.PhonesOfTheDay)
	if len(c.Phones) != demo.PhonesOfTheDay {
		t.Fatalf("%d phones", len(c.Phones))
	}
	roles := map[demo.TeamIndex]map[demo.Role]int{}
	carried := map[demo.UserIndex]bool{}
	wrongClocks := 0
	for i, phone := range c.Phones {
		if carried[phone.User] {
			t.Errorf("phone %d: the user carries two", i)
		}
		carried[phone.User] = true
		if roles[phone.Team] == nil {
			roles[phone.Team] = map[demo.Role]int{}
		}
		roles[phone.Team][c.UserOf(demo.PhoneIndex(i)).Role]++
		if phone.ClockAhead != 0 {
			wrongClocks++
		}
	}
	if len(roles) != len(xian)+1 {
		t.Errorf("%d teams of the day, want one a community", len(roles)-1)
	}
	if wrongClocks < 3 {
		t.Errorf("%d phones with a wrong clock", wrongClocks)
	}
	for team, has := range roles {
		if team != demo.NoTeam && (has[demo.RolePoliceOfficer] != 1 || has[demo.RoleGridWorker] != 1 || has[demo.RoleHelper] < 2) {
			t.Errorf("team %d has %v", team, has)
		}
	}
}

func TestNewCast_OneSeedMakesOneCast(t *testing.T) {
	s := newStreet(t, 1, demo.SmallScale())
	first := digestOf(newCast(t, 1, s, 8))
	if again := digestOf(newCast(t, 1, s, 8)); again != first {
		t.Error("one seed made two casts")
	}
	if other := digestOf(newCast(t, 2, s, 8)); other == first {
		t.Error("two seeds made one cast")
	}
}

func TestNewCast_ImpossibleNumbersOfPhonesAreRefused(t *testing.T) {
	s := newStreet(t, 1, demo.SmallScale())
	for _, phones := range []int{-1, 0, demo.PhonesMin - 1, 500} {
		if _, err := demo.NewCast(1, s, phones); !errors.Is(err, demo.ErrInput) {
			t.Errorf("%d phones: error %v, want ErrInput", phones, err)
		}
	}
}
