package tidy

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
)

// checkCalls finds uses of names that one room alone may use, as a call or as a value. Source text does not say whose
// method a call names, so every method of a banned name counts: in this house such a name means one thing.
func (f *file) checkCalls() {
	f.eachUse(func(at token.Pos, importPath, name string) {
		for _, ban := range CallBans {
			theirs := importPath == Module+"/"+ban.Room || importPath == "" && f.room.Path != ban.Room
			if theirs && name == ban.Name && !within(f.dir, ban.Only) {
				f.report(at, "%s uses %s, which is %s's: %s", f.dir, ban.Name, ban.Room, ban.Why)
			}
		}
	})
}

// checkPure finds what a pure room must not do although it may import the package, and what needs no import.
func (f *file) checkPure() {
	f.eachUse(func(at token.Pos, importPath, name string) {
		if does := impureNames[importPath][name]; does != "" {
			f.report(at, "%s.%s %s: %s", importPath, name, does, pureWhy)
		}
	})
	for _, spec := range f.syntax.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			f.report(spec.Pos(), "a dot import hides where a name comes from, so this check cannot see what the room uses")
		}
	}
	ast.Inspect(f.syntax, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			f.report(node.Pos(), "a pure room starts no goroutine: %s", pureWhy)
		case *ast.ChanType:
			f.report(node.Pos(), "a pure room has no channels: %s", pureWhy)
		case *ast.CallExpr:
			if name, ok := node.Fun.(*ast.Ident); ok && (name.Name == "print" || name.Name == "println") {
				f.report(node.Pos(), "%s writes to standard error: %s", name.Name, pureWhy)
			}
		}
		return true
	})
}

// eachUse calls visit with every selected name: of an imported package with its path, and of anything else, such as a
// method of a value, with an empty path.
func (f *file) eachUse(visit func(at token.Pos, importPath, name string)) {
	names := f.importNames()
	ast.Inspect(f.syntax, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		var importPath string
		if left, ok := selector.X.(*ast.Ident); ok {
			importPath = names[left.Name]
		}
		visit(selector.Pos(), importPath, selector.Sel.Name)
		return true
	})
}

// openWork matches the marks people leave where work is not done. They are put together here so that this file holds none.
var openWork = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

// checkOpenWork finds marks of open work in comments, and tests that are skipped.
func (f *file) checkOpenWork() {
	for _, group := range f.syntax.Comments {
		for _, comment := range group.List {
			if mark := openWork.FindString(comment.Text); mark != "" {
				f.report(comment.Pos(), "a comment says %s: finish the work, or write it down where work is planned", mark)
			}
		}
	}
	ast.Inspect(f.syntax, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			f.checkSkips(node.Type, node.Body)
		case *ast.FuncLit:
			f.checkSkips(node.Type, node.Body)
		}
		return true
	})
}

// skips are the methods of testing.T and its kin that pass over a test.
var skips = []string{"Skip", "Skipf", "SkipNow"}

// checkSkips finds where a function skips the test it was handed. A method of the same name of another type, such as
// a generator that rejects a case, is no skipped test.
func (f *file) checkSkips(signature *ast.FuncType, body *ast.BlockStmt) {
	handed := f.testParameters(signature)
	if len(handed) == 0 || body == nil {
		return
	}
	ast.Inspect(body, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok || !slices.Contains(skips, selector.Sel.Name) {
			return true
		}
		if left, ok := selector.X.(*ast.Ident); ok && slices.Contains(handed, left.Name) {
			f.report(selector.Pos(), "a skipped test passes without testing: make it run everywhere, or remove it")
		}
		return true
	})
}

// testParameters gives the names of a function's parameters whose type is of package testing.
func (f *file) testParameters(signature *ast.FuncType) []string {
	var names []string
	for _, field := range signature.Params.List {
		kind := field.Type
		if pointer, ok := kind.(*ast.StarExpr); ok {
			kind = pointer.X
		}
		selector, ok := kind.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if left, ok := selector.X.(*ast.Ident); !ok || left.Name != "testing" {
			continue
		}
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
