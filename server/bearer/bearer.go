// Package bearer reads the token of a gRPC call. It says nothing of what a token is good for: package identity does.
package bearer

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"

	"onedoor/server/identity"
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
