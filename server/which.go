package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/bearer"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/refusal"
	"onedoor/server/store"
	"onedoor/server/syncrpc"
)

// Which realm a call is for is told by what it brings anyway. Nothing here lets anybody in: the realm that a call is brought to
// looks at token, signature or code itself, and refuses what is not its own.

var (
	// errWhichRealm means that a caller without a token has to name a realm.
	errWhichRealm = errors.New("this server has several realms")
	// errNoRealm means that no realm of that code is served here.
	errNoRealm = errors.New("this server has no such realm")
)

// refusals is what a call can meet that reaches no realm.
var refusals = refusal.Table{
	{Err: errWhichRealm, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_REALM, Hint: "name one: --realm on the command line, realm in the message"},
	{Err: errNoRealm, Code: codes.NotFound, Reason: adminv1.Reason_REASON_REALM, Hint: "compare the code, or ask the operator which server has it"},
	{Err: syncrpc.ErrUnopened, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_REALM, Hint: "the operator looks at `onedoor doctor --realms`; call again in a while", Retry: true},
}.And(refusal.Realm)

// spokenFor gives the realm that a call's token speaks in. A server of one realm leaves it to the realm to say what is wrong.
func (s *Server) spokenFor(ctx context.Context) (*hosted, error) {
	if only := s.realms.only(); only != nil {
		return only, nil
	}
	token, err := bearer.Token(ctx)
	if err != nil {
		return nil, refusals.Status(ctx, s.config.Log, err)
	}
	h, err := s.tokens.find(ctx, &s.realms, token)
	return h, refusals.Status(ctx, s.config.Log, err)
}

// named gives the realm that a message names or, by a code in it, belongs to.
func (s *Server) named(ctx context.Context, req any) (*hosted, error) {
	if only := s.realms.only(); only != nil {
		return only, nil
	}
	switch m := req.(type) {
	case interface{ GetBody() []byte }: // Of an exchange or a look-up.
		return s.signedFor(ctx, m.GetBody())
	case *syncv1.SendAheadRequest:
		return s.phonesOf(ctx, m.GetRealm())
	case *syncv1.WatchRequest:
		return s.phonesOf(ctx, m.GetRealm())
	case *syncv1.EnrolRequest:
		h, err := s.ofJoinCode(ctx, m.GetCode())
		return h, syncrpc.Status(ctx, s.config.Log, err)
	case *adminv1.GetSignInRequest:
		if m.GetRealm() == 0 {
			return nil, nil // The realms are listed.
		}
		return s.deskOf(ctx, m.GetRealm())
	case *adminv1.SignInRequest:
		return s.deskOf(ctx, m.GetRealm())
	case interface{ GetCode() string }: // The codes of an invitation.
		h, err := s.ofInvitation(ctx, m.GetCode())
		return h, refusals.Status(ctx, s.config.Log, err)
	}
	return nil, refusals.Status(ctx, s.config.Log, fmt.Errorf("no realm can be told from %T", req))
}

// signedFor gives the realm that a body which a phone signed names.
func (s *Server) signedFor(ctx context.Context, body []byte) (*hosted, error) {
	code, ok := wire.BodyRealm(body)
	if !ok {
		return nil, syncrpc.Status(ctx, s.config.Log, fmt.Errorf("%w: the body names no realm", exchange.ErrBadRequest))
	}
	return s.phonesOf(ctx, code)
}

// phonesOf gives the realm that a phone names.
func (s *Server) phonesOf(ctx context.Context, code uint32) (*hosted, error) {
	h := s.realms.of(code)
	if h != nil {
		return h, nil
	}
	err := fmt.Errorf("%w: the phone belongs to %06d, which this server does not serve", exchange.ErrWrongRealm, code)
	return nil, syncrpc.Status(ctx, s.config.Log, s.perhapsUnopened(err))
}

// deskOf gives the realm that somebody signs in to.
func (s *Server) deskOf(ctx context.Context, code uint32) (*hosted, error) {
	h := s.realms.of(code)
	switch {
	case h != nil:
		return h, nil
	case code == 0:
		return nil, refusals.Status(ctx, s.config.Log, fmt.Errorf("%w: %s", errWhichRealm, s.realmNames()))
	}
	return nil, refusals.Status(ctx, s.config.Log, s.perhapsUnopened(fmt.Errorf("%w: %06d", errNoRealm, code)))
}

// perhapsUnopened is an error that is told of a realm which is not known here, unless it may be one that cannot be opened: then
// nobody is sent away for good.
func (s *Server) perhapsUnopened(err error) error {
	return cmp.Or(s.realms.mayBeUnopened(), err)
}

// ofJoinCode gives the realm that made a join code. A code of none is answered by the first, as one of its own that is wrong.
func (s *Server) ofJoinCode(ctx context.Context, code string) (*hosted, error) {
	return s.ofCode(ctx, func(r store.Reader) error {
		_, err := identity.CodeOwner(r, code)
		return err
	})
}

// ofInvitation does the same for the code of an invitation to sign in.
func (s *Server) ofInvitation(ctx context.Context, code string) (*hosted, error) {
	return s.ofCode(ctx, func(r store.Reader) error {
		_, err := identity.InvitedAccount(r, code, 0) // Whether it has expired its realm says.
		return err
	})
}

func (s *Server) ofCode(ctx context.Context, look func(store.Reader) error) (*hosted, error) {
	h, err := s.realms.knowing(ctx, identity.ErrCodeUnknown, look)
	if h == nil && err == nil {
		h = s.realms.first()
	}
	return h, err
}

// realmNames lists the realms for who has to name one.
func (s *Server) realmNames() string {
	var names []string
	for _, realm := range s.Realms() {
		names = append(names, fmt.Sprintf("%06d %s", realm.Code, realm.Name))
	}
	return strings.Join(names, ", ")
}
