package syncengine_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

// Fields of the kind that is placed.
const (
	fieldTerritory syncengine.FieldNumber = 1
	fieldParents   syncengine.FieldNumber = 2
	fieldUser      syncengine.FieldNumber = 3
)

var (
	street    = syncengine.ID{0x51}
	door      = syncengine.ID{0xd1}
	otherDoor = syncengine.ID{0xd2}
	farDoor   = syncengine.ID{0xdf}
	user      = syncengine.ID{0x01}
	author    = syncengine.ID{0xa1}
	colleague = syncengine.ID{0xa2}
)

// placedKind follows doors, as a visit does.
func placedKind() *syncengine.Kind {
	ids := func(data []byte) (out []syncengine.ID) {
		for ; len(data) >= 16; data = data[16:] {
			out = append(out, syncengine.ID(data[:16]))
		}
		return out
	}
	k := &syncengine.Kind{Number: 2, Fields: map[syncengine.FieldNumber]*syncengine.Field{}}
	for _, f := range []*syncengine.Field{
		{Number: fieldTerritory, Scope: syncengine.ScopeTerritory, IDs: ids},
		{Number: fieldParents, Scope: syncengine.ScopeParent, Shape: syncengine.Set, IDs: ids},
		{Number: fieldUser, Scope: syncengine.ScopeUser, IDs: ids},
	} {
		k.Fields[f.Number] = f
		k.ScopeFields = append(k.ScopeFields, f)
	}
	return k
}

// placed makes a record of one author that says where it belongs.
func placed(cells ...syncengine.CellWrite) *syncengine.Record {
	kind := placedKind()
	var rec *syncengine.Record
	rec = syncengine.World{}.Merge(kind, rec, recordID, &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: author, Seq: 1}, Create: true, At: at(1, 1),
		Cells: append([]syncengine.CellWrite{syncengine.LifeWrite(false)}, cells...),
	}).Record
	return rec
}

func inStreet() syncengine.CellWrite {
	return syncengine.CellWrite{Key: syncengine.CellKey{Field: fieldTerritory}, Data: street[:]}
}

func about(door syncengine.ID) syncengine.CellWrite {
	return syncengine.CellWrite{Key: syncengine.CellKey{Field: fieldParents, Key: string(door[:])}, Data: door[:]}
}

func forUser() syncengine.CellWrite {
	return syncengine.CellWrite{Key: syncengine.CellKey{Field: fieldUser}, Data: user[:]}
}

// doorKeys are the keys of the doors that are known.
func doorKeys(id syncengine.ID) ([]syncengine.ScopeKey, bool) {
	switch id {
	case door:
		return []syncengine.ScopeKey{syncengine.RecordKey(door), syncengine.TerritoryKey(street)}, true
	case otherDoor:
		return []syncengine.ScopeKey{syncengine.RecordKey(otherDoor)}, true
	}
	return nil, false
}

func TestPlace_FollowsWhatIsKnown(t *testing.T) {
	removed := about(door)
	removed.Data, removed.Cleared = nil, true
	var none syncengine.ID
	cases := []struct {
		name  string
		cells []syncengine.CellWrite
		want  []syncengine.ScopeKey
	}{
		{"own territory", []syncengine.CellWrite{inStreet()}, []syncengine.ScopeKey{syncengine.TerritoryKey(street)}},
		{"nothing known: its author's device", nil, []syncengine.ScopeKey{syncengine.DeviceKey(author)}},
		{"about a door: the door's keys, not its own territory", []syncengine.CellWrite{inStreet(), about(otherDoor)},
			[]syncengine.ScopeKey{syncengine.RecordKey(otherDoor)}},
		{"about two doors: the keys of both", []syncengine.CellWrite{about(door), about(otherDoor)},
			[]syncengine.ScopeKey{syncengine.RecordKey(door), syncengine.RecordKey(otherDoor), syncengine.TerritoryKey(street)}},
		{"about an unknown door: its own territory meanwhile", []syncengine.CellWrite{inStreet(), about(farDoor)},
			[]syncengine.ScopeKey{syncengine.RecordKey(farDoor), syncengine.TerritoryKey(street)}},
		{"about an unknown door and no territory: its author's device meanwhile", []syncengine.CellWrite{about(farDoor)},
			[]syncengine.ScopeKey{syncengine.RecordKey(farDoor), syncengine.DeviceKey(author)}},
		{"one door known, one not", []syncengine.CellWrite{about(otherDoor), about(farDoor)},
			[]syncengine.ScopeKey{syncengine.RecordKey(farDoor), syncengine.RecordKey(otherDoor), syncengine.DeviceKey(author)}},
		{"a door taken out again", []syncengine.CellWrite{inStreet(), removed}, []syncengine.ScopeKey{syncengine.TerritoryKey(street)}},
		{"for a user too", []syncengine.CellWrite{inStreet(), forUser()},
			[]syncengine.ScopeKey{syncengine.TerritoryKey(street), syncengine.UserKey(user)}},
		{"an empty territory is none", []syncengine.CellWrite{{Key: syncengine.CellKey{Field: fieldTerritory}, Data: none[:]}},
			[]syncengine.ScopeKey{syncengine.DeviceKey(author)}},
	}
	for _, c := range cases {
		got := syncengine.Place(placedKind(), placed(c.cells...), doorKeys)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPlace_AnchorHasItsOwnKeyAndRealmWideKindsTheRealms(t *testing.T) {
	kind := placedKind()
	kind.Anchor = true
	want := []syncengine.ScopeKey{syncengine.RecordKey(recordID), syncengine.TerritoryKey(street)}
	if got := syncengine.Place(kind, placed(inStreet()), doorKeys); !slices.Equal(got, want) {
		t.Errorf("anchor: %q, want %q", got, want)
	}
	kind.RealmWide = true
	if got := syncengine.Place(kind, placed(inStreet()), doorKeys); !slices.Equal(got, []syncengine.ScopeKey{syncengine.RealmKey}) {
		t.Errorf("realm-wide: %q", got)
	}
}

func TestPlace_RecordMadeBySeveralPhonesStaysInSightOfEach(t *testing.T) {
	kind := placedKind()
	rec := syncengine.World{}.Merge(kind, placed(), recordID, &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: colleague, Seq: 1}, Create: true, At: at(1, 2),
		Cells: []syncengine.CellWrite{syncengine.LifeWrite(false)},
	}).Record
	want := []syncengine.ScopeKey{syncengine.DeviceKey(author), syncengine.DeviceKey(colleague)}
	if got := syncengine.Place(kind, rec, doorKeys); !slices.Equal(got, want) {
		t.Errorf("placed in %q, want both authors' devices %q", got, want)
	}
}

