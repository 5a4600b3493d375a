package outbox_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/outbox"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

const now = syncengine.UnixMilli(1_800_000_000_000)

var checkpoint = syncengine.Coordinate{Epoch: 1, Seq: 50}

func newMaker() *outbox.Maker {
	return &outbox.Maker{
		Checkpoint: checkpoint, Now: now,
		Salt: func() [wire.SaltBytes]byte { return [wire.SaltBytes]byte{7} },
	}
}

func kindNamed(t *testing.T, name string) *schema.Kind {
	t.Helper()
	kind, ok := schema.Load().KindByName(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return kind
}

func patch(t *testing.T, m proto.Message) *syncv1.Patch {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return &syncv1.Patch{Fields: b}
}

func id(n byte) syncengine.ID { return syncengine.ID{n} }

func TestMake_ACreateIsOneChangeWithSaltAndChain(t *testing.T) {
	m := newMaker()
	made, err := m.Make(&outbox.Edit{
		Record: id(1), Kind: kindNamed(t, "visit"), Create: true, OccurredAt: now - 5000,
		Patch: patch(t, &recordv1.Visit{Note: proto.String("n"), Territory: make([]byte, 16)}),
		Held:  map[syncengine.CellKey]syncengine.Coordinate{{Field: 5}: {Epoch: 1, Seq: 3}},
	})
	if err != nil || len(made) != 1 {
		t.Fatalf("%d changes, %v", len(made), err)
	}
	c, err := wire.DecodeChange(made[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Create || c.DeviceSeq != 1 || c.Base != checkpoint || c.DeviceTime != now || c.OccurredAt != now-5000 || !c.Salted || c.Group != 1 {
		t.Errorf("change %+v", c)
	}
	want := syncengine.Chain{}.Next(syncengine.InnerDigest(made[0].Salt, made[0].Body))
	if len(made[0].Salt) != wire.SaltBytes || m.End.Chain != want || m.End.Seq != 1 {
		t.Errorf("salt %x, end %v, chain %x", made[0].Salt, m.End, want)
	}
}

func TestMake_WhatTellsNothingOfAPersonHasNoSalt(t *testing.T) {
	made, err := newMaker().Make(&outbox.Edit{Record: id(1), Kind: kindNamed(t, "premises"), Patch: patch(t, &recordv1.Premises{Rooms: proto.Uint32(3)})})
	if err != nil || len(made[0].Salt) != 0 || made[0].Salted {
		t.Errorf("salt %x, %v", made[0].Salt, err)
	}
}

func TestMake_ACellWithAnOwnUnsentChangeKeepsThatChangesBase(t *testing.T) {
	old := syncengine.Coordinate{Epoch: 1, Seq: 20}
	held := map[syncengine.CellKey]syncengine.Coordinate{{Field: 5}: old, {Field: 8, Key: "a"}: old}
	p := patch(t, &recordv1.Visit{
		Note: proto.String("n"), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Contributions: map[string]string{"b": "x"},
	})
	p.MapRemoved = []*syncv1.Element{{Field: 8, Element: []byte("a")}}
	p.SetRemoved = []*syncv1.Element{{Field: 1, Element: make([]byte, 16)}}
	p.Cleared = []uint32{12}
	made, err := newMaker().Make(&outbox.Edit{Record: id(1), Kind: kindNamed(t, "visit"), Patch: p, Held: held})
	if err != nil || len(made) != 2 {
		t.Fatalf("%d changes, %v", len(made), err)
	}
	if made[0].Base != old || made[1].Base != checkpoint || made[0].Group != 1 || made[1].Group != 1 {
		t.Errorf("bases %v %v, groups %d %d", made[0].Base, made[1].Base, made[0].Group, made[1].Group)
	}
	if len(made[0].Cells) != 2 || len(made[1].Cells) != 4 {
		t.Errorf("cells %v and %v", made[0].Cells, made[1].Cells)
	}
	sameCells(t, p, made)
}

// sameCells checks that the parts, as the server reads them, write what the whole patch writes.
func sameCells(t *testing.T, p *syncv1.Patch, made []outbox.Made) {
	t.Helper()
	kind := kindNamed(t, "visit")
	want, err := wire.Cells(kind, false, p)
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for i := range made {
		c, err := wire.DecodeChange(made[i].Body)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := wire.Cells(kind, false, c.Patch)
		if err != nil || len(cells) != len(made[i].Cells) {
			t.Fatalf("part %d: %v, %v", i, cells, err)
		}
		for _, g := range cells {
			for _, w := range want {
				if g.Key == w.Key && g.Cleared == w.Cleared && bytes.Equal(g.Data, w.Data) {
					written++
				}
			}
		}
	}
	if written != len(want) {
		t.Errorf("%d of %d cells came through", written, len(want))
	}
}

func TestMake_SettlingAConflictSeesTheCheckpoint(t *testing.T) {
	conflict := syncengine.ConflictIDOf(id(1), syncengine.CellKey{Field: 5})
	held := map[syncengine.CellKey]syncengine.Coordinate{{Field: 5}: {Epoch: 1, Seq: 20}, {Field: 3}: {Epoch: 1, Seq: 20}}
	p := patch(t, &recordv1.Visit{Note: proto.String("settled"), Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_JOINT.Enum()})
	made, err := newMaker().Make(&outbox.Edit{
		Record: id(1), Kind: kindNamed(t, "visit"), Patch: p, Held: held, Resolves: []syncengine.ConflictID{conflict},
	})
	if err != nil || len(made) != 2 {
		t.Fatalf("%d changes, %v", len(made), err)
	}
	last := made[1]
	if last.Base != checkpoint || len(last.Resolves) != 1 || last.Cells[0].Key.Field != 5 || len(made[0].Resolves) != 0 {
		t.Errorf("the settling change is %+v", last)
	}
}

func TestMake_AnEditWithStatesTakesItsFromAlong(t *testing.T) {
	p := patch(t, &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_RECTIFIED.Enum(), Note: proto.String("n")})
	p.From = []*syncv1.StateFrom{{Field: 6, State: 1}}
	held := map[syncengine.CellKey]syncengine.Coordinate{{Field: 6}: {Epoch: 1, Seq: 1}}
	made, err := newMaker().Make(&outbox.Edit{Record: id(1), Kind: kindNamed(t, "hazard"), Patch: p, Held: held})
	if err != nil || len(made) != 2 {
		t.Fatalf("%d changes, %v", len(made), err)
	}
	if len(made[0].Patch.GetFrom()) != 1 || len(made[1].Patch.GetFrom()) != 0 || made[0].Cells[0].Key.Field != 6 {
		t.Errorf("from of %v and %v", made[0].Patch, made[1].Patch)
	}
}

func TestMake_HoldsTheLimits(t *testing.T) {
	visit := kindNamed(t, "visit")
	long := patch(t, &recordv1.Visit{Note: proto.String(strings.Repeat("长", 2001))})
	var invalid *wire.InvalidError
	m := newMaker()
	if _, err := m.Make(&outbox.Edit{Record: id(1), Kind: visit, Patch: long}); !errors.As(err, &invalid) || invalid.Field != "note" {
		t.Errorf("a long note: %v", err)
	}
	m = newMaker()
	for i := range 100 {
		_, err := m.Make(&outbox.Edit{Record: id(byte(i + 1)), Kind: visit, Patch: patch(t, &recordv1.Visit{Note: proto.String(strings.Repeat("长", 2000))})})
		var group *outbox.GroupError
		if errors.As(err, &group) {
			if group.Bytes <= wire.GroupBytesMax || group.Changes != i+1 {
				t.Errorf("a large group: %v", err)
			}
			return
		}
	}
	t.Error("a group has no limit")
}

func TestMake_EditsOfOneCommitAreAGroup(t *testing.T) {
	m := newMaker()
	m.End.Seq = 6
	for i, want := range []syncengine.DeviceSeq{0, 7, 7} {
		made, err := m.Make(&outbox.Edit{Record: id(byte(i + 1)), Kind: kindNamed(t, "visit"), Patch: patch(t, &recordv1.Visit{Note: proto.String("n")})})
		if err != nil {
			t.Fatal(err)
		}
		sent := &syncv1.Change{}
		if err := proto.Unmarshal(made[0].Body, sent); err != nil || sent.GetGroup() != uint64(want) || made[0].Group != 7 {
			t.Errorf("change %d says group %d, %v", i, sent.GetGroup(), err)
		}
	}
}

// TestCutter_NeverCutsIntoAGroup draws outboxes and checks every batch: within
// the limits, at least one group, and cut between groups.
func TestCutter_NeverCutsIntoAGroup(t *testing.T) {
	type row struct {
		seq, group syncengine.DeviceSeq
		bytes      int
	}
	rapid.Check(t, func(rt *rapid.T) {
		var rows []row
		for wanted := rapid.IntRange(1, 5000).Draw(rt, "rows"); len(rows) < wanted; {
			first := syncengine.DeviceSeq(len(rows) + 1)
			size := rapid.SampledFrom([]int{1, 1, 1, 2, 5}).Draw(rt, "group")
			for i := range size {
				r := row{seq: first + syncengine.DeviceSeq(i), group: first, bytes: rapid.SampledFrom([]int{200, 400, 30_000}).Draw(rt, "bytes")}
				if size == 1 {
					r.group = 0
				}
				rows = append(rows, r)
			}
		}
		most := rapid.SampledFrom([]int{0, 0, 1, 3, 50}).Draw(rt, "most")
		for sent := 0; sent < len(rows); {
			c := outbox.Cutter{Most: most}
			for _, r := range rows[sent:] {
				if !c.Take(r.seq, r.group, r.bytes) {
					break
				}
			}
			n := c.Changes()
			if n == 0 {
				rt.Fatalf("no change fits at %d", sent)
			}
			total := 0
			for _, r := range rows[sent : sent+n] {
				total += r.bytes
			}
			if total > wire.BatchBytesMax || n > wire.BatchChangesMax {
				rt.Fatalf("a batch of %d changes and %d bytes", n, total)
			}
			if most > 0 && n > most && n > groupAt(rows[sent:], func(r row) syncengine.DeviceSeq { return r.group }) {
				rt.Fatalf("a batch of %d changes where %d were asked for", n, most)
			}
			sent += n
			if sent < len(rows) && rows[sent].group != 0 && rows[sent].group < rows[sent].seq {
				rt.Fatalf("cut before change %d of group %d", rows[sent].seq, rows[sent].group)
			}
		}
	})
}

// groupAt counts the rows of the group that rows begin with.
func groupAt[R any](rows []R, group func(R) syncengine.DeviceSeq) int {
	n := 1
	for n < len(rows) && group(rows[0]) != 0 && group(rows[n]) == group(rows[0]) {
		n++
	}
	return n
}
