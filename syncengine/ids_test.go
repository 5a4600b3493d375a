package syncengine_test

import (
	"testing"

	"onedoor/syncengine"
)

func at(epoch syncengine.Epoch, seq syncengine.Seq) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: epoch, Seq: seq}
}

// restoredTwice is a log that was restored to 80 and then to 50.
var restoredTwice = syncengine.History{
	Epoch: 3,
	Forks: []syncengine.Fork{{Epoch: 2, At: 80}, {Epoch: 3, At: 50}},
}

func TestHistory_ReachesWhatStandsBelowInBasesOwnHistory(t *testing.T) {
	cases := []struct {
		name    string
		base, c syncengine.Coordinate
		want    bool
	}{
		{"below", at(1, 10), at(1, 9), true},
		{"the base itself", at(1, 10), at(1, 10), true},
		{"above", at(1, 10), at(1, 11), false},
		{"no base", at(0, 0), at(1, 1), false},
		{"no coordinate", at(1, 10), at(0, 0), false},
		{"restored prefix, from an older base", at(1, 90), at(1, 85), true},
		{"restored prefix, from a newer base", at(2, 90), at(1, 80), true},
		{"lost in the restore", at(2, 90), at(1, 81), false},
		{"written after the restore, base from before", at(1, 90), at(2, 85), false},
		{"two restores, kept by both", at(3, 90), at(1, 50), true},
		{"two restores, kept by the first only", at(3, 90), at(1, 60), false},
		{"second restore, kept", at(3, 60), at(2, 50), true},
		{"second restore, lost", at(3, 90), at(2, 81), false},
		{"the later restore does not concern an older base", at(2, 90), at(1, 60), true},
	}
	for _, c := range cases {
		if got := restoredTwice.Reaches(c.base, c.c); got != c.want {
			t.Errorf("%s: base %v reaches %v: %v, want %v", c.name, c.base, c.c, got, c.want)
		}
	}
}

func TestHistory_CurrentTranslatesWhatTheRestoresKept(t *testing.T) {
	cases := []struct {
		c    syncengine.Coordinate
		want syncengine.Seq
		ok   bool
	}{
		{at(3, 70), 70, true},
		{at(2, 50), 50, true},
		{at(2, 51), 0, false},
		{at(1, 50), 50, true},
		{at(1, 60), 0, false},
		{at(1, 90), 0, false},
		{at(4, 1), 0, false},
		{at(0, 0), 0, false},
	}
	for _, c := range cases {
		if got, ok := restoredTwice.Current(c.c); got != c.want || ok != c.ok {
			t.Errorf("%v is %d, %v now, want %d, %v", c.c, got, ok, c.want, c.ok)
		}
	}
}

// restoredAside is a log that was restored to 80, and then to 50 from a backup
// that knows nothing of the first restore: epoch 3 branches off epoch 1.
var restoredAside = syncengine.History{
	Epoch: 3,
	Forks: []syncengine.Fork{{Epoch: 2, At: 80}, {Epoch: 3, At: 50, Parent: 1}},
}

func TestHistory_ABranchSharesWithItsSisterWhatTheirParentHad(t *testing.T) {
	cases := []struct {
		name    string
		base, c syncengine.Coordinate
		want    bool
	}{
		{"the sister's prefix of the parent", at(2, 90), at(1, 80), true},
		{"above the sister's fork", at(2, 90), at(1, 81), false},
		{"the branch's prefix of the parent", at(3, 90), at(1, 50), true},
		{"above the branch's fork", at(3, 90), at(1, 51), false},
		{"nothing the sister wrote", at(3, 90), at(2, 81), false},
		{"within the sister", at(2, 90), at(2, 85), true},
	}
	for _, c := range cases {
		if got := restoredAside.Reaches(c.base, c.c); got != c.want {
			t.Errorf("%s: base %v reaches %v: %v, want %v", c.name, c.base, c.c, got, c.want)
		}
	}
	for c, want := range map[syncengine.Coordinate]bool{at(2, 50): true, at(2, 51): false, at(1, 50): true, at(1, 51): false, at(3, 51): true} {
		if _, ok := restoredAside.Current(c); ok != want {
			t.Errorf("%v is part of the log in force: %v, want %v", c, ok, want)
		}
	}
}

func TestHistory_OfAnUnknownEpochNothingIsShared(t *testing.T) {
	h := syncengine.History{Epoch: 4, Forks: []syncengine.Fork{{Epoch: 4, At: 50, Parent: 1}}}
	if _, ok := h.Current(at(2, 10)); ok {
		t.Error("a place of an epoch that is not known is part of the log in force")
	}
	if h.Reaches(at(2, 90), at(1, 10)) {
		t.Error("a base of an epoch that is not known reaches the first epoch")
	}
	if !h.Reaches(at(2, 90), at(2, 60)) {
		t.Error("a base does not reach what stands below it in its own epoch")
	}
}

