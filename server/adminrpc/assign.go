package adminrpc

import (
	"bytes"
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// AssignDoors makes an officer or a worker responsible for doors: the doors'
// records name the user, and a door that no territory of the user covers is
// granted by itself. Doing it again changes nothing.
func (s *Service) AssignDoors(ctx context.Context, req *adminv1.AssignDoorsRequest) (*adminv1.AssignDoorsResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.AssignDoorsResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		ids, err := idsOf("door", req.GetDoorIds())
		if err != nil {
			return nil, err
		}
		if req.GetUntilMs() != 0 {
			return s.lend(c, user, ids, req)
		}
		if len(ids) == 0 || len(ids) > identity.GrantRecordsMax {
			return nil, fmt.Errorf("%d doors, 1 to %d are allowed: %w", len(ids), identity.GrantRecordsMax, errInvalid)
		}
		out := &adminv1.AssignDoorsResponse{}
		err = s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			doors, changes, err := s.assignedDoors(w, ids, user, req.GetPost())
			if err != nil {
				return nil, err
			}
			out.Changed = uint32(len(changes))
			if err := identity.AssignDoors(w, identity.Slot(req.GetPost()), user, doors, s.now()); err != nil {
				return nil, err
			}
			grants, err := identity.CurrentGrants(w, user)
			if err != nil {
				return nil, err
			}
			out.GrantVersion = grants.Version
			return changes, s.act(w, c, accessledger.Entry{
				Action: accessledger.DoorsAssign, Users: []syncengine.ID{user}, Records: accessledger.About(kindPremises, ids...),
			})
		})
		if err != nil {
			return nil, fmt.Errorf("assign doors: %w", err)
		}
		return out, nil
	})
}

// lend grants a user doors or a territory in the own role until a time, beside
// whoever is responsible for them.
func (s *Service) lend(c *caller, user syncengine.ID, doors []syncengine.ID, req *adminv1.AssignDoorsRequest) (*adminv1.AssignDoorsResponse, error) {
	out := &adminv1.AssignDoorsResponse{Changed: uint32(len(doors))}
	err := s.realm.Update(c.ctx, func(w store.Writer) error {
		u, err := identity.GetUser(w, user)
		if err != nil {
			return err
		}
		for _, id := range doors {
			if _, err := s.door(w, id); err != nil {
				return err
			}
		}
		g := identity.Grant{Role: u.Role, Records: doors, Until: syncengine.UnixMilli(req.GetUntilMs())}
		if g.Territory, err = territoryOf(w, req.GetTerritoryCode()); err != nil {
			return err
		}
		out.GrantVersion, err = identity.Lend(w, user, g, s.now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lend doors: %w", err)
	}
	return out, nil
}

// door reads a door that stands.
func (s *Service) door(r store.Reader, id syncengine.ID) (*syncengine.Record, error) {
	rec, err := s.realm.Record(r, id)
	if err == nil && (rec == nil || rec.Kind != kindPremises || rec.Dead()) {
		err = fmt.Errorf("door %s: %w", id, errNoRecord)
	}
	return rec, err
}

// assignedDoors finds the doors and the changes that name the user in them.
func (s *Service) assignedDoors(r store.Reader, ids []syncengine.ID, user syncengine.ID, post adminv1.Post) ([]identity.Door, []exchange.ServerChange, error) {
	want := &recordv1.Premises{}
	switch post {
	case adminv1.Post_POST_OFFICER:
		want.Officer = user[:]
	case adminv1.Post_POST_WORKER:
		want.Worker = user[:]
	default:
		return nil, nil, fmt.Errorf("post %d: %w", post, errInvalid)
	}
	doors := make([]identity.Door, 0, len(ids))
	var changes []exchange.ServerChange
	for _, id := range ids {
		rec, err := s.door(r, id)
		if err != nil {
			return nil, nil, err
		}
		have := &recordv1.Premises{}
		if err := wire.ReadShown(rec, have, nil); err != nil {
			return nil, nil, err
		}
		at, _ := syncengine.IDFromBytes(have.GetTerritory())
		doors = append(doors, identity.Door{ID: id, Territory: at})
		if !holdsPost(have, want) {
			changes = append(changes, exchange.ServerChange{RecordID: id, Kind: kindPremises, Fields: want})
		}
	}
	return doors, changes, nil
}

// territoryShown is the territory a door stands in; zero when it names none.
func territoryShown(rec *syncengine.Record) (syncengine.ID, error) {
	m := &recordv1.Premises{}
	err := wire.ReadShown(rec, m, nil)
	id, _ := syncengine.IDFromBytes(m.GetTerritory())
	return id, err
}

// holdsPost reports that a door names the wanted officer or worker already.
func holdsPost(have, want *recordv1.Premises) bool {
	return (want.Officer == nil || bytes.Equal(have.Officer, want.Officer)) && (want.Worker == nil || bytes.Equal(have.Worker, want.Worker))
}
