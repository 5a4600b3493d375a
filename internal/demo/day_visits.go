package demo

import (
	"slices"
	"time"
)

// roomsOfABatchMax bounds the doors of one batch visit in the script.
const roomsOfABatchMax = 6

// outcomes of a first knock; each is a valid result.
var outcomes = []weighted[Symbol]{{68, "SEEN"}, {20, "NOBODY"}, {5, "REFUSED"}, {7, "RESCHEDULED"}}

var purposes = []weighted[Symbol]{{74, "ROUTINE"}, {12, "FOLLOW_UP"}, {8, "PATROL"}, {6, "SERVICE"}}

var answers = []weighted[Symbol]{{74, "GOOD"}, {16, "FAIR"}, {10, "NOT_APPLICABLE"}}

// checklistItems are the items of the script's checklist; each has a hazard code of the same name.
var checklistItems = []string{"FIRE_EQ", "ELEC", "GAS", "EXIT", "EBIKE"}

// nextDoors returns the next door of the phone's round and, for a batch, those after it in the same building.
func (w *dayWriter) nextDoors(c *carrier, most int) []PremisesIndex {
	var doors []PremisesIndex
	for range c.doors {
		i := c.doors[c.next]
		if len(doors) > 0 && (len(doors) == most || w.street.Premises[i].Parent != w.street.Premises[doors[0]].Parent) {
			break
		}
		c.next = (c.next + 1) % len(c.doors)
		if !w.retired[door(i)] {
			doors = append(doors, i)
		}
		if len(doors) > 0 && w.street.Premises[doors[0]].Parent == NoPremises {
			break
		}
	}
	return doors
}

// visit visits the next door, or as a batch the next rooms of a building.
func (w *dayWriter) visit(c *carrier, at time.Time) []Change {
	most := 1
	if chance(w.rng, 22) {
		most = 2 + w.rng.IntN(roomsOfABatchMax-1)
	}
	outcome := pick(w.rng, outcomes)
	var checklist []Field
	if outcome == "SEEN" {
		checklist = w.checklist()
	}
	create, _ := w.newVisit(c, at, w.nextDoors(c, most), pick(w.rng, purposes), outcome, checklist)
	return []Change{create}
}

// newVisit creates a visit. A door that was not opened gets a note every second time.
func (w *dayWriter) newVisit(
	c *carrier, at time.Time, doors []PremisesIndex, purpose, outcome Symbol, checklist []Field,
) (Change, *madeRecord) {
	territory := w.street.Premises[doors[0]].Territory
	record := &madeRecord{ref: w.number(RecordVisit), territory: territory, author: c.index, door: doors[0]}
	links := make(Links, len(doors))
	for i, d := range doors {
		links[i] = door(d)
	}
	fields := []Field{
		field(FieldPremisesIDs, links), field(FieldTerritory, territory), field(FieldPurpose, purpose),
		field(FieldOutcome, outcome), field(FieldOccurredAt, Moment(at)), field(FieldRegisteredBy, c.id),
	}
	if outcome == "SEEN" || chance(w.rng, 50) {
		fields = append(fields, field(FieldNote, Text(w.notes.deal(w.hereOf(doors[0])))))
	}
	w.keep(record)
	return Change{Op: OpCreate, Ref: record.ref, Fields: append(fields, checklist...)}, record
}

// checklist answers two or three items without a hazard.
func (w *dayWriter) checklist() []Field {
	var fields []Field
	for _, i := range w.rng.Perm(len(checklistItems))[:2+w.rng.IntN(2)] {
		fields = append(fields, Field{Name: FieldChecklist, Key: checklistItems[i], Value: pick(w.rng, answers)})
	}
	return fields
}

// visitWithHazards visits one door and registers what is wrong there, all as one group.
func (w *dayWriter) visitWithHazards(c *carrier, at time.Time) []Change {
	items := w.rng.Perm(len(checklistItems))[:1+w.rng.IntN(2)]
	var checklist []Field
	for _, i := range items {
		checklist = append(checklist, Field{Name: FieldChecklist, Key: checklistItems[i], Value: Symbol("POOR")})
	}
	create, visited := w.newVisit(c, at, w.nextDoors(c, 1), "ROUTINE", "SEEN", checklist)
	group := []Change{create}
	for _, i := range items {
		group = append(group, w.newHazard(c, at, visited, Symbol(checklistItems[i])))
	}
	if w.rng.IntN(8) == 0 {
		group = append(group, w.newHazard(c, at, visited, oneOf(w.rng, otherCodes)))
	}
	return group
}

// visitWithCount visits one door and corrects how many live there, as one group.
func (w *dayWriter) visitWithCount(c *carrier, at time.Time) []Change {
	create, visited := w.newVisit(c, at, w.nextDoors(c, 1), "ROUTINE", "SEEN", w.checklist())
	return append([]Change{create}, edit(door(visited.door), w.countOf(visited.door, 1+w.rng.IntN(3)))...)
}

// amendVisit puts a second note in place of the phone's own first one.
func (w *dayWriter) amendVisit(c *carrier, _ time.Time) []Change {
	own := func(r *madeRecord) bool { return r.author == c.index }
	r := w.known(RecordVisit, own, c)
	if r == nil {
		return nil
	}
	return edit(r.ref, field(FieldNote, Text(w.notes.deal(w.hereOf(r.door)))))
}

// contribute adds the worker's own words to a colleague's visit.
func (w *dayWriter) contribute(c *carrier, _ time.Time) []Change {
	others := func(r *madeRecord) bool { return r.author != c.index }
	r := w.known(RecordVisit, others, c)
	if r == nil {
		return nil
	}
	return edit(r.ref, w.contribution(c, r))
}

// contribution returns the author's cell of a visit's contributions.
func (w *dayWriter) contribution(c *carrier, r *madeRecord) Field {
	return Field{Name: FieldContributions, Key: AuthorKey(c.id), Value: Text(w.notes.deal(w.hereOf(r.door)))}
}

// jointCreate returns what one phone writes into a joint visit. Every phone that got the code creates the same record;
// what they share comes with the code and is equal, their own words are their own, and only the first writes the note.
func (w *dayWriter) jointCreate(c *carrier, r *madeRecord, at time.Time, first bool) []Change {
	fields := []Field{
		field(FieldPremisesIDs, Links{door(r.door)}), field(FieldTerritory, r.territory), field(FieldPurpose, Symbol("JOINT")),
		field(FieldOutcome, Symbol("SEEN")), field(FieldOccurredAt, Moment(at)), field(FieldRegisteredBy, c.id),
		w.contribution(c, r),
	}
	if first {
		fields = append(fields, field(FieldNote, Text(w.notes.deal(w.hereOf(r.door)))))
	}
	fields = append(fields, w.checklist()...)
	return []Change{{Op: OpCreate, Ref: r.ref, Fields: slices.Clip(fields)}}
}
