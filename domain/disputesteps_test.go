package domain_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// caseWith builds the fields of a case: numbers in turn, then the answers of its parties, agreed, refused or not asked.
func caseWith(state recordv1.DisputeState, answers string, pairs ...any) domain.Fields {
	f := numbers(append([]any{"state", int(state)}, pairs...)...)
	f.Keys, f.Sizes = map[string][]string{}, map[string]int{}
	for i, answer := range answers {
		alias := []string{"甲方", "乙方", "丙方"}[i]
		f.Keys["parties"] = append(f.Keys["parties"], alias)
		f.Numbers["parties."+alias+".consent"] = map[rune]int64{'a': 1, 'r': 2, '-': 0}[answer]
	}
	return f
}

func TestCheck_WhatAStepOfADisputeNeeds(t *testing.T) {
	const (
		high = int(recordv1.CaseRisk_CASE_RISK_HIGH)
		won  = int(recordv1.CaseResult_CASE_RESULT_SUCCESS)
		part = int(recordv1.CaseResult_CASE_RESULT_PARTIAL)
		lost = int(recordv1.CaseResult_CASE_RESULT_FAILURE)
		oral = int(recordv1.AgreementForm_AGREEMENT_FORM_ORAL)
	)
	assigned := caseWith(recordv1.DisputeState_DISPUTE_STATE_ASSIGNED, "")
	assigned.Sizes["mediator"] = 16
	joined := caseWith(recordv1.DisputeState_DISPUTE_STATE_ASSIGNED, "")
	joined.Sizes["participants"] = 1
	for _, c := range []struct {
		why   string
		after domain.Fields
		want  string
	}{
		{"accepted", caseWith(recordv1.DisputeState_DISPUTE_STATE_ACCEPTED, ""), ""},
		{"triaged to nowhere", caseWith(recordv1.DisputeState_DISPUTE_STATE_TRIAGED, ""), "dispute.triaged_without_clinic"},
		{"triaged", caseWith(recordv1.DisputeState_DISPUTE_STATE_TRIAGED, "", "clinic", 1), ""},
		{"high risk and the police not told", caseWith(recordv1.DisputeState_DISPUTE_STATE_TRIAGED, "", "clinic", 3, "risk", high), "dispute.high_risk_untold"},
		{"high risk and told", caseWith(recordv1.DisputeState_DISPUTE_STATE_TRIAGED, "", "clinic", 3, "risk", high, "police_reported_at", 1), ""},
		{"assigned to nobody", caseWith(recordv1.DisputeState_DISPUTE_STATE_ASSIGNED, ""), "dispute.assigned_to_nobody"},
		{"assigned to a mediator", assigned, ""},
		{"assigned to who takes part", joined, ""},
		{"nobody asked", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "--"), "dispute.worked_without_consent"},
		{"one asked", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "a-"), "dispute.worked_without_consent"},
		{"one of three refuses", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "aar"), "dispute.worked_without_consent"},
		{"a party alone", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "a"), "dispute.worked_without_consent"},
		{"no party", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, ""), "dispute.worked_without_consent"},
		{"both agree", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "aa"), ""},
		{"all three agree", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "aaa"), ""},
		{"work on high risk, police not told", caseWith(recordv1.DisputeState_DISPUTE_STATE_HANDLING, "aa", "risk", high), "dispute.high_risk_untold"},
		{"an agreement of no form", caseWith(recordv1.DisputeState_DISPUTE_STATE_AGREED, "aa"), "dispute.agreed_without_form"},
		{"an agreement of one", caseWith(recordv1.DisputeState_DISPUTE_STATE_AGREED, "ar", "agreement_form", oral), "dispute.worked_without_consent"},
		{"an agreement", caseWith(recordv1.DisputeState_DISPUTE_STATE_AGREED, "aa", "agreement_form", oral), ""},
		{"failed, the parties not told", caseWith(recordv1.DisputeState_DISPUTE_STATE_FAILED, "aa"), "dispute.ended_untold"},
		{"failed and told", caseWith(recordv1.DisputeState_DISPUTE_STATE_FAILED, "aa", "remedies_notified_at", 1), ""},
		{"refused by nobody", caseWith(recordv1.DisputeState_DISPUTE_STATE_REFUSED, "aa", "remedies_notified_at", 1), "dispute.refused_by_nobody"},
		{"refused, not told", caseWith(recordv1.DisputeState_DISPUTE_STATE_REFUSED, "ar"), "dispute.ended_untold"},
		{"refused and told", caseWith(recordv1.DisputeState_DISPUTE_STATE_REFUSED, "-r", "remedies_notified_at", 1), ""},
		{"performed from no day", caseWith(recordv1.DisputeState_DISPUTE_STATE_PERFORMING, "aa"), "dispute.performed_without_date"},
		{"performed", caseWith(recordv1.DisputeState_DISPUTE_STATE_PERFORMING, "aa", "agreement_effective_on", 1), ""},
		{"verified by nobody's word", caseWith(recordv1.DisputeState_DISPUTE_STATE_VERIFIED, "aa"), "dispute.verified_without_call"},
		{"verified", caseWith(recordv1.DisputeState_DISPUTE_STATE_VERIFIED, "aa", "call_back_at", 1), ""},
		{"verified, yet not solved", caseWith(recordv1.DisputeState_DISPUTE_STATE_VERIFIED, "aa", "call_back_at", 1, "solved", 0), "dispute.verified_unsolved"},
		{"verified and solved", caseWith(recordv1.DisputeState_DISPUTE_STATE_VERIFIED, "aa", "call_back_at", 1, "solved", 1), ""},
		{"closed without a result", caseWith(recordv1.DisputeState_DISPUTE_STATE_CLOSED, "aa"), "dispute.closed_without_result"},
		{"settled without consent", caseWith(recordv1.DisputeState_DISPUTE_STATE_CLOSED, "a-", "result", won, "agreement_form", oral), "dispute.settled_without_consent"},
		{"settled in part, no agreement", caseWith(recordv1.DisputeState_DISPUTE_STATE_CLOSED, "aa", "result", part), "dispute.settled_without_form"},
		{"settled on the spot", caseWith(recordv1.DisputeState_DISPUTE_STATE_CLOSED, "aa", "result", won, "agreement_form", oral), ""},
		{"closed as failed, not told", caseWith(recordv1.DisputeState_DISPUTE_STATE_CLOSED, "-r", "result", lost), "dispute.ended_untold"},
		{"closed as failed, told", caseWith(recordv1.DisputeState_DISPUTE_STATE_CLOSED, "-r", "result", lost, "remedies_notified_at", 1), ""},
		{"reopened", caseWith(recordv1.DisputeState_DISPUTE_STATE_REOPENED, ""), ""},
		{"archived", caseWith(recordv1.DisputeState_DISPUTE_STATE_ARCHIVED, ""), ""},
	} {
		edit := domain.Edit{Kind: domain.KindDispute, After: c.after, Written: []string{"state"}}
		if got := strings.Join(rulesOf(t, edit), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
		edit.Written = []string{"title", "parties", "risk"}
		edit.After.Texts = map[string]string{"title": "押金纠纷"}
		if got := rulesOf(t, edit); len(got) != 0 {
			t.Errorf("%s: an edit that takes no step is asked for %v", c.why, got)
		}
	}
}

