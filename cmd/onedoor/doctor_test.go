package main_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"onedoor/server"
)

// checks gives what doctor found of one name, and whether something is to be done about it.
func (o object) checks(name string) (found string, acts bool) {
	list, _ := o.at("checks").([]any)
	for _, x := range list {
		c := object(x.(map[string]any))
		if c.text("name") == name {
			found += c.text("found") + "\n"
			acts = acts || c.text("do") != ""
		}
	}
	return found, acts
}

func TestDoctor_AMachineThatIsWellNeedsNothing(t *testing.T) {
	folder := "file://" + filepath.Join(t.TempDir(), "backups")
	ledger := t.TempDir()
	w := serving(t, "--ledger", ledger)
	w.workday()
	for range 2 {
		if r := run(t, "backup", "--data", w.dir, "--to", folder); r.code != done && !strings.Contains(r.err, "there already") {
			t.Fatalf("%+v", r)
		}
		w.user("和丽", "grid_worker", community)
	}
	cert, key := longCertificate(t)
	r := run(t, "doctor", "--data", w.dir, "--ledger", ledger, "--backup-to", folder, "--tls-cert", cert, "--tls-key", key, "--json")
	got := decode(t, r.out)
	// How much room the disk of this machine has is not the test's to say.
	room, short := got.checks("disk-space")
	if !strings.Contains(room, " free of ") {
		t.Errorf("disk-space: %q", room)
	}
	want := done
	if short {
		want = failed
	}
	if r.code != want || got.at("ok") != !short {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"settings", "versions", "permissions", "certificate", "realm", "contact-key", "clock", "backup-old", "backup-kept", "side-ledger", "wal-large"} {
		if found, acts := got.checks(name); found == "" || acts {
			t.Errorf("%s: %q, to be done: %v", name, found, acts)
		}
	}
	if r := run(t, "doctor", "--data", w.dir); r.code != want || !strings.Contains(r.out, "ok  ") {
		t.Errorf("as text: %+v", r)
	}
}

