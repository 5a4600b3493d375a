package finding

import (
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// step is one part of a path such as spec.containers[0]["a.b/c"].
var step = regexp.MustCompile(`\["?([^\]"]+)"?\]|([^.\[\]]+)`)

// Line finds the line of a path in a YAML document: that of its deepest part that is there.
func Line(node *yaml.Node, path string) int {
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	line := node.Line
	for _, m := range step.FindAllStringSubmatch(path, -1) {
		at, below := child(node, m[1]+m[2])
		if below == nil {
			return line
		}
		line, node = at, below
	}
	return line
}

// told is how readers of YAML name a line.
var told = regexp.MustCompile(`\bline (\d+)`)

// LineIn finds the line that the error of a reader of YAML names; 0 for none.
func LineIn(text string) int {
	m := told.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // Digits alone, or the number is too large to be a line.
	return n
}

// child finds an entry by its name or number, and its line.
func child(node *yaml.Node, name string) (int, *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				return node.Content[i].Line, node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i].Line, node.Content[i]
		}
	}
	return 0, nil
}
