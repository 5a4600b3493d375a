package demo

import (
	"slices"
	"time"
)

// Roles that may write doors, rule on hazards, write visits and hazards, and write disputes.
var (
	doorWriters    = []Role{RoleGridWorker, RolePoliceOfficer, RoleCommunityStaff}
	rulers         = []Role{RolePoliceOfficer, RoleCommunityStaff}
	walkers        = []Role{RoleHelper, RoleGridWorker, RolePoliceOfficer, RoleCommunityStaff}
	disputeWriters = []Role{
		RoleGridWorker, RolePoliceOfficer, RoleCommunityStaff, RoleReception, RoleDispatcher, RoleMediator,
	}
)

// onDoor plans a clash on a door that no other clash is on.
func (w *dayWriter) onDoor(kind ClashKind, phones []*carrier, part func(i int, d PremisesIndex) []Change) bool {
	if phones == nil {
		return false
	}
	d := w.anyDoor(phones[0], phones[1:]...)
	if d == NoPremises || w.contested[door(d)] {
		return false
	}
	return w.reserve(kind, phones, door(d), func(i int, _ time.Time) []Change { return part(i, d) })
}

// onRecord plans a clash on a record of the day that all the phones know, that fits and that no other clash is on.
func (w *dayWriter) onRecord(
	kind ClashKind, of RecordKind, phones []*carrier, fits func(*madeRecord) bool,
	part func(i int, r *madeRecord, at time.Time) []Change,
) bool {
	if phones == nil {
		return false
	}
	r := w.known(of, func(r *madeRecord) bool { return !w.contested[r.ref] && (fits == nil || fits(r)) }, phones...)
	if r == nil {
		return false
	}
	return w.reserve(kind, phones, r.ref, func(i int, at time.Time) []Change { return part(i, r, at) })
}

func (w *dayWriter) clashSameField(phones []*carrier) bool {
	return w.onDoor(ClashSameField, w.some(2, phones, doorWriters), func(i int, d PremisesIndex) []Change {
		return edit(door(d), w.countOf(d, i+1))
	})
}

func (w *dayWriter) clashOtherFields(phones []*carrier) bool {
	return w.onDoor(ClashOtherFields, w.some(2, phones, doorWriters), func(i int, d PremisesIndex) []Change {
		return edit(door(d), []Field{w.countOf(d, 1), w.roomsOf(d, 1)}[i])
	})
}

func (w *dayWriter) clashGrade(phones []*carrier) bool {
	return w.onDoor(ClashGrade, w.some(2, phones, doorWriters), func(i int, d PremisesIndex) []Change {
		return edit(door(d), field(FieldGrade, w.gradeBut(w.street.Premises[d].Grade, i)))
	})
}

func (w *dayWriter) clashDeleteDoor(phones []*carrier) bool {
	return w.onDoor(ClashDeleteDoor, w.some(2, phones, doorWriters), func(i int, d PremisesIndex) []Change {
		if i == 0 {
			return []Change{{Op: OpDelete, Ref: door(d)}}
		}
		return edit(door(d), w.countOf(d, 2))
	})
}

func (w *dayWriter) clashDeleteHazard(phones []*carrier) bool {
	return w.onRecord(ClashDeleteHazard, RecordHazard, w.some(2, phones, walkers), nil,
		func(i int, r *madeRecord, _ time.Time) []Change {
			if i == 0 {
				return []Change{{Op: OpDelete, Ref: r.ref}}
			}
			return edit(r.ref, field(FieldNote, Text(w.notes.deal(w.hereOf(r.door)))))
		})
}

func (w *dayWriter) clashVisitNote(phones []*carrier) bool {
	return w.onRecord(ClashVisitNote, RecordVisit, w.some(2, phones, walkers), nil, w.noteAgain)
}

func (w *dayWriter) clashThreeNotes(phones []*carrier) bool {
	return w.onRecord(ClashThreeNotes, RecordHazard, w.some(3, phones, walkers), nil, w.noteAgain)
}

// noteAgain puts a new note into a record.
func (w *dayWriter) noteAgain(_ int, r *madeRecord, _ time.Time) []Change {
	return edit(r.ref, field(FieldNote, Text(w.notes.deal(w.hereOf(r.door)))))
}

func (w *dayWriter) clashContributions(phones []*carrier) bool {
	pair := w.some(2, phones, walkers)
	return w.onRecord(ClashContributions, RecordVisit, pair, nil, func(i int, r *madeRecord, _ time.Time) []Change {
		return edit(r.ref, w.contribution(pair[i], r))
	})
}

