package pgstore_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/store/storetest"
)

// fileWith makes a store on a file with what operations write, and gives its history.
func fileWith(t *testing.T, operations []string) (s *sqlitestore.Store) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "realm.db")
	s, err := sqlitestore.Create(ctx, path, sqlitestore.Options{})
	must(t, err)
	storetest.Play(t, s, operations) // It closes the store.
	s, err = sqlitestore.Open(ctx, path, sqlitestore.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// brought copies a store's realm into the database.
func brought(ctx context.Context, from store.Store, o pgstore.Options, progress func(done, total int64)) (out pgstore.Imported, err error) {
	err = from.View(context.Background(), func(r store.Reader) error {
		out, err = pgstore.Import(ctx, o, r.(store.Whole), progress)
		return err
	})
	return out, err
}

func TestImport_KeepsEverythingThatAnyOperationsWrote(t *testing.T) {
	const seeds, from = 12, 5000
	look := []string{"view", "show", "end"}
	for seed := range seeds {
		operations := storetest.Operations().Example(from + seed)
		file := fileWith(t, operations)
		o := fresh(t)
		var last, total int64
		imported, err := brought(ctx, file, o, func(done, of int64) { last, total = done, of })
		must(t, err)
		if last != total || total != 2*(imported.Entries+imported.Records+imported.ScopeRows+imported.Documents) {
			t.Errorf("seed %d: %d of %d told, imported %+v", seed, last, total, imported)
		}
		there := mustOpen(t, o)
		want, got := storetest.Play(t, fileCopy{file}, look), storetest.Play(t, there, look)
		if diff := storetest.Difference(want, got); diff != "" {
			t.Errorf("seed %d: file and database differ %s", seed, diff)
		}
	}
}

// fileCopy is a store that a played list does not close.
type fileCopy struct{ store.Store }

func (fileCopy) Close() error { return nil }

func TestImport_RefusesARealmThatIsThere(t *testing.T) {
	file := fileWith(t, nil)
	o := fresh(t)
	must(t, commit(mustCreate(t, o), 2))
	if _, err := brought(ctx, file, o, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("import: %v", err)
	}
	if n := newest(t, mustOpen(t, o)); n != 2 {
		t.Errorf("the realm is at %d", n)
	}
}

func TestImport_CutOffAtAnyStepLeavesNothingOrTheWholeRealm(t *testing.T) {
	file := fileWith(t, nil)
	must(t, commit(file, 20))
	for _, kind := range []string{beforeWrite, afterWrite, insideRead} {
		c := &cutter{}
		for n := 1; ; n++ {
			o := fresh(t)
			o.Dial = c.dial
			c.arm(kind, n)
			_, err := brought(ctx, file, o, nil)
			struck := c.disarm()
			s, missing := pgstore.Open(ctx, o)
			if errors.Is(missing, fs.ErrNotExist) && err != nil {
				// Where the answer to the commit was lost the database may have been in the middle of it.
				if _, again := brought(ctx, file, o, nil); again != nil && !errors.Is(again, fs.ErrExist) {
					t.Fatalf("%s %d: the next try: %v", kind, n, again)
				}
				s, missing = pgstore.Open(ctx, o)
			}
			switch {
			case err == nil && missing != nil:
				t.Fatalf("%s %d: an import that succeeded left nothing: %v", kind, n, missing)
			case missing == nil: // It may be there although the answer was lost.
				if got := newest(t, s); got != 20 {
					t.Fatalf("%s %d: half a realm: %d", kind, n, got)
				}
				must(t, s.Close())
			default:
				t.Fatalf("%s %d: %v", kind, n, missing)
			}
			if !struck {
				break
			}
		}
	}
}

func TestImport_ThatIsGivenUpLeavesNothing(t *testing.T) {
	file := fileWith(t, nil)
	must(t, commit(file, 20))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	o := fresh(t)
	if _, err := brought(ended, file, o, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("import: %v", err)
	}
	if _, err := pgstore.Open(ctx, o); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
}
