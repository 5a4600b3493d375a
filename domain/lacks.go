package domain

import "slices"

// disputeArchived is DISPUTE_STATE_ARCHIVED.
const disputeArchived = 14

// Lacks says what a record lacks as it stands, by the rules that its author was asked before the commit. Somebody may have taken
// a step without them, on a phone of other software, or while another one took away what the step needed. It refuses nothing: it
// is what a flag says. A rule that looks at a field of which readable says no is not asked; nil reads all.
//
// An archived case lacks nothing, and neither does a finished one without a title: its file was destroyed when its time was over.
func Lacks(kind Kind, now Fields, readable func(field string) bool) (out []Complaint) {
	if kind == KindDispute && fileClosed(now) {
		return nil
	}
	hidden := func(field string) bool { return readable != nil && !readable(field) }
	for _, rule := range preconditions[kind] {
		if slices.ContainsFunc(rule.reads, hidden) || slices.ContainsFunc(rule.looks, hidden) {
			continue
		}
		if zh, en, broken := rule.broken(now); broken {
			out = append(out, Complaint{Field: rule.field, Rule: rule.name, ZH: zh, EN: en})
		}
	}
	return out
}

func fileClosed(f Fields) bool {
	switch f.Numbers["state"] {
	case disputeArchived:
		return true
	case disputeClosed, disputeDeclined:
		return f.Texts["title"] == ""
	}
	return false
}
