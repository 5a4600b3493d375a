package syncengine_test

import (
	"bytes"
	"slices"
	"testing"

	"onedoor/syncengine"
)

func TestSmallWorlds_EveryOrderOfThreeChangesAtThreePhonesReadsTheSame(t *testing.T) {
	eachSmallCell(t, func(t *testing.T, cell smallCell) (sum walked) {
		for _, knowing := range []int{smallPhones, 1} {
			w := newLattice(t, cell, knowing)
			w.walk(0, nil)
			sum.add(w.walked)
		}
		return sum
	})
}

// smallChanges is how many changes a phone makes in a lattice.
const smallChanges = 3

// smallInterleavings is how many orders three times three changes have.
const smallInterleavings = 1680

// lattice is all worlds of three phones at once: a place in it is what each
// phone has handed in, a word of its letters. Every change has the same base, so
// all an order can do to the record is to decide which side of the base a
// coordinate is on, and that is the same in every order. So it is enough that
// all ways into a place, one a phone, give the same record there, and that it is
// the one which the rules name: then every order does, place by place. The
// assumption itself is tested by walking whole orders, below.
type lattice struct {
	t     *testing.T
	cell  smallCell
	realm *realm
	// knowing is how many phones have seen the record; the others create it.
	knowing int
	// words are the words of each phone, shorter ones first.
	words [smallPhones][]smallWord
	// first is the record before any of the changes.
	first *syncengine.Record
	walked
}

// smallWord is what a phone has handed in: the word of parent and one more change.
type smallWord struct {
	parent int
	depth  int
	change *change
	// last holds the newest change of the word at each address.
	last map[syncengine.CellKey]*change
}

func newLattice(t *testing.T, cell smallCell, knowing int) *lattice {
	l := &lattice{t: t, cell: cell, realm: cell.newWorld(), knowing: knowing}
	l.first = l.realm.record()
	letters := cell.letters
	if !allSmallWorlds() {
		letters = letters[:map[int]int{smallPhones: 3, 1: 2}[knowing]]
	}
	full := 0
	for i, p := range l.realm.phones {
		l.words[i] = l.wordsOf(p, letters, i >= knowing)
		full = len(words(letters, smallChanges))
	}
	l.worlds = full * full * full
	l.interleavings = l.worlds * smallInterleavings
	return l
}

func (l *lattice) wordsOf(p *phone, letters string, creates bool) []smallWord {
	out := []smallWord{{last: map[syncengine.CellKey]*change{}}}
	for parent := 0; out[parent].depth < smallChanges; parent++ {
		before := out[parent]
		for i := range len(letters) {
			out = append(out, before.extended(parent, l.changeOf(p, before.depth, letters[i], creates)))
		}
	}
	return out
}

func (l *lattice) changeOf(p *phone, n int, letter byte, creates bool) *change {
	c := &change{phone: p, seq: p.last() + syncengine.DeviceSeq(1+n), base: p.base, cells: []syncengine.CellWrite{l.cell.write(letter)}}
	c.dressSmall(n)
	if creates {
		c.base = l.realm.emptyView()
		if c.create = n == 0; c.create && c.cells[0].Key != lifeKey {
			c.cells = append([]syncengine.CellWrite{syncengine.LifeWrite(false)}, c.cells...)
		}
	}
	return c
}

func (w smallWord) extended(parent int, c *change) smallWord {
	next := smallWord{parent: parent, depth: w.depth + 1, change: c, last: map[syncengine.CellKey]*change{}}
	for key, old := range w.last {
		next.last[key] = old
	}
	for _, cw := range c.cells {
		next.last[cw.Key] = c
	}
	return next
}

// plane holds the records of all places at which the first phone has handed in one word.
type plane [][]*syncengine.Record

// walk fills the plane of the first phone's word from that of its parent, and goes on to its children.
func (l *lattice) walk(first int, above plane) {
	here := make(plane, len(l.words[1]))
	for second := range l.words[1] {
		here[second] = make([]*syncengine.Record, len(l.words[2]))
		for third := range l.words[2] {
			here[second][third] = l.arrive([smallPhones]int{first, second, third}, above, here)
		}
	}
	for child, w := range l.words[0] {
		if w.depth > 0 && w.parent == first {
			l.walk(child, here)
		}
	}
}

