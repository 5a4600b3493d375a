package demo

import "time"

// act is one kind of work. It returns no changes where there is nothing of the kind to do.
type act func(w *dayWriter, c *carrier, at time.Time) []Change

// groupMax is the most changes one call writes.
const groupMax = 4

// work of each role, by how often it is done. Only the desks of the centre do not walk.
var workOf = map[Role][]weighted[act]{
	RoleHelper: {
		{66, (*dayWriter).visit}, {14, (*dayWriter).visitWithHazards}, {8, (*dayWriter).amendVisit}, {8, (*dayWriter).contribute},
		{4, (*dayWriter).amendHazard},
	},
	RoleGridWorker: {
		{46, (*dayWriter).visit}, {12, (*dayWriter).visitWithHazards}, {10, (*dayWriter).visitWithCount}, {9, (*dayWriter).editDoor},
		{4, (*dayWriter).amendVisit}, {4, (*dayWriter).contribute}, {8, (*dayWriter).moveHazard}, {5, (*dayWriter).registerDispute},
		{2, (*dayWriter).registerDoor},
	},
	RolePoliceOfficer: {
		{44, (*dayWriter).visit}, {8, (*dayWriter).visitWithHazards}, {8, (*dayWriter).editDoor}, {12, (*dayWriter).ruleHazard},
		{12, (*dayWriter).moveHazard}, {6, (*dayWriter).grade}, {6, (*dayWriter).contribute}, {4, (*dayWriter).registerDispute},
	},
	RoleCommunityStaff: {
		{42, (*dayWriter).visit}, {10, (*dayWriter).visitWithCount}, {10, (*dayWriter).editDoor}, {10, (*dayWriter).ruleHazard},
		{10, (*dayWriter).registerDispute}, {8, (*dayWriter).grade}, {10, (*dayWriter).amendDispute},
	},
	RoleReception: {
		{52, (*dayWriter).registerDispute}, {22, (*dayWriter).moveDispute}, {18, (*dayWriter).caseEvent}, {8, (*dayWriter).amendDispute},
	},
	RoleDispatcher: {
		{50, (*dayWriter).moveDispute}, {30, (*dayWriter).caseEvent}, {10, (*dayWriter).amendDispute}, {10, (*dayWriter).registerDispute},
	},
	RoleMediator: {
		{40, (*dayWriter).moveDispute}, {36, (*dayWriter).caseEvent}, {16, (*dayWriter).amendDispute}, {8, (*dayWriter).registerDispute},
	},
}

// ordinary does work of the phone's role, and in its place a visit, or at a desk a registration, if there is none of
// the kind drawn. A phone at its day's limit does no more, and keeps room for the clashes it has a part in.
func (w *dayWriter) ordinary(c *carrier, at time.Time) []Change {
	left := ChangesPerPhoneMax - c.written - c.reserved
	if left <= 0 {
		return nil
	}
	if left >= groupMax {
		if changes := pick(w.rng, workOf[c.user.Role])(w, c, at); len(changes) > 0 {
			return changes
		}
	}
	if len(c.doors) == 0 {
		return w.registerDispute(c, at)
	}
	return w.visit(c, at)
}

// edit returns one change to an existing record.
func edit(ref Ref, fields ...Field) []Change {
	return []Change{{Op: OpEdit, Ref: ref, Fields: fields}}
}

// field returns one field that is no map.
func field(name string, value Value) Field { return Field{Name: name, Value: value} }

// door returns the name of a door in the script.
func door(i PremisesIndex) Ref { return Ref{Kind: RecordPremises, Number: int(i)} }

// hereOf returns the short name of a door for a note: what a worker writes for it.
func (w *dayWriter) hereOf(i PremisesIndex) string {
	p := &w.street.Premises[i]
	if p.Kind == KindHotel {
		return p.Name
	}
	return p.Key.Building + p.Key.Stair + p.Key.Door
}
