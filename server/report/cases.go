package report

import (
	"maps"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/internal/recordunits"
	"onedoor/syncengine"
)

// setHazard takes in what stands of a hazard; nil when it is deleted.
func (p *projection) setHazard(id syncengine.ID, m *recordv1.Hazard, at recordunits.Stamps) {
	if old := p.hazards[id]; old != nil {
		delete(p.hazards, id)
		key := old.same()
		p.alike[key] = slices.DeleteFunc(p.alike[key], func(h *hazard) bool { return h == old })
	}
	if m == nil {
		return
	}
	brief := &recordv1.Hazard{State: m.State, FoundAt: m.FoundAt, Disposal: m.Disposal, Deadline: m.Deadline, Code: m.Code, RegisteredBy: m.RegisteredBy}
	h := &hazard{record: brief, stamps: at}
	h.door, _ = syncengine.IDFromBytes(m.GetPremisesId())
	p.hazards[id] = h
	p.alike[h.same()] = append(p.alike[h.same()], h)
}

// setDispute takes in what stands of a dispute; nil when it is deleted.
func (p *projection) setDispute(id syncengine.ID, m *recordv1.Dispute, at recordunits.Stamps) {
	delete(p.disputes, id)
	if m == nil {
		return
	}
	d := &dispute{id: id, stamps: at, record: &recordv1.Dispute{
		Category: m.Category, State: m.State, Clinic: m.Clinic, RegisteredAt: m.RegisteredAt, AcceptedAt: m.AcceptedAt, Deadline: m.Deadline,
		Result: m.Result, AgreementForm: m.AgreementForm, AgreementEffectiveOn: m.AgreementEffectiveOn, JudicialConfirmation: m.JudicialConfirmation,
		CallBackAt: m.CallBackAt, Responded: m.Responded, Solved: m.Solved, Satisfaction: m.Satisfaction, EscalatedAt: m.EscalatedAt, RegisteredBy: m.RegisteredBy,
	}}
	d.territory, _ = syncengine.IDFromBytes(m.GetTerritory())
	d.door, _ = syncengine.IDFromBytes(m.GetPremisesId())
	p.disputes[id] = d
}

// setEvent takes in an entry of a timeline; nil when it is deleted.
func (p *projection) setEvent(id syncengine.ID, m *recordv1.CaseEvent) {
	if of, ok := p.caseOf[id]; ok {
		delete(p.events[of], id)
		delete(p.caseOf, id)
		p.stale(of)
	}
	if m == nil {
		return
	}
	of, _ := syncengine.IDFromBytes(m.GetCaseId())
	if p.events[of] == nil {
		p.events[of] = map[syncengine.ID]*recordv1.CaseEvent{}
	}
	p.events[of][id] = &recordv1.CaseEvent{What: m.What, At: m.At, Until: m.Until, Days: m.Days}
	p.caseOf[id] = of
	p.stale(of)
}

// stale has the unit of a case read anew.
func (p *projection) stale(id syncengine.ID) {
	if h := p.hazards[id]; h != nil {
		h.fresh = false
	}
	if d := p.disputes[id]; d != nil {
		d.fresh = false
	}
}

// timeline gives the events of a case in the order of their ids, so that equal times stand alike everywhere.
func (p *projection) timeline(id syncengine.ID) []*recordv1.CaseEvent {
	of := p.events[id]
	ids := slices.SortedFunc(maps.Keys(of), func(a, b syncengine.ID) int { return slices.Compare(a[:], b[:]) })
	out := make([]*recordv1.CaseEvent, len(ids))
	for i, event := range ids {
		out[i] = of[event]
	}
	return out
}

// freshen reads the units of cases whose records or timelines have changed.
func (p *projection) freshen() {
	for id, h := range p.hazards {
		if !h.fresh {
			h.Hazard, h.fresh = recordunits.Hazard(h.record, p.timeline(id), h.stamps), true
		}
	}
	for id, d := range p.disputes {
		if !d.fresh {
			d.Dispute, d.fresh = recordunits.Dispute(domain.ID(id), d.record, p.timeline(id), p.rules, d.stamps), true
		}
	}
}

// joined gives a hazard with what its door and the other hazards there say.
func (p *projection) joined(h *hazard) (unit metrics.Hazard, territory syncengine.ID, ok bool) {
	d := p.standing(h.door)
	if d == nil || !d.known {
		return unit, territory, false
	}
	unit = h.Hazard
	unit.Class = d.Class
	if unit.Closing != metrics.NoDay {
		for _, other := range p.alike[h.same()] {
			if other != h {
				unit.Again = append(unit.Again, metrics.DayOf(domain.UnixMilli(other.record.GetFoundAt())))
			}
		}
	}
	return unit, d.territory, true
}

// placeOf gives the territory of a dispute: its door's, or else its own.
func (p *projection) placeOf(d *dispute) syncengine.ID {
	if at := p.standing(d.door); !d.door.IsZero() && at != nil && at.known {
		return at.territory
	}
	return d.territory
}
