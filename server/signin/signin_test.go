package signin_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/signin"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/throttle"
	"onedoor/syncengine"
)

const good = "桂花开在巷子口的 7 棵树"

// world is a realm with two users and a clock that a test moves.
type world struct {
	t     *testing.T
	store store.Store
	now   time.Time
	s     *signin.Service
}

func newWorld(t *testing.T, provider signin.Provider) *world {
	w := &world{t: t, store: memstore.New(), now: time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)}
	w.must(w.store.Update(t.Context(), func(tx store.Writer) error {
		if err := identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: 1}); err != nil {
			return err
		}
		for i := range byte(2) {
			if err := identity.PutUser(tx, identity.User{ID: user(i), Name: "和丽", Role: uint32(recordv1.Role_ROLE_DISTRICT), State: identity.UserActive}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.s = w.service(provider)
	return w
}

// service makes a server's service over the world's realm.
func (w *world) service(provider signin.Provider) *signin.Service {
	s := signin.New(w.store, signin.Options{
		Key: make([]byte, 32), Provider: provider, Now: func() time.Time { return w.now }, Random: rand.NewChaCha8([32]byte{1}),
	})
	s.Cheaply()
	return s
}

// operator acts in the tests.
var operator = accessledger.Actor{Operator: true}

func user(i byte) syncengine.ID { return syncengine.ID{15: i + 1} }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// digits is what an authenticator with the key shows.
func (w *world) digits(secret string) string {
	code, err := totp.GenerateCode(secret, w.now)
	w.must(err)
	return code
}

// setUp invites a user, who chooses a password, and gives the authenticator's key.
func (w *world) setUp(u syncengine.ID, name, password string) (secret string) {
	w.t.Helper()
	inv, err := w.s.Invite(w.t.Context(), operator, u, name)
	w.must(err)
	a, err := w.s.BeginSetUp(w.t.Context(), string(inv.Code), password, "10.0.0.1")
	w.must(err)
	if !strings.Contains(a.URI, "otpauth://totp/") || !strings.Contains(a.URI, a.Secret) {
		w.t.Errorf("the authenticator's address: %s", a.URI)
	}
	_, err = w.s.FinishSetUp(w.t.Context(), string(inv.Code), w.digits(a.Secret), "10.0.0.1")
	w.must(err)
	w.now = w.now.Add(time.Minute) // The next code.
	return a.Secret
}

func (w *world) signIn(name, password, code string) (*signin.Session, error) {
	return w.s.SignIn(w.t.Context(), signin.Password{Name: name, Password: password, Code: code}, "10.0.0.1")
}

// speaks tells who speaks with a token.
func (w *world) speaks(token string) (p identity.Principal, err error) {
	w.must(w.store.View(w.t.Context(), func(r store.Reader) error {
		p, err = identity.CheckToken(r, token, syncengine.UnixMilli(w.now.UnixMilli()))
		return nil
	}))
	return p, err
}

func TestSignIn_GivesASessionThatEndsByItself(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "He.Li", good)
	session, err := w.signIn(" he.LI ", good, w.digits(secret))
	w.must(err)
	if p, err := w.speaks(session.Token); err != nil || p.UserID != user(0) {
		t.Errorf("the session speaks for %v, %v", p, err)
	}
	w.now = w.now.Add(signin.SessionFor - time.Second)
	if _, err := w.speaks(session.Token); err != nil {
		t.Errorf("before its end: %v", err)
	}
	w.now = w.now.Add(time.Second)
	if _, err := w.speaks(session.Token); !errors.Is(err, identity.ErrTokenExpired) {
		t.Errorf("at its end: %v", err)
	}
}

func TestSignIn_NeedsAllThree(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "heli", good)
	other := w.setUp(user(1), "lijun", good+"!")
	for name, p := range map[string][3]string{
		"another's password":  {"heli", good + "!", w.digits(secret)},
		"another's code":      {"heli", good, w.digits(other)},
		"no code":             {"heli", good, ""},
		"no password":         {"heli", "", w.digits(secret)},
		"a name of nobody":    {"nobody", good, w.digits(secret)},
		"a name that is none": {"和丽", good, w.digits(secret)},
		"a very long one":     {"heli", strings.Repeat("x", 1<<20), w.digits(secret)},
	} {
		if _, err := w.signIn(p[0], p[1], p[2]); !errors.Is(err, signin.ErrRefused) || err.Error() != signin.ErrRefused.Error() {
			t.Errorf("%s: %v", name, err)
		}
		w.now = w.now.Add(time.Hour)
		w.now = w.now.Truncate(time.Minute)
	}
	if _, err := w.signIn("heli", good, w.digits(secret)); err != nil {
		t.Errorf("all three: %v", err)
	}
}

