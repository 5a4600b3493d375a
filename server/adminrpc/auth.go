package adminrpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/bearer"
	"onedoor/server/identity"
)

// caller is who makes a call.
type caller struct {
	identity.Principal
	// ctx is the call's context, without the token.
	ctx context.Context
}

// permission says who may make a call.
type permission func(identity.Principal) bool

// anyone with a token.
func anyone(identity.Principal) bool { return true }

// operators manage the realm and read no record content.
func operators(p identity.Principal) bool {
	return p.Operator || recordv1.Role(p.Role) == recordv1.Role_ROLE_OPERATOR
}

// overseers see ids, kinds, seqs and codes of everything, and no value.
func overseers(p identity.Principal) bool {
	return operators(p) || recordv1.Role(p.Role) == recordv1.Role_ROLE_AUDITOR
}

// answer runs one call: it finds out who calls, checks that they may, runs f,
// and turns whatever goes wrong into a status.
func answer[R any](ctx context.Context, s *Service, may permission, f func(*caller) (R, error)) (out R, err error) {
	c, err := s.admit(ctx, may)
	if err == nil {
		out, err = f(c)
	}
	return out, s.status(ctx, err)
}

// called is what the server's log calls an operator: by the user's id, and never by a name.
func (c *caller) called() string {
	if c.UserID.IsZero() {
		return "the operator's own token"
	}
	return c.UserID.String()
}

// admit finds out who calls and checks that they may.
func (s *Service) admit(ctx context.Context, may permission) (*caller, error) {
	who, err := bearer.Admit(ctx, s.realm, s.now())
	if err != nil {
		return nil, err
	}
	c := &caller{Principal: who, ctx: ctx}
	if !may(c.Principal) {
		return nil, fmt.Errorf("role %s: %w", domain.Role(c.Role), errNotPermitted)
	}
	if operators(c.Principal) {
		method, _ := grpc.Method(ctx)
		s.log.Info("operator's call", "method", method, "by", c.called())
	}
	return c, nil
}
