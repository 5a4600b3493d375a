package syncengine_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

func TestMerge_SetsAndConflictsFollowTrueCausality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stories(unruly, 40).Draw(t, "story").play(func(r *realm) {
			r.assertSets(t)
			r.assertConflicts(t)
		})
	})
}

func TestMerge_NoValueIsSilentlyLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stories(unruly, 40).Draw(t, "story").play(func(r *realm) { r.assertNothingLost(t) })
	})
}

func TestMerge_KeptIsWhatNobodyWhoSawItWroteOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stories(unruly, 40).Draw(t, "story")
		if s.policy == syncengine.Review {
			s.policy = syncengine.Latest
		}
		if r := s.play(nil); !r.wasHiddenAndShownAgain() {
			r.assertKept(t)
		}
	})
}

func TestMerge_SwappedNeighbouringPushesReadTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stories(ordinary, 30).Draw(t, "story")
		played := s.play(nil)
		want := played.reading()
		for i := range len(s.steps) - 1 {
			a, b := s.steps[i], s.steps[i+1]
			if a.what != "push" || b.what != "push" || a.phone == b.phone {
				continue
			}
			swapped := story{policy: s.policy, steps: slices.Clone(s.steps)}
			swapped.steps[i], swapped.steps[i+1] = b, a
			assertSameReading(t, played, swapped.play(nil), want)
		}
	})
}

// assertSameReading is I9. What is kept may differ under review, where values
// are kept for having been in a conflict and not for having gone unseen, and
// where an interval was forgotten.
func assertSameReading(t fataler, a, b *realm, want reading) {
	t.Helper()
	got := b.reading()
	if got.sets != want.sets || got.digest != want.digest {
		t.Fatalf("I9: the sets are\n%s\n%s", want.sets, got.sets)
	}
	if a.kind.Fields[fieldTested].Policy == syncengine.Review || a.wasHiddenAndShownAgain() || b.wasHiddenAndShownAgain() {
		return
	}
	if got.kept != want.kept || got.conflicts != want.conflicts {
		t.Fatalf("I9: kept and open are\n%s%s\n\n%s%s", want.kept, want.conflicts, got.kept, got.conflicts)
	}
}

func TestMerge_WildClocksChangeWhatIsShownAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stories(unruly, 40).Draw(t, "story")
		wild := story{policy: s.policy, steps: slices.Clone(s.steps)}
		for i := range wild.steps {
			wild.steps[i].stamp = syncengine.UnixMilli(rapid.Int64().Draw(t, "stamp"))
		}
		a, b := s.play(nil), wild.play(func(r *realm) { r.assertNothingLost(t) })
		for i := range a.record().Cells {
			c := &a.record().Cells[i]
			other, _ := b.record().Find(c.Key)
			got, want := b.valueNames(other), a.valueNames(c)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("I12: cell %v holds %v by one clock and %v by another", c.Key, want, got)
			}
		}
	})
}

func TestMerge_OldStateIsNeverTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var readings []reading
		r := stories(unruly, 20).Draw(t, "story").play(func(r *realm) {
			for len(readings) < len(r.states)-1 {
				readings = append(readings, r.readingOf(r.states[len(readings)+1]))
			}
		})
		for i, want := range readings {
			if got := r.readingOf(r.states[i+1]); got != want {
				t.Fatalf("the record as of seq %d reads\n%v\nand read\n%v", i+1, got, want)
			}
		}
	})
}
