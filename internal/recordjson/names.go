package recordjson

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// fieldNamed finds a field by its lower_snake or lowerCamel name; nil for none.
func fieldNamed(m protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if d := m.Fields().ByName(protoreflect.Name(name)); d != nil {
		return d
	}
	return m.Fields().ByJSONName(name)
}

// noField says which names a mistaken one is like.
func noField(m protoreflect.MessageDescriptor, name string) error {
	names := make([]string, m.Fields().Len())
	for i := range names {
		names[i] = string(m.Fields().Get(i).Name())
	}
	want := "there are " + strings.Join(names, ", ")
	if near := nearest(name, names); len(near) > 0 {
		want = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &Error{Field: strconv.Quote(clip(name)), Cause: ErrField, Want: want}
}

// nearest gives the known names that a mistaken one is like, the likest first.
func nearest(name string, known []string) []string {
	const (
		// namesMax is what still reads as one question.
		namesMax = 3
		// nameBytesMax is more than any field's name; what is longer is like none.
		nameBytesMax = 64
	)
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
