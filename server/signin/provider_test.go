package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"onedoor/server/signin"
)

// provider is an identity provider: discovery, keys, and ID tokens as a test wants them.
type provider struct {
	t   *testing.T
	url string
	key *ecdsa.PrivateKey
}

func newProvider(t *testing.T) *provider {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": p.url, "jwks_uri": p.url + "/keys", "authorization_endpoint": p.url + "/authorize", "token_endpoint": p.url + "/token",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// claims are those of an ID token.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Nonce    string `json:"nonce"`
}

func (p *provider) sign(key *ecdsa.PrivateKey, c claims) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

func TestSignInProvider_TakesItsOwnTokenOnceForALinkedUser(t *testing.T) {
	p := newProvider(t)
	w := newWorld(t, signin.Provider{Issuer: p.url, ClientID: "onedoor"})
	w.must(w.s.Link(t.Context(), operator, user(0), "subject-1"))
	fresh := func() claims {
		ways, nonce, err := w.s.Ways()
		w.must(err)
		if ways.Issuer != p.url {
			t.Fatalf("ways %+v", ways)
		}
		return claims{p.url, "subject-1", "onedoor", w.now.Add(time.Minute).Unix(), nonce}
	}
	in := func(raw string) (*signin.Session, error) { return w.s.SignInProvider(t.Context(), raw, "10.0.0.1") }
	token := p.sign(p.key, fresh())
	session, err := in(token)
	w.must(err)
	if who, err := w.speaks(session.Token); err != nil || who.UserID != user(0) {
		t.Errorf("the session speaks for %+v, %v", who, err)
	}
	if _, err := in(token); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("the same token again: %v", err)
	}
	if _, err := w.service(signin.Provider{Issuer: p.url, ClientID: "onedoor"}).SignInProvider(t.Context(), token, "10.0.0.1"); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("the same token at another server: %v", err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	for name, raw := range map[string]func() string{
		"for another client":     func() string { c := fresh(); c.Audience = "else"; return p.sign(p.key, c) },
		"of another issuer":      func() string { c := fresh(); c.Issuer = "https://else.example"; return p.sign(p.key, c) },
		"of nobody here":         func() string { c := fresh(); c.Subject = "subject-2"; return p.sign(p.key, c) },
		"expired":                func() string { c := fresh(); c.Expires = w.now.Add(-time.Second).Unix(); return p.sign(p.key, c) },
		"signed by someone else": func() string { return p.sign(stranger, fresh()) },
		"with no nonce":          func() string { c := fresh(); c.Nonce = ""; return p.sign(p.key, c) },
		"with a made-up nonce":   func() string { c := fresh(); c.Nonce = "AAAAAAAAAAAAAAAA"; return p.sign(p.key, c) },
		"that is no token":       func() string { return "x.y.z" },
	} {
		if _, err := in(raw()); !errors.Is(err, signin.ErrRefused) {
			t.Errorf("a token %s: %v", name, err)
		}
	}
	slow := fresh()
	w.now = w.now.Add(11 * time.Minute)
	slow.Expires = w.now.Add(time.Minute).Unix()
	if _, err := in(p.sign(p.key, slow)); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("a nonce of eleven minutes ago: %v", err)
	}
}

func TestSignInProvider_OneThatIsDownIsSaidAndComesBack(t *testing.T) {
	w := newWorld(t, signin.Provider{Issuer: "http://127.0.0.1:1", ClientID: "onedoor"})
	if _, err := w.s.SignInProvider(t.Context(), "a.b.c", ""); !errors.Is(err, signin.ErrProvider) {
		t.Errorf("%v", err)
	}
}
