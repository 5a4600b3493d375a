package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/throttle"
	"onedoor/syncengine"
)

// SessionFor is how long a session lasts: a working day with its breaks, so that a console left open overnight is closed in
// the morning.
const SessionFor = 12 * time.Hour

var (
	// byNameThere is what one name may fail at one address: a few slips, then one more every three minutes.
	byNameThere = throttle.Rule{Burst: 5, Every: 3 * time.Minute}
	// byName is what one name may fail from everywhere. It is wide, so that who guesses from elsewhere does not keep its
	// owner out: 1,440 guesses a day, each with a code of six digits that is good for a minute, against ten characters.
	byName = throttle.Rule{Burst: 60, Every: time.Minute}
	// byAddress is what one address may fail: an office shares one, and so do many offices of a carrier.
	byAddress = throttle.Rule{Burst: 60, Every: 10 * time.Second}
)

// hashesAtOnce bounds the memory that checking passwords takes: 64 MiB each, on a machine that also serves phones.
const hashesAtOnce = 2

// Realm is where accounts are kept.
type Realm interface {
	View(context.Context, func(store.Reader) error) error
	Update(context.Context, func(store.Writer) error) error
}

// Options are what a service needs from outside.
type Options struct {
	// Key seals authenticators' keys; 32 bytes that only this realm's secrets give.
	Key []byte
	// Provider may be empty.
	Provider Provider
	// Guesses are what the realm's servers count together; nil for a server that is alone.
	Guesses *throttle.Shared
	// Now is the clock; the system's when nil.
	Now func() time.Time
	// Random draws salts, keys and tokens; the system's when nil.
	Random io.Reader
	// Limits are those of all realms of the process; this service's own when nil. Realm tells its names from other realms' there.
	Limits *Limits
	Realm  uint32
}

// Limits count failures, and bound the memory that checking passwords takes, of all realms of a process together: a guesser gains
// nothing by trying one realm after the other.
type Limits struct {
	// here counts by name and address, names and networks by one of them.
	here, names, networks *throttle.Throttle
	// hashing holds a place for each password that may be checked at once.
	hashing chan struct{}
}

// NewLimits makes limits that have counted nothing.
func NewLimits() *Limits {
	return &Limits{
		here: throttle.Common("sign-in name there", byNameThere), names: throttle.Common("sign-in name", byName), networks: throttle.Common("sign-in address", byAddress),
		hashing: make(chan struct{}, hashesAtOnce),
	}
}

// Service signs people in.
type Service struct {
	realm Realm
	o     Options
	*Limits
	providers providers
	// cost is that of new hashes.
	cost cost
}

// New makes a service.
func New(realm Realm, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Limits == nil {
		o.Limits = NewLimits()
	}
	return &Service{realm: realm, o: o, Limits: o.Limits, cost: fullCost}
}

// Session is what signing in gives.
type Session struct {
	// Token is the text to send with calls.
	Token string
	ID    syncengine.ID
	// Expires is when it ends by itself.
	Expires syncengine.UnixMilli
	User    identity.User
}

// Password is what somebody types who signs in.
type Password struct{ Name, Password, Code string }

// Ways tells how one signs in here: the provider, empty for none, and a nonce for it.
func (s *Service) Ways() (p Provider, nonce string, err error) {
	if s.o.Provider.Issuer == "" {
		return p, "", nil
	}
	nonce, err = s.newNonce()
	return s.o.Provider, nonce, err
}

// SignIn signs in with a password and a one-time code. Address is where the call came from; empty when that is not known.
func (s *Service) SignIn(ctx context.Context, p Password, address string) (*Session, error) {
	name, err := identity.SignInName(p.Name)
	if err != nil {
		name = "?" // All that no account can have share one count.
	}
	return s.guarded(ctx, name, address, func() (*Session, error) { return s.signIn(ctx, name, p) })
}

// SignInProvider signs in with an ID token of the identity provider.
func (s *Service) SignInProvider(ctx context.Context, raw, address string) (*Session, error) {
	return s.guarded(ctx, "", address, func() (*Session, error) {
		claims, err := s.claims(ctx, raw)
		if err != nil {
			return nil, err
		}
		return s.begin(ctx, func(r store.Reader) (identity.Account, error) {
			return identity.AccountBySubject(r, claims.Issuer, claims.Subject)
		}, func(w store.Writer, _ *identity.Account) error { return s.useNonce(w, claims.nonce) })
	})
}

