package server_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"onedoor/server"
)

// serverUser is who the folder belongs to: the server's user where root is at work, else whoever runs the test.
func serverUser() int {
	if os.Geteuid() == 0 {
		return 65532
	}
	return os.Geteuid()
}

// foreignIn lists what somebody else owns than the server's user.
func foreignIn(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && int(info.Sys().(*syscall.Stat_t).Uid) != serverUser() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOwner_WhatRootMakesInTheServersFolderIsTheServers(t *testing.T) {
	home := filepath.Join(t.TempDir(), "onedoor")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, serverUser(), -1); err != nil {
		t.Fatal(err)
	}
	dir, backup, key := filepath.Join(home, "realms", "530702"), filepath.Join(t.TempDir(), "one.backup"), filepath.Join(home, "next.contact-key")
	for _, act := range []struct {
		name string
		do   func() error
	}{
		{"init", func() error {
			_, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Realm: "530702"})
			return err
		}},
		{"backup", func() error {
			_, err := server.Backup(t.Context(), server.BackupOptions{Dir: dir, Out: backup})
			return err
		}},
		{"restore", func() error {
			_, err := server.Restore(t.Context(), server.RestoreOptions{From: backup, Dir: dir, Replace: 530702})
			return err
		}},
		{"keys rotate", func() error {
			_, err := server.RotateKeys(t.Context(), server.RotateOptions{Dir: dir, NewContactKey: key})
			return err
		}},
	} {
		if err := act.do(); err != nil {
			t.Fatalf("%s: %v", act.name, err)
		}
		if left := foreignIn(t, home); len(left) > 0 {
			t.Errorf("after %s the server cannot read %q", act.name, left)
		}
	}
}

func TestDoctor_TellsOfFilesThatTheServerCannotRead(t *testing.T) {
	dir := founded(t)
	path := filepath.Join(dir, server.BackupsFile)
	write(t, path, nil, 0o600)
	own := func(folder, file int) {
		t.Helper()
		if err := os.Chown(dir, folder, -1); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, file, -1); err != nil {
			t.Fatal(err)
		}
	}
	told := func() bool {
		for _, x := range server.Doctor(t.Context(), server.Config{Dir: dir, Now: clock}) {
			if x.Name == "permissions" && strings.HasPrefix(x.Do, "chown ") && strings.HasSuffix(x.Do, " "+path) {
				return true
			}
		}
		return false
	}
	if told() {
		t.Error("it tells of a file that belongs to its folder's owner")
	}
	if os.Geteuid() != 0 {
		return // Who is not root has no file of another user's.
	}
	if own(65532, 0); !told() {
		t.Error("it does not tell of root's file in the server's folder")
	}
	if own(0, 0); told() {
		t.Error("it tells of root's file in root's folder")
	}
}
