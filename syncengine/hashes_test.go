package syncengine_test

import (
	"crypto/sha256"
	"math"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

func TestStamp_IsBoundedByWhatIsKnown(t *testing.T) {
	const commit, received = 1_000_000, 2_000_000
	cases := []struct {
		name           string
		device, offset syncengine.UnixMilli
		want           syncengine.UnixMilli
		suspect        bool
	}{
		{"good clock", 1_500_000, 0, 1_500_000, false},
		{"slow clock, corrected", 1_400_000, 100_000, 1_500_000, false},
		{"fast clock, corrected", 1_600_000, -100_000, 1_500_000, false},
		{"at the base's commit", commit, 0, commit, false},
		{"before the base's commit", commit - 1, 0, commit, true},
		{"a minute ahead", received + 60_000, 0, received + 60_000, false},
		{"more than a minute ahead", received + 60_001, 0, received + 60_000, true},
		{"ten years ahead", received + 315_360_000_000, 0, received + 60_000, true},
		{"before the epoch", -5, 0, commit, true},
		{"the greatest number there is", math.MaxInt64, 1_000_000, commit, true},
	}
	for _, c := range cases {
		got, suspect := syncengine.Stamp(c.device, c.offset, commit, received)
		if got != c.want || suspect != c.suspect {
			t.Errorf("%s: stamp %d, suspect %v; want %d, %v", c.name, got, suspect, c.want, c.suspect)
		}
	}
}

func TestStamp_NeverLeavesItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		commit := rapid.Int64Range(0, 1<<41).Draw(t, "commit")
		received := commit + rapid.Int64Range(0, 1<<40).Draw(t, "later")
		device, offset := rapid.Int64().Draw(t, "device"), rapid.Int64().Draw(t, "offset")
		stamp, suspect := syncengine.Stamp(syncengine.UnixMilli(device), syncengine.UnixMilli(offset),
			syncengine.UnixMilli(commit), syncengine.UnixMilli(received))
		if int64(stamp) < commit || int64(stamp) > received+60_000 {
			t.Fatalf("stamp %d of [%d, %d]", stamp, commit, received+60_000)
		}
		if !suspect && int64(stamp) != device+offset {
			t.Fatal("a bounded stamp is not suspect")
		}
	})
}

func TestChain_IsTheHashOfTheChainBeforeAndTheSaltedBody(t *testing.T) {
	salt, body := []byte("0123456789abcdef"), []byte("a visit")
	inner := sha256.Sum256([]byte("0123456789abcdefa visit"))
	if got := syncengine.InnerDigest(salt, body); got != inner {
		t.Errorf("inner digest %x, want %x", got, inner)
	}
	var zero syncengine.Chain
	first := zero.Next(inner)
	if want := sha256.Sum256(append(make([]byte, 32), inner[:]...)); first != want {
		t.Errorf("chain %x, want %x", first, want)
	}
	if second := first.Next(inner); second != sha256.Sum256(append(first[:], inner[:]...)) || second == first {
		t.Error("the second link does not hash the first")
	}
}

func TestConflictIDOf_NamesRecordAndCell(t *testing.T) {
	keys := []syncengine.CellKey{lifeKey, testedKey, contactKey, {Field: fieldSet, Key: "a"}, {Field: fieldSet, Key: "b"}, {Field: fieldMap, Key: "a"}}
	seen := map[syncengine.ConflictID]bool{}
	for _, record := range []syncengine.ID{{1}, {2}} {
		for _, key := range keys {
			id := syncengine.ConflictIDOf(record, key)
			if seen[id] || id != syncengine.ConflictIDOf(record, key) || len(id.String()) != 32 {
				t.Errorf("%v of %v: %s is not a name of its own", key, record, id)
			}
			seen[id] = true
		}
	}
}

func TestCellHash_TellsEveryPartApart(t *testing.T) {
	hash := func(record byte, field syncengine.FieldNumber, key, data string, cleared bool) uint64 {
		return syncengine.CellHash(syncengine.ID{record}, syncengine.CellKey{Field: field, Key: key}, []byte(data), cleared)
	}
	sums := map[uint64]string{}
	for name, sum := range map[string]uint64{
		"plain": hash(1, 1, "", "ab", false), "other record": hash(2, 1, "", "ab", false),
		"other field": hash(1, 2, "", "ab", false), "other value": hash(1, 1, "", "ac", false),
		"cleared": hash(1, 1, "", "", true), "empty": hash(1, 1, "", "", false),
		"key": hash(1, 1, "a", "b", false), "longer key": hash(1, 1, "ab", "", false),
		// A key that holds the byte between key and value must not pass for both.
		"key with the flag": hash(1, 1, "a\x00b", "c", false), "value with the flag": hash(1, 1, "a", "b\x00c", false),
	} {
		if other, ok := sums[sum]; ok {
			t.Errorf("%s and %s hash the same", name, other)
		}
		sums[sum] = name
	}
	if hash(1, 1, string(make([]byte, 300)), "x", false) == hash(1, 1, string(make([]byte, 301)), "x", false) {
		t.Error("keys longer than the buffer hash the same")
	}
}

func TestDigest_IsTheSumOfShownValuesByClass(t *testing.T) {
	r := newRealm(syncengine.Latest)
	p, q := r.addPhone("Li"), r.addPhone("Wang")
	p.create(syncengine.CellWrite{Key: testedKey, Data: []byte("a")}, syncengine.CellWrite{Key: contactKey, Data: []byte("b")})
	p.pushAll()
	q.pull()
	want := syncengine.Sums{
		1: syncengine.CellHash(recordID, lifeKey, []byte{1}, false) + syncengine.CellHash(recordID, testedKey, []byte("a"), false),
		2: syncengine.CellHash(recordID, contactKey, []byte("b"), false),
	}
	if got := r.kind.Digest(r.record()); got != want {
		t.Errorf("digest %v, want %v", got, want)
	}
	// Of a conflict only what is shown counts, and a cleared cell counts as cleared.
	p.change(syncengine.CellWrite{Key: contactKey, Data: []byte("c")})[0].stamp = 2
	q.change(syncengine.CellWrite{Key: contactKey, Cleared: true})[0].stamp = 3
	p.pushAll()
	q.pushAll()
	want[2] = syncengine.CellHash(recordID, contactKey, nil, true)
	if got := r.kind.Digest(r.record()); got != want {
		t.Errorf("digest %v, want %v", got, want)
	}
}

func TestSums_SubTakesWhatAddGave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b syncengine.Sums
		for i := range a {
			a[i], b[i] = rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		}
		sum := a
		sum.Add(b)
		if sum[3] != a[3]+b[3] {
			t.Fatal("the sum is not modulo 2^64 by class")
		}
		if sum.Sub(b); sum != a {
			t.Fatal("adding and taking the same changes the sums")
		}
	})
}
