package recordjson_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

func TestEncode_WritesEachFormOfAValue(t *testing.T) {
	for _, c := range []struct {
		kind    string
		message proto.Message
		want    string
	}{
		{"visit", &recordv1.Visit{}, `{}`},
		{"visit", &recordv1.Visit{Note: proto.String("a<b>&\n\u2028"), Territory: grid[:]}, `{"territory":"530702001005001","note":"a<b>&\n\u2028"}`},
		{"visit", &recordv1.Visit{Territory: door[:]}, `{"territory":"01890a5d-ac96-774b-bcce-b302099a8057"}`},
		{"visit", &recordv1.Visit{Territory: []byte{1}}, `{"territory":"AQ=="}`},
		{"visit", &recordv1.Visit{Outcome: recordv1.VisitOutcome(77).Enum()}, `{"outcome":77}`},
		{"visit", &recordv1.Visit{Outcome: recordv1.VisitOutcome(0).Enum()}, `{"outcome":"UNSPECIFIED"}`},
		{"visit", &recordv1.Visit{OccurredAt: proto.Int64(1782869400000)}, `{"occurred_at":"2026-07-01T09:30:00+08:00"}`},
		{"visit", &recordv1.Visit{OccurredAt: proto.Int64(1782869400050)}, `{"occurred_at":"2026-07-01T09:30:00.050+08:00"}`},
		{"visit", &recordv1.Visit{OccurredAt: proto.Int64(0)}, `{"occurred_at":"1970-01-01T08:00:00+08:00"}`},
		{"visit", &recordv1.Visit{OccurredAt: proto.Int64(-1)}, `{"occurred_at":"1970-01-01T07:59:59.999+08:00"}`},
		{"visit", &recordv1.Visit{OccurredAt: proto.Int64(math.MaxInt64)}, `{"occurred_at":9223372036854775807}`},
		{"visit", &recordv1.Visit{Checklist: map[string]recordv1.Answer{"z": 1, "a": 2, "m": 9}}, `{"checklist":{"a":"FAIR","m":9,"z":"GOOD"}}`},
		{"dispute", &recordv1.Dispute{AmountFen: proto.Uint64(math.MaxUint64)}, `{"amount_fen":18446744073709551615}`},
		{"premises", &recordv1.Premises{Contact: &recordv1.Contact{}, Rooms: proto.Uint32(0)}, `{"rooms":0,"contact":{}}`},
		{"attachment", &recordv1.Attachment{Sha256: []byte{0xfb, 0xff}}, `{"sha256":"+/8="}`},
	} {
		if got := jsonOf(t, c.kind, c.message); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestEncode_RefusesAMessageOfAnotherKind(t *testing.T) {
	if _, err := recordjson.Encode(kindNamed(t, "visit"), &recordv1.Hazard{}, oneGrid{}); err == nil {
		t.Error("a hazard was written as a visit")
	}
	if _, err := recordjson.EncodeFields(kindNamed(t, "visit"), []byte{0xff}, oneGrid{}); err == nil {
		t.Error("bytes that are no message were written")
	}
}

// Each file of testdata is one record of a kind that has every field.
func TestEncode_WritesTheGoldenRecordOfEachKind(t *testing.T) {
	for _, kind := range schema.Load().Kinds {
		golden, err := os.ReadFile("testdata/" + kind.Name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		p, err := recordjson.Decode(kind, golden, oneGrid{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range kind.Fields {
			if !p.Message.ProtoReflect().Has(f.Desc) {
				t.Errorf("%s.json has no %s", kind.Name, f.Name)
			}
		}
		o, err := recordjson.EncodeFields(kind, encoded(t, p.Message), oneGrid{})
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Indent(&got, []byte(text(t, o)), "", "  "); err != nil {
			t.Fatal(err)
		}
		if got.WriteByte('\n'); !bytes.Equal(got.Bytes(), golden) {
			t.Errorf("%s:\n got %s\nwant %s", kind.Name, &got, golden)
		}
	}
}

func TestObject_NoFieldHasTheNameOfWhatStandsBesideIt(t *testing.T) {
	for _, kind := range schema.Load().Kinds {
		for _, name := range []string{recordjson.NameID, recordjson.NameKind, recordjson.NameSeq, recordjson.NameSyncState} {
			if f, ok := kind.FieldByName(name); ok {
				t.Errorf("%s has a field %s", kind.Name, f.Name)
			}
		}
	}
}

func TestObject_KeepsItsOrderAndItsCopies(t *testing.T) {
	base := append(make(recordjson.Object, 0, 8), recordjson.Object{}.With("z", 1)...)
	a, b := base.With("a", "<1>"), base.With("b", nil)
	if got := text(t, a) + text(t, b) + text(t, nil); got != `{"z":1,"a":"<1>"}{"z":1,"b":null}{}` {
		t.Errorf("got %s", got)
	}
	if v, ok := a.Get("a"); !ok || string(v) != `"<1>"` {
		t.Errorf("a is %s", v)
	}
	if _, ok := a.Get("b"); ok {
		t.Error("a has a member it was not given")
	}
}

func TestTime_NoTimeIsNull(t *testing.T) {
	for at, want := range map[syncengine.UnixMilli]string{0: `null`, 1782869400000: `"2026-07-01T09:30:00+08:00"`} {
		if got := recordjson.Time(at); string(got) != want {
			t.Errorf("%d is %s, want %s", at, got, want)
		}
	}
}

func TestEnumNames_AreTheShortOnes(t *testing.T) {
	e := recordv1.VisitOutcome(0).Descriptor()
	if got := recordjson.EnumName(e, recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY) + " " + recordjson.EnumName(e, int32(77)); got != "NOBODY 77" {
		t.Errorf("got %s", got)
	}
	if n, ok := recordjson.EnumNumber(e, "nobody"); !ok || n != 2 {
		t.Errorf("nobody is %d, %t", n, ok)
	}
	if _, ok := recordjson.EnumNumber(e, "NOBOD"); ok {
		t.Error("part of a name was taken for it")
	}
}
