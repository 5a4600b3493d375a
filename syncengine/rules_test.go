package syncengine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"onedoor/syncengine"
)

// The rules of merging stand in testdata as stories that a grid leader can
// read; testdata/00-how-to-read.txt tells how. This file plays them.

func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules found: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) { playFile(t, file, string(text)) })
	}
}

func playFile(t *testing.T, file, text string) {
	var told *telling
	var name string
	var stop error
	finish := func() {
		if told != nil {
			err := stop
			t.Run(name, func(t *testing.T) {
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if title, ok := strings.CutPrefix(line, "story: "); ok {
			finish()
			told, name, stop = newTelling(), title, nil
			continue
		}
		if told == nil {
			t.Fatalf("%s:%d: a line before the first story", file, i+1)
		}
		if stop != nil {
			continue
		}
		if err := told.tell(line); err != nil {
			stop = fmt.Errorf("%s:%d: %s\n%w", file, i+1, line, err)
		}
	}
	finish()
}

// telling is one story under way.
type telling struct {
	*realm
	fields map[string]*syncengine.Field
	hidden []syncengine.FieldNumber
}

func newTelling() *telling {
	r := newRealm(syncengine.Latest)
	r.kind = &syncengine.Kind{Number: 7, Fields: map[syncengine.FieldNumber]*syncengine.Field{}}
	return &telling{realm: r, fields: map[string]*syncengine.Field{}}
}

// sentences are the forms a line may have.
var sentences = []struct {
	form *regexp.Regexp
	tell func(*telling, []string) error
}{
	{regexp.MustCompile(`^field (\S+) (\S+)(?: of (.+?))?( that fills itself)?( hidden from helpers)?$`), (*telling).field},
	{regexp.MustCompile(`^(helper|worker|officer) (.+)$`), (*telling).people},
	{regexp.MustCompile(`^(\S+) (adds|writes|deletes|restores|settles) (.+?)(?: settling (.+?))? at (\d+):(\d+)( by a doubtful clock)?$`), (*telling).edits},
	{regexp.MustCompile(`^(\S+) receives$`), (*telling).receives},
	{regexp.MustCompile(`^(\S+) sends -> (\S+)(?: with (.+))?$`), (*telling).sends},
	{regexp.MustCompile(`^(\S+) sends and is held back$`), (*telling).heldBack},
	{regexp.MustCompile(`^(\S+)'s change (\d+) is released -> (\S+)(?: with (.+))?$`), (*telling).released},
	{regexp.MustCompile(`^(\S+) works on a copy of (\S+)'s phone$`), (*telling).copies},
	{regexp.MustCompile(`^the server is restored to entry (\d+)$`), (*telling).restored},
	{regexp.MustCompile(`^then (\S+) is (.+)$`), (*telling).expects},
}

func (s *telling) tell(line string) error {
	for _, f := range sentences {
		if m := f.form.FindStringSubmatch(line); m != nil {
			return f.tell(s, m[1:])
		}
	}
	return errors.New("this is no sentence of the format")
}

var policyNames = []string{"latest", "greatest", "least", "ranked", "first", "states", "review"}

func (s *telling) field(m []string) error {
	f := &syncengine.Field{Number: syncengine.FieldNumber(len(s.fields) + 1), Class: 1}
	switch policy := slices.Index(policyNames, m[1]); {
	case m[1] == "set":
		f.Shape = syncengine.Set
	case m[1] == "map":
		f.Shape = syncengine.Map
	case policy < 0:
		return fmt.Errorf("no policy %q", m[1])
	default:
		f.Policy = policies[policy]
	}
	// The number of a value is its place in the list; a state's precedence is
	// that too, while its number counts from the end, so that the two differ.
	order := strings.Fields(m[2])
	f.Number64 = func(data []byte) int64 { return int64(slices.Index(order, string(data)) + 1) }
	if f.Policy == syncengine.States {
		f.States = &syncengine.StateTable{Precedence: map[int32]int32{}}
		for i := range order {
			f.States.Precedence[int32(len(order)-i)] = int32(i)
		}
		f.Number64 = func(data []byte) int64 { return int64(len(order) - slices.Index(order, string(data))) }
	}
	f.SelfFilled = m[3] != ""
	if m[4] != "" {
		s.hidden = append(s.hidden, f.Number)
	}
	s.fields[m[0]], s.kind.Fields[f.Number] = f, f
	return nil
}

var ranks = map[string]syncengine.Rank{"helper": 1, "worker": 2, "officer": 4}

func (s *telling) people(m []string) error {
	for _, name := range strings.Fields(m[1]) {
		p := s.addPhone(name)
		p.rank = ranks[m[0]]
		if m[0] == "helper" {
			p.blind = s.hidden
		}
	}
	return nil
}

func (s *telling) find(name string) (*phone, error) {
	i := slices.IndexFunc(s.phones, func(p *phone) bool { return p.name == name })
	if i < 0 {
		return nil, fmt.Errorf("nobody is called %q", name)
	}
	return s.phones[i], nil
}

func (s *telling) edits(m []string) error {
	p, err := s.find(m[0])
	if err != nil {
		return err
	}
	var changes []*change
	switch m[1] {
	case "deletes":
		changes = p.change(syncengine.LifeWrite(true))
	case "restores":
		changes = p.change(syncengine.LifeWrite(false))
	case "settles":
		changes = []*change{{phone: p, seq: p.last() + 1, base: p.base}}
		p.own, m[3] = append(p.own, changes[0]), m[2]
	default:
		cells, err := s.writes(m[2])
		if err != nil {
			return err
		}
		if m[1] == "adds" {
			changes = []*change{p.create(cells...)}
		} else {
			changes = p.change(cells...)
		}
	}
	for _, c := range changes {
		if c.resolves, err = s.keys(m[3]); err != nil {
			return err
		}
		c.stamp, c.suspect = clock(m[4], m[5]), m[6] != ""
	}
	return nil
}

func clock(hour, minute string) syncengine.UnixMilli {
	var h, m int64
	fmt.Sscan(hour, &h)
	fmt.Sscan(minute, &m)
	return syncengine.UnixMilli((h*60 + m) * 60_000)
}

func (s *telling) receives(m []string) error {
	p, err := s.find(m[0])
	if err == nil {
		p.pull()
	}
	return err
}

func (s *telling) sends(m []string) error {
	p, err := s.find(m[0])
	if err != nil {
		return err
	}
	if len(p.outbox()) == 0 {
		return errors.New("there is nothing to send")
	}
	merged, _ := p.push()
	return s.outcome(merged, m[1], m[2])
}

func (s *telling) heldBack(m []string) error {
	p, err := s.find(m[0])
	if err != nil {
		return err
	}
	p.outbox()[0].holdBack = true
	p.push()
	return nil
}

func (s *telling) released(m []string) error {
	p, err := s.find(m[0])
	if err != nil {
		return err
	}
	for _, c := range p.own {
		if fmt.Sprint(c.seq) == m[1] && c.state == quarantined {
			return s.outcome(s.release(c), m[2], m[3])
		}
	}
	return fmt.Errorf("change %s was not held back", m[1])
}

func (s *telling) copies(m []string) error {
	p, err := s.find(m[1])
	if err == nil {
		s.copyPhone(p, m[0])
	}
	return err
}

func (s *telling) restored(m []string) error {
	var seq syncengine.Seq
	fmt.Sscan(m[0], &seq)
	s.restore(seq)
	return nil
}
