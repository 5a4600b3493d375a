package story_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/identity"
	"onedoor/server/store/pgstore"
)

// saved makes a backup of the realm.
func (d *district) saved() (file string) {
	d.t.Helper()
	file = filepath.Join(d.t.TempDir(), "monday.backup")
	made, err := server.Backup(d.t.Context(), server.BackupOptions{Dir: d.dir, Store: d.store, Out: file})
	d.must(err)
	if made.Unregistered != nil {
		d.t.Errorf("the backup is not listed: %v", made.Unregistered)
	}
	return file
}

// restored makes a realm of a backup where the district's lies.
func (d *district) restored(file string, replace uint32) server.RestoreResult {
	d.t.Helper()
	made, err := server.Restore(d.t.Context(), server.RestoreOptions{From: file, Dir: d.dir, Store: d.store, Replace: replace, ContactKey: d.key})
	d.must(err)
	return made
}

func TestBackup_ARealmThatIsLostFromItsDatabaseIsRestoredAndHealedByItsPhones(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	r := d.serve()
	ann, bob := d.phone(r), d.phone(r)
	for _, p := range []*phone{ann, bob} {
		p.synced()
	}
	door := ann.door("民主路3号")
	ann.synced()
	bob.synced()

	var file string
	var beside sync.WaitGroup
	beside.Go(func() { file = d.saved() })
	var doors []string
	for range 20 { // While the backup is made.
		doors = append(doors, ann.door("民主路4号"))
		ann.synced()
	}
	beside.Wait()
	d.must(bob.EditJSON(door, `{"rooms":4}`))
	bob.synced()
	doors = append(doors, door, ann.door("民主路5号"))
	ann.synced()
	before := d.verified()
	r.halt(d)

	d.must(pgstore.Drop(t.Context(), pgstore.Options{URL: d.store}))
	made := d.restored(file, 0)
	if made.Epoch != before.Epoch+1 || made.After >= before.Seq {
		t.Errorf("restored %+v of a realm at %d of epoch %d", made, before.Seq, before.Epoch)
	}
	again := d.serve()
	for range 2 {
		for _, p := range []*phone{ann, bob} {
			p.pointAt(again)
			p.synced()
		}
	}
	for _, p := range []*phone{ann, bob} {
		p.shows(door, `"rooms":4`)
		for _, id := range doors {
			p.shows(id, "民主路")
		}
	}
	again.halt(d)
	if now := d.verified(); now.Records < before.Records {
		t.Errorf("%d records are left of %d", now.Records, before.Records)
	}
}

// pointAt points a phone at a server.
func (p *phone) pointAt(r *running) { p.line.pointAt(r) }

func TestBackup_OfADatabaseIsRestoredIntoAFolderAndTheOtherWayRound(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	r := d.serve()
	ann := d.phone(r)
	ann.synced()
	door := ann.door("民主路3号")
	ann.synced()
	file := d.saved()
	r.halt(d)
	was := d.verified()

	folder := &district{t: t, dir: filepath.Join(t.TempDir(), "folder"), key: d.dir + server.ContactKeySuffix}
	folder.restored(file, 0)
	second := folder.serve()
	ann.pointAt(second)
	ann.synced()
	file = folder.saved()
	second.halt(folder)
	if now := folder.verified(); now.Records != was.Records {
		t.Errorf("%d records in the folder, %d in the database", now.Records, was.Records)
	}

	back := &district{t: t, dir: filepath.Join(t.TempDir(), "keys"), store: pgtest.Database(t), key: folder.key}
	back.restored(file, 0)
	third := back.serve()
	ann.pointAt(third)
	ann.synced()
	ann.shows(door, "民主路3号")
	third.halt(back)
	back.verified()
}

