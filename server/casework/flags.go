package casework

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// flags says what the case lacks as it stands, as far as somebody reads the fields that it is seen by. Nothing was refused by it,
// and nothing is stored: see decision 0071.
func (s *Service) flags(c *Case, classes schema.Classes, rules cases.Rules) []domain.Complaint {
	out := append(s.lacks(c.Record.Kind, c.message(), classes), timelineFlags(c.ID, c.Dispute, c.Hazard, c.timeline(), rules)...)
	return append(out, trespasses(c.table(), c.state(), c.by, c.Events)...)
}

// lacks says what a record's fields lack.
func (s *Service) lacks(number syncengine.KindNumber, m proto.Message, classes schema.Classes) []domain.Complaint {
	kind, ok := s.realm.Schema().Kind(number)
	if !ok {
		return nil
	}
	return domain.Lacks(domain.Kind(number), schema.RuleFields(m.ProtoReflect()), kind.Readable(classes))
}

// writer is in which roles something was written, and when.
type writer struct {
	roles schema.Roles
	// phone is false for what was written at the server, where a desk's steps are asked.
	phone bool
	at    domain.UnixMilli
}

func (w writer) taken() cases.Taken {
	return cases.Taken{At: w.at, Roles: rolesOf(w.roles), Asked: !w.phone}
}

// trespasses says which steps of a case were taken in roles that may not: see casework.Table.Trespasses. The server alone tells them,
// since it alone knows by which grants a phone worked when a step was taken.
func trespasses(table cases.Table, state cases.State, by writer, events []Event) []domain.Complaint {
	entries := make([]cases.Taken, len(events))
	for i, e := range events {
		entries[i] = e.by.taken()
		entries[i].What = cases.EventKind(e.GetWhat())
	}
	slices.SortFunc(entries, func(a, b cases.Taken) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.What, b.What)) })
	now := by.taken()
	now.State = state
	return table.Trespasses(now, entries)
}

// rolesOf lists the roles of a set.
func rolesOf(set schema.Roles) (out []domain.Role) {
	for _, role := range domain.Roles() {
		if set&schema.RolesOf(uint32(role)) != 0 {
			out = append(out, role)
		}
	}
	return out
}

// stateBy tells who wrote a case's state.
func (s *Service) stateBy(authors *exchange.Authors, rec *syncengine.Record) (by writer, err error) {
	kind, ok := s.realm.Schema().Kind(rec.Kind)
	if !ok {
		return by, nil
	}
	state, ok := kind.FieldByName("state")
	if !ok {
		return by, nil
	}
	return writtenBy(authors, rec, syncengine.CellKey{Field: state.Engine.Number})
}

// writtenBy tells who wrote the shown value of a cell; nobody for one that is not there.
func writtenBy(authors *exchange.Authors, rec *syncengine.Record, key syncengine.CellKey) (by writer, err error) {
	cell, ok := rec.Find(key)
	if !ok {
		return by, nil
	}
	write := cell.Shown().Write
	by.at = domain.UnixMilli(write.Stamp)
	by.roles, by.phone, err = authors.Roles(write, rec)
	return by, err
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
