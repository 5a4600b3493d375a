package syncengine_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

// comeBack has every phone hand in what the server has not, in an order.
func (r *realm) comeBack(order []int) {
	for _, i := range order {
		r.phones[i].pushAll()
	}
}

// order draws the order in which phones come back.
func order(t *rapid.T) []int {
	return rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order")
}

// restoreSome takes the server back to a drawn backup that knows the record.
func (r *realm) restoreSome(t *rapid.T, newest syncengine.Seq) {
	r.restore(syncengine.Seq(rapid.Uint64Range(1, uint64(newest)).Draw(t, "backup")))
}

// assertSetsHoldTheTruth tells that no value of the model's set is missing. The
// engine may hold more than that after a restore: a false conflict, never a loss.
func (r *realm) assertSetsHoldTheTruth(t fataler) {
	changes := r.accepted()
	for _, key := range keys(changes) {
		var have []string
		if cell, ok := r.record().Find(key); ok {
			have = r.valueNames(cell)
		}
		for _, c := range maximal(r.kind, changes, key) {
			if !slices.Contains(have, c.name()) {
				t.Fatalf("cell %v holds %v and lacks %s", key, have, c.name())
			}
		}
	}
}

// unresolving takes the resolves out of a story. With them, who overwrote a
// value in full sight may be lost while the change that closed the conflict is not.
func (s story) unresolving() story {
	s.steps = slices.Clone(s.steps)
	for i := range s.steps {
		s.steps[i].resolve = false
	}
	return s
}

func TestRestore_PhonesBringBackTheSetsOfBeforeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := stories(ordinary, 40).Draw(t, "story").play(nil)
		r.comeBack([]int{0, 1, 2, 3})
		before := r.reading()
		r.restoreSome(t, r.head().Seq)
		r.comeBack(order(t))
		r.assertNothingLost(t)
		if after := r.reading(); after.sets != before.sets || after.digest != before.digest {
			t.Fatalf("I13: the sets are\n%s\nand were\n%s", after.sets, before.sets)
		}
	})
}

func TestRestore_LifeGoesOnWhilePhonesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		after := stories(ordinary, 20).Draw(t, "after").unresolving()
		r := stories(ordinary, 20).Draw(t, "before").unresolving().play(nil)
		r.restoreSome(t, r.head().Seq)
		for _, st := range after.steps {
			st.take(r, r.phones[st.phone])
			r.assertNothingLost(t)
			r.assertSetsHoldTheTruth(t)
		}
		r.comeBack(order(t))
		r.assertNothingLost(t)
		r.assertSets(t)
	})
}

func TestRestore_SecondRestoreLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := stories(ordinary, 16).Draw(t, "before").unresolving().play(nil)
		for range 2 {
			r.restoreSome(t, r.head().Seq)
			for _, st := range stories(ordinary, 16).Draw(t, "after").unresolving().steps {
				st.take(r, r.phones[st.phone])
			}
		}
		r.comeBack(order(t))
		r.assertNothingLost(t)
		r.assertSets(t)
	})
}
