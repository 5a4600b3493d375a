package adminrpc

import (
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/identity"
	"onedoor/server/signin"
	"onedoor/server/throttle"
)

// openly runs a call that carries no token.
func openly[R any](ctx context.Context, s *Service, f func(address string) (R, error)) (out R, err error) {
	out, err = f(throttle.Address(ctx, s.behindGateway))
	return out, s.status(ctx, err)
}

// GetSignIn tells how one signs in here.
func (s *Service) GetSignIn(ctx context.Context, _ *adminv1.GetSignInRequest) (*adminv1.GetSignInResponse, error) {
	return openly(ctx, s, func(string) (*adminv1.GetSignInResponse, error) {
		realm := s.realm.Realm()
		out := &adminv1.GetSignInResponse{Realm: realm.Code, RealmName: realm.Name}
		provider, nonce, err := s.signin.Ways()
		if provider.Issuer != "" {
			out.Provider = &adminv1.IdentityProvider{Issuer: provider.Issuer, ClientId: provider.ClientID, Nonce: nonce}
		}
		return out, err
	})
}

// SignIn makes a session.
func (s *Service) SignIn(ctx context.Context, req *adminv1.SignInRequest) (*adminv1.SignInResponse, error) {
	return openly(ctx, s, func(address string) (*adminv1.SignInResponse, error) {
		session, err := s.signIn(ctx, req, address)
		if err != nil {
			s.log.Info("sign-in refused", "error", err)
			return nil, err
		}
		s.log.Info("signed in", "user", session.User.ID.String())
		return &adminv1.SignInResponse{
			Token: session.Token, TokenId: session.ID[:], ExpiresMs: int64(session.Expires),
			UserId: session.User.ID[:], UserName: session.User.Name,
		}, nil
	})
}

func (s *Service) signIn(ctx context.Context, req *adminv1.SignInRequest, address string) (*signin.Session, error) {
	switch proof := req.GetProof().(type) {
	case *adminv1.SignInRequest_Password:
		p := proof.Password
		return s.signin.SignIn(ctx, signin.Password{Name: p.GetName(), Password: p.GetPassword(), Code: p.GetCode()}, address)
	case *adminv1.SignInRequest_IdToken:
		return s.signin.SignInProvider(ctx, proof.IdToken, address)
	}
	return nil, fmt.Errorf("nothing to sign in with: %w", errInvalid)
}

// SignOut ends the caller's session.
func (s *Service) SignOut(ctx context.Context, _ *adminv1.SignOutRequest) (*adminv1.SignOutResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.SignOutResponse, error) {
		if c.Token.IsZero() {
			return nil, fmt.Errorf("the operator's own token is no session: %w", errInvalid)
		}
		return &adminv1.SignOutResponse{}, s.signin.SignOut(c.ctx, c.actor(), c.Token)
	})
}

// Invite lets a user set up a way to sign in.
func (s *Service) Invite(ctx context.Context, req *adminv1.InviteRequest) (*adminv1.InviteResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.InviteResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		if req.GetSubject() != "" {
			if req.GetName() != "" {
				return nil, fmt.Errorf("name and subject exclude each other: %w", errInvalid)
			}
			return &adminv1.InviteResponse{}, s.signin.Link(c.ctx, c.actor(), user, req.GetSubject())
		}
		invitation, err := s.signin.Invite(c.ctx, c.actor(), user, req.GetName())
		return &adminv1.InviteResponse{Code: string(invitation.Code), ExpiresMs: int64(invitation.Expires)}, err
	})
}

// BeginSetUp takes the password of an invited user.
func (s *Service) BeginSetUp(ctx context.Context, req *adminv1.BeginSetUpRequest) (*adminv1.BeginSetUpResponse, error) {
	return openly(ctx, s, func(address string) (*adminv1.BeginSetUpResponse, error) {
		out, err := s.signin.BeginSetUp(ctx, req.GetCode(), req.GetPassword(), address)
		return &adminv1.BeginSetUpResponse{OtpauthUri: out.URI, Secret: out.Secret, Name: out.Name}, err
	})
}

// FinishSetUp makes the account usable.
func (s *Service) FinishSetUp(ctx context.Context, req *adminv1.FinishSetUpRequest) (*adminv1.FinishSetUpResponse, error) {
	return openly(ctx, s, func(address string) (*adminv1.FinishSetUpResponse, error) {
		name, err := s.signin.FinishSetUp(ctx, req.GetCode(), req.GetTotp(), address)
		return &adminv1.FinishSetUpResponse{Name: name}, err
	})
}

// ListSignIns lists who may sign in.
func (s *Service) ListSignIns(ctx context.Context, req *adminv1.ListSignInsRequest) (*adminv1.ListSignInsResponse, error) {
	return answer(ctx, s, overseers, func(c *caller) (*adminv1.ListSignInsResponse, error) {
		user, err := optionalID("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		accounts, err := s.signin.Accounts(c.ctx, user)
		out := &adminv1.ListSignInsResponse{}
		for _, a := range accounts {
			out.Accounts = append(out.Accounts, accountOf(a))
		}
		return out, err
	})
}

func accountOf(a identity.Account) *adminv1.Account {
	return &adminv1.Account{
		UserId: a.User[:], Name: a.Name, Subject: a.Subject, SignedInMs: int64(a.SignedIn), SetUp: a.Credential != nil || a.Subject != "",
	}
}

// RemoveSignIn takes a user's way to sign in away.
func (s *Service) RemoveSignIn(ctx context.Context, req *adminv1.RemoveSignInRequest) (*adminv1.RemoveSignInResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.RemoveSignInResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		return &adminv1.RemoveSignInResponse{}, s.signin.Remove(c.ctx, c.actor(), user)
	})
}
