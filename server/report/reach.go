package report

import (
	"fmt"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// reach is how far somebody may pull.
type reach int8

// How far. Who reads the records of a place anyway counts nothing there that they could not count by hand.
const (
	// reachNone: nothing.
	reachNone reach = iota
	// reachOperator: phones and what they have not sent, and no figure of the work.
	reachOperator
	// reachDistrict: down to communities; parts of them once their month is frozen.
	reachDistrict
	// reachStreet: down to communities, in parts.
	reachStreet
	// reachCommunity: the own community, down to grids.
	reachCommunity
)

// reachOf tells how far a caller may pull in a territory.
func reachOf(r store.Reader, tree *identity.Tree, who identity.Principal, at identity.Territory) (reach, error) {
	if who.Operator || recordv1.Role(who.Role) == recordv1.Role_ROLE_OPERATOR {
		return reachOperator, nil
	}
	grants, err := identity.CurrentGrants(r, who.UserID)
	if err != nil {
		return reachNone, err
	}
	best := reachNone
	for _, g := range grants.Grants {
		if g.Territory.IsZero() || !tree.Covers(g.Territory, at.ID) {
			continue
		}
		switch recordv1.Role(g.Role) {
		case recordv1.Role_ROLE_DISTRICT:
			best = max(best, reachDistrict)
		case recordv1.Role_ROLE_STREET_LEAD:
			best = max(best, reachStreet)
		case recordv1.Role_ROLE_COMMUNITY_STAFF:
			best = max(best, reachCommunity)
		}
	}
	return best, nil
}

// allow refuses what a reach does not cover.
func (v reach) allow(f *metrics.Figure, by domain.Level) error {
	switch {
	case v == reachNone:
		return fmt.Errorf("%w: reports are for the district, the street and the community, each in its own territory", ErrNotPermitted)
	case v == reachOperator && f.Topic != metrics.TopicSync:
		return fmt.Errorf("%s: %w: an operator pulls sync_lag and sync_health", f.Name, ErrNotPermitted)
	case by > domain.Grid:
		return fmt.Errorf("by %s: %w: a residents' group is its few households", by, ErrTooFine)
	case by > domain.Community && v != reachCommunity && (v != reachOperator || f.Name != "sync_health"):
		return fmt.Errorf("by %s: %w: a grid with one worker is a person", by, ErrTooFine)
	}
	return nil
}
