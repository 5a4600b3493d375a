package settings

import (
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Print writes settings as a file of settings, each with its origin as a comment. What is not set stands as a comment, so
// that the whole can be kept as a file; passwords have to be put in again.
func Print(w io.Writer, list []Setting) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range list {
		if s.Value == "" {
			continue
		}
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: s.Name}, s.node())
	}
	body, err := yaml.Marshal(root)
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	for _, s := range list {
		if s.Value == "" {
			if _, err := fmt.Fprintf(w, "# %s:\n", s.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// node is the setting's value with its origin.
func (s Setting) node() *yaml.Node {
	if s.list == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: s.Value, LineComment: string(s.From)}
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, LineComment: string(s.From)}
	for _, value := range s.list {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: value})
	}
	return n
}
