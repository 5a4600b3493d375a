package signin

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"onedoor/server/store"
)

// Provider is the identity provider that a realm trusts.
type Provider struct {
	// Issuer is its URL; what it says of itself stands at /.well-known/openid-configuration below it.
	Issuer string
	// ClientID is the name under which it knows this realm. ID tokens must be made for it.
	ClientID string
}

const (
	// nonceFor is how long a person may take at the identity provider.
	nonceFor = 10 * time.Minute
	// providerTimeout bounds a look at the provider's keys.
	providerTimeout = 15 * time.Second
	// nonceRandomBytes make a nonce unguessable.
	nonceRandomBytes = 16
	nonceTimeBytes   = 8
)

// providers verifies ID tokens. The provider's keys are fetched when they are first needed: a server starts without it.
type providers struct {
	// mu guards verifier.
	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// bucketUsed holds the nonces of tokens that signed somebody in, until they expire anyway: in the realm's store, since a token may
// be played again at another server, or after a restart.
const bucketUsed = "signin.used"

// Claims are what an ID token says that matters here.
type Claims struct {
	Issuer, Subject string
	// nonce is the one that the token was asked for with, without its seal.
	nonce []byte
}

func (s *Service) verifierNow(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	s.providers.mu.Lock()
	defer s.providers.mu.Unlock()
	if s.providers.verifier != nil {
		return s.providers.verifier, nil
	}
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: providerTimeout})
	p, err := oidc.NewProvider(ctx, s.o.Provider.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", s.o.Provider.Issuer, ErrProvider, err)
	}
	s.providers.verifier = p.Verifier(&oidc.Config{ClientID: s.o.Provider.ClientID, Now: s.o.Now})
	return s.providers.verifier, nil
}

// claims verifies an ID token: signature, issuer, audience and expiry by the library, the nonce here.
func (s *Service) claims(ctx context.Context, raw string) (Claims, error) {
	if s.o.Provider.Issuer == "" {
		return Claims{}, ErrNoProvider
	}
	verifier, err := s.verifierNow(ctx)
	if err != nil {
		return Claims{}, err
	}
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	nonce, ok := s.opened(token.Nonce)
	if !ok {
		return Claims{}, fmt.Errorf("%w: the ID token's nonce is not one of this realm's, or is too old", ErrRefused)
	}
	return Claims{Issuer: token.Issuer, Subject: token.Subject, nonce: nonce}, nil
}

// newNonce makes a nonce that says when it was made and that this server made it.
func (s *Service) newNonce() (string, error) {
	b := make([]byte, nonceTimeBytes+nonceRandomBytes, nonceTimeBytes+nonceRandomBytes+sha256.Size)
	binary.BigEndian.PutUint64(b, uint64(s.o.Now().UnixMilli()))
	if _, err := io.ReadFull(s.o.Random, b[nonceTimeBytes:]); err != nil {
		return "", fmt.Errorf("draw a nonce: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, s.nonceMAC(b)...)), nil
}

// opened gives what a nonce is without its seal; ok is false for one that no server of this realm has made, or long ago.
func (s *Service) opened(nonce string) (body []byte, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceTimeBytes+nonceRandomBytes+sha256.Size {
		return nil, false
	}
	body, mac := b[:nonceTimeBytes+nonceRandomBytes], b[nonceTimeBytes+nonceRandomBytes:]
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(body)))
	return body, subtle.ConstantTimeCompare(mac, s.nonceMAC(body)) == 1 && !s.o.Now().After(made.Add(nonceFor))
}

// useNonce uses a nonce up in the transaction that signs somebody in, and forgets those that have expired.
func (s *Service) useNonce(w store.Writer, nonce []byte) error {
	if _, used, err := w.Document(bucketUsed, nonce); err != nil || used {
		return cmp.Or(err, fmt.Errorf("%w: the ID token was used before", ErrRefused))
	}
	var old [][]byte
	expired := binary.BigEndian.AppendUint64(nil, uint64(s.o.Now().Add(-nonceFor).UnixMilli()))
	err := w.Documents(bucketUsed, nil, expired, func(d store.Document) bool {
		old = append(old, d.Key)
		return true
	})
	for _, key := range old {
		err = errors.Join(err, w.DeleteDocument(bucketUsed, key))
	}
	return errors.Join(err, w.PutDocument(bucketUsed, nonce, []byte{1}))
}

func (s *Service) nonceMAC(body []byte) []byte {
	h := hmac.New(sha256.New, s.o.Key)
	h.Write([]byte("onedoor sign-in nonce 1"))
	h.Write(body)
	return h.Sum(nil)
}
