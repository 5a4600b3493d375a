package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// toy seals by a prefix that names the place, so that a test can see where something stood.
func toy(at wire.SealedAt, b []byte) ([]byte, error) {
	return []byte(fmt.Sprintf("%v|%x", at, b)), nil
}

func untoy(at wire.SealedAt, b []byte) ([]byte, error) {
	prefix := fmt.Sprintf("%v|", at)
	rest, ok := bytes.CutPrefix(b, []byte(prefix))
	if !ok {
		return nil, fmt.Errorf("%q was sealed elsewhere than at %q", b, prefix)
	}
	var out []byte
	_, err := fmt.Sscanf(string(rest), "%x", &out)
	return out, err
}

func contactField(t *testing.T) syncengine.FieldNumber {
	t.Helper()
	f, ok := kindOf(t, "premises").FieldByName("contact")
	if !ok {
		t.Fatal("a door has no contact")
	}
	return f.Engine.Number
}

func TestSealRecord_SealsEveryValueOfTheFieldAndOpensToTheSameBytes(t *testing.T) {
	d := contested(t)
	field := contactField(t)
	wanted := func(n syncengine.FieldNumber) bool { return n == field }
	body := wire.EncodeRecord(d.rec)
	sealed, err := wire.SealRecord(body, wanted, toy)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("Name-")) || !bytes.Contains(sealed, []byte("West Street 3")) {
		t.Errorf("sealed is %q", sealed)
	}
	opened, err := wire.OpenRecord(sealed, wanted, untoy)
	if err != nil || !bytes.Equal(opened, body) {
		t.Errorf("opened is %q, %v; want %q", opened, err, body)
	}
	if again, err := wire.SealRecord(sealed, wanted, toy); err != nil || !bytes.Equal(again, sealed) {
		t.Errorf("what is sealed was sealed again: %v", err)
	}
	if _, err := wire.DecodeRecord(doorID, d.kind.Number, d.rec.Seq, sealed); err == nil {
		t.Error("a sealed record was read as if it were open")
	}
	var p wire.PlainRecord
	if plain, _ := p.Scan(sealed); plain {
		t.Error("a sealed record counts as plain")
	}
}

func TestSealRecord_LeavesARecordWithoutTheFieldAsItIs(t *testing.T) {
	d := newDoor(t)
	d.write(1, 1, 0, true, premises(t, &recordv1.Premises{Address: proto.String("West Street 3")}))
	body := wire.EncodeRecord(d.rec)
	field := contactField(t)
	sealed, err := wire.SealRecord(body, func(n syncengine.FieldNumber) bool { return n == field }, toy)
	if err != nil || &sealed[0] != &body[0] {
		t.Errorf("another slice was made: %v", err)
	}
}

func TestSealRecord_SealsTheKeysOfAMapToo(t *testing.T) {
	kind := kindOf(t, "dispute")
	f, _ := kind.FieldByName("party_contacts")
	wanted := func(n syncengine.FieldNumber) bool { return n == f.Engine.Number }
	cells, err := wire.Cells(kind, true, &syncv1.Patch{Fields: encode(t, &recordv1.Dispute{
		PartyContacts: map[string]*recordv1.Contact{"甲方老木": {Phone: proto.String("13800138000")}, "乙方": {}},
	})})
	if err != nil {
		t.Fatal(err)
	}
	rec := syncengine.World{History: syncengine.History{Epoch: 1}}.Merge(kind.Engine, nil, doorID, &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: syncengine.ID{1}, Seq: 1}, Create: true, At: syncengine.Coordinate{Epoch: 1, Seq: 1}, Cells: cells,
	}).Record
	body := wire.EncodeRecord(rec)
	sealed, err := wire.SealRecord(body, wanted, toy)
	if err != nil || bytes.Contains(sealed, []byte("甲方老木")) || bytes.Contains(sealed, []byte("13800138000")) {
		t.Errorf("sealed is %q, %v", sealed, err)
	}
	opened, err := wire.OpenRecord(sealed, wanted, untoy)
	if err != nil {
		t.Fatal(err)
	}
	back, err := wire.DecodeRecord(doorID, kind.Number, 1, opened)
	if err != nil || !bytes.Equal(wire.EncodeRecord(back), body) {
		t.Errorf("opened is %q, %v; want %q", opened, err, body)
	}
}

