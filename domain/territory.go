package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Code is the code of a territory: digits, as text, since it names a place in a tree and nobody counts with it. Down to
// the county it is GB/T 2260, street and community are the statistics bureau's, grid and microgrid are this project's
// convention (community + 3, grid + 2). Records name a territory by id; the code is for people and files.
type Code string

// Level is a level of the tree; the numbers are those of onedoor.record.v1.TerritoryLevel.
type Level int32

// The levels, from the top down.
const (
	// Province (省), 2 digits.
	Province Level = iota + 1
	// Prefecture (地级市, 州), 4 digits.
	Prefecture
	// County (县, 区), 6 digits: the unit of a realm.
	County
	// Street (街道, 乡镇), 9 digits.
	Street
	// Community (社区, 村), 12 digits.
	Community
	// Grid (网格), 15 digits: part of a community, never of a street.
	Grid
	// Microgrid (微网格, 居民小组), 17 digits.
	Microgrid
)

// levelFacts stand in the order of the levels, Province first.
var levelFacts = [...]struct {
	name   string
	digits int
}{
	{"province", 2}, {"prefecture", 4}, {"county", 6}, {"street", 9}, {"community", 12}, {"grid", 15}, {"microgrid", 17},
}

// ErrBadCode means that a text is no territory code.
var ErrBadCode = errors.New("not a territory code: 2, 4, 6, 9, 12, 15 or 17 digits are needed")

// ErrBadPlace means that code, parent and level of one territory do not fit together.
var ErrBadPlace = errors.New("code, parent and level of a territory do not fit together")

// Valid reports whether l is one of the levels.
func (l Level) Valid() bool { return l >= Province && l <= Microgrid }

// String gives the level's name in files, such as "community".
func (l Level) String() string {
	if !l.Valid() {
		return fmt.Sprintf("level %d", int32(l))
	}
	return levelFacts[l-1].name
}

// Digits is the length of the level's codes, 0 for what is no level.
func (l Level) Digits() int {
	if !l.Valid() {
		return 0
	}
	return levelFacts[l-1].digits
}

// ParseLevel reads a level's name in any case.
func ParseLevel(name string) (Level, bool) {
	name = strings.TrimSpace(name)
	for i, facts := range levelFacts {
		if strings.EqualFold(facts.name, name) {
			return Level(i + 1), true
		}
	}
	return 0, false
}

// ParseCode reads a code, white space around it aside, or returns [ErrBadCode].
func ParseCode(text string) (Code, error) {
	code := Code(strings.TrimSpace(text))
	if _, err := code.Level(); err != nil {
		return "", err
	}
	return code, nil
}

// Level gives the level that the code's length states, or [ErrBadCode].
func (c Code) Level() (Level, error) {
	for i := range len(c) {
		if c[i] < '0' || c[i] > '9' {
			return 0, fmt.Errorf("%q: %w", string(c), ErrBadCode)
		}
	}
	for i, facts := range levelFacts {
		if facts.digits == len(c) {
			return Level(i + 1), nil
		}
	}
	return 0, fmt.Errorf("%q: %w", string(c), ErrBadCode)
}

// Parent gives the code one level up; it is empty for a province and for what is no code.
func (c Code) Parent() Code {
	level, err := c.Level()
	if err != nil || level == Province {
		return ""
	}
	return c[:(level - 1).Digits()]
}

// Realm gives the county that the place lies in; it is empty above the county and for what is no code.
func (c Code) Realm() Code { return c.At(County) }

// At gives the code of the place at the given level that c lies in or is; it is empty where c stands above that level
// and for what is no code.
func (c Code) At(level Level) Code {
	own, err := c.Level()
	if err != nil || !level.Valid() || own < level {
		return ""
	}
	return c[:level.Digits()]
}

// Contains reports whether other is this place or lies in it.
func (c Code) Contains(other Code) bool {
	level, err := c.Level()
	return err == nil && other.At(level) == c
}

// CheckPlace tells whether one row of a territory file holds together: the code has the level's length and its parent
// is the place one level up. A province has no parent. Errors match [ErrBadCode] or [ErrBadPlace].
func CheckPlace(code, parent Code, level Level) error {
	own, err := code.Level()
	switch {
	case err != nil:
		return err
	case own != level:
		return fmt.Errorf("%w: %s has the length of a %s, not of a %s", ErrBadPlace, code, own, level)
	case code.Parent() != parent:
		return fmt.Errorf("%w: %s lies in %q, not in %q", ErrBadPlace, code, string(code.Parent()), string(parent))
	}
	return nil
}
