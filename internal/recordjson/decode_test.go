package recordjson_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

func TestDecode_ReadsAVisitAsTheContractWritesIt(t *testing.T) {
	p := decoded(t, "visit", `{ "id" : "01890a5d-ac96-774b-bcce-b302099a8057", "premisesIds" : [ "01890A5D-AC96-774B-BCCE-B302099A8057" ],
		"territory":"530702001005001","purpose":"joint","outcome":"SEEN","note":"窗台有积水 <a>","occurred_at":"2026-07-01T09:30:00+08:00",
		"checklist": { "gas" : "good" },"contributions":{"01890a5d-ac96-774b-bcce-b302099a8058":"我看过了"}}`, nil)
	want := &recordv1.Visit{
		PremisesIds: [][]byte{door[:]}, Territory: grid[:], Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_JOINT.Enum(),
		Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Note: proto.String("窗台有积水 <a>"), OccurredAt: proto.Int64(1782869400000),
		Checklist:     map[string]recordv1.Answer{"gas": recordv1.Answer_ANSWER_GOOD},
		Contributions: map[string]string{user.String(): "我看过了"},
	}
	if !proto.Equal(p.Message, want) || p.ID != door || len(p.Cleared)+len(p.Removed) != 0 {
		t.Errorf("got %s %v, want %v", p.ID, p.Message, want)
	}
}

func TestDecode_ReadsEachFormOfAValue(t *testing.T) {
	sha := bytes.Repeat([]byte{0xfb, 0xff, 0xbf}, 11)[:32]
	for _, c := range []struct {
		kind, text string
		want       proto.Message
	}{
		{"visit", `{"outcome":"Seen"}`, &recordv1.Visit{Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()}},
		{"visit", `{"outcome":"visit_outcome_SEEN"}`, &recordv1.Visit{Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()}},
		{"visit", `{"outcome":1}`, &recordv1.Visit{Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()}},
		{"visit", `{"outcome":-77}`, &recordv1.Visit{Outcome: recordv1.VisitOutcome(-77).Enum()}},
		{"visit", `{"outcome":"unspecified"}`, &recordv1.Visit{Outcome: recordv1.VisitOutcome(0).Enum()}},
		{"visit", `{"occurred_at":"2026-07-01T01:30:00Z"}`, &recordv1.Visit{OccurredAt: proto.Int64(1782869400000)}},
		{"visit", `{"occurredAt":"2026-07-01T03:30:00.1239+02:00"}`, &recordv1.Visit{OccurredAt: proto.Int64(1782869400123)}},
		{"visit", `{"occurred_at":"1969-12-31T23:59:59.999Z"}`, &recordv1.Visit{OccurredAt: proto.Int64(-1)}},
		{"visit", `{"territory":"` + door.String() + `"}`, &recordv1.Visit{Territory: door[:]}},
		{"visit", `{"note":"\ud83d\ude00 \\ud83d \ufffd"}`, &recordv1.Visit{Note: proto.String("😀 \\ud83d \ufffd")}},
		{"visit", `{"note":""}`, &recordv1.Visit{Note: proto.String("")}},
		{"visit", `{"premises_ids":["` + door.String() + `","` + door.String() + `"]}`, &recordv1.Visit{PremisesIds: [][]byte{door[:]}}},
		{"premises", `{"rooms":0,"lease_filed":false}`, &recordv1.Premises{Rooms: proto.Uint32(0), LeaseFiled: proto.Bool(false)}},
		{"premises", `{"rooms":"12"}`, &recordv1.Premises{Rooms: proto.Uint32(12)}},
		{"premises", `{"rooms":1.2e1}`, &recordv1.Premises{Rooms: proto.Uint32(12)}},
		{"premises", `{"rooms":4294967295}`, &recordv1.Premises{Rooms: proto.Uint32(4294967295)}},
		{"premises", `{"point":{"latitudeE7":268721000,"longitude_e7":-2147483648}}`, &recordv1.Premises{
			Point: &recordv1.Point{LatitudeE7: proto.Int32(268721000), LongitudeE7: proto.Int32(-2147483648)}}},
		{"dispute", `{"amount_fen":18446744073709551615}`, &recordv1.Dispute{AmountFen: proto.Uint64(18446744073709551615)}},
		{"dispute", `{"amountFen":"9007199254740993"}`, &recordv1.Dispute{AmountFen: proto.Uint64(9007199254740993)}},
		{"dispute", `{"amount_fen":9007199254740993.0}`, &recordv1.Dispute{AmountFen: proto.Uint64(9007199254740993)}},
		{"dispute", `{"parties":{"甲方":{"consent":"agreed"},"乙方":{}}}`, &recordv1.Dispute{Parties: map[string]*recordv1.Party{
			"甲方": {Consent: recordv1.PartyConsent_PARTY_CONSENT_AGREED.Enum()}, "乙方": {}}}},
		{"attachment", `{"sha256":"` + strings.Repeat("fbFFbf", 11)[:64] + `"}`, &recordv1.Attachment{Sha256: sha}},
		{"attachment", `{"sha256":"` + strings.Repeat("+/", 20) + `+/8="}`, &recordv1.Attachment{Sha256: sha}},
		{"attachment", `{"sha256":"` + strings.Repeat("-_", 20) + `-_8"}`, &recordv1.Attachment{Sha256: sha}},
		{"attachment", `{"thumbnail":"abcd"}`, &recordv1.Attachment{Thumbnail: []byte{0x69, 0xb7, 0x1d}}},
	} {
		if p := decoded(t, c.kind, c.text, nil); !proto.Equal(p.Message, c.want) {
			t.Errorf("%s\n got %v\nwant %v", c.text, p.Message, c.want)
		}
	}
}

