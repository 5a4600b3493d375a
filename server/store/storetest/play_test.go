package storetest_test

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

	"pgregory.net/rapid"
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

// equalHistories plays operations on every store and compares what they showed.
func equalHistories(t testing.TB, operations []string) {
	t.Helper()
	inMemory := storetest.Play(t, memstore.New(), operations)
	if diff := storetest.Difference(inMemory, storetest.Play(t, newOnDisk(t), operations)); diff != "" {
		t.Errorf("memory and disk differ %s\nafter these operations:\n%s", diff, strings.Join(operations, "\n"))
	}
}

func TestPlay_AWrittenListOfOperationsGivesEqualHistoriesOnEveryStore(t *testing.T) {
	files, err := filepath.Glob("testdata/*.operations")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists of operations: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			equalHistories(t, strings.Split(string(text), "\n"))
		})
	}
}

func TestPlay_ADrawnListOfOperationsGivesEqualHistoriesOnEveryStore(t *testing.T) {
	const seeds = 60
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			equalHistories(t, storetest.Operations().Example(seed))
		})
	}
}

func TestPlay_DrawnOperationsReachEveryVerb(t *testing.T) {
	seen := make(map[string]int)
	for seed := range 60 {
		for _, line := range storetest.Operations().Example(seed) {
			verb, _, _ := strings.Cut(line, " ")
			seen[verb]++
		}
	}
	for _, verb := range []string{"update", "commit", "fail", "panic", "view", "end", "hold", "in", "release", "reopen", "append", "put",
		"scope", "unscope", "write", "erase", "head", "show", "record", "entry", "entries", "rows", "range", "last"} {
		if seen[verb] == 0 {
			t.Errorf("60 drawn lists hold no %s", verb)
		}
	}
}

func TestPlay_ShowsWhatWasWritten(t *testing.T) {
	history := storetest.Play(t, memstore.New(), []string{
		"# a comment", "", "update", "append record=3 body=2 type=1", "commit", "view", "entry seq=1", "entry seq=2", "end",
	})
	text := strings.Join(history, "\n")
	for _, want := range []string{"append: refused false", "update: error false", "entry: {Seq:1 ", "body 332e", "none extra none false <nil>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the history lacks %q:\n%s", want, text)
		}
	}
}

func TestDifference_NamesTheFirstResultThatDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.SliceOfN(rapid.StringN(1, 5, -1), 1, 5).Draw(t, "history")
		if diff := storetest.Difference(history, history); diff != "" {
			t.Fatalf("equal histories differ: %s", diff)
		}
		shorter := history[:len(history)-1]
		if diff := storetest.Difference(history, shorter); !strings.Contains(diff, fmt.Sprintf("at result %d", len(history))) {
			t.Fatalf("a missing result: %q", diff)
		}
	})
}
