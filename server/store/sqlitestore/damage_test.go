package sqlitestore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
)

// pageBytes is the page size that doc.go promises.
const pageBytes = 8192

func TestOpen_RefusesADamagedFileAndLeavesItAsItIs(t *testing.T) {
	page := strings.Repeat("<html><body>Service unavailable</body></html>\n", 400)
	for name, damage := range map[string]func(whole []byte) []byte{
		"empty":                       func([]byte) []byte { return nil },
		"cut within the header":       func(whole []byte) []byte { return whole[:50] },
		"cut after the header":        func(whole []byte) []byte { return whole[:100] },
		"cut to one page":             func(whole []byte) []byte { return whole[:pageBytes] },
		"cut to half":                 func(whole []byte) []byte { return whole[:len(whole)/2/pageBytes*pageBytes] },
		"cut within a page":           func(whole []byte) []byte { return whole[:len(whole)/2+100] },
		"cut by a page":               func(whole []byte) []byte { return whole[:len(whole)-pageBytes] },
		"cut by a byte":               func(whole []byte) []byte { return whole[:len(whole)-1] },
		"header overwritten by zeros": func(whole []byte) []byte { return append(make([]byte, 100), whole[100:]...) },
		"first page overwritten":      func(whole []byte) []byte { return append(bytes.Repeat([]byte{0xa5}, pageBytes), whole[pageBytes:]...) },
		"schema overwritten": func(whole []byte) []byte {
			return append(append(whole[:100:100], make([]byte, pageBytes-100)...), whole[pageBytes:]...)
		},
		"replaced by a web page":       func([]byte) []byte { return []byte(page) },
		"replaced by a short web page": func([]byte) []byte { return []byte(page[:60]) },
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(whole), 0o600); err != nil {
				t.Fatal(err)
			}
			before := fingerprint(t, path)
			_, err = sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "backup") {
				t.Errorf("open: %v", err)
			}
			if after := fingerprint(t, path); after != before {
				t.Errorf("the file changed: %s, was %s", after, before)
			}
		})
	}
}

func TestOpen_RefusesADatabaseOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "realm.db")
	alter(t, path, "CREATE TABLE log (seq INTEGER PRIMARY KEY)", "INSERT INTO log VALUES (1)", "PRAGMA user_version = 1")
	before := fingerprint(t, path)
	_, errWrite := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	_, errRead := sqlitestore.OpenReader(context.Background(), path)
	if !errors.Is(errWrite, store.ErrDamaged) || !errors.Is(errRead, store.ErrDamaged) {
		t.Errorf("open: %v; open reader: %v", errWrite, errRead)
	}
	if after := fingerprint(t, path); after != before {
		t.Errorf("the file changed: %s, was %s", after, before)
	}
}

func TestOpen_RefusesAFileWithoutASchemaVersion(t *testing.T) {
	path := written(t)
	for _, version := range []string{"0", "-1"} {
		alter(t, path, "PRAGMA user_version = "+version)
		if _, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{}); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("schema %s: %v", version, err)
		}
	}
}

func TestOpen_RefusesAFolder(t *testing.T) {
	if _, err := sqlitestore.Open(context.Background(), t.TempDir(), sqlitestore.Options{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("open: %v", err)
	}
}

// TestCheck_FindsAPageOverwrittenInPlace also opens and reads until the damage
// is met: what is read is right or refused.
func TestCheck_FindsAPageOverwrittenInPlace(t *testing.T) {
	whole, err := os.ReadFile(written(t))
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for at := pageBytes; at < len(whole); at += pageBytes {
		path := filepath.Join(t.TempDir(), "realm.db")
		damaged := bytes.Clone(whole)
		copy(damaged[at:at+pageBytes], bytes.Repeat([]byte{0xa5}, pageBytes))
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
		if errors.Is(err, store.ErrDamaged) {
			met++
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		problems, err := s.Check(context.Background())
		named := slices.ContainsFunc(problems, func(line string) bool { return strings.HasPrefix(line, "Tree ") })
		if !named || err != nil {
			t.Errorf("page at %d: problems %q, error %v", at, problems, err)
		}
		if _, err := newest(s); errors.Is(err, store.ErrDamaged) {
			met++
		} else if err != nil {
			t.Errorf("page at %d: reading gave %v", at, err)
		}
		mustClose(t, s)
	}
	if met < 5 {
		t.Errorf("reading met the damage on %d pages only", met)
	}
}
