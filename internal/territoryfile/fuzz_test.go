package territoryfile_test

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/internal/csvfile"
	"onedoor/internal/territoryfile"
)

// FuzzRead holds that a file is refused with a reason, or is a tree: every code
// once, parents first, levels as the codes say; and written out again it reads
// as the same tree.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{head, head + "530702001001001,530702001001,grid,一\n", "", "code,parent_code,level,name\n", "Code,PARENT_CODE,Level,Name\n53,,province,云\n",
		"code,parent_code,level,name\n530702,5307,county,甲\n530702,5307,county,甲\n", "code,parent_code,level,name\n53,,province,\"a,\nb\"\n", "<html>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		areas, err := territoryfile.Read(strings.NewReader(string(data)), territoryfile.Options{File: "t.csv"})
		if err != nil {
			if areas != nil || !isReason(err) {
				t.Fatalf("%d areas with %v", len(areas), err)
			}
			return
		}
		checkTree(t, areas)
		again, err := read(written(t, areas))
		if err != nil || !slices.EqualFunc(again, areas, sameArea) {
			t.Fatalf("written out again the tree reads %v, %v; it was %v", again, err, areas)
		}
	})
}

// isReason reports that an error is one of those a caller is told to expect.
func isReason(err error) bool {
	_, problems := errors.AsType[csvfile.Problems](err)
	_, file := errors.AsType[*csvfile.FileError](err)
	return problems || file || errors.Is(err, territoryfile.ErrNoRows)
}

func checkTree(t *testing.T, areas []territoryfile.Area) {
	t.Helper()
	seen := map[domain.Code]bool{}
	for _, a := range areas {
		level, err := a.Code.Level()
		parent := a.Code.Parent()
		if err != nil || a.Level != level || a.Parent != parent || a.Name == "" || seen[a.Code] || a.Parent != "" && !seen[a.Parent] {
			t.Fatalf("area %+v stands in the tree, level %v, parent %q, %v", a, level, parent, err)
		}
		seen[a.Code] = true
	}
}

func written(t *testing.T, areas []territoryfile.Area) string {
	t.Helper()
	var out strings.Builder
	w := csv.NewWriter(&out)
	rows := [][]string{territoryfile.Header}
	for _, a := range areas {
		rows = append(rows, []string{string(a.Code), string(a.Parent), a.Level.String(), a.Name})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func sameArea(a, b territoryfile.Area) bool {
	a.Line, b.Line = 0, 0
	return a == b
}
