package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackupAndRestore_TellWhatTheyDid(t *testing.T) {
	dir := founded(t)
	out, to := filepath.Join(t.TempDir(), "monday.backup"), filepath.Join(t.TempDir(), "restored")
	r := run(t, "backup", "--data", dir, "--out", out, "--json")
	made := decode(t, r.out)
	if r.code != done || made.at("realm") != 530702.0 || made.at("epoch") != 1.0 || made.at("listed") != true || made.text("out") != out || made.text("made") == "" {
		t.Errorf("backup: %+v", r)
	}
	run(t, "backup", "--data", dir, "--out", out).wantLine(t, failed, "choose another name")
	run(t, "restore", "--from", out, "--data", dir).wantLine(t, failed, "--replace CODE")
	run(t, "restore", "--from", out, "--data", dir, "--replace", "yes").wantLine(t, usage, "six-digit")
	run(t, "restore", "--from", dir, "--data", to).wantLine(t, failed, "is no file")
	run(t, "restore", "--from", out, "--data", to).wantLine(t, failed, "--contact-key")
	r = run(t, "restore", "--from", out, "--data", to, "--contact-key", dir+".contact-key", "--json")
	back := decode(t, r.out)
	if r.code != done || back.at("epoch") != 2.0 || back.at("seq") != made.at("seq") || back.at("lost") != nil || back.text("token_file") != filepath.Join(to, "admin.token") {
		t.Errorf("restore: %+v", r)
	}
	r = run(t, "verify", "--data", to, "--json")
	if v := decode(t, r.out); r.code != done || v.at("epochs", 0, "epoch") != 2.0 || v.at("epochs", 0, "put_back") != false {
		t.Errorf("verify: %+v", r)
	}
	r = run(t, "restore", "--from", out, "--data", dir, "--replace", "530702")
	for _, says := range []string{"as of " + made.text("made"), "epoch 2 begins", "is in " + dir, "users 0", "onedoor serve"} {
		if r.code != done || !strings.Contains(r.out, says) {
			t.Errorf("restore in words lacks %q: %+v", says, r)
		}
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
}
