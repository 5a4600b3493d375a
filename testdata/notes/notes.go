// Package notes holds the corpus of field notes that the demo, the simulator and
// the benchmark draw from, so that texts are as varied as typed ones.
//
// It never draws: which note goes where is decided by the caller's seed. The
// notes are fiction written for this project; README.md states their licence.
package notes

import (
	_ "embed"
	"strings"
)

// corpus is the whole file, one note a line.
//
//go:embed visit-notes.zh.txt
var corpus string

// Lines returns the notes in the order of the file. The order never changes,
// since a seed chooses notes by position; the caller may change the slice.
func Lines() []string {
	return strings.Split(strings.TrimSuffix(corpus, "\n"), "\n")
}
