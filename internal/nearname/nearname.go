// Package nearname finds the known names that a mistaken one is like, for errors that ask "did you mean". It knows nothing
// of what the names name.
package nearname

import (
	"cmp"
	"slices"
	"strings"
)

const (
	// namesMax is what still reads as one question.
	namesMax = 3
	// nameBytesMax is more than any known name has; what is longer is like none.
	nameBytesMax = 64
)

// Of gives the known names that a mistaken one is like, the likest first; at most three.
func Of(name string, known []string) []string {
	if name == "" || len(name) > nameBytesMax {
		return nil
	}
	name = strings.ToLower(name)
	distances := map[string]int{}
	near := slices.DeleteFunc(slices.Clone(known), func(k string) bool {
		distances[k] = distance(name, k)
		return distances[k] > max(2, len(name)/3) && !strings.Contains(k, name) && !strings.Contains(name, k)
	})
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(distances[a], distances[b]) })
	return near[:min(len(near), namesMax)]
}

// distance counts the bytes to add, drop or change to get from a to b
// (V. Levenshtein, 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