func TestHistory_EpochAtFollowsTheBranchInForce(t *testing.T) {
	for seq, want := range map[syncengine.Seq]syncengine.Epoch{1: 1, 50: 1, 51: 3, 90: 3} {
		if got := restoredAside.EpochAt(seq); got != want {
			t.Errorf("entry %d is of epoch %d, want %d", seq, got, want)
		}
	}
	for seq, want := range map[syncengine.Seq]syncengine.Epoch{50: 1, 51: 3, 81: 3} {
		if got := restoredTwice.EpochAt(seq); got != want {
			t.Errorf("restored twice: entry %d is of epoch %d, want %d", seq, got, want)
		}
	}
}

func TestHistory_LaterRestoreToALaterPlaceLosesNothingMore(t *testing.T) {
	h := syncengine.History{Epoch: 3, Forks: []syncengine.Fork{{Epoch: 2, At: 50}, {Epoch: 3, At: 80}}}
	if _, ok := h.Current(at(1, 60)); ok {
		t.Error("what the first restore lost is back")
	}
	if _, ok := h.Current(at(2, 60)); !ok {
		t.Error("what the second restore kept is gone")
	}
}

func TestLineage_CopyInheritsTheChainUpToTheLastCommonChange(t *testing.T) {
	a, b, c, other := syncengine.ID{1}, syncengine.ID{2}, syncengine.ID{3}, syncengine.ID{9}
	// b is a copy of a as of its change 5, c a copy of b as of 8.
	var family syncengine.Lineage = func(id syncengine.ID) (syncengine.ID, syncengine.DeviceSeq, bool) {
		switch id {
		case b:
			return a, 5, true
		case c:
			return b, 8, true
		}
		return syncengine.ID{}, 0, false
	}
	cases := []struct {
		name string
		w, v syncengine.Dot
		want bool
	}{
		{"own earlier", syncengine.Dot{Incarnation: a, Seq: 3}, syncengine.Dot{Incarnation: a, Seq: 2}, true},
		{"itself", syncengine.Dot{Incarnation: a, Seq: 3}, syncengine.Dot{Incarnation: a, Seq: 3}, false},
		{"own later", syncengine.Dot{Incarnation: a, Seq: 3}, syncengine.Dot{Incarnation: a, Seq: 4}, false},
		{"parent's last common", syncengine.Dot{Incarnation: b, Seq: 6}, syncengine.Dot{Incarnation: a, Seq: 5}, true},
		{"parent's own afterwards", syncengine.Dot{Incarnation: b, Seq: 9}, syncengine.Dot{Incarnation: a, Seq: 6}, false},
		{"never the copy's by its parent", syncengine.Dot{Incarnation: a, Seq: 9}, syncengine.Dot{Incarnation: b, Seq: 6}, false},
		{"grandparent's", syncengine.Dot{Incarnation: c, Seq: 9}, syncengine.Dot{Incarnation: a, Seq: 5}, true},
		{"grandparent's own afterwards", syncengine.Dot{Incarnation: c, Seq: 9}, syncengine.Dot{Incarnation: a, Seq: 6}, false},
		{"copy of a copy", syncengine.Dot{Incarnation: c, Seq: 9}, syncengine.Dot{Incarnation: b, Seq: 8}, true},
		{"a stranger", syncengine.Dot{Incarnation: c, Seq: 9}, syncengine.Dot{Incarnation: other, Seq: 1}, false},
	}
	for _, tc := range cases {
		if got := family.InPast(tc.w, tc.v); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	var none syncengine.Lineage
	if none.InPast(syncengine.Dot{Incarnation: b, Seq: 6}, syncengine.Dot{Incarnation: a, Seq: 1}) {
		t.Error("without a lineage a copy has a parent")
	}
}

func TestLineage_CopyMadeBeforeItsParentWasACopy(t *testing.T) {
	// c is a copy of b as of 3, which b itself had from a: a's change 4 is not in it.
	a, b, c := syncengine.ID{1}, syncengine.ID{2}, syncengine.ID{3}
	var family syncengine.Lineage = func(id syncengine.ID) (syncengine.ID, syncengine.DeviceSeq, bool) {
		switch id {
		case b:
			return a, 5, true
		case c:
			return b, 3, true
		}
		return syncengine.ID{}, 0, false
	}
	w := syncengine.Dot{Incarnation: c, Seq: 4}
	if !family.InPast(w, syncengine.Dot{Incarnation: a, Seq: 3}) || family.InPast(w, syncengine.Dot{Incarnation: a, Seq: 4}) {
		t.Error("the copy does not have exactly the first three changes of its grandparent")
	}
}

func TestIDFromBytes_TakesSixteenBytesOnly(t *testing.T) {
	for n := range 20 {
		if _, ok := syncengine.IDFromBytes(make([]byte, n)); ok != (n == 16) {
			t.Errorf("%d bytes: ok is %v", n, ok)
		}
	}
	id, _ := syncengine.IDFromBytes([]byte("0123456789abcdef"))
	if id.String() != "30313233-3435-3637-3839-616263646566" || id.IsZero() || !(syncengine.ID{}).IsZero() {
		t.Errorf("id prints as %s", id)
	}
}
