package identity_test

import (
	"errors"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestCheckToken_TellsWhoSpeaks(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), staff, communityA)
		admin, _, err := identity.MintToken(w, syncengine.ID{}, monday, seeded(1))
		must(t, err)
		console, minted, err := identity.MintToken(w, id(100), monday, seeded(2))
		must(t, err)
		operator := identity.Principal{Role: uint32(recordv1.Role_ROLE_OPERATOR), Operator: true}
		if p, err := identity.CheckToken(w, admin+"\n", monday); err != nil || p != operator {
			t.Errorf("operator: %v %v", p, err)
		}
		if p, err := identity.CheckToken(w, console, monday); err != nil || p != (identity.Principal{UserID: id(100), Role: staff, Token: minted.ID}) {
			t.Errorf("console user: %v %v", p, err)
		}
		addUser(t, w, id(100), auditor, communityA)
		if p, _ := identity.CheckToken(w, console, monday); p.Role != auditor {
			t.Errorf("a changed role does not count: %d", p.Role)
		}
	})
}

func TestCheckToken_RefusesForgeries(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), staff, communityA)
		text, _, err := identity.MintToken(w, id(100), monday, seeded(1))
		must(t, err)
		last := "A"
		if strings.HasSuffix(text, last) {
			last = "Q"
		}
		for name, forged := range map[string]string{
			"nothing":          "",
			"the prefix":       "onedoor_",
			"one letter off":   text[:len(text)-1] + last,
			"without prefix":   strings.TrimPrefix(text, "onedoor_"),
			"with a tail":      text + "A",
			"in another case":  strings.ToLower(text),
			"random text":      strings.Repeat("x", len(text)),
			"not even text":    string([]byte{0xff, 0xfe}),
			"a very long text": strings.Repeat("x", 1<<20),
		} {
			if _, err := identity.CheckToken(w, forged, monday); !errors.Is(err, identity.ErrTokenUnknown) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTokens_AreLoggedForEverAndListedForTheirUser(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), staff, communityA)
		_, admin, err := identity.MintToken(w, syncengine.ID{}, monday, seeded(1))
		must(t, err)
		text, console, err := identity.MintToken(w, id(100), monday+1, seeded(2))
		must(t, err)
		must(t, identity.RevokeToken(w, console.ID, monday+2))
		must(t, identity.RevokeToken(w, console.ID, monday+3))
		if _, err := identity.CheckToken(w, text, monday); !errors.Is(err, identity.ErrTokenRevoked) {
			t.Errorf("revoked: %v", err)
		}
		log, err := identity.TokenLog(w)
		must(t, err)
		want := []identity.TokenEvent{
			{Number: 1, Action: identity.TokenMinted, Token: admin.ID, At: monday},
			{Number: 2, Action: identity.TokenMinted, Token: console.ID, User: id(100), At: monday + 1},
			{Number: 3, Action: identity.TokenRevoked, Token: console.ID, User: id(100), At: monday + 2},
		}
		if len(log) != len(want) {
			t.Fatalf("log %v", log)
		}
		for i := range want {
			if log[i] != want[i] {
				t.Errorf("line %d is %v, want %v", i, log[i], want[i])
			}
		}
		all, err := identity.Tokens(w)
		must(t, err)
		if len(all) != 2 {
			t.Errorf("%d tokens", len(all))
		}
		if _, _, err := identity.MintToken(w, id(999), monday, seeded(3)); !errors.Is(err, identity.ErrUserUnknown) {
			t.Errorf("a stranger's token: %v", err)
		}
	})
}
