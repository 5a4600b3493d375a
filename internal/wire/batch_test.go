package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

// batches draws batches of changes, most of them plain, as the generated code encodes them.
func batches() *rapid.Generator[*syncv1.Batch] {
	some := rapid.SliceOfN(rapid.Byte(), 0, 200)
	return rapid.Custom(func(t *rapid.T) *syncv1.Batch {
		b := &syncv1.Batch{}
		for range rapid.IntRange(0, 100).Draw(t, "changes") {
			c := &syncv1.BatchChange{Body: some.Draw(t, "body"), Salt: some.Draw(t, "salt")}
			switch rapid.IntRange(0, 9).Draw(t, "form") {
			case 0:
				c.First = &syncv1.First{StampMs: rapid.Int64().Draw(t, "stamp"), Suspect: true}
			case 1:
				c.Erased = &syncv1.ErasedChange{InnerDigest: some.Draw(t, "digest")}
			case 2:
				c = &syncv1.BatchChange{Sealed: &syncv1.SealedChange{Key: 3, Box: some.Draw(t, "box")}}
			}
			b.Changes = append(b.Changes, c)
		}
		if rapid.Bool().Draw(t, "more") {
			b.SchemaVersion, b.ChainBefore = 7, some.Draw(t, "chain")
		}
		return b
	})
}

func TestBatchChanges_AreThoseThatTheGeneratedCodeReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encoded, err := proto.Marshal(batches().Draw(t, "batch"))
		if err != nil {
			t.Fatal(err)
		}
		// Fields of newer software, of any type, are passed over.
		encoded = protowire.AppendVarint(protowire.AppendTag(encoded, 90, protowire.VarintType), 5)
		encoded = protowire.AppendVarint(protowire.AppendTag(encoded, 3, protowire.VarintType), 5)
		whole := &syncv1.Batch{}
		if err := proto.Unmarshal(encoded, whole); err != nil {
			t.Fatal(err)
		}
		read, err := wire.BatchChanges(encoded)
		if err != nil || !proto.Equal(&syncv1.Batch{Changes: read}, &syncv1.Batch{Changes: whole.GetChanges()}) {
			t.Fatalf("read %v, %v, want %v", read, err, whole.GetChanges())
		}
		for i, c := range read {
			if (c.Body == nil) != (whole.Changes[i].Body == nil) || (c.Salt == nil) != (whole.Changes[i].Salt == nil) {
				t.Fatalf("change %d: what is absent is not", i)
			}
			// Who writes on behind a change writes into no other.
			_, _ = append(c.Body, make([]byte, 300)...), append(c.Salt, make([]byte, 300)...)
		}
		if !proto.Equal(&syncv1.Batch{Changes: read}, &syncv1.Batch{Changes: whole.GetChanges()}) {
			t.Fatal("a change reaches into the next one")
		}
	})
}

func TestBatchChanges_RefusesWhatIsDamagedWhereTheGeneratedCodeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encoded, err := proto.Marshal(batches().Draw(t, "batch"))
		if err != nil {
			t.Fatal(err)
		}
		if len(encoded) > 0 {
			encoded = encoded[:rapid.IntRange(0, len(encoded)).Draw(t, "until")]
		}
		want := proto.Unmarshal(encoded, &syncv1.Batch{})
		if _, err := wire.BatchChanges(encoded); (err != nil) != (want != nil) || err != nil && !errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("read with %v, the generated code with %v", err, want)
		}
	})
}

func TestChangeReader_ReadsManyAsEachByItself(t *testing.T) {
	var reader wire.ChangeReader
	var together []*wire.Change
	var bodies [][]byte
	for i := range 300 {
		body, err := proto.Marshal(&syncv1.Change{
			DeviceSeq: uint64(i + 1), RecordId: bytes.Repeat([]byte{byte(i), 1}, 8), Kind: 2, Create: i%2 == 0,
			Patch: &syncv1.Patch{Fields: bytes.Repeat([]byte{byte(i)}, i), Cleared: make([]uint32, i%3)},
		})
		if err != nil {
			t.Fatal(err)
		}
		c, err := reader.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		together, bodies = append(together, c), append(bodies, body)
	}
	for i, c := range together {
		alone, err := wire.DecodeChange(bodies[i])
		if err != nil || c.DeviceSeq != alone.DeviceSeq || c.RecordID != alone.RecordID || c.Create != alone.Create || !proto.Equal(c.Patch, alone.Patch) {
			t.Errorf("change %d: %+v among others, %+v by itself, %v", i, c, alone, err)
		}
	}
}
