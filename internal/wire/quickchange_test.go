package wire_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// TestDecodeChange_ReadsWhatGeneratedCodeReads draws fields in any order, twice,
// of wrong types, unknown and cut short, among plain ones.
func TestDecodeChange_ReadsWhatGeneratedCodeReads(t *testing.T) {
	plain := []byte(nil)
	for num, v := range map[protowire.Number]uint64{1: 7, 3: 2, 4: 1, 5: 1, 6: 40, 7: 1 << 40, 8: 3, 9: 5, 12: 1} {
		plain = protowire.AppendVarint(protowire.AppendTag(plain, num, protowire.VarintType), v)
	}
	plain = protowire.AppendBytes(protowire.AppendTag(plain, 2, protowire.BytesType), id(9))
	plain = protowire.AppendBytes(protowire.AppendTag(plain, 10, protowire.BytesType), text(1, "fields"))
	comparesChange(t, plain)
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(nil)
		if rapid.Bool().Draw(t, "plain first") {
			body = append(body, plain...)
		}
		for range rapid.IntRange(0, 6).Draw(t, "fields") {
			body = append(body, anyChangeField(t)...)
		}
		comparesChange(t, body[:len(body)-rapid.IntRange(0, min(2, len(body))).Draw(t, "cut")])
	})
}

func anyChangeField(t *rapid.T) []byte {
	num := protowire.Number(rapid.SampledFrom([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 11, 11, 12, 13, 14}).Draw(t, "number"))
	switch rapid.IntRange(0, 3).Draw(t, "type") {
	case 0:
		return protowire.AppendFixed32(protowire.AppendTag(nil, num, protowire.Fixed32Type), 5)
	case 1:
		v := rapid.SampledFrom([][]byte{nil, id(3), text(1, "a"), text(2, "b"), append(text(1, "a"), text(1, "b")...), {0x0a}, number(6, 2), number(2, 5)}).Draw(t, "bytes")
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), v)
	}
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), rapid.Uint64().Draw(t, "value"))
}

// comparesChange holds a decoded change against what the generated code reads.
func comparesChange(t interface{ Fatalf(string, ...any) }, body []byte) {
	m := &syncv1.Change{}
	unreadable := proto.Unmarshal(body, m) != nil
	c, err := wire.DecodeChange(body)
	if unreadable && err == nil {
		t.Fatalf("%x is no change and was read as %+v", body, c)
	}
	if err != nil {
		if !unreadable && wellFormed(m) {
			t.Fatalf("%x is a change and was refused: %v", body, err)
		}
		return
	}
	group := syncengine.DeviceSeq(m.GetGroup())
	if group == 0 {
		group = c.DeviceSeq
	}
	want := wire.Change{
		DeviceSeq: syncengine.DeviceSeq(m.GetDeviceSeq()), RecordID: syncengine.ID(m.GetRecordId()), Kind: syncengine.KindNumber(m.GetKind()),
		Create: m.GetCreate(), Base: syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetBaseEpoch()), Seq: syncengine.Seq(m.GetBaseSeq())},
		DeviceTime: syncengine.UnixMilli(m.GetDeviceTimeMs()), Group: group, Salted: m.GetSalted(),
	}
	want.OccurredAt = want.DeviceTime + syncengine.UnixMilli(m.GetOccurredAtDiffMs())
	if c.DeviceSeq != want.DeviceSeq || c.RecordID != want.RecordID || c.Kind != want.Kind || c.Create != want.Create || c.Base != want.Base ||
		c.DeviceTime != want.DeviceTime || c.OccurredAt != want.OccurredAt || c.Group != want.Group || c.Salted != want.Salted ||
		!proto.Equal(c.Patch, m.GetPatch()) || len(c.Resolves) != len(m.GetResolves()) {
		t.Fatalf("%x is read as %+v, the generated code reads %v", body, c, m)
	}
}

// wellFormed repeats what a change must have beyond being readable.
func wellFormed(m *syncv1.Change) bool {
	recordID, ok := syncengine.IDFromBytes(m.GetRecordId())
	for _, r := range m.GetResolves() {
		ok = ok && len(r) == 16
	}
	return ok && !recordID.IsZero() && m.GetDeviceSeq() != 0 && m.GetGroup() <= m.GetDeviceSeq()
}
