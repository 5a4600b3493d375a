package syncengine_test

import (
	"fmt"
	"os"
	"testing"

	"onedoor/syncengine"
)

// A small world is three phones that know a record, with few changes each. Its
// tests do not draw: they walk every order in which those can reach the server.
// What is small enough for every day is walked always, and all of it when
// SMALL_WORLDS is "all".

const smallPhones = 3

// allSmallWorlds asks for the walks that take minutes.
func allSmallWorlds() bool { return os.Getenv("SMALL_WORLDS") == "all" }

// smallCell is what a small world is about: one address and its rules.
type smallCell struct {
	name   string
	policy syncengine.PolicyKind
	key    syncengine.CellKey
	// letters are the changes that mean something there, those that tell most first.
	letters string
}

// smallCells has every policy, the two shapes that divide a field, and life.
func smallCells() []smallCell {
	cells := []smallCell{
		{"set", syncengine.Latest, syncengine.CellKey{Field: fieldSet, Key: "x"}, "adx"},
		{"map", syncengine.Latest, syncengine.CellKey{Field: fieldMap, Key: "x"}, "adbx"},
		{"life", syncengine.Latest, lifeKey, "adr"},
	}
	names := []string{"latest", "greatest", "least", "ranked", "first", "states", "review"}
	for i, policy := range policies {
		cells = append(cells, smallCell{names[i], policy, testedKey, "adbx"})
	}
	return cells
}

// write makes the change that a letter stands for: "x" removes the value, "d"
// deletes the record, "r" restores it, every other letter is a value. A set has
// one value, and where life is tested a value goes to a field beside it.
func (c smallCell) write(letter byte) syncengine.CellWrite {
	key, data := c.key, []byte{letter}
	switch key.Field {
	case syncengine.LifeField:
		key = testedKey
	case fieldSet:
		data = []byte(key.Key)
	}
	switch letter {
	case 'd', 'r':
		return syncengine.LifeWrite(letter == 'd')
	case 'x':
		return syncengine.CellWrite{Key: key, Cleared: true}
	}
	return syncengine.CellWrite{Key: key, Data: data}
}

// words lists all words of a length.
func words(letters string, length int) []string {
	if length == 0 {
		return []string{""}
	}
	var out []string
	for _, tail := range words(letters, length-1) {
		for _, l := range letters {
			out = append(out, string(l)+tail)
		}
	}
	return out
}

// newWorld has every phone know the record, which shows "c".
func (c smallCell) newWorld() *realm {
	r := newRealm(c.policy)
	for i := range smallPhones {
		r.addPhone(fmt.Sprint("phone", i)).rank = syncengine.Rank(i)
	}
	r.phones[0].create(c.write('c')).stamp = 10
	r.phones[0].pushAll()
	for _, p := range r.phones {
		p.pull()
	}
	return r
}

// edit makes a phone's nth edit.
func (c smallCell) edit(p *phone, n int, letter byte) {
	for _, change := range p.change(c.write(letter)) {
		change.dressSmall(n)
	}
}

// dressSmall gives the nth edit of a phone its stamp. Clocks disagree: at odd
// phones they run backwards, and one edit has a stamp that had to be bounded.
func (c *change) dressSmall(n int) {
	c.stamp = syncengine.UnixMilli(20 + 10*n)
	if c.phone.id[0]%2 == 1 {
		c.stamp = syncengine.UnixMilli(45 - 10*n)
	}
	c.suspect = n == 1 && c.phone.id[0] == 2
}

// walked counts what a walk went through.
type walked struct{ worlds, interleavings, merges int }

func (w *walked) add(o walked) {
	w.worlds, w.interleavings, w.merges = w.worlds+o.worlds, w.interleavings+o.interleavings, w.merges+o.merges
}

// eachSmallCell walks the worlds of every cell and prints what there was to walk.
func eachSmallCell(t *testing.T, walk func(*testing.T, smallCell) walked) {
	cells := smallCells()
	each := make([]walked, len(cells))
	t.Run("cells", func(t *testing.T) {
		for i, cell := range cells {
			t.Run(cell.name, func(t *testing.T) {
				t.Parallel()
				each[i] = walk(t, cell)
			})
		}
	})
	var sum walked
	for _, w := range each {
		sum.add(w)
	}
	t.Logf("%d worlds, %d interleavings, %d merges", sum.worlds, sum.interleavings, sum.merges)
}