func TestCheck_JudicialConfirmationNeedsAnAgreement(t *testing.T) {
	for want, after := range map[string]domain.Fields{
		"dispute.confirmed_without_agreement": numbers("judicial_confirmation", 1, "agreement_form", 2),
		"":                                    numbers("judicial_confirmation", 3, "agreement_form", 2, "agreement_effective_on", 1),
	} {
		edit := domain.Edit{Kind: domain.KindDispute, After: after, Written: []string{"judicial_confirmation"}}
		if got := strings.Join(rulesOf(t, edit), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCheck_APauseAndAnExtensionSayHowLongAndWhy(t *testing.T) {
	paused, extended := int(recordv1.CaseEventKind_CASE_EVENT_KIND_PAUSED), int(recordv1.CaseEventKind_CASE_EVENT_KIND_EXTENDED)
	for _, c := range []struct {
		after domain.Fields
		text  string
		want  string
	}{
		{numbers("what", paused), "", "case_event.pause_without_limit case_event.pause_without_reason"},
		{numbers("what", paused, "until", 5), "等鉴定", ""},
		{numbers("what", extended), "", "case_event.extension_without_days case_event.extension_without_reason"},
		{numbers("what", extended, "days", 400), "双方同意", "case_event.days_range"},
		{numbers("what", extended, "days", 10), "双方同意", ""},
		{numbers("what", 21), "", ""},
	} {
		c.after.Texts = map[string]string{"text": c.text}
		edit := domain.Edit{Kind: domain.KindCaseEvent, After: c.after, Written: []string{"what", "days", "until", "text"}}
		if got := strings.Join(rulesOf(t, edit), " "); got != c.want {
			t.Errorf("%v: %q, want %q", c.after.Numbers, got, c.want)
		}
	}
}

func TestRulesOf_NamesEachRuleOnce(t *testing.T) {
	for kind := domain.KindPremises; kind <= domain.KindAttachment; kind++ {
		names := map[string]bool{}
		for _, name := range domain.RulesOf(kind) {
			names[name] = true
		}
		if sorted := slices.Sorted(maps.Keys(names)); len(sorted) != len(domain.RulesOf(kind)) || len(sorted) == 0 {
			t.Errorf("kind %d: %v", kind, domain.RulesOf(kind))
		}
	}
}
