package sqlitestore_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"onedoor/server/store/sqlitestore"
)

// schemaFile makes the file of the newest schema for testdata, once, when a
// migration is added: go test -run OldSchema -schema-file testdata/schema-0002.db
var schemaFile = flag.String("schema-file", "", "make a realm of the newest schema here")

// changesKept is how many changes each file in testdata holds.
const changesKept = 20

func TestOpen_ReadsAndWritesARealmOfEveryOldSchema(t *testing.T) {
	if *schemaFile != "" {
		makeSchemaFile(t, *schemaFile)
	}
	migrations, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for version := 1; version <= len(migrations); version++ {
		name := fmt.Sprintf("schema-%04d.db", version)
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "realm.db")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, path)
			defer mustClose(t, s)
			wantNewest(t, s, changesKept)
			if err := commit(s, changesKept+1, changesKept+1, 10); err != nil {
				t.Error(err)
			}
			wantNewest(t, s, changesKept+1)
		})
	}
}

func makeSchemaFile(t *testing.T, path string) {
	s, err := sqlitestore.Create(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := commit(s, 1, changesKept, 40); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
}
