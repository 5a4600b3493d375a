package casework

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// flags says what the case lacks as it stands, as far as somebody reads the fields that it is seen by. Nothing was refused by it,
// and nothing is stored: see decision 0071.
func (s *Service) flags(c *Case, classes schema.Classes, rules cases.Rules) []domain.Complaint {
	return append(s.lacks(c.Record.Kind, c.message(), classes), timelineFlags(c.ID, c.Dispute, c.Hazard, c.timeline(), rules)...)
}

// lacks says what a record's fields lack.
func (s *Service) lacks(number syncengine.KindNumber, m proto.Message, classes schema.Classes) []domain.Complaint {
	kind, ok := s.realm.Schema().Kind(number)
	if !ok {
		return nil
	}
	return domain.Lacks(domain.Kind(number), schema.RuleFields(m.ProtoReflect()), kind.Readable(classes))
}

// timelineFlags says what a timeline tells that the policy does not grant or that a step lacked. One of the two records is given.
func timelineFlags(id syncengine.ID, d *recordv1.Dispute, z *recordv1.Hazard, timeline []*recordv1.CaseEvent, rules cases.Rules) []domain.Complaint {
	if z != nil {
		m := casebook.HazardMatter(domain.ID(id), z, timeline)
		return m.Flags(z.GetHandedOverTo())
	}
	m := casebook.Matter(domain.ID(id), d, timeline)
	return m.Flags(rules)
}
