package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/store/storetest"
)

// onDisk is a store on a file that can be opened again.
type onDisk struct {
	*sqlitestore.Store
	path string
}

func (d *onDisk) Reopen() (err error) {
	if err := d.Close(); err != nil {
		return err
	}
	d.Store, err = sqlitestore.Open(context.Background(), d.path, sqlitestore.Options{})
	return err
}

func newOnDisk(t testing.TB) store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "realm.db")
	s, err := sqlitestore.Create(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &onDisk{s, path}
}

// equalHistories plays operations on the three stores and compares what they showed.
func equalHistories(t *testing.T, operations []string) {
	t.Helper()
	inMemory := storetest.Play(t, memstore.New(), operations)
	onDisk := storetest.Play(t, newOnDisk(t), operations)
	there := storetest.Play(t, create(t), operations)
	for name, history := range map[string][]string{"SQLite": onDisk, "PostgreSQL": there} {
		if diff := storetest.Difference(inMemory, history); diff != "" {
			t.Errorf("memory and %s differ %s\nafter these operations:\n%s", name, diff, strings.Join(operations, "\n"))
		}
	}
}

func TestStore_WrittenOperationsGiveTheHistoryOfTheOtherStores(t *testing.T) {
	files, err := filepath.Glob("../storetest/testdata/*.operations")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists of operations: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) { equalHistories(t, strings.Split(string(text), "\n")) })
	}
}

func TestStore_DrawnOperationsGiveTheHistoryOfTheOtherStores(t *testing.T) {
	const seeds, from = 20, 1000 // Others than those that the suite of the other stores draws.
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { equalHistories(t, storetest.Operations().Example(from+seed)) })
	}
}
