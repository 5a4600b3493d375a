// Package docpage holds pages of docs that are made from code to the code that they are made from. Each such page has a test, which
// `make generate` runs so that it writes the page; every other run only compares.
package docpage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pageMode is for a page that is not there yet; one that is keeps its own.
const pageMode = 0o600

// Whole wants a page to be a text, or writes it.
func Whole(t *testing.T, page, want string, write bool) {
	t.Helper()
	if write {
		put(t, page, want)
	}
	if have := read(t, page); have != want {
		t.Errorf("%s is not what the code says: run `make generate`", filepath.Base(page))
	}
}

// Tail wants what stands behind a line of a page, which people wrote up to there, to be a text, or writes it.
func Tail(t *testing.T, page, line, want string, write bool) {
	t.Helper()
	words, _, found := strings.Cut(read(t, page), line)
	if !found {
		t.Fatalf("%s has no line %q", filepath.Base(page), line)
	}
	Whole(t, page, words+line+want, write)
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func put(t *testing.T, page, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.FromSlash(page), []byte(text), pageMode); err != nil {
		t.Fatal(err)
	}
}
