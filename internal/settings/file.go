package settings

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileBytesMax bounds the file: a few dozen lines with comments are a few thousand bytes.
const fileBytesMax = 256 << 10

// file reads the file that the File flag names by now; none where it is empty.
func (r *reading) file() {
	f := r.flags.Lookup(r.o.File)
	if f == nil || f.Value.String() == "" {
		return
	}
	path := f.Value.String()
	mapping, err := readMapping(path)
	if err != nil {
		r.problem("%s: %v", path, err)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(mapping); i += 2 {
		r.entry(path, mapping[i], mapping[i+1], seen)
	}
}

// readMapping gives the keys and values of the file's one mapping, in turn.
func readMapping(path string) ([]*yaml.Node, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileBytesMax+1))
	if err != nil {
		return nil, err
	}
	if len(text) > fileBytesMax {
		return nil, fmt.Errorf("more than %d bytes: this is no file of settings", fileBytesMax)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("no YAML: %s", strings.Join(strings.Fields(err.Error()), " "))
	}
	switch {
	case len(document.Content) == 0: // Nothing but comments.
		return nil, nil
	case document.Content[0].Kind != yaml.MappingNode:
		return nil, fmt.Errorf("line %d: a mapping is wanted, such as `listen: 0.0.0.0:7443`", document.Content[0].Line)
	}
	return document.Content[0].Content, nil
}

// entry takes one line of the file.
func (r *reading) entry(path string, key, value *yaml.Node, seen map[string]bool) {
	where, name := Origin(fmt.Sprintf("%s line %d", path, key.Line)), key.Value
	if name == r.o.File || !slices.Contains(r.names(), name) {
		r.unknown(where, name, name, nil, func(setting string) string { return setting })
		return
	}
	if seen[name] {
		r.problem("%s: %s stands in the file twice", where, name)
		return
	}
	seen[name] = true
	values, ok := texts(value)
	if !ok {
		r.problem("%s: %s: a value or a list of values is wanted", where, name)
		return
	}
	r.set(name, values, where)
}

// texts gives a value as text, a list as several.
func texts(n *yaml.Node) (values []string, ok bool) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		return []string{n.Value}, true
	case n.Kind != yaml.SequenceNode:
		return nil, false
	}
	for _, element := range n.Content {
		if element.Kind != yaml.ScalarNode || element.Tag == "!!null" {
			return nil, false
		}
		values = append(values, element.Value)
	}
	return values, true
}
