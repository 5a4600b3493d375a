package tidy_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// Signs of a page that name something of the house.
var (
	// link is a Markdown link with its target and the heading in it.
	link = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]+))?\)`)
	// named is a file that stands in backquotes.
	named = regexp.MustCompile("`([A-Za-z0-9_./-]+\\.(?:go|md|proto|html|txt|csv|yaml|yml|js))`")
	// tested is a test, a fuzz target or a benchmark.
	tested = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+`)
	// made is a target of make.
	made = regexp.MustCompile("`make ([a-z-]+)")
	// decided is a decision by its number.
	decided = regexp.MustCompile(`\b[Dd]ecision (\d{1,4})\b`)
	// heading is a heading of a page.
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	// unanchored are the signs that an anchor leaves out.
	unanchored = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// house is what pages may name.
type house struct {
	// files are the house's files by path, pages those that end in .md with what they say.
	files map[string]bool
	pages map[string]string
	// code is all Go code with its comments, by path.
	code map[string]string
}

// generated are folders whose words are not the house's own.
var generated = map[string]bool{"proto/gen": true, "bin": true, ".bin": true, ".git": true, ".artifacts": true, "internal/tidy/testdata": true}

// wholeHouse reads the house.
func wholeHouse(t *testing.T) house {
	t.Helper()
	h := house{files: map[string]bool{}, pages: map[string]string{}, code: map[string]string{}}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && generated[p] {
			return fs.SkipDir
		}
		h.files[p] = true
		if ext := path.Ext(p); d.IsDir() || ext != ".md" && ext != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if path.Ext(p) == ".md" {
			h.pages[p] = string(text)
			return err
		}
		h.code[p] = string(text)
		return err
	})
	if err != nil || len(h.pages) == 0 {
		t.Fatalf("%d pages, error %v", len(h.pages), err)
	}
	return h
}

// holds reports a file by its path from the root, from a folder, or by the end of its path.
func (h house) holds(from, name string) bool {
	if h.files[name] || h.files[path.Join(path.Dir(from), name)] {
		return true
	}
	for p := range h.files {
		if strings.HasSuffix(p, "/"+name) {
			return true
		}
	}
	return false
}

// tests reports a test by its name, or by the beginning of it, as `-run` takes one.
func (h house) tests(name string) bool {
	for p, text := range h.code {
		if strings.HasSuffix(p, "_test.go") && strings.Contains(text, "\nfunc "+name) {
			return true
		}
	}
	return false
}

// decision reports a decision's page by its number.
func (h house) decision(number string) bool {
	prefix := "docs/decisions/" + strings.Repeat("0", 4-len(number)) + number + "-"
	for p := range h.pages {
		if strings.HasPrefix(p, prefix) {
			return true
		}
	}
	return false
}

// anchored reports a heading of a page by its anchor.
func (h house) anchored(page, anchor string) bool {
	for _, found := range heading.FindAllStringSubmatch(h.pages[page], -1) {
		if strings.ReplaceAll(unanchored.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

func TestPages_EveryLinkLeadsSomewhere(t *testing.T) {
	h := wholeHouse(t)
	for page, text := range h.pages {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			target := page
			if found[1] != "" {
				target = path.Join(path.Dir(page), found[1])
			}
			switch {
			case !h.files[target]:
				t.Errorf("%s leads to %s, which is not there", page, found[1])
			case found[2] != "" && !h.anchored(target, found[2]):
				t.Errorf("%s leads to %s, which has no heading %q", page, target, found[2])
			}
		}
	}
}

func TestPages_WhatTheyNameIsThere(t *testing.T) {
	h := wholeHouse(t)
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range h.pages {
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			if !h.holds(page, found[1]) && !strings.Contains(page, "cli.md") {
				t.Errorf("%s names the file %s, which is not there", page, found[1])
			}
		}
		for _, name := range tested.FindAllString(text, -1) {
			if !h.tests(name) {
				t.Errorf("%s names %s, which is no test", page, name)
			}
		}
		for _, found := range made.FindAllStringSubmatch(text, -1) {
			if !strings.Contains("\n"+string(makefile), "\n"+found[1]+":") {
				t.Errorf("%s names make %s, which is no target", page, found[1])
			}
		}
	}
}

func TestPages_EveryDecisionThatIsNamedIsWritten(t *testing.T) {
	h := wholeHouse(t)
	for _, texts := range []map[string]string{h.pages, h.code} {
		for page, text := range texts {
			for _, found := range decided.FindAllStringSubmatch(text, -1) {
				if !h.decision(found[1]) {
					t.Errorf("%s names decision %s, which is not written", page, found[1])
				}
			}
		}
	}
}

func TestPages_AllOfDocsAreReachedFromTheFirst(t *testing.T) {
	h := wholeHouse(t)
	reached, next := map[string]bool{}, []string{"README.md"}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		if reached[page] {
			continue
		}
		reached[page] = true
		for _, found := range link.FindAllStringSubmatch(h.pages[page], -1) {
			next = append(next, path.Join(path.Dir(page), found[1]))
		}
	}
	for page := range h.pages {
		if strings.HasPrefix(page, "docs/") && !reached[page] && !reached[path.Dir(page)] {
			t.Errorf("no link leads from README.md to %s", page)
		}
	}
}
