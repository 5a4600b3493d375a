package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

const (
	// callbackPath is where the identity provider sends the browser back to; register it there.
	callbackPath = "/signin/callback"
	// providerCookie holds what ties the way back to the way there.
	providerCookie = "onedoor-provider"
	// providerWait is how long a person may take at the provider; the nonce lives as long.
	providerWait = 10 * time.Minute
	// providerTimeout bounds one question to the provider.
	providerTimeout = 15 * time.Second
)

// toProvider sends the browser to the identity provider: the authorisation code flow with PKCE (RFC 7636). It is a link and no
// form, since the page's policy lets forms go to this console alone, and their redirects as well.
func (v *visit) toProvider() {
	ctx, cancel := context.WithTimeout(v.ctx, providerTimeout)
	defer cancel()
	config, nonce, err := v.providerConfig(ctx)
	if err != nil {
		p := problemOf(err)
		v.signInPage(p.status, p)
		return
	}
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	v.setProviderCookie(strings.Join([]string{state, verifier, url.QueryEscape(ownPath(v.query("next")))}, " "), int(providerWait/time.Second))
	http.Redirect(v.w, v.r, config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)), http.StatusSeeOther)
}

// providerConfig asks the provider where it signs people in.
func (v *visit) providerConfig(ctx context.Context) (config oauth2.Config, nonce string, err error) {
	ways, err := call(v, v.c.o.Admin.GetSignIn, &adminv1.GetSignInRequest{})
	if err != nil {
		return config, "", err
	}
	if ways.GetProvider() == nil {
		return config, "", errNoProvider
	}
	provider, err := oidc.NewProvider(ctx, ways.GetProvider().GetIssuer())
	if err != nil {
		v.c.o.Log.Warn("identity provider not reached", "error", err)
		return config, "", errNoProvider
	}
	scheme := "http"
	if v.c.secure(v.r) {
		scheme = "https"
	}
	return oauth2.Config{
		ClientID: ways.GetProvider().GetClientId(), Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID},
		RedirectURL: (&url.URL{Scheme: scheme, Host: v.r.Host, Path: callbackPath}).String(),
	}, ways.GetProvider().GetNonce(), nil
}

// errNoProvider says that nobody can be signed in by a provider now.
var errNoProvider = func() *problem {
	p := reasonWords[adminv1.Reason_REASON_PROVIDER]
	p.status = http.StatusServiceUnavailable
	return &p
}()

func (v *visit) setProviderCookie(value string, maxAge int) {
	http.SetCookie(v.w, &http.Cookie{
		Name: providerCookie, Value: url.QueryEscape(value), Path: callbackPath, MaxAge: maxAge, HttpOnly: true, Secure: v.c.secure(v.r), SameSite: http.SameSiteLaxMode,
	})
}

// fromProvider takes the browser back and begins the session.
func (v *visit) fromProvider() {
	s, next, err := v.redeem()
	v.setProviderCookie("", -1)
	if err != nil {
		p := problemOf(err)
		v.signInPage(p.status, p)
		return
	}
	v.c.begin(v.w, v.r, s)
	_ = v.seeOther(next)
}

// redeem turns the code that the browser brought into a session.
func (v *visit) redeem() (*adminv1.SignInResponse, string, error) {
	if v.query("error") != "" {
		return nil, "", refused("在统一身份认证那里没有完成登录，请重新开始。", "Signing in was not finished at the identity provider: begin again.")
	}
	cookie, err := v.r.Cookie(providerCookie)
	if err != nil {
		return nil, "", refused("登录已超时，请重新开始。", "Signing in took too long: begin again.")
	}
	value, _ := url.QueryUnescape(cookie.Value)
	kept := strings.Fields(value)
	if len(kept) != 3 || subtle.ConstantTimeCompare([]byte(kept[0]), []byte(v.query("state"))) != 1 {
		return nil, "", refused("登录没有从这里开始，请重新登录。", "This sign-in did not begin here: begin again.")
	}
	ctx, cancel := context.WithTimeout(v.ctx, providerTimeout)
	defer cancel()
	config, _, err := v.providerConfig(ctx)
	if err != nil {
		return nil, "", err
	}
	token, err := config.Exchange(ctx, v.query("code"), oauth2.VerifierOption(kept[1]))
	if err != nil {
		v.c.o.Log.Warn("identity provider gave no token", "error", errors.Unwrap(err))
		return nil, "", errNoProvider
	}
	raw, _ := token.Extra("id_token").(string)
	s, err := call(v, v.c.o.Admin.SignIn, &adminv1.SignInRequest{Proof: &adminv1.SignInRequest_IdToken{IdToken: raw}})
	if reasonOf(err) == adminv1.Reason_REASON_SIGN_IN {
		err = &problem{status: http.StatusForbidden, ZH: "统一身份认证认识您，但这个账号还没有关联到本系统的人员。请联系系统管理员。", EN: "The identity provider knows you, but the account belongs to nobody here yet. Ask the operator to link it."}
	}
	next, _ := url.QueryUnescape(kept[2])
	return s, ownPath(next), err
}
