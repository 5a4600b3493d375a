package identity

import (
	"slices"
	"sync"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Origin says why a user holds a grant.
type Origin uint8

// The origins of a grant.
const (
	// FromTerritory: the user's own role and territory.
	FromTerritory Origin = iota + 1
	// FromTeam: membership of a team.
	FromTeam
	// FromAssignment: a door that was assigned and that the others do not cover.
	FromAssignment
	// FromPerson: given by a person besides.
	FromPerson
)

// DerivedGrant is a grant with its origin.
type DerivedGrant struct {
	Grant
	Origin Origin
	// Team is set for FromTeam.
	Team syncengine.ID
}

// DeriveGrants puts together what a user is to be granted at a time; a closed user nothing.
func DeriveGrants(r store.Reader, user syncengine.ID, at syncengine.UnixMilli) ([]DerivedGrant, error) {
	return derive(r, user, at, treeOnce(r))
}

// RefreshGrants makes what follows for a user the grants in force and returns
// their version.
func RefreshGrants(w store.Writer, user syncengine.ID, at syncengine.UnixMilli) (uint64, error) {
	return refresh(w, user, at, treeOnce(w))
}

// treeSource gives the tree of the transaction. Few users need it, so it is
// loaded when the first one does.
type treeSource func() (*Tree, error)

func treeOnce(r store.Reader) treeSource {
	return sync.OnceValues(func() (*Tree, error) { return LoadTree(r) })
}

func refresh(w store.Writer, user syncengine.ID, at syncengine.UnixMilli, tree treeSource) (uint64, error) {
	derived, err := derive(w, user, at, tree)
	if err != nil {
		return 0, err
	}
	grants := make([]Grant, len(derived))
	for i, d := range derived {
		grants[i] = d.Grant
	}
	return SetGrants(w, user, grants, at)
}

func derive(r store.Reader, user syncengine.ID, at syncengine.UnixMilli, tree treeSource) ([]DerivedGrant, error) {
	u, err := GetUser(r, user)
	if err != nil || u.State != UserActive {
		return nil, err
	}
	var out []DerivedGrant
	if !u.TerritoryID.IsZero() {
		out = append(out, DerivedGrant{Grant: Grant{Role: u.Role, Territory: u.TerritoryID}, Origin: FromTerritory})
	}
	teams, err := teamsOf(r, user)
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		for _, id := range t.Territories {
			out = append(out, DerivedGrant{Grant: Grant{Role: u.Role, Territory: id}, Origin: FromTeam, Team: t.ID})
		}
	}
	further, err := FurtherGrants(r, user)
	if err != nil {
		return nil, err
	}
	for _, g := range further {
		if !g.ended(at) {
			out = append(out, DerivedGrant{Grant: g, Origin: FromPerson})
		}
	}
	doors, err := uncoveredDoors(r, user, out, tree)
	if err != nil || len(doors) == 0 {
		return out, err
	}
	return append(out, DerivedGrant{Grant: Grant{Role: u.Role, Records: doors}, Origin: FromAssignment}), nil
}

// uncoveredDoors lists a user's assigned doors in territories that the grants do not reach.
func uncoveredDoors(r store.Reader, user syncengine.ID, grants []DerivedGrant, tree treeSource) ([]syncengine.ID, error) {
	doors, err := DoorsOfUser(r, user)
	if err != nil || len(doors) == 0 {
		return nil, err
	}
	t, err := tree()
	if err != nil {
		return nil, err
	}
	var out []syncengine.ID
	for _, d := range doors {
		covered := slices.ContainsFunc(grants, func(g DerivedGrant) bool { return g.Until == 0 && t.Covers(g.Territory, d.Territory) })
		if !covered {
			out = append(out, d.ID)
		}
	}
	return out, nil
}
