package adminrpc

import (
	"context"
	"errors"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// MintToken makes a console user's token.
func (s *Service) MintToken(ctx context.Context, req *adminv1.MintTokenRequest) (*adminv1.MintTokenResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.MintTokenResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		var out *adminv1.MintTokenResponse
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			text, token, err := identity.MintToken(w, user, s.now(), s.random)
			if err != nil {
				return err
			}
			out = &adminv1.MintTokenResponse{Token: text, TokenId: token.ID[:]}
			return s.act(w, c, accessledger.Entry{Action: accessledger.TokenMint, Users: []syncengine.ID{user}})
		})
		return out, err
	})
}

// ListTokens gives tokens and what happened to them; who is no overseer sees their own.
func (s *Service) ListTokens(ctx context.Context, _ *adminv1.ListTokensRequest) (*adminv1.ListTokensResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ListTokensResponse, error) {
		mine := func(user syncengine.ID) bool { return overseers(c.Principal) || user == c.UserID }
		out := &adminv1.ListTokensResponse{}
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			tokens, err := identity.Tokens(r)
			for _, t := range tokens {
				if mine(t.User) {
					out.Tokens = append(out.Tokens, &adminv1.Token{
						Id: t.ID[:], UserId: wire.BytesOf(t.User), MintedMs: int64(t.Minted), RevokedMs: int64(t.Revoked),
					})
				}
			}
			events, eventsErr := identity.TokenLog(r)
			for _, e := range events {
				if mine(e.User) {
					out.Events = append(out.Events, &adminv1.TokenEvent{
						Number: e.Number, Action: adminv1.TokenAction(e.Action), TokenId: e.Token[:], UserId: wire.BytesOf(e.User), AtMs: int64(e.At),
					})
				}
			}
			return errors.Join(err, eventsErr)
		})
		return out, err
	})
}

// RevokeToken makes a token void. Users may void their own.
func (s *Service) RevokeToken(ctx context.Context, req *adminv1.RevokeTokenRequest) (*adminv1.RevokeTokenResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.RevokeTokenResponse, error) {
		id, err := idOf("token", req.GetTokenId())
		if err != nil {
			return nil, err
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			token, err := identity.GetToken(w, id)
			if errors.Is(err, identity.ErrTokenUnknown) {
				return fmt.Errorf("token %s: %w", id, errNoToken)
			}
			if err != nil {
				return err
			}
			if !operators(c.Principal) && token.User != c.UserID {
				return fmt.Errorf("token of another user: %w", errNotPermitted)
			}
			if err := identity.RevokeToken(w, id, s.now()); err != nil {
				return err
			}
			return s.act(w, c, accessledger.Entry{Action: accessledger.TokenRevoke, Users: someone(token.User)})
		})
		return &adminv1.RevokeTokenResponse{}, err
	})
}
