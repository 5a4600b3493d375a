package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeys_AreMadeByInitAndChangedByRotate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "realm")
	if r := run(t, "init", "--data", dir, "--realm", "530702"); !strings.Contains(r.out, "contact key: "+dir+".contact-key") || !strings.Contains(r.out, "keep a copy of it elsewhere") {
		t.Errorf("init says\n%s", r.out)
	}
	if info, err := os.Stat(dir + ".contact-key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	if r := run(t, "backup", "--data", dir, "--out", filepath.Join(t.TempDir(), "b")); !strings.Contains(r.out, "is not in it") {
		t.Errorf("backup says\n%s", r.out)
	}
	r := run(t, "keys", "rotate", "--data", dir, "--json")
	if got := decode(t, r.out); r.code != done || got.at("data_key") != 2.0 || got.at("rewrapped") != 0.0 {
		t.Errorf("rotate: %+v", r)
	}
	other := filepath.Join(t.TempDir(), "new.key")
	r = run(t, "keys", "rotate", "--data", dir, "--new-contact-key", other)
	if r.code != done || !strings.Contains(r.out, "serve with --contact-key "+other) || !strings.Contains(r.out, "backups of before") {
		t.Errorf("rotate: %+v", r)
	}
	run(t, "verify", "--data", dir).wantLine(t, failed, "not this realm's")
	if r := run(t, "verify", "--data", dir, "--contact-key", other); r.code != done {
		t.Errorf("verify under the new key: %+v", r)
	}
	run(t, "keys", "rotate", "--data", filepath.Join(t.TempDir(), "none")).wantLine(t, failed, "no such folder")
}

func TestServe_SaysThatTheContactKeyIsMissing(t *testing.T) {
	dir := founded(t)
	if err := os.Remove(dir + ".contact-key"); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--data", dir, "--listen", "127.0.0.1:0").wantLine(t, failed, "the contact key is missing")
}

func TestKeys_AContactKeyMadeBeforeIsTheRealms(t *testing.T) {
	folder := t.TempDir()
	key, dir := filepath.Join(folder, "contact-key"), filepath.Join(folder, "realm")
	if r := run(t, "keys", "contact", "--out", key, "--json"); r.code != done || decode(t, r.out).text("out") != key {
		t.Fatalf("%+v", r)
	}
	run(t, "keys", "contact", "--out", key).wantLine(t, failed, "never overwritten")
	if r := run(t, "init", "--data", dir, "--realm", "530702", "--contact-key", key); r.code != done || !strings.Contains(r.out, "which was there before") {
		t.Errorf("%+v", r)
	}
	if r := run(t, "verify", "--data", dir, "--contact-key", key); r.code != done {
		t.Errorf("%+v", r)
	}
}
