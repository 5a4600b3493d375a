package sabotage

import (
	"cmp"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// leverImport is what a broken copy imports.
const leverImport = "onedoor/internal/sim/sabotage/lever"

// Overlay applies every saboteur to copies of the sources below root and gives
// the copies by their paths. A replacement that does not fit its file is an
// error that names file and saboteur.
func Overlay(root fs.FS, saboteurs []Saboteur) (map[string][]byte, error) {
	cuts := map[string][]cut{}
	for i := range saboteurs {
		for j := range saboteurs[i].Edits {
			e := &saboteurs[i].Edits[j]
			cuts[e.File] = append(cuts[e.File], cut{edit: e, by: saboteurs[i].Name})
		}
	}
	out := make(map[string][]byte, len(cuts))
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(cuts)) {
		source, err := fs.ReadFile(root, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("saboteur %q: %w", cuts[name][0].by, err))
			continue
		}
		if out[name], err = apply(name, string(source), cuts[name]); err != nil {
			faults = append(faults, err)
		}
	}
	return out, errors.Join(faults...)
}

// cut is one edit with its place in a file: the bytes from, to give way to text.
type cut struct {
	edit     *Edit
	by       string
	from, to int
	text     string
}

// apply makes the broken copy of one file.
func apply(name, source string, cuts []cut) ([]byte, error) {
	var faults []error
	for i := range cuts {
		faults = append(faults, cuts[i].find(name, source))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	// Where two saboteurs insert at one place, the order of their names stands.
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var b strings.Builder
	at := 0
	for i, c := range cuts {
		if c.from < at {
			return nil, fmt.Errorf("%s: saboteurs %q and %q replace the same line", name, cuts[i-1].by, c.by)
		}
		b.WriteString(source[at:c.from])
		b.WriteString(c.text)
		at = c.to
	}
	b.WriteString(source[at:])
	return withLever(name, b.String(), cuts)
}

// find places an edit, without the lines that old and new text share at their ends.
func (c *cut) find(name, source string) error {
	if n := strings.Count(source, c.edit.Old); n != 1 {
		return fmt.Errorf("%s: the text that saboteur %q replaces stands there %d times, not once: bring its variant up to date", name, c.by, n)
	}
	c.from = strings.Index(source, c.edit.Old)
	if c.from > 0 && source[c.from-1] != '\n' {
		return fmt.Errorf("%s: the text that saboteur %q replaces begins within a line", name, c.by)
	}
	old, text := strings.SplitAfter(c.edit.Old, "\n"), strings.SplitAfter(c.edit.New, "\n")
	for len(old) > 0 && len(text) > 0 && old[0] == text[0] {
		c.from += len(old[0])
		old, text = old[1:], text[1:]
	}
	for len(old) > 0 && len(text) > 0 && old[len(old)-1] == text[len(text)-1] {
		old, text = old[:len(old)-1], text[:len(text)-1]
	}
	c.to, c.text = c.from+len(strings.Join(old, "")), strings.Join(text, "")
	return nil
}

// withLever adds the import behind the package clause, on its line, so that no
// line of the copy moves by it, and checks that the copy can be read.
func withLever(name, source string, cuts []cut) ([]byte, error) {
	files := token.NewFileSet()
	clause, err := parser.ParseFile(files, name, source, parser.PackageClauseOnly)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(cuts, func(c cut) bool { return pull.MatchString(c.edit.New) }) {
		at := files.Position(clause.Name.End()).Offset
		source = source[:at] + fmt.Sprintf("; import %q", leverImport) + source[at:]
	}
	if _, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution); err != nil {
		by := make([]string, len(cuts))
		for i, c := range cuts {
			by[i] = fmt.Sprintf("%q", c.by)
		}
		return nil, fmt.Errorf("broken by %s, but not into Go: %w", strings.Join(by, ", "), err)
	}
	return []byte(source), nil
}
