package localdb_test

import (
	"iter"
	"path/filepath"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/sqlitedisk"
	"onedoor/syncengine"
)

// key is a key as good as random for these tests.
var key = [32]byte{9, 1, 8, 2, 7, 3, 6, 4, 5, 31: 77}

// open opens a fresh database that the test's end closes.
func open(t testing.TB) *localdb.DB {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "phone.db"))
}

func reopen(t testing.TB, path string) *localdb.DB {
	t.Helper()
	db, err := localdb.Open(path, key, sqlitedisk.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// update runs steps in one transaction; a step that fails fails the test.
func update(t testing.TB, db *localdb.DB, steps ...func(*localdb.Tx) error) {
	t.Helper()
	if err := db.Update(all(steps)); err != nil {
		t.Fatal(err)
	}
}

// view is update for reading.
func view(t testing.TB, db *localdb.DB, steps ...func(*localdb.Tx) error) {
	t.Helper()
	if err := db.View(all(steps)); err != nil {
		t.Fatal(err)
	}
}

func all(steps []func(*localdb.Tx) error) func(*localdb.Tx) error {
	return func(tx *localdb.Tx) error {
		for _, step := range steps {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// id makes an id that orders as n does.
func id(n int) syncengine.ID {
	return syncengine.ID{0: 1, 12: byte(n >> 24), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

// collect gives a sequence's values; its error fails the test.
func collect[T any](t testing.TB, values iter.Seq2[T, error]) (list []T) {
	t.Helper()
	for v, err := range values {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// idsOf gives the ids of records.
func idsOf(records []localdb.Record) (ids []syncengine.ID) {
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}
