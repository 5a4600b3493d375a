package sabotage_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"onedoor/internal/sim/sabotage"
)

// root is the repository that this test stands in.
const root = "../../.."

func TestOverlay_EveryVariantFitsTheTreeAsItIsAndCompiles(t *testing.T) {
	all, err := sabotage.All()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := sabotage.WriteOverlay(dir, t.TempDir(), all)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	args := []string{"build", "-overlay", overlay}
	for _, s := range all {
		for _, e := range s.Edits {
			if p := "./" + filepath.Dir(e.File); !packages[p] {
				packages[p], args = true, append(args, p)
			}
		}
	}
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// saboteur makes one of replacements in file.go.
func saboteur(name string, pairs ...string) sabotage.Saboteur {
	s := sabotage.Saboteur{Name: name, Story: "A story."}
	for i := 0; i < len(pairs); i += 2 {
		s.Edits = append(s.Edits, sabotage.Edit{File: "file.go", Old: pairs[i], New: pairs[i+1]})
	}
	return s
}

func source(text string) fstest.MapFS { return fstest.MapFS{"file.go": {Data: []byte(text)}} }

func TestOverlay_NeighboursShareTheLinesAroundThem(t *testing.T) {
	file := source("package p\n\nfunc f() {\n\ta()\n\tb()\n\tc()\n}\n")
	copies, err := sabotage.Overlay(file, []sabotage.Saboteur{
		saboteur("one", "\ta()\n\tb()\n", "\ta()\n\tif !lever.On(\"one\") {\n\t\tb()\n\t}\n"),
		saboteur("two", "\tb()\n\tc()\n", "\tb()\n\tif lever.On(\"two\") {\n\t\treturn\n\t}\n\tc()\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "package p; import \"onedoor/internal/sim/sabotage/lever\"\n\nfunc f() {\n\ta()\n\tif !lever.On(\"one\") {\n\t\tb()\n\t}\n" +
		"\tif lever.On(\"two\") {\n\t\treturn\n\t}\n\tc()\n}\n"
	if got := string(copies["file.go"]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOverlay_SaysWhichFileAndSaboteurDoNotFit(t *testing.T) {
	file := "package p\n\nfunc f() {\n\ta()\n\ta()\n\tb()\n}\n"
	cases := []struct {
		name      string
		saboteurs []sabotage.Saboteur
		says      []string
	}{
		{"text that is not there", []sabotage.Saboteur{saboteur("gone", "\tc()\n", "\td()\n")}, []string{"file.go", `"gone"`, "0 times"}},
		{"text that is there twice", []sabotage.Saboteur{saboteur("twice", "\ta()\n", "\td()\n")}, []string{"file.go", `"twice"`, "2 times"}},
		{"text within a line", []sabotage.Saboteur{saboteur("part", "b()\n", "d()\n")}, []string{"file.go", `"part"`, "within a line"}},
		{"one line replaced by two", []sabotage.Saboteur{saboteur("x", "\tb()\n", "\tc()\n"), saboteur("y", "\tb()\n", "\td()\n")},
			[]string{"file.go", `"x"`, `"y"`, "same line"}},
		{"what is no Go", []sabotage.Saboteur{saboteur("broken", "\tb()\n", "\tb(\n")}, []string{"file.go", `"broken"`, "not into Go"}},
		{"a file that is not there", []sabotage.Saboteur{{Name: "lost", Edits: []sabotage.Edit{{File: "other.go", Old: "a", New: "b"}}}},
			[]string{"other.go", `"lost"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := sabotage.Overlay(source(file), c.saboteurs)
			for _, part := range c.says {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v does not say %q", err, part)
				}
			}
		})
	}
}

func TestRoot_IsFoundFromAFolderBelowAndNowhereElse(t *testing.T) {
	dir, err := sabotage.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "internal", "sim", "sabotage", "doc.go")); err != nil {
		t.Errorf("root %s: %v", dir, err)
	}
	if _, err := sabotage.Root(t.TempDir()); err == nil || !strings.Contains(err.Error(), "--source") {
		t.Errorf("error %v", err)
	}
}
