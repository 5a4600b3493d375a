package sabotage_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"onedoor/internal/sim/sabotage"
)

// a variant that is in order; tests break it.
const ordinary = `name: lost note
story: The note is not there any more.
-- notes/keep.go --
<<<<
	keep(note)
====
	if !lever.On("lost note") {
		keep(note)
	}
>>>>
`

func TestParse_AVariantHasANameAStoryAndItsReplacements(t *testing.T) {
	s, err := sabotage.Parse(ordinary + "<<<<\n\tclose()\n====\n>>>>\n-- notes/find.go --\n<<<<\na\n====\nb\n>>>>\n")
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "lost note" || s.Story != "The note is not there any more." {
		t.Errorf("name %q, story %q", s.Name, s.Story)
	}
	want := []sabotage.Edit{
		{File: "notes/keep.go", Old: "\tkeep(note)\n", New: "\tif !lever.On(\"lost note\") {\n\t\tkeep(note)\n\t}\n"},
		{File: "notes/keep.go", Old: "\tclose()\n"},
		{File: "notes/find.go", Old: "a\n", New: "b\n"},
	}
	if !slices.Equal(s.Edits, want) {
		t.Errorf("edits %q", s.Edits)
	}
}

func TestParse_SaysWhatIsWrongWithAVariant(t *testing.T) {
	cases := []struct{ name, from, to, says string }{
		{"no name", "name: lost note\n", "", "a name, a story"},
		{"no story", "story: The note is not there any more.\n", "", "a name, a story"},
		{"no file", "-- notes/keep.go --\n", "", "before the heading"},
		{"a word that is none", "story:", "tale:", `line 2: "tale:`},
		{"no middle", "====\n", "", "where ==== is wanted"},
		{"no end", ">>>>\n", "", "no >>>>"},
		{"nothing replaced", "\tkeep(note)\n====", "====", "replaces nothing"},
		{"the lever of another", `lever.On("lost note")`, `lever.On("other")`, "lever of another"},
		{"no lever", `lever.On("lost note")`, `true`, "would never sleep"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(ordinary, c.from, c.to, 1)
			if text == ordinary {
				t.Fatal("the case breaks nothing")
			}
			if _, err := sabotage.Parse(text); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestLoad_AFileIsNamedAfterItsSaboteur(t *testing.T) {
	text := strings.ReplaceAll(ordinary, "lost note", "somebody's note")
	if s, err := sabotage.Load(fstest.MapFS{"somebodys-note.txt": {Data: []byte(text)}}); err != nil || len(s) != 1 {
		t.Errorf("%d saboteurs, %v", len(s), err)
	}
	_, err := sabotage.Load(fstest.MapFS{"note.txt": {Data: []byte(text)}})
	if err == nil || !strings.Contains(err.Error(), "somebodys-note.txt") {
		t.Errorf("error %v", err)
	}
}

func TestAll_EverySaboteurTellsOneSentence(t *testing.T) {
	all, err := sabotage.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if !strings.HasSuffix(s.Story, ".") || len(s.Story) < 30 {
			t.Errorf("%s tells %q", s.Name, s.Story)
		}
	}
}
