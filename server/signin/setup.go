package signin

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Invitation is what the operator hands over.
type Invitation struct {
	Code    identity.Code
	Expires syncengine.UnixMilli
}

// Authenticator is what a person's authenticator has to learn.
type Authenticator struct {
	// URI is for a QR code, Secret for typing.
	URI, Secret, Name string
}

// Invite makes a code with which a user sets up a password and an authenticator. What was in force stays so until then.
func (s *Service) Invite(ctx context.Context, by accessledger.Actor, user syncengine.ID, name string) (out Invitation, err error) {
	err = s.realm.Update(ctx, func(w store.Writer) (err error) {
		if out.Code, out.Expires, err = identity.InviteAccount(w, user, name, s.now(), s.o.Random); err != nil {
			return err
		}
		return s.note(w, by, accessledger.SignInSet, user)
	})
	return out, err
}

// Link lets a user sign in at the identity provider, where the person has a subject.
func (s *Service) Link(ctx context.Context, by accessledger.Actor, user syncengine.ID, subject string) error {
	switch n := len(subject); {
	case s.o.Provider.Issuer == "":
		return ErrNoProvider
	case n == 0 || n > identity.SubjectBytesMax:
		return fmt.Errorf("subject of %d bytes, 1 to %d are possible: %w", n, identity.SubjectBytesMax, identity.ErrInvalid)
	}
	return s.realm.Update(ctx, func(w store.Writer) error {
		if _, err := identity.GetUser(w, user); err != nil {
			return err
		}
		a, err := identity.GetAccount(w, user)
		if err != nil {
			a = identity.Account{User: user}
		}
		a.Issuer, a.Subject = s.o.Provider.Issuer, subject
		if err := identity.PutAccount(w, a); err != nil {
			return err
		}
		return s.note(w, by, accessledger.SignInSet, user)
	})
}

// BeginSetUp takes an invited user's password and gives the authenticator's key. Called again, it begins anew.
func (s *Service) BeginSetUp(ctx context.Context, code, password, address string) (out Authenticator, err error) {
	_, err = s.guarded(ctx, "", address, func() (*Session, error) {
		out, err = s.beginSetUp(ctx, code, password)
		return nil, err
	})
	return out, err
}

func (s *Service) beginSetUp(ctx context.Context, code, password string) (out Authenticator, err error) {
	a, realm, err := s.invited(ctx, code)
	if err != nil {
		return out, err
	}
	if err := s.hash(ctx); err != nil {
		return out, err
	}
	hash, err := s.cost.hashPassword(password, a.Name, s.o.Random)
	<-s.hashing
	if err != nil {
		return out, err
	}
	secret, err := newSecret(s.o.Random)
	if err != nil {
		return out, err
	}
	sealed, err := s.seal(a.User, secret)
	if err != nil {
		return out, err
	}
	if out.URI, err = keyURI("onedoor "+realm.Name, a.Name, secret); err != nil {
		return out, err
	}
	out.Secret, out.Name = base32Text.EncodeToString(secret), a.Name
	return out, s.realm.Update(ctx, func(w store.Writer) error {
		a, err := identity.InvitedAccount(w, code, s.now())
		if err != nil {
			return err
		}
		a.Pending = &identity.Credential{PasswordHash: hash, SealedTOTP: sealed}
		return identity.PutAccount(w, a)
	})
}

func (s *Service) invited(ctx context.Context, code string) (a identity.Account, realm identity.Realm, err error) {
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		if realm, err = identity.GetRealm(r); err != nil {
			return err
		}
		a, err = identity.InvitedAccount(r, code, s.now())
		return err
	})
	return a, realm, err
}

// FinishSetUp puts the new password in force once the authenticator shows the right code, and ends the sessions of the old one.
func (s *Service) FinishSetUp(ctx context.Context, code, totp, address string) (name string, err error) {
	_, err = s.guarded(ctx, "", address, func() (*Session, error) {
		return nil, s.realm.Update(ctx, func(w store.Writer) error {
			a, err := identity.InvitedAccount(w, code, s.now())
			if err != nil {
				return err
			}
			name = a.Name
			return s.finish(w, a, totp)
		})
	})
	return name, err
}

func (s *Service) finish(w store.Writer, a identity.Account, totp string) error {
	if a.Pending == nil {
		return ErrNothingPending
	}
	secret, err := s.unseal(a.User, a.Pending.SealedTOTP)
	if err != nil {
		return err
	}
	step, ok := stepOf(secret, totp, 0, s.o.Now())
	if !ok {
		return ErrRefused
	}
	a.Pending.Step = step
	if a.Credential != nil {
		if err := identity.EndSessions(w, a.User, s.now()); err != nil {
			return err
		}
	}
	if err := identity.EndInvitation(w, a); err != nil {
		return err
	}
	return s.note(w, accessledger.Actor{User: a.User}, accessledger.SignInSet, a.User)
}

// Remove takes a user's way to sign in away and ends the sessions.
func (s *Service) Remove(ctx context.Context, by accessledger.Actor, user syncengine.ID) error {
	return s.realm.Update(ctx, func(w store.Writer) error {
		if err := identity.EndSessions(w, user, s.now()); err != nil {
			return err
		}
		if err := identity.RemoveAccount(w, user); err != nil {
			return err
		}
		return s.note(w, by, accessledger.SignInSet, user)
	})
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, by accessledger.Actor, token syncengine.ID) error {
	return s.realm.Update(ctx, func(w store.Writer) error {
		if err := identity.RevokeToken(w, token, s.now()); err != nil {
			return err
		}
		return s.note(w, by, accessledger.TokenRevoke, by.User)
	})
}

// note writes an act into the access ledger, in the transaction of the act.
func (s *Service) note(w store.Writer, by accessledger.Actor, action accessledger.Action, user syncengine.ID) error {
	_, err := accessledger.Append(w, accessledger.Entry{At: s.now(), Actor: by, Action: action, Users: []syncengine.ID{user}})
	return err
}

// Accounts lists who may sign in; of one user alone where one is named.
func (s *Service) Accounts(ctx context.Context, user syncengine.ID) (out []identity.Account, err error) {
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		if user.IsZero() {
			out, err = identity.Accounts(r)
			return err
		}
		one, err := identity.GetAccount(r, user)
		if errors.Is(err, identity.ErrAccountUnknown) {
			return nil
		}
		out = append(out, one)
		return err
	})
	return out, err
}
