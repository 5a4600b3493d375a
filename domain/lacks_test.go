package domain_test

import (
	"strings"
	"testing"

	"onedoor/domain"
)

// handled is a case that is worked without the second party's consent.
func handled() domain.Fields {
	return domain.Fields{
		Texts: map[string]string{"title": "漏水"}, Sizes: map[string]int{"territory": 16, "mediator": 16},
		Numbers: map[string]int64{"state": 5, "parties.甲方.consent": 1},
		Keys:    map[string][]string{"parties": {"甲方", "乙方"}},
	}
}

func lacks(f domain.Fields, readable func(string) bool) string {
	var out []string
	for _, c := range domain.Lacks(domain.KindDispute, f, readable) {
		out = append(out, c.Rule)
	}
	return strings.Join(out, " ")
}

func TestLacks_SaysWhatAStandingCaseLacksAndNothingOnceItIsMadeGood(t *testing.T) {
	f := handled()
	if got := lacks(f, nil); got != "dispute.worked_without_consent" {
		t.Errorf("lacks %s", got)
	}
	f.Numbers["parties.乙方.consent"] = 1
	if got := lacks(f, nil); got != "" {
		t.Errorf("made good, it lacks %s", got)
	}
	f.Numbers["risk"] = 3
	if got := lacks(f, nil); got != "dispute.high_risk_untold" {
		t.Errorf("of high risk, it lacks %s", got)
	}
}

func TestLacks_SaysNothingOfWhatItsReaderDoesNotSee(t *testing.T) {
	if got := lacks(handled(), func(field string) bool { return field != "parties" }); got != "" {
		t.Errorf("lacks %s", got)
	}
}

func TestLacks_ADestroyedOrArchivedFileLacksNothing(t *testing.T) {
	f := handled()
	f.Numbers["state"] = 14
	if got := lacks(f, nil); got != "" {
		t.Errorf("archived, it lacks %s", got)
	}
	f.Numbers["state"], f.Numbers["result"] = 12, 1
	if got := lacks(f, nil); got != "dispute.settled_without_consent dispute.settled_without_form" {
		t.Errorf("closed, it lacks %s", got)
	}
	delete(f.Texts, "title")
	if got := lacks(f, nil); got != "" {
		t.Errorf("destroyed, it lacks %s", got)
	}
}
