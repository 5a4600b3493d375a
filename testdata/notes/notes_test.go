package notes_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"onedoor/testdata/notes"
)

func TestLines_EveryNoteIsOneLineOfText(t *testing.T) {
	lines := notes.Lines()
	if len(lines) != 1069 {
		t.Fatalf("%d notes, the corpus has 1069", len(lines))
	}
	seen := map[string]bool{}
	for i, line := range lines {
		if strings.TrimSpace(line) == "" || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Errorf("note %d is %q", i, line)
		}
		if seen[line] {
			t.Errorf("note %d stands twice", i)
		}
		seen[line] = true
	}
}

func TestLines_GivesEveryCallerItsOwnSlice(t *testing.T) {
	notes.Lines()[0] = "changed"
	if notes.Lines()[0] == "changed" {
		t.Error("one caller changes the notes of another")
	}
}
