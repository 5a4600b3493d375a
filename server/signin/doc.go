// Package signin turns what a person shows into a session: a name and a password
// with a one-time code, or an ID token of an identity provider.
//
// Passwords are hashed with argon2id (RFC 9106), codes are those of RFC 6238, ID
// tokens those of OpenID Connect Core 1.0. Nobody but its owner ever knows a
// password: the operator hands over a code, and the user chooses one with it.
//
// It never tells which of name, password and code was wrong, nor how long a hash
// took for whom. Failures are counted by name and by address (server/throttle);
// what succeeds is not. It keeps nothing but one-time nonces and counts in memory:
// accounts and sessions are documents of server/identity.
//
// Read service.go first, then password.go, totp.go and provider.go.
package signin
