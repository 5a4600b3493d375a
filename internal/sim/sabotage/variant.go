package sabotage

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed variants/*.txt
var embedded embed.FS

// Saboteur is one deliberately broken variant of onedoor.
type Saboteur struct {
	// Name is what the lever knows it by.
	Name string
	// Story is one sentence about what the bug would do to a user.
	Story string
	// Edits are its replacements, in the order of its text.
	Edits []Edit
}

// Edit replaces text of one file.
type Edit struct {
	// File is the path below the repository's root, with slashes.
	File string
	// Old stands in the file exactly once; New takes its place. Both are whole lines.
	Old, New string
}

// All gives the saboteurs in the order of their names.
func All() ([]Saboteur, error) {
	variants, err := fs.Sub(embedded, "variants")
	if err != nil {
		return nil, err
	}
	return Load(variants)
}

// Only gives the named saboteurs; all of them when no name is given.
func Only(all []Saboteur, names []string) ([]Saboteur, error) {
	if len(names) == 0 {
		return all, nil
	}
	var out []Saboteur
	for _, name := range names {
		i := slices.IndexFunc(all, func(s Saboteur) bool { return s.Name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("%q is no saboteur: each is named in a file of internal/sim/sabotage/variants", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// Load reads the variants of a folder.
func Load(folder fs.FS) ([]Saboteur, error) {
	names, err := fs.Glob(folder, "*.txt")
	if err != nil {
		return nil, err
	}
	out := make([]Saboteur, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read variant %s: %w", name, err)
		}
		s, err := Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("variant %s: %w", name, err)
		}
		if want := fileName(s.Name); path.Base(name) != want {
			return nil, fmt.Errorf("variant %s holds %q: name the file %s", name, s.Name, want)
		}
		out = append(out, s)
	}
	return out, nil
}

// fileName gives the file that holds a saboteur: its name with hyphens for
// spaces, and without the apostrophes that an embedded file's name may not have.
func fileName(saboteur string) string {
	return strings.NewReplacer(" ", "-", "'", "").Replace(saboteur) + ".txt"
}

// Parse reads one variant.
func Parse(text string) (Saboteur, error) {
	p := parsing{lines: strings.SplitAfter(text, "\n")}
	for p.at < len(p.lines) {
		if err := p.line(); err != nil {
			return p.out, fmt.Errorf("line %d: %w", p.at+1, err)
		}
	}
	return p.out, p.out.check()
}

// parsing is the state of one Parse.
type parsing struct {
	lines []string
	// at is the line in hand.
	at   int
	file string
	out  Saboteur
}

// section is the heading of a file's replacements.
var section = regexp.MustCompile(`^-- (\S+) --\n?$`)

const (
	beginOld = "<<<<\n"
	beginNew = "====\n"
	endEdit  = ">>>>\n"
)

// line reads from the line in hand to the next heading, word or replacement.
func (p *parsing) line() error {
	line := p.lines[p.at]
	heading := section.FindStringSubmatch(line)
	name, isName := strings.CutPrefix(line, "name: ")
	story, isStory := strings.CutPrefix(line, "story: ")
	switch {
	case heading != nil:
		p.file = heading[1]
	case line == beginOld:
		return p.edit()
	case isName && p.file == "":
		p.out.Name = strings.TrimSpace(name)
	case isStory && p.file == "":
		p.out.Story = strings.TrimSpace(story)
	case strings.TrimSpace(line) != "":
		return fmt.Errorf("%q is neither name, story, the heading of a file nor a replacement", strings.TrimSpace(line))
	}
	p.at++
	return nil
}

// edit reads one replacement.
func (p *parsing) edit() error {
	if p.file == "" {
		return fmt.Errorf("a replacement before the heading of its file")
	}
	p.at++
	old, err := p.until(beginNew)
	if err != nil {
		return err
	}
	replacement, err := p.until(endEdit)
	if err != nil {
		return err
	}
	if old == "" || old == replacement {
		return fmt.Errorf("a replacement that replaces nothing")
	}
	p.out.Edits = append(p.out.Edits, Edit{File: p.file, Old: old, New: replacement})
	return nil
}

// until gives the lines before a mark and steps over it.
func (p *parsing) until(mark string) (string, error) {
	from := p.at
	for ; p.at < len(p.lines); p.at++ {
		switch line := p.lines[p.at]; {
		case line == mark:
			p.at++
			return strings.Join(p.lines[from:p.at-1], ""), nil
		case slices.Contains([]string{beginOld, beginNew, endEdit}, line):
			return "", fmt.Errorf("%s where %s is wanted", strings.TrimSpace(line), strings.TrimSpace(mark))
		}
	}
	return "", fmt.Errorf("no %s", strings.TrimSpace(mark))
}

// pull finds the uses of the lever.
var pull = regexp.MustCompile(`lever\.On\(("[^"]*"|[^)]*)\)`)

// check wants a name, a story, and a lever that is the saboteur's own.
func (s *Saboteur) check() error {
	if s.Name == "" || s.Story == "" || len(s.Edits) == 0 {
		return fmt.Errorf("a variant has a name, a story and a replacement")
	}
	pulled := false
	for _, e := range s.Edits {
		for _, use := range pull.FindAllStringSubmatch(e.New, -1) {
			if use[1] != fmt.Sprintf("%q", s.Name) {
				return fmt.Errorf("%s pulls the lever of another: %s", e.File, use[0])
			}
			pulled = true
		}
	}
	if !pulled {
		return fmt.Errorf("no replacement asks lever.On(%q): the branch would never sleep", s.Name)
	}
	return nil
}
