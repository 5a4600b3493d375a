package wire_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// ids draws ids that are not zero.
func ids() *rapid.Generator[syncengine.ID] {
	return rapid.Custom(func(t *rapid.T) (id syncengine.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		id[0] |= 1
		return id
	})
}

func coordinates() *rapid.Generator[syncengine.Coordinate] {
	return rapid.Custom(func(t *rapid.T) syncengine.Coordinate {
		return syncengine.Coordinate{
			Epoch: syncengine.Epoch(rapid.Uint32Range(1, 5).Draw(t, "epoch")), Seq: syncengine.Seq(rapid.Uint64Min(1).Draw(t, "seq")),
		}
	})
}

func TestChange_ComesBackAsItWasEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &wire.Change{
			DeviceSeq: syncengine.DeviceSeq(rapid.Uint64Min(1).Draw(t, "device_seq")),
			RecordID:  ids().Draw(t, "record"),
			Kind:      syncengine.KindNumber(rapid.Uint32().Draw(t, "kind")),
			Create:    rapid.Bool().Draw(t, "create"),
			// Any clock at all, and reports of any time.
			DeviceTime: syncengine.UnixMilli(rapid.Int64().Draw(t, "device time")),
			OccurredAt: syncengine.UnixMilli(rapid.Int64().Draw(t, "occurred at")),
			Salted:     rapid.Bool().Draw(t, "salted"),
			Patch:      &syncv1.Patch{Fields: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "fields")},
		}
		c.Group = syncengine.DeviceSeq(rapid.Uint64Range(1, uint64(c.DeviceSeq)).Draw(t, "group"))
		if rapid.Bool().Draw(t, "based") {
			c.Base = coordinates().Draw(t, "base")
		}
		for _, id := range rapid.SliceOfN(ids(), 0, 3).Draw(t, "resolves") {
			c.Resolves = append(c.Resolves, syncengine.ConflictID(id))
		}
		body, err := wire.EncodeChange(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.DecodeChange(body)
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(again.Patch, c.Patch) {
			t.Fatalf("patch %v, want %v", again.Patch, c.Patch)
		}
		again.Patch = c.Patch
		if !reflect.DeepEqual(again, c) {
			t.Fatalf("read back %+v, want %+v", again, c)
		}
	})
}

func TestEncodeChange_GivesTheSameBytesEachTime(t *testing.T) {
	c := &wire.Change{DeviceSeq: 3, Group: 3, RecordID: syncengine.ID{1}, Patch: &syncv1.Patch{Cleared: []uint32{5, 4}}}
	first, err := wire.EncodeChange(c)
	second, err2 := wire.EncodeChange(c)
	if err != nil || err2 != nil || string(first) != string(second) {
		t.Errorf("%x and %x (%v, %v): the chain is over these bytes", first, second, err, err2)
	}
}

func TestDecodeChange_RefusesWhatIsNotInTheProtocolsForm(t *testing.T) {
	good := func() *syncv1.Change {
		return &syncv1.Change{DeviceSeq: 4, RecordId: id(1), Kind: 2, Patch: &syncv1.Patch{}}
	}
	cases := map[string]func(*syncv1.Change){
		"no device_seq":                  func(c *syncv1.Change) { c.DeviceSeq = 0 },
		"no record id":                   func(c *syncv1.Change) { c.RecordId = nil },
		"a record id of zeros":           func(c *syncv1.Change) { c.RecordId = id(0) },
		"a record id of 17 bytes":        func(c *syncv1.Change) { c.RecordId = append(id(1), 1) },
		"a group that begins after it":   func(c *syncv1.Change) { c.Group = 5 },
		"a conflict id of 15 bytes":      func(c *syncv1.Change) { c.Resolves = [][]byte{id(1)[:15]} },
		"more resolves than are allowed": func(c *syncv1.Change) { c.Resolves = slices.Repeat([][]byte{id(1)}, wire.ResolvesMax+1) },
		"more bytes than are allowed":    func(c *syncv1.Change) { c.Patch.Fields = make([]byte, wire.ChangeBytesMax) },
	}
	for name, spoil := range cases {
		c := good()
		spoil(c)
		if _, err := wire.DecodeChange(encode(t, c)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %v, want malformed", name, err)
		}
	}
	if _, err := wire.DecodeChange([]byte{0xff}); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("no message: %v, want malformed", err)
	}
	if c, err := wire.DecodeChange(encode(t, good())); err != nil || c.Group != 4 {
		t.Errorf("a change that stands alone: group %d, %v", c.Group, err)
	}
}

