package identity_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
)

func create(t *testing.T, seed byte) (string, *identity.Secrets) {
	t.Helper()
	dir := t.TempDir()
	s, err := identity.CreateSecrets(dir, seeded(seed))
	must(t, err)
	return dir, s
}

func TestSecrets_AreTheSameAfterLoading(t *testing.T) {
	dir, made := create(t, 1)
	loaded, err := identity.LoadSecrets(dir)
	must(t, err)
	if made.Fingerprint() != loaded.Fingerprint() || !bytes.Equal(made.CursorKey(3), loaded.CursorKey(3)) ||
		!bytes.Equal(made.NonceKey(3), loaded.NonceKey(3)) || !made.ReceiptKey().Equal(loaded.ReceiptKey()) {
		t.Error("loaded secrets differ from those that were made")
	}
	info, err := os.Stat(filepath.Join(dir, identity.SecretsFile))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o", info.Mode().Perm())
	}
}

func TestSecrets_EveryPurposeAndEpochHasItsOwnKey(t *testing.T) {
	_, a := create(t, 1)
	_, b := create(t, 2)
	seen := map[string]string{}
	for name, key := range map[string][]byte{
		"cursor 1": a.CursorKey(1), "cursor 2": a.CursorKey(2), "nonce 1": a.NonceKey(1), "nonce 2": a.NonceKey(2),
		"another realm's cursor 1": b.CursorKey(1), "the receipt seed": a.ReceiptKey().Seed(),
	} {
		if other, ok := seen[string(key)]; ok || len(key) != 32 {
			t.Errorf("%s has %d bytes and equals %q", name, len(key), other)
		}
		seen[string(key)] = name
	}
	signature := ed25519.Sign(a.ReceiptKey(), []byte("x"))
	if !ed25519.Verify(a.ReceiptKey().Public().(ed25519.PublicKey), []byte("x"), signature) {
		t.Error("the receipt key does not sign")
	}
	if a.Fingerprint() == b.Fingerprint() {
		t.Error("two realms have one fingerprint")
	}
}

func TestCreateSecrets_NeverOverwrites(t *testing.T) {
	dir, made := create(t, 1)
	if _, err := identity.CreateSecrets(dir, seeded(2)); !errors.Is(err, identity.ErrSecretsExist) {
		t.Errorf("second creation: %v", err)
	}
	loaded, err := identity.LoadSecrets(dir)
	must(t, err)
	if loaded.Fingerprint() != made.Fingerprint() {
		t.Error("the second creation changed the secrets")
	}
	if _, err := identity.CreateSecrets(filepath.Join(dir, "none"), seeded(1)); err == nil {
		t.Error("secrets are created in a folder that is not there")
	}
}

func TestLoadSecrets_SaysWhatIsWrongWithTheFile(t *testing.T) {
	cases := []struct {
		name string
		harm func(path string) error
		want error
	}{
		{"gone", os.Remove, identity.ErrSecretsMissing},
		{"cut short", func(p string) error { return os.Truncate(p, 40) }, identity.ErrSecretsDamaged},
		{"empty", func(p string) error { return os.Truncate(p, 0) }, identity.ErrSecretsDamaged},
		{"of a later format", func(p string) error {
			return os.WriteFile(p, []byte(`{"format":2}`), 0o600)
		}, identity.ErrSecretsDamaged},
		{"something else", func(p string) error { return os.WriteFile(p, []byte("<html>"), 0o600) }, identity.ErrSecretsDamaged},
		{"huge", func(p string) error { return os.WriteFile(p, make([]byte, 1<<20), 0o600) }, identity.ErrSecretsDamaged},
		{"readable by the group", func(p string) error { return os.Chmod(p, 0o640) }, identity.ErrSecretsExposed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir, _ := create(t, 1)
			must(t, c.harm(filepath.Join(dir, identity.SecretsFile)))
			if _, err := identity.LoadSecrets(dir); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestCheckSecrets_RefusesTheFileOfAnotherStore(t *testing.T) {
	_, own := create(t, 1)
	_, other := create(t, 2)
	realm(t, func(w store.Writer) {
		must(t, identity.PutRealm(w, identity.Realm{Code: 530702, Name: "古城区", Secrets: own.Fingerprint()}))
		must(t, identity.CheckSecrets(w, own))
		if err := identity.CheckSecrets(w, other); !errors.Is(err, identity.ErrSecretsOther) {
			t.Errorf("another store's: %v", err)
		}
	})
}
