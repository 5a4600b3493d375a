package domain

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Complaint is one reason why an edit is not kept. It is a value, not an error: the phone shows the sentence and keeps
// the text as a draft.
type Complaint struct {
	// Field is the contract's name of the field to change; empty when several together are meant.
	Field string
	// Rule is the rule's stable name, such as "hazard.deadline_before_found".
	Rule string
	// ZH and EN say what is wrong and what to do, without the refused text.
	ZH, EN string
}

// FreeText is one text that an edit writes and that may name a person; of a map field, each written value is one.
type FreeText struct {
	// Field is the contract's name of the field.
	Field string
	// Text is what was typed.
	Text string
}

// Fields is what the rules look at of a record. Names are the contract's, such as "found_at"; a field inside a message is
// named with a dot, such as "point.latitude_e7", and with the key between where the message stands in a map, such as
// "parties.甲方.consent". A field that is absent stands in none of the maps.
type Fields struct {
	// Texts holds the text fields.
	Texts map[string]string
	// Numbers holds integers, enum numbers, times in milliseconds since the Unix epoch, and 0 or 1 for a bool. An unsigned
	// number that does not fit is given as the greatest that does.
	Numbers map[string]int64
	// Sizes holds the length of a bytes field in bytes, and the number of elements of a set, list or map.
	Sizes map[string]int
	// Keys holds the keys of a map field.
	Keys map[string][]string
}

// Edit is what an author is about to commit.
type Edit struct {
	// Kind is the record's kind.
	Kind Kind
	// Create says that the edit makes the record: then every rule is asked, and the least input must be there.
	Create bool
	// After holds the record as its author would see it after the edit.
	After Fields
	// Written names the fields that the edit writes or clears; a create need not fill it. A rule that reads none of them
	// is not asked, so what others left behind, or what the author may not see, never blocks an edit.
	Written []string
	// FreeTexts holds the free texts that the edit writes.
	FreeTexts []FreeText
}

// precondition is one rule on a record after an edit. broken gives the two sentences, and false when the rule holds.
type precondition struct {
	name  string
	field string
	// reads names the fields by whose writing the rule is asked, looks those that it looks at beside them.
	reads, looks []string
	broken       func(Fields) (zh, en string, broken bool)
}

// preconditions lists the rules of each kind, in the order in which a form shows them.
var preconditions = map[Kind][]precondition{
	KindPremises:   premisesRules,
	KindVisit:      visitRules,
	KindHazard:     hazardRules,
	KindDispute:    slices.Concat(disputeRules, stepRules),
	KindCaseEvent:  caseEventRules,
	KindTask:       taskRules,
	KindAttachment: attachmentRules,
}

// RulesOf lists the names of a kind's rules in the order in which a form shows them.
func RulesOf(kind Kind) []string {
	out := make([]string, len(preconditions[kind]))
	for i, rule := range preconditions[kind] {
		out[i] = rule.name
	}
	return out
}

// Check gives every reason why the edit is not kept, none when it is. It is asked on the phone before the local commit;
// the server raises flags from the same rules and refuses nothing by them, identifiers in free text aside.
func (e Edit) Check() []Complaint {
	var complaints []Complaint
	for _, rule := range preconditions[e.Kind] {
		if !e.concerns(rule) {
			continue
		}
		if zh, en, broken := rule.broken(e.After); broken {
			complaints = append(complaints, Complaint{Field: rule.field, Rule: rule.name, ZH: zh, EN: en})
		}
	}
	for _, text := range e.FreeTexts {
		complaints = append(complaints, CheckFreeText(text.Field, text.Text)...)
	}
	return complaints
}

func (e Edit) concerns(rule precondition) bool {
	return e.Create || slices.ContainsFunc(rule.reads, func(field string) bool {
		return slices.Contains(e.Written, field)
	})
}

// CheckLength gives a complaint when the text has more characters than the field takes. A text is never cut.
func CheckLength(field, text string, charsMax int) []Complaint {
	chars := utf8.RuneCountInString(text)
	if chars <= charsMax {
		return nil
	}
	return []Complaint{{
		Field: field, Rule: "text.too_long",
		ZH: fmt.Sprintf("“%s”有%d个字，最多%d个字，请删减%d个字。", fieldLabel(field), chars, charsMax, chars-charsMax),
		EN: fmt.Sprintf("%s has %d characters and takes %d: shorten it by %d", field, chars, charsMax, chars-charsMax),
	}}
}

// CheckFreeText gives one complaint for each identifier in the text. The sentence names the field and the place, and
// never repeats the number.
func CheckFreeText(field, text string) []Complaint {
	var complaints []Complaint
	for _, found := range FindIdentifiers(text) {
		at := utf8.RuneCountInString(text[:found.Start]) + 1
		complaints = append(complaints, Complaint{
			Field: field, Rule: "text." + found.Kind.String(),
			ZH: fmt.Sprintf("“%s”第%d个字起疑似%s，个人号码不进记录，请删去后再保存。", fieldLabel(field), at, found.Kind.LabelZH()),
			EN: fmt.Sprintf("%s seems to hold %s from character %d on: take it out, no such number goes into a record",
				field, found.Kind.LabelEN(), at),
		})
	}
	return complaints
}

// fieldLabels gives the fields that a sentence may name their names on a form.
var fieldLabels = map[string]string{
	"address": "地址", "aliases": "别名", "agreement_text": "协议内容", "check_reason": "退回原因", "contributions": "各人记录",
	"decline_reason": "不予受理原因", "description": "情况说明", "detail": "详情", "evaluation": "评价", "grade_reasons": "评级原因",
	"name": "名称", "note": "备注", "police_note": "民警备注", "return_reason": "退回原因", "text": "内容", "title": "标题",
	"what": "事项", "why": "缘由",
}

// fieldLabel gives the name on the form, or the contract's name where a form has none.
func fieldLabel(field string) string {
	if label, ok := fieldLabels[field]; ok {
		return label
	}
	return field
}
