package casework

import (
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/server/casework/docket"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Where lists have a case follows from the record, its timeline, the rules and the tree of territories. Each case is filed when
// one of its own changes; all are when the rules or the tree do, which is some times a year.

// filedUnder names the rules and the tree that cases are filed under.
type filedUnder struct {
	rules uint32
	tree  uint64
}

// filing files cases in one state of the realm. The caller holds the index.
type filing struct {
	*index
	rules cases.Rules
	tree  exchange.Territories
	now   domain.UnixMilli
}

// fileAll takes in what the log holds beyond what was seen, and files what changed. The caller holds the index.
func (s *Service) fileAll(r store.Reader, rules cases.Rules) error {
	if err := s.follow(r); err != nil {
		return err
	}
	version, err := s.realm.RulesVersion(r)
	if err != nil {
		return err
	}
	tree, err := s.realm.TerritoriesOf(r)
	if err != nil {
		return err
	}
	x, under := s.index, filedUnder{version, tree.Revision()}
	if x.under != under {
		for id := range x.keys {
			x.unfiled[id] = true
		}
	}
	f := filing{x, rules, tree, s.now()}
	for id := range x.unfiled {
		f.file(id)
	}
	clear(x.unfiled)
	x.under = under
	return nil
}

// file puts a case where lists look for it. A case that an event names and that is not known waits for itself.
func (f *filing) file(id syncengine.ID) {
	if d := f.disputes[id]; d != nil {
		m := casebook.Matter(domain.ID(id), d, f.eventsOf(id))
		facet := disputeFacet(d)
		facet.Flagged = f.lacking[id] || len(f.toldOf(id, f.rules)) > 0
		f.put(id, f.turn(&m), facet, append([][]byte{d.GetRegisteredBy(), d.GetMediator()}, d.GetParticipants()...))
		return
	}
	if z := f.hazards[id]; z != nil {
		facet := hazardFacet(z)
		facet.Flagged = f.lacking[id] || len(f.toldOf(id, f.rules)) > 0
		f.put(id, hazardTurn(z), facet, [][]byte{z.GetRegisteredBy()})
		return
	}
	if facet, turn, over := f.docket.FacetOf(id); over {
		f.put(id, turn, facet, nil)
	}
}

func (f *filing) put(id syncengine.ID, turn docket.Turn, facet docket.Facet, people [][]byte) {
	var shelves []docket.Shelf
	for _, key := range f.keys[id] {
		if _, recusal := key.IsRecusal(); recusal {
			continue // It keeps somebody away; nobody looks under it.
		}
		shelves = append(shelves, docket.Shelf(key))
		for _, above := range f.tree.Above(key) {
			shelves = append(shelves, docket.Shelf(above))
		}
	}
	for _, person := range people {
		if id, ok := syncengine.IDFromBytes(person); ok {
			shelves = append(shelves, workedBy(id))
		}
	}
	slices.Sort(shelves)
	f.docket.File(docket.Place{Turn: turn, ID: id}, facet, slices.Compact(shelves))
}

// workedBy is the shelf of the cases that somebody registered, mediates or takes part in. No scope key begins like it.
func workedBy(user syncengine.ID) docket.Shelf { return docket.Shelf("worked by " + string(user[:])) }

// turn says when the turn of a dispute is.
func (f *filing) turn(m *cases.Matter) docket.Turn {
	if cases.Disputes.Done(m.State) {
		return docket.Done
	}
	if timing, ok := m.Timing(f.rules, f.now); ok && timing.Clock.State != calendar.Stopped {
		return docket.Due(int64(timing.Deadline.At))
	}
	return docket.Open
}

// hazardTurn says when the turn of a hazard is.
func hazardTurn(z *recordv1.Hazard) docket.Turn {
	switch {
	case cases.Hazards.Done(cases.State(z.GetState())):
		return docket.Done
	case z.GetDeadline() != 0:
		return docket.Due(z.GetDeadline())
	}
	return docket.Open
}

func disputeFacet(d *recordv1.Dispute) docket.Facet {
	return docket.Facet{
		Kind: uint32(kindDispute), State: uint32(d.GetState()), Group: uint32(d.GetClinic()), CallBack: d.GetCallBackAt() == 0,
	}
}

func hazardFacet(z *recordv1.Hazard) docket.Facet {
	return docket.Facet{Kind: uint32(kindHazard), State: uint32(z.GetState()), Group: uint32(z.GetCode()), Severity: uint32(severityOf(z))}
}