func TestScopeKey_TellsItsKindAndID(t *testing.T) {
	keys := []syncengine.ScopeKey{
		syncengine.TerritoryKey(door), syncengine.RecordKey(door), syncengine.UserKey(door), syncengine.DeviceKey(door),
	}
	for i, k := range keys {
		if k.ID() != door || k.IsTerritory() != (i == 0) || slices.Index(keys, k) != i {
			t.Errorf("key %q: id %v, territory %v", k, k.ID(), k.IsTerritory())
		}
	}
	if !syncengine.RealmKey.ID().IsZero() || syncengine.RealmKey.IsTerritory() {
		t.Error("the realm's key names an id")
	}
}

func TestMove_EndsAndBeginsStays(t *testing.T) {
	var r syncengine.Record
	a, b := syncengine.TerritoryKey(street), syncengine.RecordKey(door)
	if left := r.Move([]syncengine.ScopeKey{a}, 5); len(left) != 0 {
		t.Errorf("entering ends %v", left)
	}
	left := r.Move([]syncengine.ScopeKey{b}, 8)
	if want := []syncengine.ScopeSpan{{Key: a, Entered: 5, Left: 8}}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
	r.Move([]syncengine.ScopeKey{a, b}, 9)
	for _, c := range []struct {
		key  syncengine.ScopeKey
		seq  syncengine.Seq
		want bool
	}{{a, 4, false}, {a, 5, true}, {a, 7, true}, {a, 8, false}, {a, 9, true}, {a, 99, true}, {b, 7, false}, {b, 8, true}, {b, 99, true}} {
		if got := slices.Contains(r.KeysAt(c.seq), c.key); got != c.want {
			t.Errorf("in %q at %d: %v, want %v", c.key, c.seq, got, c.want)
		}
	}
	if got := r.CurrentKeys(); !slices.Equal(got, []syncengine.ScopeKey{b, a}) {
		t.Errorf("current keys %q", got)
	}
}

func TestMove_AgreesWithALedgerOfEverySeq(t *testing.T) {
	all := []syncengine.ScopeKey{syncengine.TerritoryKey(street), syncengine.RecordKey(door), syncengine.UserKey(user)}
	rapid.Check(t, func(t *rapid.T) {
		var r syncengine.Record
		ledger := map[string]bool{}
		for seq := syncengine.Seq(1); seq <= 12; seq++ {
			keys := rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID).Draw(t, "keys")
			before := r.CurrentKeys()
			left := r.Move(keys, seq)
			for _, s := range left {
				if s.Left != seq || slices.Contains(keys, s.Key) || !slices.Contains(before, s.Key) {
					t.Fatalf("stay %v is said to end at %d", s, seq)
				}
			}
			for _, k := range keys {
				ledger[fmt.Sprint(k, seq)] = true
			}
			slices.Sort(keys)
			if !slices.Equal(r.CurrentKeys(), keys) {
				t.Fatalf("current keys %q, want %q", r.CurrentKeys(), keys)
			}
		}
		for seq := syncengine.Seq(1); seq <= 12; seq++ {
			for _, k := range all {
				if slices.Contains(r.KeysAt(seq), k) != ledger[fmt.Sprint(k, seq)] {
					t.Fatalf("in %q at %d: %v", k, seq, slices.Contains(r.KeysAt(seq), k))
				}
			}
		}
	})
}