// guarded runs a try to sign in unless there were too many failures, and counts one that is refused.
func (s *Service) guarded(ctx context.Context, name, address string, try func() (*Session, error)) (*Session, error) {
	here := ""
	if name != "" {
		name = fmt.Sprintf("%06d %s", s.o.Realm, name)
	}
	if name != "" && address != "" {
		here = name + " " + address
	}
	counted, now := throttle.All{{Throttle: s.here, Key: here}, {Throttle: s.names, Key: name}, {Throttle: s.networks, Key: address}}, s.o.Now()
	if err := s.o.Guesses.Take(ctx, counted, now); err != nil {
		return nil, err
	}
	out, err := try()
	if guessed(err) {
		s.o.Guesses.Keep(ctx, counted, now)
	} else {
		counted.GiveBack(now)
	}
	return out, err
}

// guessed reports an error that a guess would have ended with.
func guessed(err error) bool {
	return errors.Is(err, ErrRefused) || errors.Is(err, identity.ErrCodeUnknown) || errors.Is(err, identity.ErrCodeMistyped) || errors.Is(err, identity.ErrCodeExpired)
}

func (s *Service) signIn(ctx context.Context, name string, p Password) (*Session, error) {
	var account identity.Account
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		account, err = identity.AccountByName(r, name)
		return err
	})
	if err != nil && !errors.Is(err, identity.ErrAccountUnknown) {
		return nil, err
	}
	c := account.Credential
	if c == nil {
		c = &identity.Credential{} // Takes as long as an account that is there.
	}
	right, err := s.compare(ctx, c.PasswordHash, p.Password)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, ErrRefused
	}
	return s.begin(ctx, func(r store.Reader) (identity.Account, error) { return identity.GetAccount(r, account.User) },
		func(_ store.Writer, a *identity.Account) error { return s.useCode(a, c.PasswordHash, p.Code) })
}

// compare checks a password while few others are checked.
func (s *Service) compare(ctx context.Context, hash, password string) (bool, error) {
	if err := s.hash(ctx); err != nil {
		return false, err
	}
	defer func() { <-s.hashing }()
	return s.cost.checkPassword(hash, password), nil
}

func (s *Service) hash(ctx context.Context) error {
	select {
	case s.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}

// useCode checks the one-time code of an account whose password was found right, and uses it up.
func (s *Service) useCode(a *identity.Account, hash, code string) error {
	if a.Credential == nil || a.Credential.PasswordHash != hash {
		return ErrRefused // Changed in the meantime.
	}
	secret, err := s.unseal(a.User, a.Credential.SealedTOTP)
	if err != nil {
		return err
	}
	step, ok := stepOf(secret, code, a.Credential.Step, s.o.Now())
	if !ok {
		return ErrRefused
	}
	a.Credential.Step = step
	return nil
}

// begin makes the session of an account, once prove finds nothing against it, in one transaction.
func (s *Service) begin(ctx context.Context, find func(store.Reader) (identity.Account, error), prove func(store.Writer, *identity.Account) error) (*Session, error) {
	out := &Session{}
	err := s.realm.Update(ctx, func(w store.Writer) error {
		a, err := find(w)
		if err != nil {
			return err
		}
		if err := prove(w, &a); err != nil {
			return err
		}
		a.SignedIn = s.now()
		if err := identity.PutAccount(w, a); err != nil {
			return err
		}
		return s.mint(w, a.User, out)
	})
	if errors.Is(err, identity.ErrAccountUnknown) || errors.Is(err, identity.ErrUserClosed) || errors.Is(err, identity.ErrUserUnknown) {
		return nil, ErrRefused
	}
	return out, err
}

func (s *Service) mint(w store.Writer, user syncengine.ID, out *Session) (err error) {
	if out.User, err = identity.GetUser(w, user); err != nil {
		return err
	}
	var token identity.Token
	out.Token, token, err = identity.MintSession(w, user, s.now(), s.now()+syncengine.UnixMilli(SessionFor.Milliseconds()), s.o.Random)
	if err != nil {
		return err
	}
	out.ID, out.Expires = token.ID, token.Expires
	return s.note(w, accessledger.Actor{User: user}, accessledger.TokenMint, user)
}

func (s *Service) now() syncengine.UnixMilli { return syncengine.UnixMilli(s.o.Now().UnixMilli()) }
