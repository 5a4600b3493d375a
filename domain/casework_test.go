package domain_test

import (
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
)

// rulesOf gives the names of the rules that an edit breaks, and fails on a complaint that nobody could act on.
func rulesOf(t *testing.T, edit domain.Edit) []string {
	t.Helper()
	var names []string
	for _, complaint := range edit.Check() {
		if complaint.Field == "" || complaint.ZH == "" || complaint.EN == "" {
			t.Errorf("a complaint without field or sentence: %+v", complaint)
		}
		names = append(names, complaint.Rule)
	}
	return names
}

func TestCheck_LeastInputOfEachKindIsKept(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  domain.Kind
		after domain.Fields
	}{
		{"premises", domain.KindPremises, domain.Fields{Texts: map[string]string{"address": "义正一巷7号"}, Sizes: map[string]int{"territory": 16}}},
		{"visit of a territory", domain.KindVisit, domain.Fields{Sizes: map[string]int{"territory": 16}}},
		{"visit of doors", domain.KindVisit, domain.Fields{Sizes: map[string]int{"premises_ids": 2}}},
		{"hazard", domain.KindHazard, domain.Fields{Sizes: map[string]int{"premises_id": 16}, Numbers: map[string]int64{"code": 4}}},
		{"dispute", domain.KindDispute, domain.Fields{Texts: map[string]string{"title": "押金纠纷"}, Sizes: map[string]int{"territory": 16}}},
		{"task about a case", domain.KindTask, domain.Fields{Texts: map[string]string{"what": "复查燃气"}, Sizes: map[string]int{"case_id": 16}}},
		{"case event", domain.KindCaseEvent, domain.Fields{Sizes: map[string]int{"case_id": 16}, Numbers: map[string]int64{"what": 9}}},
		{"attachment", domain.KindAttachment, domain.Fields{Sizes: map[string]int{"owner_id": 16, "sha256": 32}}},
		{"a kind to come", 99, domain.Fields{}},
	} {
		if broken := rulesOf(t, domain.Edit{Kind: c.kind, Create: true, After: c.after}); len(broken) != 0 {
			t.Errorf("%s: %v", c.name, broken)
		}
	}
}

func TestCheck_NamesWhatACreateLacks(t *testing.T) {
	for kind, want := range map[domain.Kind][]string{
		domain.KindPremises:   {"premises.needs_address", "premises.needs_territory"},
		domain.KindVisit:      {"visit.needs_place"},
		domain.KindHazard:     {"hazard.needs_door", "hazard.needs_code"},
		domain.KindDispute:    {"dispute.needs_title", "dispute.needs_territory"},
		domain.KindTask:       {"task.needs_what", "task.needs_aim"},
		domain.KindCaseEvent:  {"case_event.needs_case", "case_event.needs_what"},
		domain.KindAttachment: {"attachment.needs_owner", "attachment.hash_length"},
	} {
		if got := rulesOf(t, domain.Edit{Kind: kind, Create: true}); !slices.Equal(got, want) {
			t.Errorf("kind %d: %v, want %v", kind, got, want)
		}
		if got := rulesOf(t, domain.Edit{Kind: kind, Written: []string{"note"}}); len(got) != 0 {
			t.Errorf("kind %d: an edit of the note is asked for %v", kind, got)
		}
	}
}

func TestCheck_AnEditMayNotClearTheLeastInput(t *testing.T) {
	territoryLeft := domain.Fields{Sizes: map[string]int{"territory": 16}}
	for _, c := range []struct {
		edit domain.Edit
		want []string
	}{
		{domain.Edit{Kind: domain.KindDispute, Written: []string{"title"}}, []string{"dispute.needs_title"}},
		{domain.Edit{Kind: domain.KindHazard, Written: []string{"code"}}, []string{"hazard.needs_code"}},
		{domain.Edit{Kind: domain.KindVisit, Written: []string{"premises_ids"}}, []string{"visit.needs_place"}},
		{domain.Edit{Kind: domain.KindVisit, Written: []string{"premises_ids"}, After: territoryLeft}, nil},
	} {
		if got := rulesOf(t, c.edit); !slices.Equal(got, c.want) {
			t.Errorf("kind %d without %v: %v, want %v", c.edit.Kind, c.edit.Written, got, c.want)
		}
	}
}