func TestOpenRecord_RefusesValuesThatWereMovedToAnotherCellOrWrite(t *testing.T) {
	d := contested(t)
	field := contactField(t)
	wanted := func(n syncengine.FieldNumber) bool { return n == field }
	sealed, err := wire.SealRecord(wire.EncodeRecord(d.rec), wanted, toy)
	if err != nil {
		t.Fatal(err)
	}
	// The first two writes change places, so that each value stands under another write.
	swapped := bytes.ReplaceAll(sealed, syncengineID(2), syncengineID(99))
	swapped = bytes.ReplaceAll(swapped, syncengineID(5), syncengineID(2))
	swapped = bytes.ReplaceAll(swapped, syncengineID(99), syncengineID(5))
	if _, err := wire.OpenRecord(swapped, wanted, untoy); err == nil {
		t.Error("values of other writes were opened")
	}
	if _, err := wire.OpenRecord(sealed, wanted, func(wire.SealedAt, []byte) ([]byte, error) { return nil, errors.New("no key") }); err == nil {
		t.Error("what does not open was read")
	}
}

func syncengineID(b byte) []byte { id := syncengine.ID{b}; return id[:] }

func TestChangeFields_NamesWhatThePatchTouches(t *testing.T) {
	kind := kindOf(t, "premises")
	field := contactField(t)
	cases := map[string]struct {
		patch *syncv1.Patch
		want  []syncengine.FieldNumber
	}{
		"a value":           {premises(t, &recordv1.Premises{Address: proto.String("a"), Rooms: proto.Uint32(2)}), []syncengine.FieldNumber{1, 5}},
		"a contact":         {premises(t, contact("Li")), []syncengine.FieldNumber{field}},
		"a cleared contact": {&syncv1.Patch{Cleared: []uint32{uint32(field), 5}}, []syncengine.FieldNumber{5, field}},
		"an unknown field":  {&syncv1.Patch{Fields: text(9999, "x")}, []syncengine.FieldNumber{9999}},
		"a removed key":     {&syncv1.Patch{MapRemoved: []*syncv1.Element{{Field: 77, Element: []byte("k")}}}, []syncengine.FieldNumber{77}},
		"a removed element": {&syncv1.Patch{SetRemoved: []*syncv1.Element{{Field: 78, Element: []byte("k")}}}, []syncengine.FieldNumber{78}},
		"nothing":           {&syncv1.Patch{}, nil},
	}
	for name, c := range cases {
		body, err := wire.EncodeChange(&wire.Change{DeviceSeq: 1, RecordID: doorID, Kind: kind.Number, Patch: c.patch})
		if err != nil {
			t.Fatal(err)
		}
		var got []syncengine.FieldNumber
		err = wire.ChangeFields(body, func(n syncengine.FieldNumber) { got = append(got, n) })
		slices.Sort(got)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	if wire.ChangeFields([]byte{0xff}, func(syncengine.FieldNumber) {}) == nil {
		t.Error("what is no change was read")
	}
}

func TestSealed_IsAClassThatAPersonsContactsAreOf(t *testing.T) {
	s := schema.Load()
	for _, name := range []string{"premises.contact", "dispute.party_contacts"} {
		kind, field, _ := bytes.Cut([]byte(name), []byte("."))
		k, _ := s.KindByName(string(kind))
		f, ok := k.FieldByName(string(field))
		if !ok || !s.Access.Sealed().Has(f.Engine.Class) {
			t.Errorf("%s is not sealed", name)
		}
	}
}
