package syncengine_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

// newMerging makes a realm of one field with people who know its record.
func newMerging(policy syncengine.PolicyKind, names ...string) (r *realm, phones []*phone) {
	r = newRealm(policy)
	for _, name := range names {
		phones = append(phones, r.addPhone(name))
	}
	phones[0].create(tested("a")).stamp = 1
	phones[0].pushAll()
	for _, p := range phones {
		p.pull()
	}
	return r, phones
}

func tested(value string) syncengine.CellWrite {
	return syncengine.CellWrite{Key: testedKey, Data: []byte(value)}
}

func TestMerge_UnknownFieldsAreHeldAndNotMerged(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li")
	unknown := syncengine.CellWrite{Key: syncengine.CellKey{Field: fieldUnknown}, Data: []byte("new")}
	p[0].change(tested("b"), unknown)
	m, _ := p[0].push()
	if len(m.Held) != 1 || m.Held[0].Key != unknown.Key {
		t.Errorf("held is %v", m.Held)
	}
	if _, ok := m.Record.Find(unknown.Key); ok {
		t.Error("the unknown field has become a cell")
	}
	if c, _ := r.record().Find(testedKey); string(c.Shown().Data) != "b" {
		t.Error("the field beside it was not merged")
	}
}

func TestMerge_RecordCarriesTheSeqOfItsNewestEntry(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li")
	for _, value := range []string{"b", "c"} {
		p[0].change(tested(value))
		p[0].pushAll()
		if r.record().Seq != r.head().Seq {
			t.Errorf("record stands at %d, the log at %d", r.record().Seq, r.head().Seq)
		}
	}
}

// The tail tells a page that an author's phone has folded in all that came
// after: see "No echo" of the protocol.
func TestMerge_TailIsTheRunOfOneAuthorsAppliedChanges(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li", "Wang")
	li, wang := p[0], p[1]
	expect := func(what string, tail syncengine.ID, since syncengine.Seq) {
		t.Helper()
		if rec := r.record(); rec.Tail != tail || rec.TailSince != since {
			t.Errorf("%s: tail %v since %d, want %v since %d", what, rec.Tail, rec.TailSince, tail, since)
		}
	}
	expect("created", li.id, 0)
	li.change(tested("b"))
	li.pushAll()
	expect("the same author again", li.id, 0)
	wang.pull()
	wang.change(tested("c"))
	wang.pushAll()
	expect("another author", wang.id, 2)
	li.change(tested("d"))
	li.pushAll()
	expect("merged beside another value", syncengine.ID{}, 4)
	li.pull()
	li.change(tested("e"))
	li.pushAll()
	expect("merged: a value was kept", syncengine.ID{}, 5)
	li.pull()
	li.change(tested("f"))
	li.pushAll()
	expect("applied again", li.id, 5)
}

func TestMerge_EmptyPatchTouchesNoCell(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li")
	before := r.reading()
	p[0].own = append(p[0].own, &change{phone: p[0], seq: 2, base: p[0].base})
	if m, _ := p[0].push(); !m.Applied || len(m.Conflicts) != 0 || r.reading() != before {
		t.Errorf("applied %v, conflicts %v", m.Applied, m.Conflicts)
	}
}

func TestMerge_ResolvingIsNeverPlainlyApplied(t *testing.T) {
	_, p := newMerging(syncengine.Latest, "Li")
	p[0].change(tested("b"))[0].resolves = []syncengine.CellKey{testedKey}
	if m, _ := p[0].push(); m.Applied {
		t.Error("the phone would not be sent what was closed")
	}
}

func TestMerge_SettlingAKeptValueIsNotPlainlyApplied(t *testing.T) {
	// Chen was shown Li's b. Later b is hidden by Wang's c, and Chen writes over
	// both, which keeps b; then Chen's phone goes back to what it had seen first.
	r, p := newMerging(syncengine.Latest, "Li", "Wang", "Chen")
	li, wang, chen := p[0], p[1], p[2]
	li.change(tested("b"))[0].stamp = 2
	li.pushAll()
	chen.pull()
	first := chen.base
	wang.change(tested("c"))[0].stamp = 3
	wang.pushAll()
	chen.pull()
	chen.change(tested("d"))
	chen.pushAll()
	c, _ := r.record().Find(testedKey)
	if len(c.Kept) != 1 {
		t.Fatalf("kept are %d values, want Li's b", len(c.Kept))
	}
	chen.change(tested("e"))[0].base = first
	if m, _ := chen.push(); m.Applied {
		t.Error("a kept value went, and the author's phone would not hear of it")
	}
	if c, _ = r.record().Find(testedKey); len(c.Kept) != 0 || len(c.Values) != 1 {
		t.Error("b is kept, though Chen wrote over it in full sight")
	}
}

func TestMerge_CreateClosesNothing(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li", "Wang")
	p[0].change(tested("b"))[0].stamp = 2
	p[1].change(tested("c"))[0].stamp = 3
	p[0].pushAll()
	p[1].pushAll()
	p[0].pull()
	p[0].change(tested("d"))
	p[0].pushAll()
	stranger := r.addPhone("Chen")
	stranger.pull()
	stranger.create().resolves = []syncengine.CellKey{testedKey}
	stranger.pushAll()
	if c, _ := r.record().Find(testedKey); len(c.Kept) == 0 {
		t.Error("a create, which has seen nothing, has closed what was kept")
	}
}