func TestSignIn_NoCodeWorksTwiceAndNoneOfAnHourAgo(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "heli", good)
	code := w.digits(secret)
	w.now = w.now.Add(25 * time.Second)
	_, err := w.signIn("heli", good, code)
	w.must(err)
	if _, err := w.signIn("heli", good, code); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("the same code again: %v", err)
	}
	w.now = w.now.Add(time.Hour)
	old := w.digits(secret)
	w.now = w.now.Add(90 * time.Second)
	if _, err := w.signIn("heli", good, old); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("a code of two steps ago: %v", err)
	}
}

func TestSignIn_FailuresSlowTheNameDownThereAndNotElsewhere(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "heli", good)
	var slow *throttle.SlowDown
	tries := 0
	for ; tries < 100 && !errors.As(slow2(w.signIn("heli", "wrong password", "000000")), &slow); tries++ {
	}
	if tries != 5 {
		t.Errorf("%d wrong passwords before the name has to wait", tries)
	}
	if _, err := w.signIn("heli", good, w.digits(secret)); !errors.As(err, &slow) {
		t.Errorf("even the right one waits: %v", err)
	}
	_, err := w.s.SignIn(t.Context(), signin.Password{Name: "heli", Password: good, Code: w.digits(secret)}, "192.0.2.1")
	if err != nil {
		t.Errorf("from her own desk: %v", err)
	}
}

func slow2(_ *signin.Session, err error) error { return err }

func TestSignIn_GoodOnesAreNeverCounted(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "heli", good)
	for range 12 {
		_, err := w.signIn("heli", good, w.digits(secret))
		w.must(err)
		w.now = w.now.Add(30 * time.Second)
	}
}

func TestSetUp_AnInvitationWorksOnceAndReplacesWhatWasInForce(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	old := w.setUp(user(0), "heli", good)
	session, err := w.signIn("heli", good, w.digits(old))
	w.must(err)
	inv, err := w.s.Invite(t.Context(), operator, user(0), "heli")
	w.must(err)
	w.now = w.now.Add(time.Minute)
	if _, err := w.signIn("heli", good, w.digits(old)); err != nil {
		t.Errorf("while the invitation is open the old password stays: %v", err)
	}
	a, err := w.s.BeginSetUp(t.Context(), string(inv.Code), "另一个很长很长的口令", "")
	w.must(err)
	if _, err := w.s.FinishSetUp(t.Context(), string(inv.Code), "000000", ""); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("a wrong code: %v", err)
	}
	_, err = w.s.FinishSetUp(t.Context(), string(inv.Code), w.digits(a.Secret), "")
	w.must(err)
	if _, err := w.speaks(session.Token); !errors.Is(err, identity.ErrTokenRevoked) {
		t.Errorf("a session of the old password: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.signIn("heli", good, w.digits(old)); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := w.s.BeginSetUp(t.Context(), string(inv.Code), good, ""); !errors.Is(err, identity.ErrCodeUnknown) {
		t.Errorf("the used invitation: %v", err)
	}
	_, err = w.signIn("heli", "另一个很长很长的口令", w.digits(a.Secret))
	w.must(err)
}

func TestSetUp_RefusesPasswordsThatAreGuessedFirst(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	inv, err := w.s.Invite(t.Context(), operator, user(0), "heli")
	w.must(err)
	for _, weak := range []string{"", "short", "aaaaaaaaaaaa", "1212121212", "password12", "heli 2026 heli!", "1234567890", strings.Repeat("long ab ", 100), "qwertyuiop1", "\xff\xfe\xfd\xfc 12345678"} {
		if _, err := w.s.BeginSetUp(t.Context(), string(inv.Code), weak, ""); !errors.Is(err, signin.ErrWeak) {
			t.Errorf("%.20q: %v", weak, err)
		}
	}
	if _, err := w.s.FinishSetUp(t.Context(), string(inv.Code), "123456", ""); !errors.Is(err, signin.ErrNothingPending) {
		t.Errorf("finished before it was begun: %v", err)
	}
	w.now = w.now.Add(identity.CodeValidFor)
	if _, err := w.s.BeginSetUp(t.Context(), string(inv.Code), good, ""); !errors.Is(err, identity.ErrCodeExpired) {
		t.Errorf("three days later: %v", err)
	}
}

