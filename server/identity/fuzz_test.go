package identity_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// codeLetters are the symbols of a join code.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// FuzzParseCode holds that whatever is typed is refused as mistyped, or gives
// the symbols of a code, and then no code with one other symbol is read too.
func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"", "0000-0000-0000", "oooo oooo oooo", "ＡＢＣＤ－ＥＦＧＨ－ＪＫＭＮ", "il10 il10 il10", "0000–0000—0000", "ÅÄÖß"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		symbols, err := identity.ParseCode(typed)
		if err != nil {
			if symbols != "" || !errors.Is(err, identity.ErrCodeMistyped) {
				t.Fatalf("%q gives %q with %v", typed, symbols, err)
			}
			return
		}
		code := complete(t, symbols)
		for i := range code {
			for _, other := range codeLetters {
				wrong := code[:i] + string(other) + code[i+1:]
				if got, err := identity.ParseCode(wrong); (err == nil) != (wrong == code) {
					t.Fatalf("%s is read as %q, %v beside %s", wrong, got, err, code)
				}
			}
		}
	})
}

// complete finds the one check symbol with which symbols are a code.
func complete(t *testing.T, symbols string) (code string) {
	t.Helper()
	for _, check := range codeLetters {
		if again, err := identity.ParseCode(symbols + string(check)); err == nil {
			if again != symbols || code != "" {
				t.Fatalf("%s%c reads as %s, and so does %s", symbols, check, again, code)
			}
			code = symbols + string(check)
		}
	}
	if code == "" {
		t.Fatalf("no check symbol fits %s", symbols)
	}
	return code
}

// FuzzCheckToken holds that no text but the token's own speaks for anybody.
func FuzzCheckToken(f *testing.F) {
	s := memstore.New()
	var minted string
	err := s.Update(f.Context(), func(w store.Writer) (err error) {
		minted, _, err = identity.MintToken(w, syncengine.ID{}, monday, seeded(1))
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", minted, minted + "\n", strings.ToUpper(minted), minted[:len(minted)-1], "onedoor_", minted + "="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := s.View(t.Context(), func(r store.Reader) error {
			who, err := identity.CheckToken(r, text, monday)
			if genuine := strings.TrimSpace(text) == minted; genuine != (err == nil) || genuine != who.Operator {
				t.Fatalf("%q speaks for %+v, %v", text, who, err)
			}
			if err != nil && !errors.Is(err, identity.ErrTokenUnknown) {
				t.Fatalf("%q: %v", text, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzLoadSecrets holds that a secrets file is refused as damaged, or gives keys
// that follow from the two it names.
func FuzzLoadSecrets(f *testing.F) {
	dir := f.TempDir()
	if _, err := identity.CreateSecrets(dir, seeded(1)); err != nil {
		f.Fatal(err)
	}
	genuine, err := os.ReadFile(filepath.Join(dir, identity.SecretsFile))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{genuine, nil, []byte("{}"), []byte(`{"format":1,"root":"","receipt":null}`), genuine[:len(genuine)/2]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, identity.SecretsFile), body, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := identity.LoadSecrets(dir)
		if err != nil {
			if s != nil || !errors.Is(err, identity.ErrSecretsDamaged) {
				t.Fatalf("secrets %v with %v", s, err)
			}
			return
		}
		again, err := identity.LoadSecrets(dir)
		if err != nil || again.Fingerprint() != s.Fingerprint() || string(again.CursorKey(1)) != string(s.CursorKey(1)) {
			t.Fatalf("read twice, the file gives other keys, %v", err)
		}
		if string(s.CursorKey(1)) == string(s.CursorKey(2)) || string(s.CursorKey(1)) == string(s.NonceKey(1)) {
			t.Fatal("two purposes share a key")
		}
	})
}
