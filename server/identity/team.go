package identity

import (
	"errors"
	"fmt"
	"slices"

	"onedoor/domain"
	"onedoor/internal/wire"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Team is 1 officer + 1 grid worker + N helpers over one or more grids.
type Team struct {
	ID   syncengine.ID
	Name string
	// Officer and GridWorker are zero while a post is vacant.
	Officer, GridWorker syncengine.ID
	Helpers             []syncengine.ID
	// Territories are grids, or other territories where the team's area is one.
	Territories []syncengine.ID
}

const (
	// TeamHelpersMax bounds a team's helpers: a grid has some 300 households and
	// at the most a helper for each of its stairs.
	TeamHelpersMax = 200
	// TeamTerritoriesMax bounds a team's territories; with more than these an
	// officer is given the community.
	TeamTerritoriesMax = 50
)

// PutTeam writes a team and refreshes the grants of whoever is or was in it.
func PutTeam(w store.Writer, t Team, at syncengine.UnixMilli) error {
	if err := checkTeam(w, t); err != nil {
		return fmt.Errorf("team %q: %w", t.Name, err)
	}
	affected := t.Members()
	standing, err := GetTeam(w, t.ID)
	if err != nil && !errors.Is(err, ErrTeamUnknown) {
		return err
	}
	affected = append(affected, standing.Members()...)
	err = put(w, bucketTeams, t.ID[:], &storedv1.Team{
		Name:         t.Name,
		OfficerId:    wire.BytesOf(t.Officer),
		GridWorkerId: wire.BytesOf(t.GridWorker),
		HelperIds:    wire.BytesOfAll(t.Helpers),
		TerritoryIds: wire.BytesOfAll(t.Territories),
	})
	if err != nil {
		return err
	}
	return refreshUsers(w, affected, at)
}

// GetTeam reads a team, or [ErrTeamUnknown].
func GetTeam(r store.Reader, id syncengine.ID) (Team, error) {
	m := &storedv1.Team{}
	ok, err := get(r, bucketTeams, id[:], m)
	if err != nil {
		return Team{}, err
	}
	if !ok {
		return Team{}, fmt.Errorf("team %s: %w", id, ErrTeamUnknown)
	}
	return teamOf(id, m)
}

// Teams lists all teams in id order.
func Teams(r store.Reader) ([]Team, error) {
	var out []Team
	err := walk(r, bucketTeams, nil, newOf[storedv1.Team], func(key []byte, m *storedv1.Team) error {
		t, err := teamOf(syncengine.ID(key), m)
		out = append(out, t)
		return err
	})
	return out, err
}

// WalkTeams calls f for the teams above an id, in id order, until f returns false.
func WalkTeams(r store.Reader, after syncengine.ID, f func(Team) bool) error {
	return walkAfter(r, bucketTeams, after, newOf[storedv1.Team], func(key []byte, m *storedv1.Team) (bool, error) {
		t, err := teamOf(syncengine.ID(key), m)
		return err == nil && f(t), err
	})
}

// Members lists the officer, the grid worker and the helpers, vacant posts left out.
func (t Team) Members() []syncengine.ID {
	all := append([]syncengine.ID{t.Officer, t.GridWorker}, t.Helpers...)
	return slices.DeleteFunc(all, syncengine.ID.IsZero)
}

// teamsOf lists the teams a user is in.
func teamsOf(r store.Reader, user syncengine.ID) ([]Team, error) {
	all, err := Teams(r)
	return slices.DeleteFunc(all, func(t Team) bool { return !slices.Contains(t.Members(), user) }), err
}

// refreshUsers refreshes the grants of some users, each once.
func refreshUsers(w store.Writer, users []syncengine.ID, at syncengine.UnixMilli) error {
	slices.SortFunc(users, compareIDs)
	tree := treeOnce(w)
	for _, id := range slices.Compact(users) {
		if _, err := refresh(w, id, at, tree); err != nil {
			return err
		}
	}
	return nil
}

func checkTeam(r store.Reader, t Team) error {
	if t.ID.IsZero() {
		return fmt.Errorf("no id: %w", ErrInvalid)
	}
	if err := checkName("team", t.Name, NameCharsMax); err != nil {
		return err
	}
	if len(t.Helpers) > TeamHelpersMax || len(t.Territories) > TeamTerritoriesMax {
		return fmt.Errorf("%d helpers and %d territories, at most %d and %d: make two teams: %w",
			len(t.Helpers), len(t.Territories), TeamHelpersMax, TeamTerritoriesMax, ErrInvalid)
	}
	if len(t.Members()) == 0 || len(t.Territories) == 0 {
		return fmt.Errorf("a team has members and territories: %w", ErrInvalid)
	}
	for _, id := range t.Territories {
		if _, err := GetTerritory(r, id); err != nil {
			return err
		}
	}
	return checkPosts(r, t)
}

// checkPosts wants each member to have the role of its post.
func checkPosts(r store.Reader, t Team) error {
	type post struct {
		user syncengine.ID
		role recordv1.Role
	}
	posts := []post{{t.Officer, recordv1.Role_ROLE_POLICE_OFFICER}, {t.GridWorker, recordv1.Role_ROLE_GRID_WORKER}}
	for _, id := range t.Helpers {
		posts = append(posts, post{id, recordv1.Role_ROLE_HELPER})
	}
	for _, p := range posts {
		if p.user.IsZero() {
			continue
		}
		u, err := GetUser(r, p.user)
		if err != nil {
			return err
		}
		if u.Role != uint32(p.role) {
			return fmt.Errorf("user %s has the role %s, the post needs %s: %w", u.ID, domain.Role(u.Role), domain.Role(p.role), ErrInvalid)
		}
	}
	return nil
}

func teamOf(id syncengine.ID, m *storedv1.Team) (Team, error) {
	officer, err := idOf(m.GetOfficerId())
	worker, workerErr := idOf(m.GetGridWorkerId())
	helpers, helpersErr := idList(m.GetHelperIds())
	territories, territoriesErr := idList(m.GetTerritoryIds())
	return Team{
		ID:          id,
		Name:        m.GetName(),
		Officer:     officer,
		GridWorker:  worker,
		Helpers:     helpers,
		Territories: territories,
	}, errors.Join(err, workerErr, helpersErr, territoriesErr)
}
