package identity

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// SignInNameCharsMin and SignInNameCharsMax bound a name for signing in: initials are short, a mail address is long.
	SignInNameCharsMin, SignInNameCharsMax = 2, 64
	// SubjectBytesMax is the longest subject that OpenID Connect Core 1.0, chapter 2, allows.
	SubjectBytesMax = 255
)

// Account is a user's way to sign in at the console.
type Account struct {
	User syncengine.ID
	// Name is what is typed, in lower case; empty for an account of the identity provider.
	Name string
	// Credential is in force; nil until it was set up.
	Credential *Credential
	// Pending was chosen and awaits the proof that the authenticator works.
	Pending *Credential
	// Issuer and Subject name the person at the identity provider; empty without one.
	Issuer, Subject string
	// SignedIn is when the user signed in last; 0 for never.
	SignedIn syncengine.UnixMilli
	// invitation is the key of the open invitation; nil when none is.
	invitation []byte
}

// Credential is a password with the authenticator's key, neither of them readable from the store alone.
type Credential struct {
	// PasswordHash is in the PHC string format.
	PasswordHash string
	// SealedTOTP is the key of the one-time codes, sealed by who made it.
	SealedTOTP []byte
	// Step is the last time step whose code was used.
	Step uint64
}

// SignInName gives a name for signing in its stored form, or [ErrInvalid].
func SignInName(typed string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(strings.Map(narrow, typed)))
	n := utf8.RuneCountInString(name)
	if n < SignInNameCharsMin || n > SignInNameCharsMax {
		return "", fmt.Errorf("name for signing in has %d characters, %d to %d are needed: %w", n, SignInNameCharsMin, SignInNameCharsMax, ErrInvalid)
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-@", r) {
			return "", fmt.Errorf("name for signing in holds %q, only letters of the Latin alphabet, digits and . _ - @ are possible: %w", r, ErrInvalid)
		}
	}
	return name, nil
}

// PutAccount writes an account and what finds it. A name or a subject of another user is [ErrAccountTaken].
func PutAccount(w store.Writer, a Account) error {
	before, err := GetAccount(w, a.User)
	if err != nil && !isUnknownAccount(err) {
		return err
	}
	if err := dropAccountKeys(w, before, a); err != nil {
		return err
	}
	for _, key := range accountKeys(a) {
		owner, ok, err := w.Document(key.bucket, key.key)
		if err != nil {
			return wrapAt(err, key.bucket, key.key)
		}
		if ok && string(owner) != string(a.User[:]) {
			return fmt.Errorf("%s: %w", key.what, ErrAccountTaken)
		}
		if err := wrapAt(w.PutDocument(key.bucket, key.key, a.User[:]), key.bucket, key.key); err != nil {
			return err
		}
	}
	return put(w, bucketAccounts, a.User[:], a.message())
}

// RemoveAccount takes an account away; one that is not there is [ErrAccountUnknown].
func RemoveAccount(w store.Writer, user syncengine.ID) error {
	a, err := GetAccount(w, user)
	if err != nil {
		return err
	}
	if err := dropAccountKeys(w, a, Account{}); err != nil {
		return err
	}
	return wrapAt(w.DeleteDocument(bucketAccounts, user[:]), bucketAccounts, user[:])
}

// GetAccount reads a user's account, or [ErrAccountUnknown].
func GetAccount(r store.Reader, user syncengine.ID) (Account, error) {
	m := &storedv1.Account{}
	ok, err := get(r, bucketAccounts, user[:], m)
	if err != nil {
		return Account{}, err
	}
	if !ok {
		return Account{}, fmt.Errorf("user %s: %w", user, ErrAccountUnknown)
	}
	return accountOf(user, m), nil
}

// AccountByName finds an account by what was typed, or [ErrAccountUnknown].
func AccountByName(r store.Reader, typed string) (Account, error) {
	name, err := SignInName(typed)
	if err != nil {
		return Account{}, fmt.Errorf("%w: %w", ErrAccountUnknown, err)
	}
	return accountAt(r, bucketAccountNames, []byte(name))
}

// AccountBySubject finds an account of the identity provider, or [ErrAccountUnknown].
func AccountBySubject(r store.Reader, issuer, subject string) (Account, error) {
	return accountAt(r, bucketAccountSubjects, subjectKey(issuer, subject))
}

// Accounts lists all accounts in the order of users.
func Accounts(r store.Reader) ([]Account, error) {
	var out []Account
	err := walk(r, bucketAccounts, nil, newOf[storedv1.Account], func(key []byte, m *storedv1.Account) error {
		user, err := idOf(key)
		out = append(out, accountOf(user, m))
		return err
	})
	return out, err
}

