package sqlitestore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func TestCreate_MakesAFileOnlyItsOwnerReads(t *testing.T) {
	s, path := create(t)
	defer mustClose(t, s)
	if err := commit(s, 1, 1, 10); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("realm.db%s: mode %v, error %v", suffix, info.Mode(), err)
		}
	}
}

func TestCreate_RefusesToReplaceAFile(t *testing.T) {
	for name, content := range map[string]string{"a realm": "", "another file": "notes"} {
		path := written(t)
		if content != "" {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := fingerprint(t, path)
		if _, err := sqlitestore.Create(context.Background(), path, sqlitestore.Options{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over %s: %v", name, err)
		}
		if after := fingerprint(t, path); after != before {
			t.Errorf("%s changed: %s, was %s", name, after, before)
		}
	}
}

func TestCreate_BeginsAgainAfterACrashWhileMaking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "realm.db")
	for _, suffix := range []string{".new", ".new-wal", ".new-shm"} {
		if err := os.WriteFile(path+suffix, []byte("half a realm"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := sqlitestore.Create(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantNewestEmpty(t, s)
	mustClose(t, s)
	names, err := filepath.Glob(path + "*")
	if want := []string{path, path + ".lock"}; err != nil || strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("files left after a close: %q, want %q", names, want)
	}
}

func wantNewestEmpty(t *testing.T, s store.Store) {
	t.Helper()
	err := s.View(context.Background(), func(r store.Reader) error {
		if r.Head() != (store.Head{Epoch: 1}) {
			t.Errorf("head of a new realm: %+v", r.Head())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpen_NeverMakesARealm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "realm.db")
	_, errWrite := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	_, errRead := sqlitestore.OpenReader(context.Background(), path)
	if !errors.Is(errWrite, fs.ErrNotExist) || !errors.Is(errRead, fs.ErrNotExist) {
		t.Errorf("open: %v; open reader: %v", errWrite, errRead)
	}
	if names, _ := filepath.Glob(path + "*"); len(names) > 0 {
		t.Errorf("files made: %q", names)
	}
}

func TestOpen_AnEndedContextOpensNothing(t *testing.T) {
	path := written(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, errOpen := sqlitestore.Open(ctx, path, sqlitestore.Options{})
	_, errRead := sqlitestore.OpenReader(ctx, path)
	_, errCreate := sqlitestore.Create(ctx, path+"2", sqlitestore.Options{})
	for _, err := range []error{errOpen, errRead, errCreate} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
}

func TestOpen_EveryCommitWaitsForTheDisk(t *testing.T) {
	s, _ := create(t)
	defer mustClose(t, s)
	for query, want := range map[string]string{
		"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA fullfsync": "1", "PRAGMA checkpoint_fullfsync": "1",
		"PRAGMA page_size": "8192", "PRAGMA wal_autocheckpoint": "2000", "PRAGMA journal_size_limit": "67108864",
		"PRAGMA trusted_schema": "0", "PRAGMA cell_size_check": "1", "PRAGMA temp_store": "2",
		"PRAGMA ignore_check_constraints": "1",
	} {
		if got, err := s.AskWriter(query); got != want || err != nil {
			t.Errorf("writer: %s is %q, error %v; want %q", query, got, err, want)
		}
	}
	if _, err := s.AskReader("DELETE FROM head"); !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a reading connection wrote: %v", err)
	}
}

func TestOpen_RefusesASecondWriterInTheSameProcess(t *testing.T) {
	s, path := create(t)
	if _, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{}); !errors.Is(err, sqlitestore.ErrInUse) {
		t.Errorf("second open: %v", err)
	}
	if err := commit(s, 1, 3, 10); err != nil {
		t.Errorf("the first writer after the second was refused: %v", err)
	}
	mustClose(t, s)
	s = open(t, path)
	defer mustClose(t, s)
	wantNewest(t, s, 3)
}

func TestOpen_RefusesANewerSchemaAndLeavesItAsItIs(t *testing.T) {
	path := written(t)
	alter(t, path, "PRAGMA user_version = 1000")
	before := fingerprint(t, path)
	_, errWrite := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	_, errRead := sqlitestore.OpenReader(context.Background(), path)
	if !errors.Is(errWrite, store.ErrNewer) || !errors.Is(errRead, store.ErrNewer) {
		t.Errorf("open: %v; open reader: %v", errWrite, errRead)
	}
	if after := fingerprint(t, path); after != before {
		t.Errorf("the file changed: %s, was %s", after, before)
	}
	alter(t, path, "PRAGMA user_version = 1")
	s := open(t, path)
	defer mustClose(t, s)
	wantNewest(t, s, 200)
}

// alter changes a closed file behind the store's back, as another program would.
func alter(t *testing.T, path string, statements ...string) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range statements {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestOpenReader_ReadsAStoppedRealmAndLeavesItWritable(t *testing.T) {
	path := written(t)
	before := fingerprint(t, path)
	r, err := sqlitestore.OpenReader(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	wantNewest(t, r, 200)
	if err := commit(r, 201, 201, 10); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("update through a reader: %v", err)
	}
	mustClose(t, r)
	if after := fingerprint(t, path); after != before {
		t.Errorf("reading changed the file: %s, was %s", after, before)
	}
	s := open(t, path)
	defer mustClose(t, s)
	if err := commit(s, 201, 201, 10); err != nil {
		t.Error(err)
	}
	wantNewest(t, s, 201)
}

func TestOpenReader_FollowsAWriterInTheSameProcess(t *testing.T) {
	s, path := create(t)
	r, err := sqlitestore.OpenReader(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := commit(s, 1, 5, 10); err != nil {
		t.Fatal(err)
	}
	wantNewest(t, r, 5)
	mustClose(t, s)
	wantNewest(t, r, 5)
	s = open(t, path)
	if err := commit(s, 6, 9, 10); err != nil {
		t.Fatal(err)
	}
	wantNewest(t, r, 9)
	mustClose(t, r)
	wantNewest(t, s, 9)
	mustClose(t, s)
}
