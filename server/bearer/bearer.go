// Package bearer finds out who makes a call, by its token. It says nothing of what they may do: each service does.
package bearer

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// authorization is the metadata key of the token.
const authorization = "authorization"

// Token gives the bearer token of a call, or [identity.ErrTokenUnknown].
func Token(ctx context.Context) (string, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, value := range md.Get(authorization) {
		if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
			return token, nil
		}
	}
	return "", fmt.Errorf("no bearer token: %w", identity.ErrTokenUnknown)
}

// Realm is where a token is looked up.
type Realm interface {
	View(ctx context.Context, f func(store.Reader) error) error
}

// Admit finds out who makes a call, or gives one of package identity's errors about tokens.
func Admit(ctx context.Context, realm Realm, now syncengine.UnixMilli) (who identity.Principal, err error) {
	token, err := Token(ctx)
	if err != nil {
		return who, err
	}
	err = realm.View(ctx, func(r store.Reader) (err error) {
		who, err = identity.CheckToken(r, token, now)
		return err
	})
	return who, err
}
