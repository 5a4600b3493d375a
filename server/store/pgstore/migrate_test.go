package pgstore_test

import (
	"errors"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
)

const (
	// waits is how a migration begins that changes tables which stand: all transactions begin with that table.
	waits = "LOCK TABLE onedoor_heads IN ACCESS EXCLUSIVE MODE; "
	// adds is one that only adds: columns with a default, and a table.
	adds = waits + "ALTER TABLE onedoor_heads ADD COLUMN IF NOT EXISTS shade bigint NOT NULL DEFAULT 7; ALTER TABLE onedoor_log ADD COLUMN IF NOT EXISTS shade bigint NOT NULL DEFAULT 7; " +
		"ALTER TABLE onedoor_records ADD COLUMN IF NOT EXISTS shade bigint NOT NULL DEFAULT 7; " +
		"CREATE TABLE IF NOT EXISTS onedoor_shades (realm text NOT NULL, id bytea NOT NULL, PRIMARY KEY (realm, id))"
	// changes is one that renames what it changes.
	changes = waits + "ALTER TABLE onedoor_scope RENAME TO onedoor_scope_of_realms"
)

// alone names a realm in a database of its own, whose tables a test changes.
func alone(t *testing.T) pgstore.Options {
	return pgstore.Options{URL: pgtest.Database(t), Realm: "530702"}
}

func TestMigrations_EachSaysHowOldSoftwareMayBeThatServesBesideIt(t *testing.T) {
	if len(pgstore.OldestServing) != pgstore.Migrations {
		t.Fatalf("%d migrations, %d say it", pgstore.Migrations, len(pgstore.OldestServing))
	}
	for i, oldest := range pgstore.OldestServing {
		if oldest < 1 || oldest > int64(i+1) {
			t.Errorf("migration %d says %d", i+1, oldest)
		}
	}
}

func TestMigrations_BesideOneThatOnlyAddsOlderSoftwareServesOn(t *testing.T) {
	o := alone(t)
	older := mustCreate(t, o)
	must(t, commit(older, 3))
	busy := make(chan error, 1)
	stop := make(chan struct{})
	go func() { busy <- workOn(older, stop) }()
	newer := mustOpen(t, pgstore.Newer(o, adds, 1))
	close(stop)
	must(t, <-busy)
	began := newest(t, older)
	for _, s := range []*pgstore.Store{older, newer, older, mustOpen(t, o)} {
		must(t, commit(s, 2))
	}
	reader, err := pgstore.OpenReader(ctx, o)
	must(t, err)
	if n := newest(t, reader); n != began+8 {
		t.Errorf("older software reads up to %d", n)
	}
	must(t, reader.Close())
	if n := ask[int64](t, o.URL, "SELECT count(*) FROM onedoor_records WHERE shade <> 7"); n != 0 {
		t.Errorf("%d records lack what was added", n)
	}
	for _, s := range []*pgstore.Store{older, newer} {
		if problems, err := s.Check(ctx); err != nil || len(problems) > 0 {
			t.Errorf("the check found %q, %v", problems, err)
		}
	}
}

// workOn writes and reads until it is stopped.
func workOn(s *pgstore.Store, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		err := errors.Join(commit(s, 1), s.View(ctx, func(r store.Reader) error {
			return r.Records(func(store.Record) bool { return true })
		}))
		if err != nil {
			return err
		}
	}
}

func TestMigrations_WaitForALongReaderWithoutKeepingOthersWaiting(t *testing.T) {
	o := alone(t)
	older := mustCreate(t, o)
	must(t, commit(older, 3))
	opened := make(chan error, 1)
	must(t, older.View(ctx, func(r store.Reader) error { // As a backup does.
		go func() {
			newer, err := pgstore.Open(ctx, pgstore.Newer(o, adds, 1))
			if err == nil {
				err = newer.Close()
			}
			opened <- err
		}()
		for range 20 {
			must(t, commit(older, 1))
		}
		_, _, err := r.Entry(1)
		return err
	}))
	must(t, <-opened)
}

func TestMigrations_OlderSoftwareMovesNoRealmWhereNewerHasAddedTables(t *testing.T) {
	o := alone(t)
	must(t, commit(mustCreate(t, o), 3))
	mustOpen(t, pgstore.Newer(o, adds, 1))
	file := fileWith(t, nil)
	other := o
	other.Realm = "530721"
	if _, err := brought(ctx, file, other, nil); !errors.Is(err, store.ErrNewer) {
		t.Errorf("import: %v", err)
	}
	if err := replaced(file, o, func(store.Reader) error { return nil }); !errors.Is(err, store.ErrNewer) {
		t.Errorf("replace: %v", err)
	}
	if err := pgstore.Drop(ctx, o); !errors.Is(err, store.ErrNewer) {
		t.Errorf("drop: %v", err)
	}
	if n := newest(t, mustOpen(t, o)); n != 3 {
		t.Errorf("the realm is at %d", n)
	}
}

func TestMigrations_OneThatChangesShutsOlderSoftwareOutAlsoWhileItRuns(t *testing.T) {
	o := alone(t)
	older := mustCreate(t, o)
	must(t, commit(older, 3))
	mustOpen(t, pgstore.Newer(pgstore.Newer(o, adds, 1), changes, 3))
	if err := commit(older, 1); !errors.Is(err, store.ErrNewer) {
		t.Errorf("a server that runs: %v", err)
	}
	if _, err := pgstore.Open(ctx, pgstore.Newer(o, adds, 1)); !errors.Is(err, store.ErrNewer) {
		t.Errorf("one that is started: %v", err)
	}
	if oldest := ask[int64](t, o.URL, "SELECT oldest FROM onedoor_schema"); oldest != 3 {
		t.Errorf("schema %d may serve", oldest)
	}
}

func TestMigrations_ADatabaseThatSaysNothingOfOlderSoftwareIsOpenedAndTakenFurther(t *testing.T) {
	o := alone(t)
	must(t, commit(mustCreate(t, o), 3))
	exec(t, o.URL, "ALTER TABLE onedoor_schema DROP COLUMN oldest") // As software made it that did not know of it.
	must(t, commit(mustOpen(t, o), 1))
	exec(t, o.URL, "UPDATE onedoor_schema SET version = 2")
	if _, err := pgstore.Open(ctx, o); !errors.Is(err, store.ErrNewer) {
		t.Errorf("a newer one that says nothing: %v", err)
	}
	exec(t, o.URL, "UPDATE onedoor_schema SET version = 1")
	must(t, commit(mustOpen(t, pgstore.Newer(o, adds, 1)), 1))
	must(t, commit(mustOpen(t, o), 1))
}
