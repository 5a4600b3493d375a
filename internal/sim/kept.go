package sim

import (
	"fmt"
	"strconv"
	"strings"
)

// Kept is a case that broke something once, with its story.
type Kept struct {
	Case  Case
	Story string
	// Meets are kinds of faults that the story needs. A case that does not meet them any
	// more, since steps are drawn otherwise now, guards nothing.
	Meets []Fault
}

// ParseKept reads a file of kept cases: a line each, `seed [steps=N] [skip=STEPS] [without=KINDS] [meets=KINDS]: story`. Empty
// lines and those that begin with # say nothing.
func ParseKept(text string) (out []Kept, err error) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseKept(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		out = append(out, k)
	}
	return out, nil
}

func parseKept(line string) (k Kept, err error) {
	what, story, told := strings.Cut(line, ":")
	words := strings.Fields(what)
	if !told || len(words) == 0 {
		return k, fmt.Errorf("%q has no seed or no story", line)
	}
	k.Story = strings.TrimSpace(story)
	if k.Case.Seed, err = strconv.ParseUint(words[0], 10, 64); err != nil {
		return k, fmt.Errorf("%q is no seed", words[0])
	}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "steps":
			k.Case.Steps, err = strconv.Atoi(value)
		case "skip":
			k.Case.Skip, err = ParseSteps(value)
		case "without":
			k.Case.Without, err = ParseFaults(value)
		case "meets":
			k.Meets, err = ParseFaults(value)
		default:
			err = fmt.Errorf("%q is not known", word)
		}
		if err != nil {
			return k, err
		}
	}
	return k, nil
}
