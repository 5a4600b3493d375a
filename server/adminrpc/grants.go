package adminrpc

import (
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// GetGrants gives a user's grants in force and where each comes from.
func (s *Service) GetGrants(ctx context.Context, req *adminv1.GetGrantsRequest) (*adminv1.GetGrantsResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.GetGrantsResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		if !overseers(c.Principal) && user != c.UserID {
			return nil, fmt.Errorf("grants of another user: %w", errNotPermitted)
		}
		var out *adminv1.GetGrantsResponse
		err = s.realm.View(c.ctx, func(r store.Reader) error {
			tree, err := s.realm.Tree(r)
			if err != nil {
				return err
			}
			current, err := identity.CurrentGrants(r, user)
			if err != nil {
				return err
			}
			derived, err := identity.DeriveGrants(r, user, s.now())
			out = &adminv1.GetGrantsResponse{Version: current.Version, AtMs: int64(current.At)}
			for _, g := range derived {
				out.Grants = append(out.Grants, &adminv1.Grant{
					Role: recordv1.Role(g.Role), TerritoryCode: codeOf(tree, g.Territory), RecordIds: wire.BytesOfAll(g.Records),
					Origin: adminv1.GrantOrigin(g.Origin), TeamId: wire.BytesOf(g.Team), UntilMs: int64(g.Until),
				})
			}
			return err
		})
		return out, err
	})
}

// SetGrants replaces what a user is granted beside role, teams and assigned doors.
func (s *Service) SetGrants(ctx context.Context, req *adminv1.SetGrantsRequest) (*adminv1.SetGrantsResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.SetGrantsResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		out := &adminv1.SetGrantsResponse{}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			if _, err := identity.GetUser(w, user); err != nil {
				return err
			}
			grants, err := grantsOf(w, req.GetGrants())
			if err != nil {
				return err
			}
			if err := identity.PutFurtherGrants(w, user, grants); err != nil {
				return err
			}
			if out.Version, err = identity.RefreshGrants(w, user, s.now()); err != nil {
				return err
			}
			return s.act(w, c, accessledger.Entry{
				Action: accessledger.GrantsSet, Users: []syncengine.ID{user}, Place: grantedPlaces(req.GetGrants()),
			})
		})
		return out, err
	})
}

// grantedPlaces lists the territories of grants, as many as a place has room for.
func grantedPlaces(list []*adminv1.Grant) string {
	var codes []string
	for _, g := range list {
		if g.GetTerritoryCode() != "" {
			codes = append(codes, g.GetTerritoryCode())
		}
	}
	return placeOf(codes...)
}

func grantsOf(r store.Reader, list []*adminv1.Grant) ([]identity.Grant, error) {
	if len(list) > identity.GrantsMax {
		return nil, fmt.Errorf("%d grants, at most %d: %w", len(list), identity.GrantsMax, errInvalid)
	}
	out := make([]identity.Grant, len(list))
	for i, m := range list {
		territory, err := territoryOf(r, m.GetTerritoryCode())
		if err != nil {
			return nil, err
		}
		records, err := idsOf("record", m.GetRecordIds())
		if err != nil {
			return nil, err
		}
		out[i] = identity.Grant{Role: uint32(m.GetRole()), Territory: territory, Records: records, Until: syncengine.UnixMilli(m.GetUntilMs())}
	}
	return out, nil
}
