// Package finding is what a linter tells: what is wrong, in which file, on which line. It decides nothing.
package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Finding is one thing that is wrong with a file.
type Finding struct {
	// File is the path of the file.
	File string
	// Line counts from 1; 0 where whoever found it tells no line.
	Line int
	// By says whose rule it is: kubernetes, pod-security, compose, buildkit, prometheus, grafana, or house for one of our own.
	By string
	// Text says what is wrong.
	Text string
}

// String is one line in the form that editors jump to: file, line, text.
func (f Finding) String() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return fmt.Sprintf("%s: %s (%s)", at, strings.Join(strings.Fields(f.Text), " "), f.By)
}

// Sorted gives findings in the order of their files and lines, each once.
func Sorted(list []Finding) []Finding {
	slices.SortFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.By, b.By), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(list)
}