func TestRestore_IntoADatabaseReplacesOnlyWhatIsNamedAndCopiesItAside(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	r := d.serve()
	ann := d.phone(r)
	ann.synced()
	file := d.saved()
	ann.door("民主路3号")
	ann.synced()
	was := d.verified()
	restore := func(ctx context.Context, replace uint32) error {
		_, err := server.Restore(ctx, server.RestoreOptions{From: file, Dir: d.dir, Store: d.store, Replace: replace})
		return err
	}
	if err := restore(t.Context(), 0); !errors.Is(err, server.ErrHoldsRealm) {
		t.Errorf("a realm that stands: %v", err)
	}
	if err := restore(t.Context(), 530702); !errors.Is(err, server.ErrServed) {
		t.Errorf("a realm that is served: %v", err)
	}
	r.halt(d)
	if err := restore(t.Context(), 530703); err == nil {
		t.Error("another realm's code replaces this one")
	}
	if now := d.verified(); now.Seq != was.Seq || now.Epoch != was.Epoch {
		t.Errorf("refusals changed the realm: %+v, was %+v", now, was)
	}

	made := d.restored(file, 530702)
	if made.Lost == nil || made.Replaced == "" {
		t.Fatalf("restored %+v", made)
	}
	aside, err := server.VerifyWith(t.Context(), server.Config{Dir: made.Replaced, ContactKey: d.dir + server.ContactKeySuffix}, nil)
	d.must(err)
	if !aside.OK() || aside.Seq != was.Seq || aside.Records != was.Records {
		t.Errorf("aside lies %+v, it was %+v", aside, was)
	}
	again := d.serve()
	ann.pointAt(again)
	ann.synced()
	again.halt(d)
	if now := d.verified(); now.Records != was.Records || now.Epoch != was.Epoch+1 {
		t.Errorf("healed to %+v, it was %+v", now, was)
	}
}

// listener keeps how far its server said that backups reach.
type listener struct {
	line
	heard atomic.Uint64
}

func (l *listener) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	resp, err := l.line.Exchange(ctx, req)
	l.heard.Store(resp.GetBackedUpTo().GetSeq())
	return resp, err
}

func TestBackup_PhonesOfEveryServerAreToldOfABackupInTheDatabase(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	r := d.serve()
	l := &listener{}
	ann := d.phoneOn(r, l)
	ann.synced()
	ann.door("民主路3号")
	ann.synced()
	d.saved()
	reaches := d.verified().Seq
	r.halt(d)
	other := filepath.Join(t.TempDir(), "another machine")
	d.must(os.CopyFS(other, os.DirFS(d.dir)))
	key, err := os.ReadFile(d.dir + server.ContactKeySuffix)
	d.must(err)
	d.must(os.WriteFile(other+server.ContactKeySuffix, key, 0o600))
	d.must(os.Chmod(filepath.Join(other, server.SecretsFile), 0o600))
	d.must(os.Chmod(filepath.Join(other, server.TokenFile), 0o600))
	d.dir = other
	for _, check := range server.Doctor(t.Context(), server.Config{Dir: d.dir, Store: d.store}) {
		if check.Name == "backup-old" && (check.Do != "" || !strings.Contains(check.Found, "monday.backup")) {
			t.Errorf("the doctor says %+v", check)
		}
	}
	again := d.serve()
	l.pointAt(again)
	ann.synced()
	if l.heard.Load() != uint64(reaches) {
		t.Errorf("the phone heard of a backup up to %d, it reaches to %d", l.heard.Load(), reaches)
	}
}

func TestKeys_AreNotChangedBesideARunningServer(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	r := d.serve()
	o := server.RotateOptions{Dir: d.dir, Store: d.store}
	if _, err := server.RotateKeys(t.Context(), o); !errors.Is(err, server.ErrServed) {
		t.Errorf("beside a running server: %v", err)
	}
	r.halt(d)
	made, err := server.RotateKeys(t.Context(), o)
	if err != nil || made.DataKey != 2 {
		t.Errorf("on a stopped realm: %+v, %v", made, err)
	}
	d.serve()
}

func TestInit_ThatFindsTheRealmInTheDatabaseLeavesTheFolderAlone(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	if _, err := server.Init(t.Context(), server.InitOptions{Dir: d.dir, Store: d.store, Realm: "530702"}); !errors.Is(err, identity.ErrInitialised) {
		t.Errorf("a second init: %v", err)
	}
	d.verified()
}