func (w *dayWriter) clashSeverityFound(phones []*carrier) bool {
	return w.onRecord(ClashSeverityFound, RecordHazard, w.some(2, phones, walkers), nil,
		func(i int, r *madeRecord, _ time.Time) []Change {
			return edit(r.ref, field(FieldSeverityFound, severities[1+i]))
		})
}

func (w *dayWriter) clashSeverityRuled(phones []*carrier) bool {
	return w.onRecord(ClashSeverityRuled, RecordHazard, w.some(2, phones, rulers), nil,
		func(i int, r *madeRecord, _ time.Time) []Change {
			return edit(r.ref, field(FieldSeverityRuled, severities[i]))
		})
}

// clashHazardState takes one state two ways. A phone that has seen the state move on since then leaves it.
func (w *dayWriter) clashHazardState(phones []*carrier) bool {
	pair := w.some(2, phones, doorWriters)
	return w.onRecord(ClashHazardState, RecordHazard, pair, w.forked(RecordHazard, pair),
		func(i int, r *madeRecord, _ time.Time) []Change {
			from := shownState(w.ledger, pair[i].index, r.ref)
			if len(Moves(RecordHazard, from)) < 2 {
				return nil
			}
			return edit(r.ref, field(FieldState, Move{From: from, To: Moves(RecordHazard, from)[i]}))
		})
}

// clashDisputeState does the same with a dispute.
func (w *dayWriter) clashDisputeState(phones []*carrier) bool {
	pair := w.some(2, phones, disputeWriters)
	return w.onRecord(ClashDisputeState, RecordDispute, pair, w.forked(RecordDispute, pair),
		func(i int, r *madeRecord, at time.Time) []Change {
			from := shownState(w.ledger, pair[i].index, r.ref)
			if len(Moves(RecordDispute, from)) < 2 {
				return nil
			}
			return edit(r.ref, w.disputeStep(from, Moves(RecordDispute, from)[i], r, at)...)
		})
}

// forked fits records that all the phones show in one state with two ways on.
func (w *dayWriter) forked(kind RecordKind, phones []*carrier) func(*madeRecord) bool {
	return func(r *madeRecord) bool {
		state := shownState(w.ledger, phones[0].index, r.ref)
		for _, c := range phones[1:] {
			if shownState(w.ledger, c.index, r.ref) != state {
				return false
			}
		}
		return len(Moves(kind, state)) > 1
	}
}

func (w *dayWriter) clashDisputeText(phones []*carrier) bool {
	return w.onRecord(ClashDisputeText, RecordDispute, w.some(2, phones, disputeWriters), nil,
		func(_ int, r *madeRecord, _ time.Time) []Change {
			return edit(r.ref, field(FieldDescription, Text(w.notes.deal(w.hereOf(r.door)))))
		})
}

func (w *dayWriter) clashDisputeResult(phones []*carrier) bool {
	return w.onRecord(ClashDisputeResult, RecordDispute, w.some(2, phones, disputeWriters), nil,
		func(i int, r *madeRecord, _ time.Time) []Change {
			return edit(r.ref, field(FieldResult, []Symbol{"SUCCESS", "PARTIAL"}[i]))
		})
}

// jointSeconds is how long after the first phone each further one enters its part of a joint visit.
const jointSeconds = 30

// clashJointVisit lets an officer, a worker and a helper stand at one door: the first phone shows a code that carries
// the visit's id, and each enters its own part of it without signal.
func (w *dayWriter) clashJointVisit(phones []*carrier) bool {
	three := []*carrier{}
	for _, role := range []Role{RoleHelper, RoleGridWorker, RolePoliceOfficer} {
		three = append(three, w.some(1, phones, []Role{role})...)
	}
	if len(three) < 3 || slices.ContainsFunc(three, (*carrier).full) {
		return false
	}
	d := w.anyDoor(three[0], three[1:]...)
	if d == NoPremises {
		return false
	}
	r := &madeRecord{ref: w.number(RecordVisit), territory: w.street.Premises[d].Territory, author: three[0].index, door: d}
	first := oneOf(w.rng, three[0].free).second
	began := w.day.Midnight.Add(time.Duration(first) * time.Second)
	for i, c := range three {
		s := w.reserveAt(ClashJointVisit, c, nearest(c.free, first), func(time.Time) []Change {
			return w.jointCreate(c, r, began, i == 0)
		})
		s.second = c.claim(first + i*jointSeconds)
	}
	w.contested[r.ref] = true
	w.keep(r)
	return true
}

// nearest returns the place of the slot nearest to a second.
func nearest(slots []*slot, second int) int {
	best := 0
	for i, s := range slots {
		if max(s.second-second, second-s.second) < max(slots[best].second-second, second-slots[best].second) {
			best = i
		}
	}
	return best
}