func TestDecode_NullClears(t *testing.T) {
	p := decoded(t, "premises", `{"name":null,"contact":null,"rooms":3,"grade_reasons":[]}`, nil)
	if want := (&recordv1.Premises{Rooms: proto.Uint32(3)}); !proto.Equal(p.Message, want) {
		t.Errorf("written %v", p.Message)
	}
	if want := []syncengine.FieldNumber{8, 20, 28}; !slices.Equal(p.Cleared, want) {
		t.Errorf("cleared %v, want %v", p.Cleared, want)
	}
}

func TestDecode_SaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, kind, text string
		want             error
		field, says      string
	}{
		{"nothing", "visit", ``, recordjson.ErrSyntax, "visit", "begins with {"},
		{"no object", "visit", `[1]`, recordjson.ErrSyntax, "visit", "begins with {"},
		{"cut short", "visit", `{"note":"a"`, recordjson.ErrSyntax, "visit", "after 11 bytes"},
		{"no value", "visit", `{"note":}`, recordjson.ErrSyntax, "visit", "value"},
		{"no name", "visit", `{5:5}`, recordjson.ErrSyntax, "visit", "name"},
		{"more behind", "visit", `{"note":"a"} x`, recordjson.ErrSyntax, "visit", "follow"},
		{"a second object", "visit", `{"note":"a"}{}`, recordjson.ErrSyntax, "visit", "follow"},
		{"not UTF-8", "visit", "{\"note\":\"\xff\"}", recordjson.ErrSyntax, "visit", "UTF-8"},
		{"half a character", "visit", `{"note":"\ud83d!"}`, recordjson.ErrSyntax, "visit", `\ud83d`},
		{"the other half", "visit", `{"note":"\\\uDE00"}`, recordjson.ErrSyntax, "visit", `\uDE00`},
		{"half and another", "visit", `{"note":"\ud83d\u0041"}`, recordjson.ErrSyntax, "visit", `\ud83d`},
		{"too large", "visit", `{"note":"` + strings.Repeat("a", recordjson.TextBytesMax) + `"}`, recordjson.ErrSyntax, "visit", "1048576"},
		{"twice", "visit", `{"note":"a","note":"b"}`, recordjson.ErrTwice, "visit.note", ""},
		{"twice by two names", "visit", `{"premises_ids":[],"premisesIds":[]}`, recordjson.ErrTwice, "visit.premises_ids", ""},
		{"twice within", "premises", `{"point":{"latitude_e7":1,"latitudeE7":2}}`, recordjson.ErrTwice, "premises.point.latitude_e7", ""},
		{"a key twice", "visit", `{"checklist":{"gas":"GOOD","gas":"POOR"}}`, recordjson.ErrTwice, "visit.checklist.gas", ""},
		{"unknown field", "visit", `{"nots":"a"}`, recordjson.ErrField, `visit."nots"`, "did you mean note?"},
		{"part of a name", "visit", `{"premises":[]}`, recordjson.ErrField, `visit."premises"`, "did you mean premises_ids?"},
		{"like nothing", "case_event", `{"zzzzzz":1}`, recordjson.ErrField, `case_event."zzzzzz"`, "case_id, what, at, actor, text, attachment_ids"},
		{"inner field", "premises", `{"contact":{"id_card":"1"}}`, recordjson.ErrField, `premises.contact."id_card"`, "name, phone"},
		{"a name to obey", "visit", "{\"no\u009b\u2028te\":1}", recordjson.ErrField, "visit.\"no\ufffd\ufffdte\"", ""},
		{"unknown enum", "visit", `{"outcome":"MAYBE"}`, recordjson.ErrValue, "visit.outcome", `"MAYBE" does not fit: one of SEEN, NOBODY, REFUSED, RESCHEDULED`},
		{"long value", "visit", `{"outcome":"` + strings.Repeat("访", 99) + `"}`, recordjson.ErrValue, "visit.outcome",
			`: "` + strings.Repeat("访", 59) + "… does not fit"},
		{"long number", "premises", `{"rooms":1.` + strings.Repeat("0", 99) + `}`, recordjson.ErrValue, "premises.rooms", "whole"},
		{"enum out of range", "visit", `{"outcome":2147483648}`, recordjson.ErrValue, "visit.outcome", "2147483648"},
		{"enum of a map", "visit", `{"checklist":{"gas":"fine"}}`, recordjson.ErrValue, "visit.checklist.gas", "NOT_APPLICABLE"},
		{"bad id", "visit", `{"premises_ids":["` + door.String() + `","7"]}`, recordjson.ErrValue, "visit.premises_ids.1", "UUID"},
		{"id in braces", "visit", `{"task_id":"{` + door.String() + `}"}`, recordjson.ErrValue, "visit.task_id", "UUID"},
		{"bad own id", "visit", `{"id":"7"}`, recordjson.ErrValue, "visit.id", "UUID"},
		{"another kind", "visit", `{"kind":"hazard"}`, recordjson.ErrValue, "visit.kind", "visit"},
		{"bad time", "visit", `{"occurred_at":"yesterday"}`, recordjson.ErrValue, "visit.occurred_at", "2026-07-01"},
		{"time without zone", "visit", `{"occurred_at":"2026-07-01T09:30:00"}`, recordjson.ErrValue, "visit.occurred_at", "zone"},
		{"time as number", "visit", `{"occurred_at":1782869400}`, recordjson.ErrValue, "visit.occurred_at", "1782869400"},
		{"time before the years", "visit", `{"occurred_at":"0000-01-01T00:00:00+14:00"}`, recordjson.ErrValue, "visit.occurred_at", ""},
		{"negative", "premises", `{"rooms":-1}`, recordjson.ErrValue, "premises.rooms", "-1 does not fit: a whole number from 0 to 4294967295"},
		{"too great", "premises", `{"rooms":4294967296}`, recordjson.ErrValue, "premises.rooms", "4294967295"},
		{"too great in 64 bits", "dispute", `{"amount_fen":18446744073709551616}`, recordjson.ErrValue, "dispute.amount_fen", "18446744073709551615"},
		{"too small", "premises", `{"point":{"latitude_e7":-2147483649}}`, recordjson.ErrValue, "premises.point.latitude_e7", "from -2147483648 to 2147483647"},
		{"a fraction", "premises", `{"rooms":2.5}`, recordjson.ErrValue, "premises.rooms", "2.5"},
		{"nearly whole", "premises", `{"rooms":1.00000000000000000000001}`, recordjson.ErrValue, "premises.rooms", "whole"},
		{"a vast exponent", "premises", `{"rooms":0e1000000}`, recordjson.ErrValue, "premises.rooms", "whole"},
		{"not a number", "premises", `{"rooms":"many"}`, recordjson.ErrValue, "premises.rooms", "whole number"},
		{"number in two quotes", "premises", `{"rooms":"\"1\""}`, recordjson.ErrValue, "premises.rooms", "whole number"},
		{"number from object", "premises", `{"rooms":{}}`, recordjson.ErrValue, "premises.rooms", "whole number"},
		{"unknown territory", "visit", `{"territory":"530702001099001"}`, recordjson.ErrTerritory, "visit.territory", "530702001099001"},
		{"territory as number", "visit", `{"territory":530702001005001}`, recordjson.ErrValue, "visit.territory", "quotes"},
		{"not base64", "attachment", `{"sha256":"%"}`, recordjson.ErrValue, "attachment.sha256", "base64 are needed, or in hex where they are 32"},
		{"no text", "visit", `{"note":5}`, recordjson.ErrValue, "visit.note", "5 does not fit: text"},
		{"no bool", "premises", `{"lease_filed":"yes"}`, recordjson.ErrValue, "premises.lease_filed", "true or false"},
		{"no array", "visit", `{"premises_ids":"x"}`, recordjson.ErrValue, "visit.premises_ids", "array"},
		{"no list", "premises", `{"grade_reasons":{}}`, recordjson.ErrValue, "premises.grade_reasons", "array"},
		{"null in an array", "premises", `{"grade_reasons":[null]}`, recordjson.ErrValue, "premises.grade_reasons.0", "text"},
		{"no map", "visit", `{"checklist":[]}`, recordjson.ErrValue, "visit.checklist", "object"},
		{"empty key", "visit", `{"checklist":{"":"GOOD"}}`, recordjson.ErrValue, "visit.checklist", "key"},
		{"no message", "premises", `{"contact":"和某"}`, recordjson.ErrValue, "premises.contact", "object"},
		{"neither add nor remove", "visit", `{"premises_ids":{"ad":[]}}`, recordjson.ErrField, "visit.premises_ids.ad", "add and remove"},
		{"add and remove", "visit", `{"premises_ids":{"add":["` + door.String() + `"],"remove":["` + door.String() + `"]}}`,
			recordjson.ErrValue, "visit.premises_ids", "same element"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := recordjson.Decode(kindNamed(t, c.kind), []byte(c.text), oneGrid{})
			var e *recordjson.Error
			if !errors.Is(err, c.want) || !errors.As(err, &e) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if e.Field != c.field || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s saying %q", err, c.field, c.says)
			}
			const lineCharsMax = 600
			if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > lineCharsMax {
				t.Errorf("not one line: %q", err)
			}
		})
	}
}
