package demo

import "time"

// otherCodes are hazards that no checklist item names.
var otherCodes = []Symbol{"STRUCT", "NONRES", "CROWD", "MIXED", "SECUR", "FILING"}

// severities from least to greatest.
var severities = []Symbol{"GENERAL", "SERIOUS", "MAJOR"}

var severityOf = []weighted[Symbol]{{70, "GENERAL"}, {25, "SERIOUS"}, {5, "MAJOR"}}

var disposals = []weighted[Symbol]{{45, "FIXED_ON_THE_SPOT"}, {55, "DATED_NOTICE"}}

// hazardDays is the time a dated notice gives.
const hazardDays = 7

// newHazard creates a hazard found on a visit.
func (w *dayWriter) newHazard(c *carrier, at time.Time, visited *madeRecord, code Symbol) Change {
	record := &madeRecord{ref: w.number(RecordHazard), territory: visited.territory, author: c.index, door: visited.door}
	disposal := pick(w.rng, disposals)
	fields := []Field{
		field(FieldPremisesID, door(visited.door)), field(FieldVisitID, visited.ref), field(FieldCode, code),
		field(FieldSeverityFound, pick(w.rng, severityOf)), field(FieldDisposal, disposal),
		field(FieldState, Move{To: HazardFound}), field(FieldFoundAt, Moment(at)), field(FieldRegisteredBy, c.id),
	}
	if disposal == "DATED_NOTICE" {
		fields = append(fields, field(FieldDeadline, Moment(at.AddDate(0, 0, hazardDays))))
	}
	w.keep(record)
	return Change{Op: OpCreate, Ref: record.ref, Fields: fields}
}

// moveHazard takes a hazard one step on from the state the phone shows.
func (w *dayWriter) moveHazard(c *carrier, _ time.Time) []Change {
	r := w.known(RecordHazard, nil, c)
	if r == nil {
		return nil
	}
	from := shownState(w.ledger, c.index, r.ref)
	if len(Moves(RecordHazard, from)) == 0 {
		return nil
	}
	return edit(r.ref, field(FieldState, Move{From: from, To: Moves(RecordHazard, from)[0]}))
}

// ruleHazard rules how bad a hazard is.
func (w *dayWriter) ruleHazard(c *carrier, _ time.Time) []Change {
	r := w.known(RecordHazard, nil, c)
	if r == nil {
		return nil
	}
	return edit(r.ref, field(FieldSeverityRuled, oneOf(w.rng, severities)))
}

// amendHazard writes what else there is to say about a hazard.
func (w *dayWriter) amendHazard(c *carrier, _ time.Time) []Change {
	r := w.known(RecordHazard, nil, c)
	if r == nil {
		return nil
	}
	return edit(r.ref, field(FieldNote, Text(w.notes.deal(w.hereOf(r.door)))))
}
