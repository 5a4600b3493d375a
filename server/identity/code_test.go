package identity_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func newCode(t *testing.T, w store.Writer) string {
	t.Helper()
	addUser(t, w, id(100), worker, gridA1)
	code, expires, err := identity.NewCode(w, id(100), monday, seeded(1))
	must(t, err)
	if expires != monday+syncengine.UnixMilli(identity.CodeValidFor.Milliseconds()) {
		t.Errorf("expires at %d", expires)
	}
	return string(code)
}

func TestNewCode_IsThreeGroupsOfFourWithoutAmbiguousLetters(t *testing.T) {
	realm(t, func(w store.Writer) {
		form := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$`)
		seen := map[string]bool{}
		random := seeded(7)
		addUser(t, w, id(100), worker, gridA1)
		for range 200 {
			code, _, err := identity.NewCode(w, id(100), monday, random)
			must(t, err)
			if !form.MatchString(string(code)) || seen[string(code)] {
				t.Fatalf("code %q", code)
			}
			seen[string(code)] = true
		}
	})
}

func TestRedeemCode_ReadsACodeAsPeopleTypeIt(t *testing.T) {
	spellings := map[string]func(string) string{
		"as shown":          func(c string) string { return c },
		"lower case":        strings.ToLower,
		"no separators":     func(c string) string { return strings.ReplaceAll(c, "-", "") },
		"spaces around":     func(c string) string { return " " + strings.ReplaceAll(c, "-", " ") + "\n" },
		"ideographic space": func(c string) string { return strings.ReplaceAll(c, "-", "　") },
		"dashes":            func(c string) string { return strings.ReplaceAll(c, "-", "–") },
		"O for zero":        func(c string) string { return strings.ReplaceAll(c, "0", "o") },
		"I and l for one":   func(c string) string { return strings.Replace(strings.ReplaceAll(c, "1", "l"), "l", "I", 1) },
		"full width": func(c string) string {
			return strings.Map(func(r rune) rune { return r + '！' - '!' }, c)
		},
	}
	for name, spell := range spellings {
		t.Run(name, func(t *testing.T) {
			realm(t, func(w store.Writer) {
				user, err := identity.RedeemCode(w, spell(newCode(t, w)), id(200), monday+1)
				must(t, err)
				if user != id(100) {
					t.Errorf("user %s", user)
				}
			})
		})
	}
}

func TestRedeemCode_FindsEverySlipOfOneSymbolAndEverySwapOfTwo(t *testing.T) {
	realm(t, func(w store.Writer) {
		code := strings.ReplaceAll(newCode(t, w), "-", "")
		for i := range code {
			for _, wrong := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
				typed := code[:i] + string(wrong) + code[i+1:]
				if _, err := identity.ParseCode(typed); typed != code && !errors.Is(err, identity.ErrCodeMistyped) {
					t.Errorf("%s for %s: %v", typed, code, err)
				}
			}
			for j := i + 1; j < len(code); j++ {
				swapped := []byte(code)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				if _, err := identity.ParseCode(string(swapped)); string(swapped) != code && !errors.Is(err, identity.ErrCodeMistyped) {
					t.Errorf("%s for %s: %v", swapped, code, err)
				}
			}
		}
		for _, typed := range []string{"", "K7QF", code + "0", "UUUU-UUUU-UUUU", "一二三四五六七八九十一二"} {
			if _, err := identity.RedeemCode(w, typed, id(200), monday); !errors.Is(err, identity.ErrCodeMistyped) {
				t.Errorf("%q: %v", typed, err)
			}
		}
	})
}

func TestRedeemCode_WorksOnceAndForThreeDays(t *testing.T) {
	const valid = syncengine.UnixMilli(72 * 3600 * 1000)
	type try struct {
		incarnation uint64
		after       syncengine.UnixMilli
		want        error
	}
	cases := []struct {
		name  string
		tries []try
	}{
		{"the last millisecond", []try{{200, valid - 1, nil}}},
		{"too late", []try{{200, valid, identity.ErrCodeExpired}}},
		{"used by another", []try{{200, 1, nil}, {201, 2, identity.ErrCodeUsed}}},
		{"repeated after a lost reply", []try{{200, 1, nil}, {200, valid + 5, nil}}},
		{"used and late", []try{{200, 1, nil}, {201, valid, identity.ErrCodeUsed}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			realm(t, func(w store.Writer) {
				code := newCode(t, w)
				for _, try := range c.tries {
					if _, err := identity.RedeemCode(w, code, id(try.incarnation), monday+try.after); !errors.Is(err, try.want) {
						t.Errorf("device %d after %d ms: %v, want %v", try.incarnation, try.after, err, try.want)
					}
				}
			})
		})
	}
	realm(t, func(w store.Writer) {
		var other string
		realm(t, func(w store.Writer) { other = newCode(t, w) })
		if _, err := identity.RedeemCode(w, other, id(200), monday); !errors.Is(err, identity.ErrCodeUnknown) {
			t.Errorf("a code of another realm: %v", err)
		}
	})
}

func TestCodesAndTokens_AreStoredAsHashesOnly(t *testing.T) {
	realm(t, func(w store.Writer) {
		code := newCode(t, w)
		token, _, err := identity.MintToken(w, id(100), monday, seeded(2))
		must(t, err)
		symbols, err := identity.ParseCode(code)
		must(t, err)
		for _, bucket := range []string{"identity.codes", "identity.tokens", "identity.token-log"} {
			found := 0
			must(t, w.Documents(bucket, nil, nil, func(d store.Document) bool {
				found++
				for _, secret := range []string{code, symbols, token, strings.TrimPrefix(token, "onedoor_")} {
					if strings.Contains(string(d.Key)+string(d.Value), secret) {
						t.Errorf("%s holds %q", bucket, secret)
					}
				}
				return true
			}))
			if found != 1 {
				t.Errorf("%s holds %d documents", bucket, found)
			}
		}
	})
}
