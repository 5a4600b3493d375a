package signin

import "errors"

// Errors of this package, wrapped with what the call asked for.
var (
	// ErrRefused means that what was shown fits no account; it never says which part.
	ErrRefused = errors.New("name, password or code is wrong")
	// ErrWeak means that a password is easy to guess; the message says what to change.
	ErrWeak = errors.New("choose another password")
	// ErrNoProvider means that no identity provider is configured.
	ErrNoProvider = errors.New("no identity provider is configured here")
	// ErrProvider means that the identity provider cannot be reached.
	ErrProvider = errors.New("the identity provider cannot be reached")
	// ErrNothingPending means that a set-up is finished before it was begun.
	ErrNothingPending = errors.New("no password was chosen yet")
	// ErrBusy means that the call ended while it waited for others' passwords to be checked.
	ErrBusy = errors.New("too many people sign in at this moment")
)
