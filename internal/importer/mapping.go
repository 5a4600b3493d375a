package importer

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrMap means a column map cannot be used: it is no YAML, says something the
// format does not have, or names a column that the kind of file does not have.
var ErrMap = errors.New("unusable column map")

// Map says how to read somebody else's file, column by column. Its YAML form is
//
//	columns:
//	  address: SITE_ADDRESS      # canonical name: the file's name
//	values:
//	  grade: {A: GREEN, B: YELLOW} # the file's value: ours
//	defaults:
//	  kind_of_premises: BUILDING # where the file has no such column or a blank
//
// A canonical column the map does not rename is read under its own name. A
// source value is compared after trimming and without regard to case, and one
// the map does not list is read as it is.
type Map struct {
	// columns gives the file's name for a canonical column.
	columns map[string]string
	// values translates the trimmed, lower-case values of a canonical column.
	values map[string]map[string]string
	// defaults gives the value of a canonical column where the file has none.
	defaults map[string]string
}

// mapFile is the YAML form of a map.
type mapFile struct {
	Columns  map[string]string            `yaml:"columns"`
	Values   map[string]map[string]string `yaml:"values"`
	Defaults map[string]string            `yaml:"defaults"`
}

// ReadMap reads a column map. An unknown key is an error, since a misspelt one
// would leave a column unread.
func ReadMap(r io.Reader) (*Map, error) {
	text, err := io.ReadAll(io.LimitReader(r, MapBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("read column map: %w", err)
	}
	if len(text) > MapBytesMax {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMap, MapBytesMax)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	var found mapFile
	if err := decoder.Decode(&found); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it is empty", ErrMap)
	} else if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMap, oneLine(err))
	}
	if err := decoder.Decode(new(mapFile)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it has a second document, one is read", ErrMap)
	}
	return newMap(found)
}

// newMap brings canonical names and source values into the form in which they
// are looked up, and refuses two entries that become one.
func newMap(found mapFile) (*Map, error) {
	m := &Map{values: map[string]map[string]string{}}
	var err error
	if m.columns, err = folded("columns", found.Columns, snake); err != nil {
		return nil, err
	}
	if m.defaults, err = folded("defaults", found.Defaults, snake); err != nil {
		return nil, err
	}
	values, err := folded("values", found.Values, snake)
	if err != nil {
		return nil, err
	}
	for column, translations := range values {
		if m.values[column], err = folded("values of "+column, translations, foldValue); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// folded rewrites the keys of one part of a map.
func folded[V any](part string, in map[string]V, fold func(string) string) (map[string]V, error) {
	out := make(map[string]V, len(in))
	for _, key := range slices.Sorted(maps.Keys(in)) {
		form := fold(key)
		if _, ok := out[form]; ok {
			return nil, fmt.Errorf("%w: %s has %q in two spellings", ErrMap, part, form)
		}
		out[form] = in[key]
	}
	return out, nil
}

// foldValue is the form in which source values are compared.
func foldValue(value string) string { return strings.ToLower(strings.TrimSpace(value)) }

// oneLine keeps the decoder's list of complaints on one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// check refuses a map that speaks of columns the kind of file does not have.
func (m *Map) check(canonical []string) error {
	parts := []struct {
		name  string
		names []string
	}{
		{"columns", slices.Sorted(maps.Keys(m.columns))},
		{"values", slices.Sorted(maps.Keys(m.values))},
		{"defaults", slices.Sorted(maps.Keys(m.defaults))},
	}
	for _, part := range parts {
		for _, name := range part.names {
			if !slices.Contains(canonical, name) {
				return fmt.Errorf("%w: %s has %q, which is none of %s", ErrMap, part.name, name, strings.Join(canonical, ", "))
			}
		}
	}
	return nil
}

// column gives the file's name for a canonical column.
func (m *Map) column(canonical string) string {
	if m != nil && m.columns[canonical] != "" {
		return m.columns[canonical]
	}
	return canonical
}

// value translates a value of a canonical column.
func (m *Map) value(canonical, found string) string {
	found = strings.TrimSpace(found)
	if m == nil {
		return found
	}
	if to, ok := m.values[canonical][foldValue(found)]; ok {
		found = strings.TrimSpace(to)
	}
	if found == "" {
		return m.defaults[canonical]
	}
	return found
}