// arrive merges the last change of each phone into the place before it and
// gives the record that all of these ways must come to.
func (l *lattice) arrive(place [smallPhones]int, above, here plane) (rec *syncengine.Record) {
	rec = l.first
	var words [smallPhones]smallWord
	seq := syncengine.Seq(1)
	for i := range words {
		words[i] = l.words[i][place[i]]
		seq += syncengine.Seq(words[i].depth)
	}
	from := [smallPhones]func() *syncengine.Record{
		func() *syncengine.Record { return above[place[1]][place[2]] },
		func() *syncengine.Record { return here[words[1].parent][place[2]] },
		func() *syncengine.Record { return here[place[1]][words[2].parent] },
	}
	want := l.predict(words)
	for i, w := range words {
		if w.depth == 0 {
			continue
		}
		rec = l.realm.world().Merge(l.realm.kind, from[i](), recordID, w.change.incoming(syncengine.Coordinate{Epoch: 1, Seq: seq}, nil)).Record
		l.merges++
		if got := l.realm.fingerprint(rec, l.kept()); !bytes.Equal(got, want) {
			l.t.Fatalf("%d phones know the record; after %s, the last by phone %d, it reads\n%v%v\nwant %x, got %x",
				l.knowing, spell(words), i, l.realm.readingOf(rec), l.realm.conflictsOf(rec), want, got)
		}
	}
	return rec
}

// kept reports whether what is kept is compared: not under review, and not where
// a creation that knows of nothing may hide the first value, and a bounded stamp
// show it again, since only the last interval of a value is remembered.
func (l *lattice) kept() bool {
	return l.cell.policy != syncengine.Review && l.knowing == smallPhones
}

// spell names what each phone has handed in.
func spell(words [smallPhones]smallWord) (out []string) {
	for _, w := range words {
		text := ""
		for _, c := range w.last {
			text += c.name() + string(c.cells[len(c.cells)-1].Data) + " "
		}
		out = append(out, text)
	}
	return out
}

// predict works out the fingerprint of a place by the rules alone: in each cell
// stands the last write of each phone, and what was there before, unless
// somebody who knew the record wrote. Nothing is kept, for everybody was shown
// what they wrote over.
func (l *lattice) predict(words [smallPhones]smallWord) []byte {
	var out []byte
	origin := l.realm.phones[0].own[0]
	var deletion *change
	for _, key := range l.addresses() {
		var set []*change
		known := true
		for i, w := range words {
			if c := w.last[key]; c != nil {
				set = append(set, c)
				known = known && i >= l.knowing
			}
		}
		if known && origin.writes(key) {
			set = append(set, origin)
		}
		slices.SortFunc(set, func(a, b *change) int {
			if stands(l.realm.kind, key, a, b) {
				return -1
			}
			return 1
		})
		if key == lifeKey && set[0].write(key).Data[0] == 2 {
			deletion = set[0]
		}
		out = l.appendCell(out, key, set, deletion)
	}
	return out
}

// addresses lists the cells that the changes write, in order.
func (l *lattice) addresses() []syncengine.CellKey {
	out := []syncengine.CellKey{lifeKey}
	if l.cell.key != lifeKey {
		return append(out, l.cell.key)
	}
	return append(out, testedKey)
}

// appendCell writes one predicted cell as fingerprint does.
func (l *lattice) appendCell(out []byte, key syncengine.CellKey, set []*change, deletion *change) []byte {
	conflict := syncengine.NoConflict
	for _, c := range set {
		out = append(out, c.phone.id[0], byte(c.seq))
		if conflict == syncengine.NoConflict && !sameWrite(c.write(key), set[0].write(key)) {
			conflict = syncengine.Contested
		}
		if deletion != nil && key != lifeKey && c != deletion && !l.knew(deletion, c) {
			conflict = syncengine.DeleteEdit
		}
	}
	return append(out, byte(conflict), 0xff)
}

// knew reports whether c's author had o before them: as an own earlier change, or as what was there first.
func (l *lattice) knew(c, o *change) bool {
	return c.phone == o.phone && o.seq < c.seq || o == l.realm.phones[0].own[0] && c.base.at.Seq > 0
}

// fingerprint is a reading in few bytes. The digest follows from the values
// shown. What is kept is left out where it may depend on the order by design.
func (r *realm) fingerprint(rec *syncengine.Record, kept bool) []byte {
	var out []byte
	for i := range rec.Cells {
		c := &rec.Cells[i]
		for _, v := range c.Values {
			out = append(out, v.Write.Dot.Incarnation[0], byte(v.Write.Dot.Seq))
		}
		conflict := r.world().ConflictAt(r.kind, rec, c)
		if kept {
			out = appendKept(out, c)
		} else if conflict == syncengine.KeptOpen {
			conflict = syncengine.NoConflict
		}
		out = append(out, byte(conflict), 0xff)
	}
	return out
}

func appendKept(out []byte, c *syncengine.Cell) []byte {
	kept := len(out)
	for _, k := range c.Kept {
		out = append(out, k.Value.Write.Dot.Incarnation[0]<<4+byte(k.Value.Write.Dot.Seq))
	}
	slices.Sort(out[kept:])
	return out
}
