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
func (p *projection) setHazard(id syncengine.ID, m *recordv1.Hazard, stamps recordunits.Stamps) {
	if old, ok := p.hazards.find(id); ok {
		p.hazards.drop(id)
		old.alike.hazards = slices.DeleteFunc(old.alike.hazards, func(h *hazard) bool { return h == old })
	}
	if m == nil {
		return
	}
	brief := &recordv1.Hazard{State: m.State, FoundAt: m.FoundAt, Disposal: m.Disposal, Deadline: m.Deadline, Code: m.Code, RegisteredBy: m.RegisteredBy}
	h := &hazard{record: brief, stamps: stamps}
	at, _ := syncengine.IDFromBytes(m.GetPremisesId())
	h.door = p.named(at)
	p.hazards.put(id, h)
	key := sameHazard{h.door, domain.HazardCode(m.GetCode())}
	if h.alike = p.alike[key]; h.alike == nil {
		h.alike = &alike{}
		p.alike[key] = h.alike
	}
	h.alike.hazards = append(h.alike.hazards, h)
	p.unread = append(p.unread, id)
}

// setDispute takes in what stands of a dispute; nil when it is deleted.
func (p *projection) setDispute(id syncengine.ID, m *recordv1.Dispute, at recordunits.Stamps) {
	p.disputes.drop(id)
	if m == nil {
		return
	}
	d := &dispute{id: id, stamps: at, record: &recordv1.Dispute{
		Category: m.Category, State: m.State, Clinic: m.Clinic, RegisteredAt: m.RegisteredAt, AcceptedAt: m.AcceptedAt, Deadline: m.Deadline,
		Result: m.Result, AgreementForm: m.AgreementForm, AgreementEffectiveOn: m.AgreementEffectiveOn, JudicialConfirmation: m.JudicialConfirmation,
		CallBackAt: m.CallBackAt, Responded: m.Responded, Solved: m.Solved, Satisfaction: m.Satisfaction, EscalatedAt: m.EscalatedAt, RegisteredBy: m.RegisteredBy,
	}}
	territory, _ := syncengine.IDFromBytes(m.GetTerritory())
	d.ground = p.groundAt(territory)
	if about, _ := syncengine.IDFromBytes(m.GetPremisesId()); !about.IsZero() {
		d.door = p.named(about)
	}
	p.disputes.put(id, d)
	p.unread = append(p.unread, id)
}

// setEvent takes in an entry of a timeline; nil when it is deleted.
func (p *projection) setEvent(id syncengine.ID, m *recordv1.CaseEvent) {
	if of, ok := p.caseOf[id]; ok {
		delete(p.events[of], id)
		delete(p.caseOf, id)
		p.unread = append(p.unread, of)
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
	p.unread = append(p.unread, of)
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
	for _, id := range p.unread {
		if h, ok := p.hazards.find(id); ok {
			h.Hazard = recordunits.Hazard(h.record, p.timeline(id), h.stamps)
		}
		if d, ok := p.disputes.find(id); ok {
			d.Dispute = recordunits.Dispute(domain.ID(id), d.record, p.timeline(id), p.rules, d.stamps)
		}
	}
	p.unread = nil
}

// joined gives a hazard with what its door and, where it was closed in a period, the other hazards there say. Their days are
// written over again.
func (p *projection) joined(h *hazard, period metrics.Period, again []domain.Days) (unit metrics.Hazard, at *door) {
	d := p.standing(h.door)
	if d == nil || !d.known {
		return unit, nil
	}
	unit = h.Hazard
	unit.Class, unit.Again = d.Class, again[:0]
	if len(h.alike.hazards) > 1 && unit.Closing >= period.From && unit.Closing <= period.To {
		for _, other := range h.alike.hazards {
			if other != h {
				unit.Again = append(unit.Again, metrics.DayOf(domain.UnixMilli(other.record.GetFoundAt())))
			}
		}
	}
	return unit, d
}

// groundOfDispute gives the territory of a dispute: its door's, or else its own.
func (p *projection) groundOfDispute(d *dispute) ground {
	if at := p.standing(d.door); at != nil && at.known {
		return at.ground
	}
	return d.ground
}