func TestCheck_ABlankTextIsNoText(t *testing.T) {
	after := domain.Fields{Texts: map[string]string{"title": " \n"}, Sizes: map[string]int{"territory": 16}}
	if got := rulesOf(t, domain.Edit{Kind: domain.KindDispute, Create: true, After: after}); !slices.Equal(got, []string{"dispute.needs_title"}) {
		t.Errorf("%v", got)
	}
}

func TestCheck_PreconditionsOfAnEdit(t *testing.T) {
	day := int64(24 * 60 * 60 * 1000)
	for _, c := range []struct {
		name    string
		kind    domain.Kind
		after   domain.Fields
		written []string
		want    string
	}{
		{"rooms at the limit", domain.KindPremises, numbers("rooms", domain.RoomsMax), []string{"rooms"}, ""},
		{"no rooms", domain.KindPremises, numbers("rooms", 0), []string{"rooms"}, ""},
		{"fewer rooms than none", domain.KindPremises, numbers("rooms", -1), []string{"rooms"}, "premises.rooms_range"},
		{"too many rooms", domain.KindPremises, numbers("rooms", domain.RoomsMax+1), []string{"rooms"}, "premises.rooms_range"},
		{"too many people", domain.KindPremises, numbers("headcount", domain.HeadcountMax+1), []string{"headcount"}, "premises.headcount_range"},
		{"beyond the pole", domain.KindPremises, numbers("point.latitude_e7", 900_000_001), []string{"point.latitude_e7"}, "premises.point.latitude_e7_range"},
		{"merged into nothing", domain.KindPremises, numbers("status", 3), []string{"status"}, "premises.merged_into_what"},
		{"void", domain.KindPremises, numbers("status", 2), []string{"status"}, ""},

		{"refused, yet let in", domain.KindVisit, numbers("outcome", 3, "consent_by", 1), []string{"outcome"}, "visit.refused_with_consent"},
		{"refused", domain.KindVisit, numbers("outcome", 3), []string{"outcome"}, ""},
		{"exceptions of no door", domain.KindVisit, domain.Fields{Sizes: map[string]int{"exceptions": 1}}, []string{"exceptions"}, "visit.exceptions_without_doors"},
		{"check of no visit", domain.KindVisit, numbers("check_result", 1), []string{"check_result"}, "visit.check_of_what"},
		{"returned without a reason", domain.KindVisit, domain.Fields{Numbers: map[string]int64{"check_result": 2},
			Sizes: map[string]int{"checks_visit_id": 16}}, []string{"check_result"}, "visit.return_without_reason"},

		{"deadline the day before", domain.KindHazard, numbers("found_at", 10*day, "deadline", 9*day), []string{"deadline"}, "hazard.deadline_before_found"},
		{"deadline earlier the same day", domain.KindHazard, numbers("found_at", 10*day+9, "deadline", 10*day), []string{"deadline"}, ""},
		{"found after another's deadline", domain.KindHazard, numbers("found_at", 10*day, "deadline", 9*day), []string{"found_at"}, "hazard.deadline_before_found"},
		{"an edit of something else", domain.KindHazard, numbers("found_at", 10*day, "deadline", 9*day), []string{"note"}, ""},
		{"deadline alone", domain.KindHazard, numbers("deadline", 9*day), []string{"deadline"}, ""},

		{"declined without a reason", domain.KindDispute, numbers("state", 11), []string{"state"}, "dispute.declined_without_reason"},
		{"sealed for nobody", domain.KindDispute, numbers("sealed", 1), []string{"sealed"}, "dispute.sealed_for_nobody"},
		{"the last one named taken out of a sealed case", domain.KindDispute, numbers("sealed", 1), []string{"participants"}, "dispute.sealed_for_nobody"},
		{"sealed for a participant", domain.KindDispute, domain.Fields{Numbers: map[string]int64{"sealed": 1}, Sizes: map[string]int{"participants": 1}}, []string{"sealed"}, ""},
		{"unsealed", domain.KindDispute, numbers("sealed", 0), []string{"sealed"}, ""},
		{"method out of the code", domain.KindDispute, numbers("method_code", 100), []string{"method_code"}, "dispute.method_code_range"},
		{"amount", domain.KindDispute, numbers("amount_fen", domain.AmountFenMax+1), []string{"amount_fen"}, "dispute.amount_fen_range"},
		{"people", domain.KindDispute, numbers("people_count", domain.PeopleCountMax+1), []string{"people_count"}, "dispute.people_count_range"},
		{"parties by alias", domain.KindDispute, domain.Fields{Keys: map[string][]string{"parties": {"甲方", "乙方"}}}, []string{"parties"}, ""},
		{"a party by name", domain.KindDispute, domain.Fields{Keys: map[string][]string{"parties": {"甲方", "和老五"}}}, []string{"parties"}, "dispute.parties_by_alias"},
		{"a contact by name", domain.KindDispute, domain.Fields{Keys: map[string][]string{"party_contacts": {"和老五"}}}, []string{"party_contacts"}, "dispute.party_contacts_by_alias"},

		{"task returned without a reason", domain.KindTask, numbers("state", 4), []string{"state"}, "task.returned_without_reason"},
		{"task done", domain.KindTask, numbers("state", 5), []string{"state"}, ""},
		{"half a hash", domain.KindAttachment, domain.Fields{Sizes: map[string]int{"sha256": 16}}, []string{"sha256"}, "attachment.hash_length"},
		{"a film", domain.KindAttachment, numbers("size_bytes", domain.AttachmentBytesMax+1), []string{"size_bytes"}, "attachment.size_bytes_range"},
	} {
		got := strings.Join(rulesOf(t, domain.Edit{Kind: c.kind, After: c.after, Written: c.written}), " ")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestProposeSeal_ForFamiliesAndMinorsUntilItIsSealed(t *testing.T) {
	for _, c := range []struct {
		name  string
		after domain.Fields
		want  bool
	}{
		{"a family", numbers("category", 1), true},
		{"neighbours", numbers("category", 2), false},
		{"a minor among neighbours", numbers("category", 2, "minors", 1), true},
		{"no minor", numbers("minors", 0), false},
		{"a family, sealed", numbers("category", 1, "sealed", 1), false},
		{"a family, unsealed again", numbers("category", 1, "sealed", 0), true},
	} {
		if got, ok := domain.ProposeSeal(c.after); ok != c.want || ok && (got.ZH == "" || got.EN == "") {
			t.Errorf("%s: proposed %v: %v", c.name, ok, got)
		}
	}
}

// numbers builds fields from names and values in turn.
func numbers(pairs ...any) domain.Fields {
	f := domain.Fields{Numbers: map[string]int64{}}
	for i := 0; i < len(pairs); i += 2 {
		switch n := pairs[i+1].(type) {
		case int:
			f.Numbers[pairs[i].(string)] = int64(n)
		case int64:
			f.Numbers[pairs[i].(string)] = n
		}
	}
	return f
}

func TestCheck_ReasonGivenIsEnough(t *testing.T) {
	after := domain.Fields{Numbers: map[string]int64{"state": 4}, Texts: map[string]string{"return_reason": "房东出远门"}}
	if got := rulesOf(t, domain.Edit{Kind: domain.KindTask, After: after, Written: []string{"state"}}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestCheck_FreeTextNamesTheFieldAndNeverTheNumber(t *testing.T) {
	edit := domain.Edit{Kind: domain.KindVisit, Written: []string{"note"},
		FreeTexts: []domain.FreeText{{Field: "note", Text: "租客电话13912345678，房东不在"}}}
	complaints := edit.Check()
	if len(complaints) != 1 {
		t.Fatalf("%d complaints, want 1: %v", len(complaints), complaints)
	}
	want := domain.Complaint{Field: "note", Rule: "text.phone_number",
		ZH: "“备注”第5个字起疑似电话号码，个人号码不进记录，请删去后再保存。",
		EN: "note seems to hold a telephone number from character 5 on: take it out, no such number goes into a record"}
	if complaints[0] != want {
		t.Errorf("got  %+v\nwant %+v", complaints[0], want)
	}
}

func TestCheckLength_CountsCharactersAndCutsNothing(t *testing.T) {
	if got := domain.CheckLength("note", strings.Repeat("门", 10), 10); got != nil {
		t.Errorf("ten of ten: %v", got)
	}
	got := domain.CheckLength("checklist_item", strings.Repeat("门", 12), 10)
	if len(got) != 1 || got[0].Rule != "text.too_long" || !strings.Contains(got[0].ZH, "请删减2个字") || !strings.Contains(got[0].EN, "takes 10") {
		t.Errorf("twelve of ten: %v", got)
	}
}

func TestIsAlias_NeverAName(t *testing.T) {
	for text, want := range map[string]bool{
		"甲方": true, "癸方": true, "乙方2": true, "A": true, "B方": true, "第三人": true, "第三人2": true,
		"": false, "方": false, "甲": false, "木方": false, "老方": false, "张三": false, "甲乙方": false, "a": false, "AB": false,
	} {
		if got := domain.IsAlias(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
