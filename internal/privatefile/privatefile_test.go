package privatefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"onedoor/internal/privatefile"
)

func TestRead_WhatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := privatefile.Create(path, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if body, err := privatefile.Read(path, 6); err != nil || string(body) != "secret" {
		t.Errorf("%q, %v", body, err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var exposed *privatefile.Exposed
		if _, err := privatefile.Read(path, 6); !errors.As(err, &exposed) || exposed.Mode != mode {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestRead_GroupMayReadOnlyWhatRootHandsToAnotherUser(t *testing.T) {
	const server, other = 65532, 1000
	for _, c := range []struct {
		reader, owner int
		allowed       fs.FileMode
	}{
		{server, 0, 0o640}, {server, server, 0o600}, {server, other, 0o600}, {0, 0, 0o600}, {0, server, 0o600},
	} {
		if got := privatefile.AllowedTo(c.reader, c.owner); got != c.allowed {
			t.Errorf("%d reads a file of %d: mode %04o, wanted %04o", c.reader, c.owner, got, c.allowed)
		}
	}
}
