package main_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/backupset"
	"onedoor/server/backupset/buckettest"
)

// cluster starts a PostgreSQL for one test; without one on the machine it says so and gives none.
func cluster(t *testing.T) *pgtest.Cluster {
	t.Helper()
	if err := pgtest.Missing(); err != nil {
		fmt.Printf("NOT RUN: %s: %v\n", t.Name(), err)
		return nil
	}
	c, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// kept lists the names of the backups at a place, the newest last.
func (w *world) kept(place backupset.Place) (names []string) {
	w.t.Helper()
	set, err := backupset.Open(w.t.Context(), place)
	w.must(err)
	list, err := set.List(w.t.Context(), 530702)
	w.must(errors.Join(err, set.Close()))
	for _, e := range list {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}

// backedUp makes a backup as the server would have some days ago.
func (w *world) backedUp(store string, place backupset.Place, days int) {
	w.t.Helper()
	set, err := backupset.OpenToKeep(w.t.Context(), place)
	w.must(err)
	_, err = server.Backup(w.t.Context(), server.BackupOptions{
		Dir: w.dir, Store: store, Set: set, Now: func() time.Time { return time.Now().AddDate(0, 0, -days) },
	})
	w.must(errors.Join(err, set.Close()))
}

// TestBackup_OfADatabaseIsMadeBySchedulePrunedAndRestored lets a server process keep the backups of a realm in a PostgreSQL: it makes
// the one that is due, takes away what is too many, and the realm is restored from it into an empty database.
func TestBackup_OfADatabaseIsMadeBySchedulePrunedAndRestored(t *testing.T) {
	c := cluster(t)
	if c == nil {
		return
	}
	private, public := backupKeys(t)
	for name, place := range map[string]backupset.Place{
		"folder": {URL: "file://" + filepath.Join(t.TempDir(), "backups")},
		"bucket": {URL: buckettest.Start(t), Recipients: []string{public}},
	} {
		t.Run(name, func(t *testing.T) { scheduled(t, c, place, private) })
	}
}

func scheduled(t *testing.T, c *pgtest.Cluster, place backupset.Place, private string) {
	name := filepath.Base(t.Name())
	store := c.Database(t, name)
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "realm"), random: rand.NewChaCha8([32]byte{1})}
	if r := run(t, "init", "--data", w.dir, "--store", store, "--realm", "530702"); r.code != done {
		t.Fatalf("%+v", r)
	}
	const keep = 2
	for days := range 3 {
		w.backedUp(store, place, 4-days)
	}
	before := w.kept(place)
	args := []string{"serve", "--data", w.dir, "--store", store, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}
	first := w.launch(program(args...))
	w.workday()
	first.end(syscall.SIGTERM)
	args = append(args, "--backup-to", place.URL, "--backup-keep", fmt.Sprint(keep))
	for _, r := range place.Recipients {
		args = append(args, "--backup-recipient", r)
	}
	p := w.launch(program(args...))
	w.awaitBackups(1)
	left := w.kept(place)
	if len(before) != 3 || len(left) != keep || left[0] != before[2] || slices.Contains(before, left[1]) {
		t.Errorf("of %q and one more are left %q", before, left)
	}
	if age := w.metric(`onedoor_backup_timestamp_seconds{realm="530702"}`); time.Since(time.Unix(int64(age), 0)) > time.Hour {
		t.Errorf("the newest backup is told to be of %v", age)
	}
	if ended := p.end(syscall.SIGTERM); !ended.Success() {
		t.Errorf("it ended with %v: %s", ended, p.lines.text())
	}
	doctor := run(t, "doctor", "--data", w.dir, "--store", store, "--backup-to", place.URL)
	if line := lineOf(doctor.out, "backup-old"); !strings.Contains(line, left[1]) {
		t.Errorf("the doctor says %q", line)
	}
	stood := decode(t, run(t, "verify", "--data", w.dir, "--store", store, "--json").out).at("seq")

	store = c.Database(t, name+"2") // The database is lost; so is the folder.
	restored := filepath.Join(t.TempDir(), "restored")
	restore := []string{"restore", "--from", place.URL, "--data", restored, "--store", store, "--contact-key", w.dir + ".contact-key", "--json"}
	if len(place.Recipients) > 0 {
		restore = append(restore, "--identity", private)
	}
	r := run(t, restore...)
	if r.code != done || decode(t, r.out).at("seq") != stood {
		t.Fatalf("restored %+v, wanted up to %v", r, stood)
	}
	again := &world{t: t, dir: restored, random: w.random}
	q := again.launch(program("serve", "--data", restored, "--store", store, "--listen", "127.0.0.1:0", "--contact-key", w.dir+".contact-key"))
	if got := again.json("user", "list").text("users", 0, "name"); got != secretName {
		t.Errorf("the restored realm has user %s", got)
	}
	q.end(syscall.SIGTERM)
	if r := run(t, "verify", "--data", restored, "--store", store, "--contact-key", w.dir+".contact-key"); r.code != done {
		t.Errorf("%+v", r)
	}
}
