package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

const (
	// providerWait is how long a person may take in the browser; the server's nonce lives as long.
	providerWait = 10 * time.Minute
	// callbackPath is where the browser comes back to, on this machine alone (RFC 8252, 7.3).
	callbackPath = "/signed-in"
	// callbackTimeout bounds one request of the browser.
	callbackTimeout = 10 * time.Second
)

// callback is what the browser brought back.
type callback struct {
	code string
	err  error
}

// idToken sends a person to the identity provider and gives the ID token that comes back: the authorisation code flow with
// PKCE, returning to a port of this machine (RFC 8252, RFC 7636).
func (a *app) idToken(client *client, ways *adminv1.GetSignInResponse) (string, error) {
	if ways.GetProvider() == nil {
		return "", errors.New("this server knows no identity provider: sign in with --name, or ask the operator to serve with --oidc-issuer")
	}
	ctx, cancel := context.WithTimeout(client.ctx, providerWait)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, ways.GetProvider().GetIssuer())
	if err != nil {
		return "", fmt.Errorf("reach the identity provider: %w: try again when it answers", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("wait for the browser: %w", err)
	}
	config := oauth2.Config{
		ClientID: ways.GetProvider().GetClientId(), Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID},
		RedirectURL: "http://" + l.Addr().String() + callbackPath,
	}
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	came := listen(l, state)
	fmt.Fprintf(a.Err, "open this address in a browser on this machine:\n%s\n",
		config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(ways.GetProvider().GetNonce())))
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("nobody signed in within %v: run the command again", providerWait)
	case back := <-came:
		if back.err != nil {
			return "", back.err
		}
		return redeem(ctx, config, back.code, verifier)
	}
}

// listen waits for the browser's one request; the listener is closed by it.
func listen(l net.Listener, state string) <-chan callback {
	came := make(chan callback, 1)
	s := &http.Server{ReadHeaderTimeout: callbackTimeout}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		back := callback{code: r.URL.Query().Get("code")}
		switch {
		case r.URL.Path != callbackPath || subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(state)) != 1:
			http.NotFound(w, r)
			return
		case back.code == "":
			back.err = fmt.Errorf("the identity provider refused (%s): sign in with an account that may", r.URL.Query().Get("error"))
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "已返回命令行，可以关闭此页。 You may close this page.")
		select {
		case came <- back:
			go s.Shutdown(context.Background()) //nolint:errcheck // lets this one answer out and ends
		default:
		}
	})
	go s.Serve(l) //nolint:errcheck // ended by Close, or with the process
	return came
}

// redeem turns the code into an ID token.
func redeem(ctx context.Context, config oauth2.Config, code, verifier string) (string, error) {
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", fmt.Errorf("ask the identity provider for the ID token: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", errors.New("the identity provider gave no ID token: register the client for OpenID Connect there")
	}
	return raw, nil
}