func TestDoctor_SaysWhatToDoAboutWhatIsWrong(t *testing.T) {
	dir := founded(t)
	folder := t.TempDir()
	if r := run(t, "backup", "--data", dir, "--to", "file://"+folder); r.code != done {
		t.Fatalf("%+v", r)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "*.backup"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	for _, f := range []string{kept[0], filepath.Join(dir, server.SecretsFile)} {
		if err := os.Chmod(f, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(kept[0], []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key := certificate(t) // It ends in an hour.
	r := run(t, "doctor", "--data", dir, "--backup-to", "file://"+folder, "--tls-cert", cert, "--tls-key", key, "--ledger", filepath.Join(dir, "none"), "--json")
	got := decode(t, r.out)
	if r.code != failed || got.at("ok") != false {
		t.Errorf("%+v", r)
	}
	for name, says := range map[string]string{
		"permissions": "can be read by others: mode 0644", "backup-kept": "is not what was written", "certificate": "ends on", "side-ledger": "cannot be written", "settings": "side ledger's folder",
	} {
		if found, acts := got.checks(name); !acts || !strings.Contains(found, says) {
			t.Errorf("%s: %q, to be done: %v", name, found, acts)
		}
	}
	none := run(t, "doctor", "--data", filepath.Join(dir, "none"), "--json")
	if found, acts := decode(t, none.out).checks("realm"); none.code != failed || !acts || !strings.Contains(found, "onedoor init") {
		t.Errorf("%+v", none)
	}
	run(t, "doctor").wantLine(t, usage, "--data")
	all := run(t, "doctor", "--data", dir, "--backup-keep", "1", "--trace-share", "3", "--listen", "nowhere")
	for _, wrong := range []string{"--backup-keep 1", "--trace-share 3", "nowhere"} {
		all.wantLine(t, usage, wrong)
	}
}

func TestDoctor_ARealmWhoseContactKeyIsGoneOrAnotherIsNotServedAndToldOf(t *testing.T) {
	dir := founded(t)
	key := dir + ".contact-key"
	told := func(says string) {
		t.Helper()
		r := run(t, "doctor", "--data", dir, "--json")
		if found, acts := decode(t, r.out).checks("contact-key"); r.code != failed || acts != (says != "") || !strings.Contains(found, says) {
			t.Errorf("%q, to be done: %v, in %+v", found, acts, r)
		}
	}
	told("")
	if err := os.Rename(key, key+".safe"); err != nil {
		t.Fatal(err)
	}
	told("the contact key is missing")
	if err := server.MakeContactKey(key); err != nil {
		t.Fatal(err)
	}
	told("the contact key is not this realm's")
}

func TestDoctor_AClockThatStandsBeforeTheNewestCommitIsNoticed(t *testing.T) {
	dir := founded(t)
	yesterday := func() time.Time { return time.Now().Add(-24 * time.Hour) }
	list := server.Doctor(t.Context(), server.Config{Dir: dir, Now: yesterday})
	for _, x := range list {
		if x.Name == "clock" && x.Do != "" && strings.Contains(x.Found, "before the newest commit") {
			return
		}
	}
	t.Errorf("%+v", list)
}

// aheadOfPhones reads by how much the doctor says that the clock stood ahead of five phones'; less than nothing where it stood behind.
func aheadOfPhones(t *testing.T, found string) time.Duration {
	t.Helper()
	said := regexp.MustCompile(`(\S+) (ahead of|behind) the clocks of 5 phones`).FindStringSubmatch(found)
	if said == nil {
		t.Fatalf("the doctor says nothing of phones' clocks: %q", found)
	}
	by, err := time.ParseDuration(said[1])
	if err != nil {
		t.Fatal(err)
	}
	if said[2] == "behind" {
		by = -by
	}
	return by
}

func TestDoctor_AClockThatManyPhonesDisagreeWithIsNoticed(t *testing.T) {
	const rounded = 100 * time.Millisecond
	for name, ahead := range map[string]time.Duration{
		"phones that are right": 0, "a server that is two hours ahead": 2 * time.Hour, "a server that is two hours behind": -2 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			w := serving(t).withGrids()
			user, began := w.user("和丽", "grid_worker", gridA), time.Now()
			for range 5 {
				p := w.phone(user)
				p.wrong = -ahead
				p.door(gridA, "兴文巷1号")
				p.sync()
			}
			took := time.Since(began) // What a call takes on its way looks like a phone's clock that is behind.
			found, acts := decode(t, run(t, "doctor", "--data", w.dir, "--json").out).checks("clock")
			if by := aheadOfPhones(t, found); by < ahead-rounded || by > ahead+took+rounded || acts != (ahead != 0) {
				t.Errorf("%q, to be done: %v", found, acts)
			}
		})
	}
}

func TestDoctor_AFolderForBackupsThatIsNotThereIsToldOfAndNotMade(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "unmounted")
	r := run(t, "doctor", "--data", founded(t), "--backup-to", "file://"+folder, "--json")
	if found, acts := decode(t, r.out).checks("backup-kept"); r.code != failed || !acts || !strings.Contains(found, "no such file") {
		t.Errorf("%q in %+v", found, r)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestDoctor_ADatabaseThatDoesNotAnswerIsToldOfOnce(t *testing.T) {
	r := run(t, "doctor", "--data", founded(t), "--store", "postgres://onedoor@127.0.0.1:1/onedoor", "--json")
	got := decode(t, r.out)
	if found, acts := got.checks("database"); r.code != failed || !acts || !strings.Contains(found, "connection refused") {
		t.Errorf("%q in %+v", found, r)
	}
	if strings.Count(r.err, "\n") != 1 || strings.Count(r.out, "reach the database") != 1 {
		t.Errorf("told more than once: %+v", r)
	}
}