func TestMerge_ReleaseOfAHeldFieldLeavesNoEmptyCell(t *testing.T) {
	// The own later write of the field is in the log, but was held when it came.
	r, p := newMerging(syncengine.Latest, "Li")
	key := syncengine.CellKey{Field: fieldMap, Key: "x"}
	c := p[0].change(syncengine.CellWrite{Key: key, Data: []byte("b")})[0]
	m := r.merge(c, func(syncengine.CellKey) bool { return true })
	if _, ok := m.Record.Find(key); ok || m.Applied {
		t.Error("a cell without a value stands in the record")
	}
}

func TestRecord_FindsCellsByFieldAndKey(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li")
	p[0].change(
		syncengine.CellWrite{Key: syncengine.CellKey{Field: fieldSet, Key: "x"}, Data: []byte("x")},
		syncengine.CellWrite{Key: syncengine.CellKey{Field: fieldSet, Key: "y"}, Data: []byte("y")},
		syncengine.CellWrite{Key: contactKey, Data: []byte("z")},
	)
	p[0].pushAll()
	rec := r.record()
	if rec.Cells[0].Key != lifeKey || !slices.IsSortedFunc(rec.Cells, func(a, b syncengine.Cell) int { return a.Key.Compare(b.Key) }) {
		t.Error("cells are not sorted with the life cell first")
	}
	var keys []string
	for _, c := range rec.Field(fieldSet) {
		keys = append(keys, c.Key.Key)
	}
	if !slices.Equal(keys, []string{"x", "y"}) || len(rec.Field(fieldMap)) != 0 || len(rec.Field(fieldContact)) != 1 {
		t.Errorf("field cells are %v", keys)
	}
	if _, ok := rec.Find(syncengine.CellKey{Field: fieldSet, Key: "z"}); ok {
		t.Error("a cell that is not there is found")
	}
	if (&syncengine.Record{}).Dead() {
		t.Error("a record without cells is dead")
	}
}

func TestKind_ClassOfLifeAndUnknownFields(t *testing.T) {
	kind := newKind(syncengine.Latest)
	if c, ok := kind.Class(syncengine.LifeField); !ok || c != syncengine.LifeClass {
		t.Errorf("the life cell has class %d, %v", c, ok)
	}
	if c, ok := kind.Class(fieldContact); !ok || c != classContact {
		t.Errorf("the contact has class %d, %v", c, ok)
	}
	if _, ok := kind.Class(fieldUnknown); ok {
		t.Error("an unknown field has a class")
	}
}

func TestMerge_ChangeThatWritesAndDeletesHasNoConflictWithItself(t *testing.T) {
	r, p := newMerging(syncengine.Latest, "Li")
	c := p[0].change(syncengine.LifeWrite(true))[0]
	c.cells = append(c.cells, tested("b"))
	m, _ := p[0].push()
	if got := r.conflicts(); len(got) != 0 || !m.Applied {
		t.Errorf("open are %v, applied %v", got, m.Applied)
	}
}

func TestValue_EmptyIsNotRemoved(t *testing.T) {
	empty, removed := syncengine.Value{}, syncengine.Value{Cleared: true}
	if empty.Same(removed) || !removed.Same(syncengine.Value{Cleared: true}) || !empty.Same(syncengine.Value{Data: []byte{}}) {
		t.Error("an empty value reads as a removed one")
	}
}

// A creation takes a shorter way, which must come to what the long way does.
// Asking for own later writes makes the engine take the long one.
func TestMerge_CreationComesToWhatWritingCellByCellDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addresses := []syncengine.CellKey{testedKey, contactKey, {Field: fieldSet, Key: "x"}, {Field: fieldMap, Key: "x"}, {Field: fieldUnknown}}
		about := rapid.SliceOfNDistinct(rapid.SampledFrom(addresses), 0, len(addresses), func(k syncengine.CellKey) string { return fmt.Sprint(k) }).Draw(t, "about")
		cells := cellWrites(t, about)
		if rapid.Bool().Draw(t, "life") {
			cells = append([]syncengine.CellWrite{syncengine.LifeWrite(rapid.Bool().Draw(t, "dead"))}, cells...)
		}
		if rapid.Bool().Draw(t, "sorted") {
			slices.SortFunc(cells, func(a, b syncengine.CellWrite) int { return a.Key.Compare(b.Key) })
		}
		in := syncengine.Incoming{
			Dot: syncengine.Dot{Incarnation: syncengine.ID{1}, Seq: 3}, Create: rapid.Bool().Draw(t, "create"), Cells: cells,
			At: syncengine.Coordinate{Epoch: 1, Seq: 9}, Base: syncengine.Coordinate{Epoch: 1, Seq: syncengine.Seq(rapid.IntRange(0, 8).Draw(t, "base"))},
		}
		if rapid.Bool().Draw(t, "blind") {
			in.Unreadable = func(n syncengine.FieldNumber) bool { return n == contactKey.Field }
		}
		kind := newKind(rapid.SampledFrom(policies).Draw(t, "policy"))
		short := syncengine.World{}.Merge(kind, nil, syncengine.ID{2}, &in)
		in.OwnLater = func(syncengine.CellKey) bool { return false }
		long := syncengine.World{}.Merge(kind, nil, syncengine.ID{2}, &in)
		if !reflect.DeepEqual(short, long) {
			t.Fatalf("the short way gives %+v, the long one %+v", short, long)
		}
	})
}
