package syncengine_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

// fieldsOfAllKinds are a field for every policy, and a set field.
func fieldsOfAllKinds() []*syncengine.Field {
	var out []*syncengine.Field
	for _, p := range policies {
		out = append(out, newKind(p).Fields[fieldTested])
	}
	return append(out, newKind(syncengine.Latest).Fields[fieldSet])
}

// values draws a value; of few stamps, ranks and letters, so that ties are common.
func values() *rapid.Generator[syncengine.Value] {
	return rapid.Custom(func(t *rapid.T) syncengine.Value {
		v := syncengine.Value{Write: &syncengine.Write{
			Dot: syncengine.Dot{
				Incarnation: syncengine.ID{byte(rapid.IntRange(1, 3).Draw(t, "incarnation"))},
				Seq:         syncengine.DeviceSeq(rapid.IntRange(1, 3).Draw(t, "device_seq")),
			},
			Stamp:   syncengine.UnixMilli(rapid.IntRange(1, 2).Draw(t, "stamp")),
			Suspect: rapid.Bool().Draw(t, "suspect"),
			Rank:    syncengine.Rank(rapid.IntRange(0, 2).Draw(t, "rank")),
		}}
		if v.Cleared = rapid.IntRange(0, 3).Draw(t, "cleared") == 0; !v.Cleared {
			v.Data = []byte{byte(rapid.IntRange('a', 'd').Draw(t, "letter"))}
		}
		return v
	})
}

func TestOrder_IsTotalUnderEveryPolicy(t *testing.T) {
	for _, f := range fieldsOfAllKinds() {
		t.Run(fmt.Sprintf("policy %d shape %d", f.Policy, f.Shape), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a, b, c := values().Draw(t, "a"), values().Draw(t, "b"), values().Draw(t, "c")
				ab, ba := sign(f.Order(a, b)), sign(f.Order(b, a))
				if ab != -ba {
					t.Fatalf("a against b is %d, b against a %d", ab, ba)
				}
				if a.Write.Dot != b.Write.Dot && ab == 0 {
					t.Fatal("two values of different changes rank the same")
				}
				if ab <= 0 && f.Order(b, c) <= 0 && f.Order(a, c) > 0 {
					t.Fatal("a before b before c, but c before a")
				}
				if f.Order(a, a) != 0 {
					t.Fatal("a value does not rank the same as itself")
				}
			})
		})
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func TestOrder_SuspectStampNeverBeatsAGoodOneWhereStampsDecide(t *testing.T) {
	for _, policy := range []syncengine.PolicyKind{syncengine.Latest, syncengine.First, syncengine.Review} {
		f := newKind(policy).Fields[fieldTested]
		rapid.Check(t, func(t *rapid.T) {
			good, bad := values().Draw(t, "good"), values().Draw(t, "bad")
			good.Write.Suspect, bad.Write.Suspect = false, true
			good.Write.Stamp = syncengine.UnixMilli(rapid.Int64().Draw(t, "good stamp"))
			bad.Write.Stamp = syncengine.UnixMilli(rapid.Int64().Draw(t, "bad stamp"))
			if f.Order(good, bad) >= 0 {
				t.Fatal("I12: the suspect stamp stands")
			}
		})
	}
}

func TestOrder_NumberRankAndPrecedenceComeBeforeASuspectStamp(t *testing.T) {
	at := func(phone byte, letter byte, rank syncengine.Rank, suspect bool) syncengine.Value {
		return syncengine.Value{Data: []byte{letter}, Write: &syncengine.Write{
			Dot: syncengine.Dot{Incarnation: syncengine.ID{phone}, Seq: 1}, Stamp: 1, Rank: rank, Suspect: suspect,
		}}
	}
	cases := []struct {
		policy        syncengine.PolicyKind
		stands, loses byte
		rank          syncengine.Rank
	}{
		{syncengine.Greatest, 'c', 'b', 0},
		{syncengine.Least, 'b', 'c', 0},
		{syncengine.States, 'b', 'd', 0},
		{syncengine.Ranked, 'a', 'a', 1},
	}
	for _, c := range cases {
		f := newKind(c.policy).Fields[fieldTested]
		if f.Order(at(1, c.stands, c.rank, true), at(2, c.loses, 0, false)) >= 0 {
			t.Errorf("policy %d: the good stamp stands, though it comes last", c.policy)
		}
	}
}

func TestOrder_UnknownStateHasItsOwnNumberAsPrecedence(t *testing.T) {
	f := newKind(syncengine.States).Fields[fieldTested]
	value := func(phone, state byte) syncengine.Value {
		return syncengine.Value{Data: []byte{state}, Write: &syncengine.Write{Dot: syncengine.Dot{Incarnation: syncengine.ID{phone}}}}
	}
	if f.Order(value(1, 'z'), value(2, 'b')) >= 0 {
		t.Error("state 'z', which the table does not name, does not stand against precedence 4")
	}
}

func TestStateTable_DeclaredStepsOnly(t *testing.T) {
	for _, c := range []struct {
		from, to int32
		want     bool
	}{
		{0, 'a', true}, {'a', 'c', true}, {'c', 'd', true},
		{0, 'c', false}, {'c', 'a', false}, {'a', 'a', false}, {'a', 'z', false},
	} {
		if got := states.Declared(c.from, c.to); got != c.want {
			t.Errorf("step from %d to %d: declared %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
