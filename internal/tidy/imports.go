package tidy

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// checkImports holds every import of the file against the plan and its bans.
func (f *file) checkImports() {
	for _, spec := range f.syntax.Imports {
		target, inside := houseFolder(importPath(spec))
		if why := f.importFault(target, inside); why != "" {
			f.report(spec.Pos(), "%s imports %s: %s", f.dir, importPath(spec), why)
		}
	}
}

// importFault gives the reason why the file may not import target, or an empty text.
func (f *file) importFault(target string, inside bool) string {
	for _, ban := range Bans {
		if within(f.dir, ban.From) && !within(f.dir, ban.Except) && within(target, ban.To) {
			return ban.Why
		}
	}
	switch {
	case inside:
		return f.planFault(target)
	case f.room.Pure && !slices.Contains(pureImports, target):
		return "not a pure part of the standard library; " + pureWhy
	}
	return ""
}

// planFault gives the reason why House does not let the file import a folder of the house, or an empty text.
func (f *file) planFault(folder string) string {
	room := roomOf(folder)
	switch {
	case room == nil:
		return "it is not in the plan of the house"
	case room == f.room || slices.Contains(f.room.May, room.Path):
		return ""
	case floor(room) <= floor(f.room):
		return "an import may only point down"
	}
	return "the plan does not let " + f.room.Path + " (" + f.room.Holds + ") use " + room.Path + " (" + room.Holds + ")"
}

// floor gives a room's place in House; the roof is 0.
func floor(room *Room) int {
	return slices.IndexFunc(House, func(r Room) bool { return r.Path == room.Path })
}

// importPath gives the path an import names.
func importPath(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic("the parser accepted an import path that is no string: " + spec.Path.Value)
	}
	return name
}

// houseFolder gives the folder of an import of the house and true, or the import path as it stands and false.
func houseFolder(importPath string) (string, bool) {
	if folder, inside := strings.CutPrefix(importPath, Module+"/"); inside {
		return folder, true
	}
	return importPath, importPath == Module
}

// importNames gives the names under which the file knows its imports, with the import path of each. The guess for an
// import without a name, the last part of its path, holds for every package whose names the plan bans.
func (f *file) importNames() map[string]string {
	names := make(map[string]string)
	for _, spec := range f.syntax.Imports {
		name := path.Base(importPath(spec))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = importPath(spec)
	}
	return names
}
