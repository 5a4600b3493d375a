package pgstore_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"

	"github.com/jackc/pgx/v5"
)

var ctx = context.Background()

// exec runs a statement beside the store.
func exec(t *testing.T, url, query string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// ask gives the one value of a query.
func ask[T any](t *testing.T, url, query string, args ...any) (value T) {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func mustCreate(t *testing.T, o pgstore.Options) *pgstore.Store {
	t.Helper()
	s, err := pgstore.Create(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustOpen(t *testing.T, o pgstore.Options) *pgstore.Store {
	t.Helper()
	s, err := pgstore.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestCreate_RefusesARealmThatIsThere(t *testing.T) {
	o := fresh(t)
	mustCreate(t, o)
	if _, err := pgstore.Create(ctx, o); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
}

func TestCreate_WantsARealmsName(t *testing.T) {
	if _, err := pgstore.Create(ctx, pgstore.Options{URL: pgtest.Database(t)}); err == nil || !strings.Contains(err.Error(), "?realm=") {
		t.Errorf("without a name: %v", err)
	}
}

func TestOpen_TakesTheOnlyRealmAndWantsANameAmongSeveral(t *testing.T) {
	url := pgtest.Database(t)
	if _, err := pgstore.Open(ctx, pgstore.Options{URL: url}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty database: %v", err)
	}
	mustCreate(t, pgstore.Options{URL: url, Realm: "530702"})
	if s := mustOpen(t, pgstore.Options{URL: url}); s.Realm() != "530702" {
		t.Errorf("opened %q", s.Realm())
	}
	mustCreate(t, pgstore.Options{URL: url, Realm: "530721"})
	if _, err := pgstore.Open(ctx, pgstore.Options{URL: url}); err == nil || !strings.Contains(err.Error(), "530702, 530721") {
		t.Errorf("without a name: %v", err)
	}
	if s := mustOpen(t, pgstore.Options{URL: url + "&realm=530721"}); s.Realm() != "530721" {
		t.Errorf("opened %q", s.Realm())
	}
	if _, err := pgstore.Open(ctx, pgstore.Options{URL: url + "&realm=530721", Realm: "530702"}); err == nil {
		t.Error("two names were taken")
	}
	if _, err := pgstore.Open(ctx, pgstore.Options{URL: url, Realm: "999999"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another realm: %v", err)
	}
}

func TestOpen_RefusesADatabaseOfNewerSoftware(t *testing.T) {
	url := pgtest.Database(t)
	o := pgstore.Options{URL: url, Realm: "530702"}
	mustCreate(t, o)
	exec(t, url, "UPDATE onedoor_schema SET version = 1000, oldest = 1000")
	if _, err := pgstore.Open(ctx, o); !errors.Is(err, store.ErrNewer) {
		t.Errorf("open: %v", err)
	}
	if _, err := pgstore.OpenReader(ctx, o); !errors.Is(err, store.ErrNewer) {
		t.Errorf("open a reader: %v", err)
	}
	if v := ask[int64](t, url, "SELECT version FROM onedoor_schema"); v != 1000 {
		t.Errorf("the refusal left schema %d", v)
	}
}

func TestOpen_GoesOnWhereAMigrationWasCutOff(t *testing.T) {
	url := pgtest.Database(t)
	o := pgstore.Options{URL: url, Realm: "530702"}
	mustCreate(t, o)
	// As an engine leaves it whose table definitions are no part of a transaction.
	exec(t, url, "DROP TABLE onedoor_documents")
	exec(t, url, "UPDATE onedoor_schema SET version = 0")
	s := mustOpen(t, o)
	if err := commit(s, 1); err != nil {
		t.Error(err)
	}
}

func TestCreate_ManyServersMayStartOnAnEmptyDatabaseAtOnce(t *testing.T) {
	url := pgtest.Database(t)
	var starting sync.WaitGroup
	for _, realm := range []string{"a", "b", "c", "d", "e", "f"} {
		starting.Go(func() {
			s, err := pgstore.Create(ctx, pgstore.Options{URL: url, Realm: realm})
			if err != nil {
				t.Errorf("realm %s: %v", realm, err)
				return
			}
			defer s.Close()
			if err := commit(s, 1); err != nil {
				t.Errorf("realm %s: %v", realm, err)
			}
		})
	}
	starting.Wait()
	names, err := pgstore.Realms(ctx, pgstore.Options{URL: url})
	if strings.Join(names, "") != "abcdef" || err != nil {
		t.Errorf("realms %v, %v", names, err)
	}
}

func TestOpenReader_ReadsAndRefusesToWrite(t *testing.T) {
	o := fresh(t)
	s := mustCreate(t, o)
	if err := commit(s, 3); err != nil {
		t.Fatal(err)
	}
	r, err := pgstore.OpenReader(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := newest(t, r); n != 3 {
		t.Errorf("reads up to %d", n)
	}
	if err := commit(r, 1); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("update: %v", err)
	}
	if err := r.Scrub(ctx); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("scrub: %v", err)
	}
}

func TestOpen_SaysWhatIsWrongWithAnAddress(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://there/db":                      "begins with postgres://",
		"postgres://user:secret@127.0.0.1:bad/": "URL",
	} {
		_, err := pgstore.Open(ctx, pgstore.Options{URL: url, Realm: "1"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOpen_AUserWithoutRightsIsToldSo(t *testing.T) {
	url := pgtest.Database(t)
	o := pgstore.Options{URL: url, Realm: "530702"}
	s := mustCreate(t, o)
	if err := commit(s, 2); err != nil {
		t.Fatal(err)
	}
	exec(t, url, "CREATE ROLE reader LOGIN")
	exec(t, url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
	other := strings.Replace(url, "onedoor@", "reader@", 1)
	if _, err := pgstore.Open(ctx, pgstore.Options{URL: other, Realm: "530702"}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("open: %v", err)
	}
	r, err := pgstore.OpenReader(ctx, pgstore.Options{URL: other, Realm: "530702"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := newest(t, r); n != 2 {
		t.Errorf("reads up to %d", n)
	}
}

func TestStore_RealmsOfOneDatabaseDoNotSeeEachOther(t *testing.T) {
	first, second := mustCreate(t, fresh(t)), mustCreate(t, fresh(t))
	if err := errors.Join(commit(first, 5), commit(second, 2)); err != nil {
		t.Fatal(err)
	}
	if a, b := newest(t, first), newest(t, second); a != 5 || b != 2 {
		t.Errorf("the realms are at %d and %d", a, b)
	}
	for _, s := range []*pgstore.Store{first, second} {
		if problems, err := s.Check(ctx); len(problems) > 0 || err != nil {
			t.Errorf("check: %v, %v", problems, err)
		}
	}
}

func TestCheck_NamesAHoleInTheLog(t *testing.T) {
	o := fresh(t)
	s := mustCreate(t, o)
	if err := commit(s, 5); err != nil {
		t.Fatal(err)
	}
	exec(t, o.URL, "DELETE FROM onedoor_log WHERE realm = $1 AND seq = 3", o.Realm)
	problems, err := s.Check(ctx)
	if len(problems) != 1 || err != nil || !strings.Contains(problems[0], "4 entries from 1 to 5") {
		t.Errorf("check: %v, %v", problems, err)
	}
}

func TestScrub_LeavesTheContentAsItIs(t *testing.T) {
	o := fresh(t)
	s := mustCreate(t, o)
	if err := commit(s, 5); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(ctx); err != nil {
		t.Fatal(err)
	}
	if n := newest(t, s); n != 5 {
		t.Errorf("the store is at %d", n)
	}
	if n := ask[int64](t, o.URL, "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'onedoor_documents'"); n == 0 {
		t.Error("the documents were not cleaned up")
	}
}
