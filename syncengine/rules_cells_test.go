package syncengine_test

import (
	"fmt"
	"slices"
	"strings"

	"onedoor/syncengine"
)

// This file reads the parts of a story's sentences that name cells and values.

// writes reads "note=dog tags+fire tags-smoke rooms[3]=empty".
func (s *telling) writes(text string) (out []syncengine.CellWrite, err error) {
	for _, word := range strings.Fields(text) {
		var w syncengine.CellWrite
		name, value, whole := strings.Cut(word, "=")
		if !whole {
			name, value = word, ""
			w.Cleared = strings.Contains(word, "-")
			name = strings.Replace(name, "-", "+", 1)
		}
		if w.Key, err = s.key(name); err != nil {
			return nil, err
		}
		if !whole {
			value = w.Key.Key
		}
		if w.Cleared = w.Cleared || value == "nothing"; !w.Cleared {
			w.Data = []byte(value)
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b syncengine.CellWrite) int { return a.Key.Compare(b.Key) })
	return out, nil
}

// key reads "note", "tags+fire", "rooms[3]" or "record".
func (s *telling) key(name string) (syncengine.CellKey, error) {
	if name == "record" {
		return lifeKey, nil
	}
	field, key, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	if f, element, ok := strings.Cut(name, "+"); ok {
		field, key = f, element
	}
	f := s.fields[field]
	if f == nil {
		return syncengine.CellKey{}, fmt.Errorf("no field %q", field)
	}
	return syncengine.CellKey{Field: f.Number, Key: key}, nil
}

// keys reads a list "note, tags+fire".
func (s *telling) keys(list string) (out []syncengine.CellKey, err error) {
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		key, err := s.key(name)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

// outcome compares what a change came to.
func (s *telling) outcome(m syncengine.Merged, want, list string) error {
	got := "merged"
	if m.Applied {
		got = "applied"
	}
	keys, err := s.keys(list)
	if err != nil {
		return err
	}
	var ids []syncengine.ConflictID
	for _, key := range keys {
		ids = append(ids, syncengine.ConflictIDOf(recordID, key))
	}
	if got != want || !slices.Equal(m.Conflicts, ids) {
		return fmt.Errorf("it is %s, in %d conflicts", got, len(m.Conflicts))
	}
	return nil
}

var conflictNames = []string{"", "conflict", "kept", "delete/edit"}

// expects compares one cell with "dog by Li, beside cat by Wang, kept fish by Chen, open conflict".
func (s *telling) expects(m []string) error {
	key, err := s.key(m[0])
	if err != nil {
		return err
	}
	cell, ok := s.record().Find(key)
	if !ok {
		return fmt.Errorf("there is no %s", m[0])
	}
	if got := s.describe(cell); got != m[1] {
		return fmt.Errorf("%s is %s", m[0], got)
	}
	return nil
}

// describe tells a cell in the words of the format.
func (s *telling) describe(c *syncengine.Cell) string {
	out := s.value(c.Values[0])
	for i, v := range c.Values[1:] {
		out += []string{", beside ", " and "}[min(i, 1)] + s.value(v)
	}
	for i, k := range c.Kept {
		out += []string{", kept ", " and "}[min(i, 1)] + s.value(k.Value)
	}
	if kind := s.world().ConflictAt(s.kind, s.record(), c); kind != syncengine.NoConflict {
		out += ", open " + conflictNames[kind]
	}
	return out
}

func (s *telling) value(v syncengine.Value) string {
	text := string(v.Data)
	switch {
	case text == "\x01":
		text = "alive"
	case text == "\x02":
		text = "deleted"
	case v.Cleared:
		text = "nothing"
	}
	name, _, _ := strings.Cut(s.dotName(v.Write.Dot), "/")
	return text + " by " + name
}
