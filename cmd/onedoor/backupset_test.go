package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server/backupset/buckettest"
)

// backupKeys makes a pair of keys with the command, and gives the private file and the public key.
func backupKeys(t *testing.T) (private, public string) {
	t.Helper()
	private = filepath.Join(t.TempDir(), "backup.key")
	r := run(t, "keys", "backup", "--out", private, "--json")
	if r.code != done {
		t.Fatalf("%+v", r)
	}
	run(t, "keys", "backup", "--out", private).wantLine(t, failed, "another name")
	return private, decode(t, r.out).text("recipient")
}

// awaitBackups waits until the server has made so many.
func (w *world) awaitBackups(n float64) {
	w.t.Helper()
	for w.metric(`onedoor_backups_total{realm="530702",result="done"}`) < n {
		if w.metric(`onedoor_backups_total{realm="530702",result="failed"}`) > 0 {
			w.t.Fatalf("no backup: %s", w.log())
		}
	}
}

// TestBackup_ARealmIsRestoredFromABucketThatNobodyElseCanRead is the drill: the machine is lost, and what is left is the
// bucket, the private key and the contact key.
func TestBackup_ARealmIsRestoredFromABucketThatNobodyElseCanRead(t *testing.T) {
	bucket := buckettest.Start(t)
	private, public := backupKeys(t)
	w := serving(t)
	w.workday()
	w.stop()
	w.serve("--admin", "127.0.0.1:0", "--backup-to", bucket, "--backup-recipient", public)
	w.awaitBackups(1)
	if age := w.metric(`onedoor_backup_timestamp_seconds{realm="530702"}`); age == 0 {
		t.Error("the backup's time is not told")
	}
	w.stop()
	seq := decode(t, run(t, "verify", "--data", w.dir, "--json").out).at("seq")

	contactKey := w.dir + ".contact-key"
	restored := filepath.Join(t.TempDir(), "restored")
	run(t, "restore", "--from", bucket, "--data", restored, "--contact-key", contactKey).wantLine(t, failed, public)
	strange, _ := backupKeys(t)
	run(t, "restore", "--from", bucket, "--data", restored, "--contact-key", contactKey, "--identity", strange).wantLine(t, failed, "no private key opens the backup")
	run(t, "restore", "--from", bucket, "--backup", "onedoor-none", "--data", restored, "--identity", private).wantLine(t, failed, "no backup there")
	r := run(t, "restore", "--from", bucket, "--data", restored, "--contact-key", contactKey, "--identity", private, "--json")
	if r.code != done {
		t.Fatalf("%+v", r)
	}
	if got := decode(t, r.out); got.at("seq") != seq || got.at("realm") != 530702.0 {
		t.Errorf("restored %s, want up to %v", r.out, seq)
	}
	r = run(t, "verify", "--data", restored, "--json")
	if got := decode(t, r.out); got.at("ok") != true {
		t.Errorf("the restored realm: %+v", r)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, ".onedoor-backup-*")); len(left) > 0 {
		t.Errorf("left behind %v", left)
	}
}

func TestBackup_AFolderKeepsTheNewestAndTheCommandTellsWhatItKept(t *testing.T) {
	w := serving(t)
	folder := filepath.Join(t.TempDir(), "backups")
	first := w.user("和丽", "grid_worker", community)
	r := run(t, "backup", "--data", w.dir, "--to", "file://"+folder, "--json")
	if got := decode(t, r.out); r.code != done || got.at("encrypted") != false || got.at("listed") != true || !strings.HasPrefix(got.text("out"), "onedoor-530702-") {
		t.Errorf("%+v", r)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if r := run(t, "restore", "--from", "file://"+folder, "--data", restored, "--contact-key", w.dir+".contact-key"); r.code != done {
		t.Errorf("%+v", r)
	}
	again := &world{t: t, dir: restored, random: w.random}
	again.serve("--contact-key", w.dir+".contact-key")
	if got := again.json("user", "list").text("users", 0, "id"); got != first {
		t.Errorf("the restored realm has user %s, want %s", got, first)
	}
}

func TestServe_RefusesAPlaceForBackupsThatIsNone(t *testing.T) {
	dir := founded(t)
	run(t, "serve", "--data", dir, "--backup-to", "s3://bucket?region=x").wantLine(t, failed, "onedoor keys backup")
	run(t, "serve", "--data", dir, "--backup-to", "/mnt/backup", "--backup-every", "1s").wantLine(t, failed, "10m0s or more")
	run(t, "serve", "--data", dir, "--backup-to", "backup").wantLine(t, failed, "file:///FOLDER")
	run(t, "serve", "--data", dir, "--backup-recipient", "age1x").wantLine(t, usage, "--backup-to")
	run(t, "backup", "--data", dir, "--to", "s3://bucket?region=x").wantLine(t, failed, "has to be encrypted")
	run(t, "backup", "--data", dir).wantLine(t, usage, "out")
	run(t, "restore", "--from", filepath.Join(dir, "realm.db"), "--data", dir, "--identity", "x").wantLine(t, usage, "URL")
}

func TestServe_AnUnreachablePlaceForBackupsIsToldAndStopsNothing(t *testing.T) {
	folder := file(t, "not-a-folder", "")
	w := serving(t, "--admin", "127.0.0.1:0", "--backup-to", "file://"+filepath.Join(folder, "in"))
	for w.metric(`onedoor_backups_total{realm="530702",result="failed"}`) < 1 {
	}
	if !strings.Contains(w.log(), "no backup was made") {
		t.Errorf("log %s", w.log())
	}
	w.user("和丽", "grid_worker", community)
	if code, body := w.get("/readyz"); code != 200 || !strings.Contains(body, "backup-old") {
		t.Errorf("%d %s", code, body)
	}
}
