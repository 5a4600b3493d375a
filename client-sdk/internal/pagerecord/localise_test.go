package pagerecord_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/pagerecord"
)

func TestLocalise_KeepsAllButWhatStandsBesideIt(t *testing.T) {
	full := &syncv1.Write{DeviceSeq: 9, StampMs: -5, Suspect: true, Epoch: 2, Seq: 1 << 40, Rank: 3}
	newer := func(m proto.Message) { m.ProtoReflect().SetUnknown([]byte{0xc0, 0x3e, 0x01}) }
	for name, m := range map[string]*syncv1.PageRecord{
		"a record":               {Fields: []byte{0x08, 0x01}, Writes: []*syncv1.Write{full}},
		"a deleted one":          {Fields: []byte{0x08, 0x01}, Writes: []*syncv1.Write{full}, Dead: true},
		"one without fields":     {Writes: []*syncv1.Write{full}},
		"one with a bare write":  {Fields: []byte{0x08, 0x01}, Writes: []*syncv1.Write{{}, full}},
		"one with a detail":      {Fields: []byte{0x08, 0x01}, Writes: []*syncv1.Write{full, full}, Cells: []*syncv1.CellDetail{{Field: 1, Write: 1}}},
		"one of a newer server":  {Fields: []byte{0x08, 0x01}, Writes: []*syncv1.Write{full}},
		"a write of a newer one": {Fields: []byte{0x08, 0x01}, Writes: []*syncv1.Write{full}},
	} {
		m = proto.CloneOf(m)
		switch name {
		case "one of a newer server":
			newer(m)
		case "a write of a newer one":
			newer(m.Writes[0])
		}
		want := proto.CloneOf(m)
		for _, w := range want.Writes {
			w.Author = 40
		}
		m.Id, m.Kind, m.Seq, m.Keys = make([]byte, 16), 2, 77, []uint32{0}
		stored, err := pagerecord.AppendLocalised([]byte("before"), m, []pagerecord.AuthorNumber{40})
		if err != nil || string(stored[:6]) != "before" {
			t.Fatalf("%s: %q, %v", name, stored, err)
		}
		got := &syncv1.PageRecord{}
		if err := proto.Unmarshal(stored[6:], got); err != nil || !proto.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}