// InviteAccount makes a code with which a user sets up a password. An earlier invitation becomes void; what is in force
// stays so until the set-up is finished.
func InviteAccount(w store.Writer, user syncengine.ID, typed string, now syncengine.UnixMilli, random io.Reader) (code Code, expires syncengine.UnixMilli, err error) {
	if _, err := activeUser(w, user); err != nil {
		return "", 0, err
	}
	name, err := SignInName(typed)
	if err != nil {
		return "", 0, err
	}
	a, err := GetAccount(w, user)
	if err != nil && !isUnknownAccount(err) {
		return "", 0, err
	}
	if err := dropInvitation(w, &a); err != nil {
		return "", 0, err
	}
	symbols, err := freshSymbols(w, bucketInvitations, random)
	if err != nil {
		return "", 0, err
	}
	m := &storedv1.JoinCode{UserId: user[:], CreatedMs: int64(now)}
	a.User, a.Name, a.Pending, a.invitation = user, name, nil, codeKey(symbols)
	if err := put(w, bucketInvitations, a.invitation, m); err != nil {
		return "", 0, err
	}
	return grouped(symbols), codeExpiry(m), PutAccount(w, a)
}

// InvitedAccount gives the account that a code invites, without using it up.
func InvitedAccount(r store.Reader, typed string, now syncengine.UnixMilli) (Account, error) {
	symbols, err := ParseCode(typed)
	if err != nil {
		return Account{}, err
	}
	m := &storedv1.JoinCode{}
	ok, err := get(r, bucketInvitations, codeKey(symbols), m)
	switch {
	case err != nil:
		return Account{}, err
	case !ok:
		return Account{}, ErrCodeUnknown
	case now >= codeExpiry(m):
		return Account{}, fmt.Errorf("made more than %v ago: %w", CodeValidFor, ErrCodeExpired)
	}
	user, err := idOf(m.GetUserId())
	if err != nil {
		return Account{}, err
	}
	if _, err := activeUser(r, user); err != nil {
		return Account{}, err
	}
	return GetAccount(r, user)
}

// EndInvitation puts what is pending in force and uses the invitation up.
func EndInvitation(w store.Writer, a Account) error {
	if err := dropInvitation(w, &a); err != nil {
		return err
	}
	a.Credential, a.Pending = a.Pending, nil
	return PutAccount(w, a)
}

func dropInvitation(w store.Writer, a *Account) error {
	if a.invitation == nil {
		return nil
	}
	key := a.invitation
	a.invitation = nil
	return wrapAt(w.DeleteDocument(bucketInvitations, key), bucketInvitations, key)
}

// accountKey is one way to find an account.
type accountKey struct {
	bucket string
	key    []byte
	what   string
}

func accountKeys(a Account) (keys []accountKey) {
	if a.Name != "" {
		keys = append(keys, accountKey{bucketAccountNames, []byte(a.Name), "name " + a.Name})
	}
	if a.Subject != "" {
		keys = append(keys, accountKey{bucketAccountSubjects, subjectKey(a.Issuer, a.Subject), "subject " + a.Subject})
	}
	return keys
}

// dropAccountKeys removes what finds an account and will not any more.
func dropAccountKeys(w store.Writer, before, after Account) error {
	if before.invitation != nil && string(before.invitation) != string(after.invitation) {
		if err := dropInvitation(w, &before); err != nil {
			return err
		}
	}
	for _, key := range accountKeys(before) {
		if err := w.DeleteDocument(key.bucket, key.key); err != nil {
			return wrapAt(err, key.bucket, key.key)
		}
	}
	return nil
}

func accountAt(r store.Reader, bucket string, key []byte) (Account, error) {
	value, ok, err := r.Document(bucket, key)
	if err != nil {
		return Account{}, wrapAt(err, bucket, key)
	}
	if !ok {
		return Account{}, ErrAccountUnknown
	}
	user, err := idOf(value)
	if err != nil {
		return Account{}, err
	}
	return GetAccount(r, user)
}

// subjectKey has a fixed size, whatever the provider's URL is.
func subjectKey(issuer, subject string) []byte {
	sum := sha256.Sum256([]byte("onedoor subject 1" + issuer + "\x00" + subject))
	return sum[:]
}

func (a Account) message() *storedv1.Account {
	return &storedv1.Account{
		Name: a.Name, Credential: a.Credential.message(), Pending: a.Pending.message(), Issuer: a.Issuer, Subject: a.Subject,
		Invitation: a.invitation, SignedInMs: int64(a.SignedIn),
	}
}

func (c *Credential) message() *storedv1.Credential {
	if c == nil {
		return nil
	}
	return &storedv1.Credential{PasswordHash: c.PasswordHash, SealedTotp: c.SealedTOTP, TotpStep: c.Step}
}

func accountOf(user syncengine.ID, m *storedv1.Account) Account {
	return Account{
		User: user, Name: m.GetName(), Credential: credentialOf(m.GetCredential()), Pending: credentialOf(m.GetPending()),
		Issuer: m.GetIssuer(), Subject: m.GetSubject(), SignedIn: syncengine.UnixMilli(m.GetSignedInMs()), invitation: m.GetInvitation(),
	}
}

func credentialOf(m *storedv1.Credential) *Credential {
	if m == nil {
		return nil
	}
	return &Credential{PasswordHash: m.GetPasswordHash(), SealedTOTP: m.GetSealedTotp(), Step: m.GetTotpStep()}
}

func isUnknownAccount(err error) bool { return errors.Is(err, ErrAccountUnknown) }