func TestEncodeChange_RefusesWhatCouldNeverBeSent(t *testing.T) {
	c := &wire.Change{DeviceSeq: 1, RecordID: syncengine.ID{1}, Patch: &syncv1.Patch{Fields: make([]byte, wire.ChangeBytesMax)}}
	if _, err := wire.EncodeChange(c); err == nil {
		t.Error("a change larger than a change may be was made")
	}
	c.Patch.Fields = c.Patch.Fields[:wire.ChangeBytesMax-100]
	body, err := wire.EncodeChange(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.DecodeChange(body); err != nil {
		t.Errorf("what the phone may make, the server refuses: %v", err)
	}
}

func TestCheckSteps_JudgesThePatchAlone(t *testing.T) {
	hazard := kindOf(t, "hazard")
	state, _ := hazard.FieldByName("state")
	n := state.Engine.Number
	write := func(s recordv1.HazardState) []syncengine.CellWrite {
		return []syncengine.CellWrite{{Key: key(n, ""), Data: number(6, uint64(s))}}
	}
	from := func(s recordv1.HazardState) *syncv1.Patch {
		return &syncv1.Patch{From: []*syncv1.StateFrom{{Field: uint32(n), State: int32(s)}}}
	}
	const found, notified = recordv1.HazardState_HAZARD_STATE_FOUND, recordv1.HazardState_HAZARD_STATE_NOTIFIED
	settled := []syncengine.ConflictID{syncengine.ConflictIDOf(syncengine.ID{1}, key(n, ""))}
	cases := []struct {
		name   string
		change wire.Change
		cells  []syncengine.CellWrite
		want   bool
	}{
		{"a declared step", wire.Change{Patch: from(found)}, write(notified), true},
		{"an undeclared step", wire.Change{Patch: from(notified)}, write(found), false},
		{"a step that does not say where it came from", wire.Change{Patch: &syncv1.Patch{}}, write(notified), false},
		{"the first state of a new record", wire.Change{Create: true, Patch: &syncv1.Patch{}}, write(found), true},
		{"a create that skips ahead", wire.Change{Create: true, Patch: from(recordv1.HazardState_HAZARD_STATE_RECHECKED)}, write(found), false},
		{"a state that nobody has", wire.Change{Patch: from(found)}, write(99), false},
		{"a state cleared", wire.Change{Patch: from(found)}, []syncengine.CellWrite{{Key: key(n, ""), Cleared: true}}, false},
		{"a conflict settled with any state", wire.Change{Patch: &syncv1.Patch{}, Resolves: settled}, write(found), true},
		{"another record's conflict settled", wire.Change{Patch: &syncv1.Patch{}, Resolves: []syncengine.ConflictID{{7}}}, write(found), false},
		{"no state written", wire.Change{Patch: &syncv1.Patch{}}, []syncengine.CellWrite{{Key: key(7, ""), Data: text(7, "note")}}, true},
		{"a field nobody knows", wire.Change{Patch: &syncv1.Patch{}}, []syncengine.CellWrite{{Key: key(unknownField, "")}}, true},
	}
	for _, c := range cases {
		c.change.RecordID = syncengine.ID{1}
		if got := wire.CheckSteps(hazard, &c.change, c.cells); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNeedsSalt_WhereACellMayTellAboutAPerson(t *testing.T) {
	visit, premises := kindOf(t, "visit"), kindOf(t, "premises")
	if !wire.NeedsSalt(visit, []syncengine.CellWrite{syncengine.LifeWrite(false), {Key: key(visitNote, "")}}) {
		t.Error("a note may name a person")
	}
	if wire.NeedsSalt(visit, []syncengine.CellWrite{syncengine.LifeWrite(false), {Key: key(visitOutcome, "")}}) {
		t.Error("an outcome tells nothing about a person")
	}
	contact, _ := premises.FieldByName("contact")
	officer, _ := premises.FieldByName("officer")
	if !wire.NeedsSalt(premises, []syncengine.CellWrite{{Key: key(contact.Engine.Number, ""), Cleared: true}}) {
		t.Error("that a contact was removed tells about a person")
	}
	if wire.NeedsSalt(premises, []syncengine.CellWrite{{Key: key(officer.Engine.Number, "")}}) {
		t.Error("a colleague is no resident")
	}
}

func TestNewRecordID_IsAVersion7IDOfTimeAndRandomnessAlone(t *testing.T) {
	random := [10]byte{0xff, 2, 0xff, 4, 5, 6, 7, 8, 9, 10}
	got := wire.NewRecordID(0x0123456789ab, random)
	if got.String() != "01234567-89ab-7f02-bf04-05060708090a" {
		t.Errorf("id %s", got)
	}
	if parsed, err := wire.ParseID(got.String()); err != nil || parsed != got {
		t.Errorf("read back %s, %v", parsed, err)
	}
	if _, err := wire.ParseID("door 3"); err == nil {
		t.Error("a text that is no id was read as one")
	}
}
