package wire_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// FuzzCells holds what must be true of any patch at all: it is refused with a
// reason, or its cells are sorted, each there once, and read as the record
// message of their kind, from which the same cells can be cut again.
func FuzzCells(f *testing.F) {
	for _, seed := range []*syncv1.Patch{
		{Fields: encode(f, &recordv1.Visit{PremisesIds: [][]byte{id(1)}, Note: proto.String("n"), Contributions: map[string]string{"Li": "a"}})},
		{Cleared: []uint32{5}, SetRemoved: []*syncv1.Element{{Field: 1, Element: id(1)}}, MapRemoved: []*syncv1.Element{{Field: 8, Element: []byte("Li")}}},
		{Fields: slices.Concat(text(unknownField, "a"), number(4, 1))}, {Life: syncv1.Life_LIFE_DEAD},
	} {
		for kind := range uint8(4) {
			f.Add(kind, kind%2 == 0, encode(f, seed))
		}
	}
	kinds := schema.Load().Kinds
	f.Fuzz(func(t *testing.T, number uint8, create bool, body []byte) {
		var patch syncv1.Patch
		if proto.Unmarshal(body, &patch) != nil {
			return
		}
		kind := kinds[int(number)%len(kinds)]
		var cells []syncengine.CellWrite
		var err error
		wantModest(t, len(body), func() { cells, err = wire.Cells(kind, create, &patch) })
		if err != nil {
			if _, ok := errors.AsType[*wire.InvalidError](err); !ok && !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("refused for no reason of the protocol: %v", err)
			}
			return
		}
		checkCells(t, kind, cells)
		wire.CheckSteps(kind, &wire.Change{Create: create, Patch: &patch}, cells)
		wire.NeedsSalt(kind, cells)
	})
}

// wantModest wants reading to take memory in proportion to what is read: a short
// message that claims to hold much must not make room for it.
func wantModest(t *testing.T, length int, read func()) {
	t.Helper()
	// A cell of two bytes becomes a struct of some hundred, in slices that double.
	const least, perByte = 256 << 10, 1 << 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > least+perByte*uint64(length) {
		t.Fatalf("%d bytes are read in %d bytes of memory", length, got)
	}
}

func checkCells(t *testing.T, kind *schema.Kind, cells []syncengine.CellWrite) {
	t.Helper()
	var fields []byte
	written := 0
	for i, c := range cells {
		if i > 0 && cells[i-1].Key.Compare(c.Key) >= 0 {
			t.Fatalf("cell %v comes after %v", c.Key, cells[i-1].Key)
		}
		if c.Cleared && len(c.Data) != 0 {
			t.Fatalf("cell %v is removed and has a value", c.Key)
		}
		if !c.Cleared && c.Key.Field != syncengine.LifeField {
			fields = append(fields, c.Data...)
			written++
		}
	}
	if err := proto.Unmarshal(fields, kind.Type.New().Interface()); err != nil {
		t.Fatalf("the cells do not read as a record: %v", err)
	}
	again, err := wire.Cells(kind, false, &syncv1.Patch{Fields: fields})
	if err != nil || len(again) != written {
		t.Fatalf("%d cells come to %d when cut again, %v", written, len(again), err)
	}
}

// FuzzDecodeChange holds that what is read can be made again and reads the same.
func FuzzDecodeChange(f *testing.F) {
	f.Add(encode(f, &syncv1.Change{DeviceSeq: 1, RecordId: id(1), Kind: 2, Create: true, Patch: &syncv1.Patch{Fields: text(visitNote, "n")}}))
	f.Add(encode(f, &syncv1.Change{DeviceSeq: 9, RecordId: id(2), BaseEpoch: 1, BaseSeq: 7, Group: 8, Resolves: [][]byte{id(3)}, OccurredAtDiffMs: -5}))
	f.Fuzz(func(t *testing.T, body []byte) {
		var c *wire.Change
		var err error
		wantModest(t, len(body), func() { c, err = wire.DecodeChange(body) })
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("refused for no reason of the protocol: %v", err)
			}
			return
		}
		made, err := wire.EncodeChange(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.DecodeChange(made)
		if err != nil || !proto.Equal(again.Patch, c.Patch) {
			t.Fatalf("read back with patch %v, %v", again.Patch, err)
		}
		if again.Patch = c.Patch; !reflect.DeepEqual(again, c) {
			t.Fatalf("read back %+v, was %+v", again, c)
		}
	})
}

// FuzzDecodeRecord holds that bytes are refused, or read as a record that is
// stored and read back the same.
func FuzzDecodeRecord(f *testing.F) {
	at := &storedv1.Coordinate{Epoch: 1, Seq: 3}
	f.Add(encode(f, &storedv1.Record{
		Writes: []*storedv1.Write{{Incarnation: id(1), DeviceSeq: 1, Coordinates: []*storedv1.Coordinate{at}, Bases: []*storedv1.Coordinate{at}}},
		Cells: []*storedv1.Cell{{Field: 5, Values: []*storedv1.Value{{Data: text(5, "n")}}, Kept: []*storedv1.Kept{{
			Value: &storedv1.Value{NeverShown: true}, At: at,
		}}}},
		Keys: []*storedv1.Key{{Key: id(4), Entered: 3}}, TailIncarnation: id(1), TailSince: 2,
	}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		var r *syncengine.Record
		var err error
		wantModest(t, len(body), func() { r, err = wire.DecodeRecord(syncengine.ID{1}, 2, 3, body) })
		if err != nil {
			return
		}
		stored := wire.EncodeRecord(r)
		again, err := wire.DecodeRecord(syncengine.ID{1}, 2, 3, stored)
		if err != nil || !bytes.Equal(wire.EncodeRecord(again), stored) {
			t.Fatalf("a record that was read is not read again: %v", err)
		}
	})
}

// FuzzParseID holds that a text is refused, or names an id that prints as that
// text in lower case and with hyphens.
func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", "01890a5d-ac96-774b-bcce-b302099a8057", "01890A5DAC96774BBCCEB302099A8057", "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
		"{01890a5d-ac96-774b-bcce-b302099a8057}", "01890a5d-ac96-774b-bcce-b302099a805", "00000000-0000-0000-0000-000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := wire.ParseID(text)
		if err != nil {
			return
		}
		plain := strings.NewReplacer("-", "", "{", "", "}", "").Replace(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "urn:uuid:"))
		if strings.ReplaceAll(got.String(), "-", "") != plain {
			t.Fatalf("%q is read as %s", text, got)
		}
		if again, err := wire.ParseID(got.String()); err != nil || again != got {
			t.Fatalf("%s is read as %s, %v", got, again, err)
		}
	})
}
