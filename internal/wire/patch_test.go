package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Field numbers of the visit and the premises that the tests write to.
const (
	visitPremises       = 1
	visitTerritory      = 2
	visitOutcome        = 4
	visitNote           = 5
	visitContributions  = 8
	premisesReasons     = 20
	premisesContact     = 8
	disputeParticipants = 21
	disputeDepartments  = 46
	unknownField        = 9999
)

func kindOf(t testing.TB, name string) *schema.Kind {
	t.Helper()
	k, ok := schema.Load().KindByName(name)
	if !ok {
		t.Fatalf("the schema has no kind %q", name)
	}
	return k
}

// encode makes the bytes of a record message.
func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// text, number and group are single fields as they stand on the wire.
func text(field protowire.Number, v string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), v)
}

func number(field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), v)
}

func entry(field protowire.Number, key, value string) []byte {
	return text(field, string(slices.Concat(text(1, key), text(2, value))))
}

func id(b byte) []byte { return bytes.Repeat([]byte{b}, 16) }

func key(field syncengine.FieldNumber, key string) syncengine.CellKey {
	return syncengine.CellKey{Field: field, Key: key}
}

func TestCells_EachFieldElementAndKeyIsACell(t *testing.T) {
	door, other := id(1), id(2)
	fields := encode(t, &recordv1.Visit{
		PremisesIds: [][]byte{other, door}, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Note: proto.String("门"),
		Contributions: map[string]string{"Li": "swept", "Wang": "checked"},
	})
	cells, err := wire.Cells(kindOf(t, "visit"), true, &syncv1.Patch{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	want := []syncengine.CellWrite{
		syncengine.LifeWrite(false),
		{Key: key(visitPremises, string(door)), Data: text(visitPremises, string(door))},
		{Key: key(visitPremises, string(other)), Data: text(visitPremises, string(other))},
		{Key: key(visitOutcome, ""), Data: number(visitOutcome, 1)},
		{Key: key(visitNote, ""), Data: text(visitNote, "门")},
		{Key: key(visitContributions, "Li"), Data: entry(visitContributions, "Li", "swept")},
		{Key: key(visitContributions, "Wang"), Data: entry(visitContributions, "Wang", "checked")},
	}
	assertCells(t, cells, want)
}

func assertCells(t *testing.T, got, want []syncengine.CellWrite) {
	t.Helper()
	same := func(a, b syncengine.CellWrite) bool {
		return a.Key == b.Key && a.Cleared == b.Cleared && bytes.Equal(a.Data, b.Data)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("cells are\n%v\nwant\n%v", got, want)
	}
}

func TestCells_PlainRepeatedFieldIsOneCell(t *testing.T) {
	fields := slices.Concat(text(premisesReasons, "no exit"), text(1, "West Street 3"), text(premisesReasons, "crowded"))
	cells, err := wire.Cells(kindOf(t, "premises"), false, &syncv1.Patch{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	assertCells(t, cells, []syncengine.CellWrite{
		{Key: key(1, ""), Data: text(1, "West Street 3")},
		{Key: key(premisesReasons, ""), Data: slices.Concat(text(premisesReasons, "no exit"), text(premisesReasons, "crowded"))},
	})
}

func TestCells_UnknownFieldsBecomeCellsOfTheirOwn(t *testing.T) {
	fields := slices.Concat(text(unknownField, "a"), text(visitNote, "n"), number(unknownField+1, 7), text(unknownField, "b"))
	patch := &syncv1.Patch{Fields: fields, Cleared: []uint32{unknownField + 2}, MapRemoved: []*syncv1.Element{{Field: unknownField + 3, Element: []byte("k")}}}
	cells, err := wire.Cells(kindOf(t, "visit"), false, patch)
	if err != nil {
		t.Fatal(err)
	}
	assertCells(t, cells, []syncengine.CellWrite{
		{Key: key(visitNote, ""), Data: text(visitNote, "n")},
		{Key: key(unknownField, ""), Data: slices.Concat(text(unknownField, "a"), text(unknownField, "b"))},
		{Key: key(unknownField+1, ""), Data: number(unknownField+1, 7)},
		{Key: key(unknownField+2, ""), Cleared: true},
		{Key: key(unknownField+3, "k"), Cleared: true},
	})
}

func TestCells_CuttingDoesNotWriteIntoThePatch(t *testing.T) {
	fields := slices.Concat(text(unknownField, "a"), text(visitNote, "n"), text(unknownField, "b"))
	before := slices.Clone(fields)
	if _, err := wire.Cells(kindOf(t, "visit"), false, &syncv1.Patch{Fields: fields}); err != nil || !bytes.Equal(fields, before) {
		t.Errorf("the patch's bytes have changed: %q, %v", fields, err)
	}
}

func TestCells_LifeIsWrittenByCreateDeleteAndRestore(t *testing.T) {
	for _, c := range []struct {
		create bool
		life   syncv1.Life
		want   []syncengine.CellWrite
	}{
		{true, syncv1.Life_LIFE_UNSPECIFIED, []syncengine.CellWrite{syncengine.LifeWrite(false)}},
		{false, syncv1.Life_LIFE_UNSPECIFIED, nil},
		{false, syncv1.Life_LIFE_DEAD, []syncengine.CellWrite{syncengine.LifeWrite(true)}},
		{false, syncv1.Life_LIFE_ALIVE, []syncengine.CellWrite{syncengine.LifeWrite(false)}},
	} {
		cells, err := wire.Cells(kindOf(t, "visit"), c.create, &syncv1.Patch{Life: c.life})
		if err != nil {
			t.Errorf("create %v, life %v: %v", c.create, c.life, err)
		}
		assertCells(t, cells, c.want)
	}
}

func TestCells_RemovalsAreClearedCells(t *testing.T) {
	patch := &syncv1.Patch{
		Cleared:    []uint32{visitNote},
		SetRemoved: []*syncv1.Element{{Field: visitPremises, Element: id(1)}},
		MapRemoved: []*syncv1.Element{{Field: visitContributions, Element: []byte("Li")}},
	}
	cells, err := wire.Cells(kindOf(t, "visit"), false, patch)
	if err != nil {
		t.Fatal(err)
	}
	assertCells(t, cells, []syncengine.CellWrite{
		{Key: key(visitPremises, string(id(1))), Cleared: true},
		{Key: key(visitNote, ""), Cleared: true},
		{Key: key(visitContributions, "Li"), Cleared: true},
	})
}

func TestCells_RefusesWhatIsNotInTheProtocolsForm(t *testing.T) {
	notUTF8 := "a\xff"
	element := func(field uint32, b string) []*syncv1.Element {
		return []*syncv1.Element{{Field: field, Element: []byte(b)}}
	}
	cases := map[string]struct {
		create bool
		patch  *syncv1.Patch
	}{
		"a cut tag":                      {patch: &syncv1.Patch{Fields: []byte{0x80}}},
		"a cut value":                    {patch: &syncv1.Patch{Fields: text(visitNote, "note")[:3]}},
		"field number 0":                 {patch: &syncv1.Patch{Fields: []byte{0x02, 0x00}}},
		"an open group":                  {patch: &syncv1.Patch{Fields: protowire.AppendTag(nil, unknownField, protowire.StartGroupType)}},
		"a text that is not UTF-8":       {patch: &syncv1.Patch{Fields: text(visitNote, notUTF8)}},
		"a map key that is not UTF-8":    {patch: &syncv1.Patch{Fields: entry(visitContributions, notUTF8, "a")}},
		"a map value that is not UTF-8":  {patch: &syncv1.Patch{Fields: entry(visitContributions, "Li", notUTF8)}},
		"a number where a text stands":   {patch: &syncv1.Patch{Fields: number(visitNote, 1)}},
		"a text where a number stands":   {patch: &syncv1.Patch{Fields: text(visitOutcome, "1")}},
		"a map entry that is cut":        {patch: &syncv1.Patch{Fields: text(visitContributions, "\x0a\x05Li")}},
		"a map entry with two keys":      {patch: &syncv1.Patch{Fields: text(visitContributions, string(slices.Concat(text(1, "Li"), text(1, "Wang"), text(2, "a"))))}},
		"a field number beyond protobuf": {patch: &syncv1.Patch{Fields: number(protowire.MaxValidNumber+1, 1)}},
		"... inside a message":           {patch: &syncv1.Patch{Fields: text(visitContributions, string(slices.Concat(text(1, "Li"), number(protowire.MaxValidNumber+1, 1))))}},
		"a removed key that is no UTF-8": {patch: &syncv1.Patch{MapRemoved: element(visitContributions, notUTF8)}},
		"a field written twice":          {patch: &syncv1.Patch{Fields: slices.Concat(text(visitNote, "a"), text(visitNote, "b"))}},
		"an element written twice":       {patch: &syncv1.Patch{Fields: slices.Concat(text(visitPremises, string(id(1))), text(visitPremises, string(id(1))))}},
		"a key written twice":            {patch: &syncv1.Patch{Fields: slices.Concat(entry(visitContributions, "Li", "a"), entry(visitContributions, "Li", "b"))}},
		"a field written and cleared":    {patch: &syncv1.Patch{Fields: text(visitNote, "a"), Cleared: []uint32{visitNote}}},
		"an element added and removed":   {patch: &syncv1.Patch{Fields: text(visitPremises, string(id(1))), SetRemoved: element(visitPremises, string(id(1)))}},
		"a field cleared twice":          {patch: &syncv1.Patch{Cleared: []uint32{visitNote, visitNote}}},
		"field 0 cleared":                {patch: &syncv1.Patch{Cleared: []uint32{0}}},
		"a set cleared whole":            {patch: &syncv1.Patch{Cleared: []uint32{visitPremises}}},
		"a map cleared whole":            {patch: &syncv1.Patch{Cleared: []uint32{visitContributions}}},
		"an element of a single field":   {patch: &syncv1.Patch{SetRemoved: element(visitNote, "a")}},
		"an element of a map":            {patch: &syncv1.Patch{SetRemoved: element(visitContributions, "Li")}},
		"a key of a set":                 {patch: &syncv1.Patch{MapRemoved: element(visitPremises, string(id(1)))}},
		"an empty element":               {patch: &syncv1.Patch{SetRemoved: element(visitPremises, "")}},
		"an element of field 0":          {patch: &syncv1.Patch{SetRemoved: element(0, "a")}},
		"a create that deletes":          {create: true, patch: &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}},
		"a create that says it is alive": {create: true, patch: &syncv1.Patch{Life: syncv1.Life_LIFE_ALIVE}},
		"a life nobody has":              {patch: &syncv1.Patch{Life: 7}},
		"more removals than allowed":     {patch: &syncv1.Patch{Cleared: numbers(wire.ElementsMax + 1)}},
		"more cells than allowed":        {patch: &syncv1.Patch{Fields: manyKeys(wire.ElementsMax + 1)}},
	}
	for name, c := range cases {
		if _, err := wire.Cells(kindOf(t, "visit"), c.create, c.patch); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %v, want malformed", name, err)
		}
	}
}

// numbers are field numbers that nobody has, each once.
func numbers(n int) (out []uint32) {
	for i := range n {
		out = append(out, uint32(unknownField+i))
	}
	return out
}

func manyKeys(n int) (out []byte) {
	for i := range n {
		out = append(out, entry(visitContributions, fmt.Sprint(i), "")...)
	}
	return out
}

func TestCells_TakesAsManyAsAreAllowed(t *testing.T) {
	for name, patch := range map[string]*syncv1.Patch{
		"removals": {Cleared: numbers(wire.ElementsMax)}, "keys": {Fields: manyKeys(wire.ElementsMax)},
	} {
		if cells, err := wire.Cells(kindOf(t, "visit"), false, patch); err != nil || len(cells) != wire.ElementsMax {
			t.Errorf("%s: %d cells, %v", name, len(cells), err)
		}
	}
}

func TestCells_NamesFieldAndLimitOfWhatBreaksARule(t *testing.T) {
	cases := map[string]struct {
		kind, field, limit string
		fields             []byte
	}{
		"a long note":              {"visit", "note", "2000", text(visitNote, strings.Repeat("门", 2001))},
		"a long map value":         {"visit", "contributions", "2000", entry(visitContributions, "Li", strings.Repeat("a", 2001))},
		"a long element":           {"premises", "grade_reasons", "60", text(premisesReasons, strings.Repeat("a", 61))},
		"a long text in a message": {"premises", "contact", "40", text(premisesContact, string(text(1, strings.Repeat("赵", 41))))},
		"an id of 15 bytes":        {"visit", "territory", "16", text(visitTerritory, "123456789012345")},
		"an id of 17 bytes":        {"visit", "premises_ids", "16", text(visitPremises, "12345678901234567")},
		"an entry without a key":   {"visit", "contributions", "key", text(visitContributions, string(text(2, "a")))},
		"an empty element":         {"dispute", "departments", "empty", text(disputeDepartments, "")},
		"an entry with no key":     {"visit", "contributions", "key", entry(visitContributions, "", "a")},
	}
	for name, c := range cases {
		_, err := wire.Cells(kindOf(t, c.kind), false, &syncv1.Patch{Fields: c.fields})
		invalid, ok := errors.AsType[*wire.InvalidError](err)
		if !ok || invalid.Field != c.field || !strings.Contains(invalid.Error(), c.limit) || !strings.HasPrefix(err.Error(), c.field+": ") {
			t.Errorf("%s: %v, want field %s and %s", name, err, c.field, c.limit)
		}
	}
	for _, patch := range []*syncv1.Patch{
		{SetRemoved: []*syncv1.Element{{Field: visitPremises, Element: []byte("12345")}}},
		{MapRemoved: []*syncv1.Element{{Field: visitContributions, Element: bytes.Repeat([]byte("a"), 2001)}}},
	} {
		if _, err := wire.Cells(kindOf(t, "visit"), false, patch); err == nil {
			t.Errorf("an element that could never have been added is removed: %v", patch)
		}
	}
	if _, err := wire.Cells(kindOf(t, "visit"), false, &syncv1.Patch{Fields: text(visitNote, strings.Repeat("门", 2000))}); err != nil {
		t.Errorf("a note of just the greatest length: %v", err)
	}
}
