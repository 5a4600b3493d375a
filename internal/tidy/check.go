package tidy

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Finding is one line that breaks the plan.
type Finding struct {
	// File is the path below the root, with slashes; Line counts from 1.
	File string
	Line int
	// What names the line's fault and the reason for the rule.
	What string
}

// String gives the finding as editors read it.
func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// A Report is what Check saw.
type Report struct {
	// Files counts the Go files read, so that a walk that saw nothing cannot pass for a tidy house.
	Files int
	// Findings are in the order of files and lines.
	Findings []Finding
}

// Check reads every Go file of the repository at root and reports the lines that break the plan. It passes over
// testdata, folders that start with a dot or an underscore, and modules of their own. The error is one of reading or
// parsing a file.
func Check(root fs.FS) (Report, error) {
	var report Report
	strange := make(map[string]bool) // Folders without a room, each reported once.
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return enter(root, name)
		case path.Ext(name) != ".go" || strange[path.Dir(name)]:
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		found, err := checkFile(name, source)
		report.Files++
		report.Findings = append(report.Findings, found...)
		strange[path.Dir(name)] = roomOf(path.Dir(name)) == nil
		return err
	})
	return report, err
}

// enter gives fs.SkipDir for a folder whose Go files are not the house's own.
func enter(root fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	_, err := fs.Stat(root, path.Join(dir, "go.mod"))
	switch {
	case err == nil:
		return fs.SkipDir
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// checkFile gives the findings of one file, in the order of its lines.
func checkFile(name string, source []byte) ([]Finding, error) {
	files := token.NewFileSet()
	syntax, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, dir: path.Dir(name), syntax: syntax, lines: files}
	f.room = roomOf(f.dir)
	f.check()
	slices.SortFunc(f.found, func(a, b Finding) int { return cmp.Or(a.Line-b.Line, strings.Compare(a.What, b.What)) })
	// A function inside a function is looked at twice.
	return slices.Compact(f.found), nil
}

// file is one Go file under check.
type file struct {
	name, dir string
	room      *Room // nil where the plan has no room for the folder
	syntax    *ast.File
	lines     *token.FileSet
	found     []Finding
}

// check runs every rule that concerns the file.
func (f *file) check() {
	if f.room == nil {
		f.report(f.syntax.Package, "%s is not in the plan of the house: add it to House with what it holds and what it may import", f.dir)
		return
	}
	if f.room.Path == "proto/gen" {
		return // Generated: what it imports is the generators' affair.
	}
	f.checkOpenWork()
	if strings.HasSuffix(f.name, "_test.go") {
		return
	}
	f.checkImports()
	f.checkCalls()
	if f.room.Pure {
		f.checkPure()
	}
}

// report notes a finding at a position of the file.
func (f *file) report(at token.Pos, format string, args ...any) {
	f.found = append(f.found, Finding{File: f.name, Line: f.lines.Position(at).Line, What: fmt.Sprintf(format, args...)})
}

// roomOf gives the room a folder belongs to: the one with the longest matching path, or nil.
func roomOf(dir string) *Room {
	var best *Room
	for i := range House {
		room := &House[i]
		fits := room.Path == dir || room.Deep && strings.HasPrefix(dir, room.Path+"/")
		if fits && (best == nil || len(room.Path) > len(best.Path)) {
			best = room
		}
	}
	return best
}

// within says whether a folder or import path is one of the named places; `a/...` is a and all below it.
func within(place string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		tree, deep := strings.CutSuffix(name, "...")
		tree = strings.TrimSuffix(tree, "/")
		return place == tree || deep && (tree == "" || strings.HasPrefix(place, tree+"/"))
	})
}
