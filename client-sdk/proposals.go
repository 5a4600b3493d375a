package client

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/syncengine"
)

// Proposals gives what a rule proposes about a record as it stands: to seal a case about a family or a minor. A
// proposal is a sentence for a person to act on; nothing follows from it by itself.
func (r *Record) Proposals() ([]Complaint, error) {
	if r.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE) {
		return nil, nil
	}
	fields, err := ruleFields(r.kind, r.fields)
	if err != nil {
		return nil, err
	}
	if c, ok := domain.ProposeSeal(fields); ok {
		return []Complaint{c}, nil
	}
	return nil, nil
}
