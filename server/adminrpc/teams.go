package adminrpc

import (
	"context"
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// PutTeam makes a team or replaces one whole.
func (s *Service) PutTeam(ctx context.Context, req *adminv1.PutTeamRequest) (*adminv1.PutTeamResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.PutTeamResponse, error) {
		team, err := teamOf(req.GetTeam())
		if err != nil {
			return nil, err
		}
		fresh := team.ID.IsZero()
		if fresh {
			team.ID = s.realm.NewID()
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			if !fresh {
				if _, err := identity.GetTeam(w, team.ID); err != nil {
					return err
				}
			}
			if team.Territories, err = territoriesOf(w, req.GetTeam().GetTerritoryCodes()); err != nil {
				return err
			}
			if err := identity.PutTeam(w, team, s.now()); err != nil {
				return err
			}
			return s.act(w, c, accessledger.Entry{
				Action: accessledger.TeamPut, Users: membersOf(team), Place: placeOf(req.GetTeam().GetTerritoryCodes()...),
			})
		})
		return &adminv1.PutTeamResponse{TeamId: team.ID[:]}, err
	})
}

// ListTeams gives a page of the teams in the order they were made, or one of them.
func (s *Service) ListTeams(ctx context.Context, req *adminv1.ListTeamsRequest) (*adminv1.ListTeamsResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ListTeamsResponse, error) {
		begin, err := after(req.GetPageToken())
		if err != nil {
			return nil, err
		}
		one, err := optionalID("team", req.GetTeamId())
		if err != nil {
			return nil, err
		}
		out := &adminv1.ListTeamsResponse{}
		err = s.realm.View(c.ctx, func(r store.Reader) error {
			tree, err := s.realm.Tree(r)
			if err != nil {
				return err
			}
			if !one.IsZero() {
				t, err := identity.GetTeam(r, one)
				out.Teams = append(out.Teams, wireTeam(tree, t))
				return err
			}
			return pageOfTeams(r, tree, begin, pageOf(req.GetLimit()), out)
		})
		return out, err
	})
}

// pageOfTeams gives the teams above an id, and says where the next ones begin.
func pageOfTeams(r store.Reader, tree *identity.Tree, begin syncengine.ID, limit int, out *adminv1.ListTeamsResponse) error {
	return identity.WalkTeams(r, begin, func(t identity.Team) bool {
		if len(out.GetTeams()) == limit {
			out.NextPageToken = out.GetTeams()[limit-1].GetId()
			return false
		}
		out.Teams = append(out.Teams, wireTeam(tree, t))
		return true
	})
}

// teamOf reads a team without its territories.
func teamOf(m *adminv1.Team) (t identity.Team, err error) {
	t.Name = m.GetName()
	if t.ID, err = optionalID("team", m.GetId()); err != nil {
		return t, err
	}
	if t.Officer, err = optionalID("officer", m.GetOfficerId()); err != nil {
		return t, err
	}
	if t.GridWorker, err = optionalID("grid worker", m.GetGridWorkerId()); err != nil {
		return t, err
	}
	t.Helpers, err = idsOf("helper", m.GetHelperIds())
	return t, err
}

// membersOf lists the people of a team.
func membersOf(t identity.Team) []syncengine.ID {
	return slices.DeleteFunc(append([]syncengine.ID{t.Officer, t.GridWorker}, t.Helpers...), syncengine.ID.IsZero)
}

func territoriesOf(r store.Reader, codes []string) ([]syncengine.ID, error) {
	if len(codes) > identity.TeamTerritoriesMax {
		return nil, fmt.Errorf("%d territories, at most %d: %w", len(codes), identity.TeamTerritoriesMax, errInvalid)
	}
	out := make([]syncengine.ID, len(codes))
	for i, code := range codes {
		t, err := identity.TerritoryByCode(r, code)
		if err != nil {
			return nil, err
		}
		out[i] = t.ID
	}
	return out, nil
}

func wireTeam(tree *identity.Tree, t identity.Team) *adminv1.Team {
	m := &adminv1.Team{
		Id: t.ID[:], Name: t.Name, OfficerId: wire.BytesOf(t.Officer), GridWorkerId: wire.BytesOf(t.GridWorker), HelperIds: wire.BytesOfAll(t.Helpers),
	}
	for _, id := range t.Territories {
		m.TerritoryCodes = append(m.TerritoryCodes, codeOf(tree, id))
	}
	return m
}