func TestInvite_ANameIsOnePersons(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	w.setUp(user(0), "heli", good)
	if _, err := w.s.Invite(t.Context(), operator, user(1), "HELI"); !errors.Is(err, identity.ErrAccountTaken) {
		t.Errorf("another's name: %v", err)
	}
	for _, bad := range []string{"", "x", "he li", "和丽", strings.Repeat("x", 65)} {
		if _, err := w.s.Invite(t.Context(), operator, user(1), bad); !errors.Is(err, identity.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := w.s.Invite(t.Context(), operator, user(9), "new"); !errors.Is(err, identity.ErrUserUnknown) {
		t.Errorf("no such user: %v", err)
	}
	_, err := w.s.Invite(t.Context(), operator, user(0), "he.li")
	w.must(err)
	_, err = w.s.Invite(t.Context(), operator, user(1), "heli")
	if err != nil {
		t.Errorf("a name that was given up: %v", err)
	}
}

func TestRemove_AndAClosedUserEndEverything(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "heli", good)
	session, err := w.signIn("heli", good, w.digits(secret))
	w.must(err)
	w.must(w.s.Remove(t.Context(), operator, user(0)))
	if _, err := w.speaks(session.Token); !errors.Is(err, identity.ErrTokenRevoked) {
		t.Errorf("the session: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.signIn("heli", good, w.digits(secret)); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("signing in: %v", err)
	}
	if err := w.s.Remove(t.Context(), operator, user(0)); !errors.Is(err, identity.ErrAccountUnknown) {
		t.Errorf("removing again: %v", err)
	}
	secret = w.setUp(user(1), "lijun", good)
	w.must(w.store.Update(t.Context(), func(tx store.Writer) error {
		return identity.SetUserState(tx, user(1), identity.UserClosed, 1)
	}))
	if _, err := w.signIn("lijun", good, w.digits(secret)); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("who has left: %v", err)
	}
}

func TestAccounts_TheStoreHoldsNoPasswordAndNoKey(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	w.s = signin.New(w.store, signin.Options{Key: make([]byte, 32), Now: func() time.Time { return w.now }})
	secret := w.setUp(user(0), "heli", good)
	w.must(w.store.View(t.Context(), func(r store.Reader) error {
		a, err := identity.GetAccount(r, user(0))
		if err != nil {
			return err
		}
		if !strings.HasPrefix(a.Credential.PasswordHash, "$argon2id$v=19$m=65536,t=3,p=4$") || strings.Contains(a.Credential.PasswordHash, good) {
			t.Errorf("hash %s", a.Credential.PasswordHash)
		}
		if strings.Contains(string(a.Credential.SealedTOTP), secret) {
			t.Error("the authenticator's key can be read")
		}
		return nil
	}))
	_, err := w.signIn("heli", good, w.digits(secret))
	w.must(err)
}

func TestSignIn_AServerWithoutAProviderTakesNoIDToken(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	if _, err := w.s.SignInProvider(context.Background(), "a.b.c", ""); !errors.Is(err, signin.ErrNoProvider) {
		t.Errorf("%v", err)
	}
	if err := w.s.Link(t.Context(), operator, user(0), "abc"); !errors.Is(err, signin.ErrNoProvider) {
		t.Errorf("%v", err)
	}
}

func TestSignIn_StandsInTheAccessLedger(t *testing.T) {
	w := newWorld(t, signin.Provider{})
	secret := w.setUp(user(0), "heli", good)
	session, err := w.signIn("heli", good, w.digits(secret))
	w.must(err)
	w.must(w.s.SignOut(t.Context(), accessledger.Actor{User: user(0)}, session.ID))
	_, err = w.signIn("heli", "wrong password", "000000")
	if !errors.Is(err, signin.ErrRefused) {
		t.Error(err)
	}
	var got []accessledger.Action
	w.must(w.store.View(t.Context(), func(r store.Reader) error {
		return accessledger.Walk(r, accessledger.Filter{}, func(e accessledger.Entry) bool {
			got = append(got, e.Action)
			return true
		})
	}))
	want := []accessledger.Action{accessledger.SignInSet, accessledger.SignInSet, accessledger.TokenMint, accessledger.TokenRevoke}
	if !slices.Equal(got, want) {
		t.Errorf("the ledger tells %v, want %v", got, want)
	}
}
