package domain

import "slices"

// PreconditionReads lists, for each kind, the fields that its preconditions read, for the test that compares them with
// the record messages.
func PreconditionReads() map[Kind][]string {
	reads := map[Kind][]string{}
	for kind, rules := range preconditions {
		for _, rule := range rules {
			reads[kind] = slices.Concat(reads[kind], []string{rule.field}, rule.reads, rule.looks)
		}
	}
	return reads
}

// HasLabel reports whether a field has a name for Chinese sentences.
func HasLabel(field string) bool { return fieldLabels[field] != "" }

// The numbers that the preconditions look at, for the test that compares them with the enums.
const (
	CheckReturn     = checkReturn
	DisputeDeclined = disputeDeclined
	DisputeFamily   = disputeFamily
	TaskReturned    = taskReturned
)
