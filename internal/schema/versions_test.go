package schema_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/schema"
)

// updateOldest writes the list anew, when Oldest is raised.
var updateOldest = flag.Bool("update-oldest", false, "write testdata/oldest.txt anew")

const oldestFile = "testdata/oldest.txt"

// names lists the fields of a schema.
func names(s *schema.Schema) (out []string) {
	for _, k := range s.Kinds {
		for _, f := range k.Fields {
			out = append(out, k.Name+"."+f.Name)
		}
	}
	return out
}

func TestAt_TheOldestHasWhatItHadAndEveryLaterFieldSaysSinceWhen(t *testing.T) {
	got := names(schema.Load().At(schema.Oldest))
	if *updateOldest {
		if err := os.WriteFile(oldestFile, []byte(strings.Join(got, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(oldestFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(text))
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s is not in schema %d: say `since: %d` in its rules, so that servers of older software can serve beside this one", name, schema.Oldest, schema.Version)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s of schema %d is gone", name, schema.Oldest)
		}
	}
}

func TestAt_GivesAnEarlierVersionWithoutWhatCameLater(t *testing.T) {
	newer := schema.Load().Introducing("premises", "headcount")
	if newer.At(newer.Engine.Version) != newer || newer.At(newer.Engine.Version+1) != newer {
		t.Error("a schema at its own version is another one")
	}
	older := newer.At(newer.Engine.Version - 1)
	if older.Engine.Version != newer.Engine.Version-1 || older.Oldest() != older.Engine.Version {
		t.Errorf("the version before is %d, the oldest %d", older.Engine.Version, older.Oldest())
	}
	if at := newer.At(0).Engine.Version; at != newer.Oldest() {
		t.Errorf("before the oldest stands version %d", at)
	}
	lacks := slices.DeleteFunc(names(newer), func(name string) bool { return slices.Contains(names(older), name) })
	if !slices.Equal(lacks, []string{"premises.headcount"}) {
		t.Errorf("the version before lacks %q", lacks)
	}
	if newer.Access.Fingerprint() == older.Access.Fingerprint() {
		t.Error("what a phone may read is the same with and without a field: it would not be filled with it")
	}
}
