package demo

import (
	"slices"
	"time"
)

// ClashKind names a planned meeting of edits made without knowledge of each other.
type ClashKind string

// The planned meetings. Two or three phones are each given a slot of one session for theirs; whether the edits really
// are concurrent, the ledger tells.
const (
	// ClashNone is an ordinary step.
	ClashNone ClashKind = ""
	// ClashSameField is two headcounts of one door.
	ClashSameField ClashKind = "same field"
	// ClashOtherFields is a headcount and a number of rooms of one door; both must be there at the end.
	ClashOtherFields ClashKind = "different fields"
	// ClashThreeNotes is three notes on one hazard.
	ClashThreeNotes ClashKind = "three notes"
	// ClashGrade is two grades of one door, by an officer and a colleague of lower rank.
	ClashGrade ClashKind = "grade"
	// ClashVisitNote is two notes of one visit.
	ClashVisitNote ClashKind = "visit note"
	// ClashContributions is two colleagues' contributions to one visit; both must be there at the end.
	ClashContributions ClashKind = "contributions"
	// ClashHazardState is two steps of one hazard.
	ClashHazardState ClashKind = "hazard state"
	// ClashSeverityFound is two finders' judgements of one hazard.
	ClashSeverityFound ClashKind = "severity found"
	// ClashSeverityRuled is two rulings on one hazard.
	ClashSeverityRuled ClashKind = "severity ruled"
	// ClashDeleteDoor is a deleted door that a colleague edits.
	ClashDeleteDoor ClashKind = "delete against edit of a door"
	// ClashDeleteHazard is a deleted hazard that a colleague edits.
	ClashDeleteHazard ClashKind = "delete against edit of a hazard"
	// ClashJointVisit is one visit that three phones begin.
	ClashJointVisit ClashKind = "joint visit"
	// ClashDisputeText is two descriptions of one dispute.
	ClashDisputeText ClashKind = "dispute description"
	// ClashDisputeState is two steps of one dispute.
	ClashDisputeState ClashKind = "dispute state"
	// ClashDisputeResult is two results of one dispute, for a person to decide.
	ClashDisputeResult ClashKind = "dispute result"
)

// clashPlan is how often a clash is planned in each session, for every team or once for the street.
type clashPlan struct {
	times    [3]int
	arranged func(w *dayWriter, phones []*carrier) bool
}

// teamClashes are planned for every team of the day among its own phones.
var teamClashes = []clashPlan{
	{[3]int{2, 2, 1}, (*dayWriter).clashSameField},
	{[3]int{2, 2, 1}, (*dayWriter).clashOtherFields},
	{[3]int{1, 1, 1}, (*dayWriter).clashDeleteDoor},
	{[3]int{1, 1, 1}, (*dayWriter).clashJointVisit},
	{[3]int{1, 1, 1}, (*dayWriter).clashGrade},
	{[3]int{0, 2, 1}, (*dayWriter).clashVisitNote},
	{[3]int{0, 2, 1}, (*dayWriter).clashContributions},
	{[3]int{0, 1, 1}, (*dayWriter).clashThreeNotes},
	{[3]int{0, 2, 2}, (*dayWriter).clashHazardState},
	{[3]int{0, 2, 1}, (*dayWriter).clashSeverityFound},
	{[3]int{0, 2, 1}, (*dayWriter).clashSeverityRuled},
	{[3]int{0, 1, 1}, (*dayWriter).clashDeleteHazard},
	{[3]int{0, 2, 1}, (*dayWriter).clashDisputeText},
	{[3]int{0, 3, 2}, (*dayWriter).clashDisputeState},
	{[3]int{0, 2, 1}, (*dayWriter).clashDisputeResult},
}

// triesMax bounds the search for phones and a record that a clash fits; a miss leaves the slots to ordinary work.
const triesMax = 12

// planClashes plans a session's clashes team by team; the centre's phones join every team for the disputes.
func (w *dayWriter) planClashes(session int) {
	teams := map[TeamIndex][]*carrier{}
	var order []TeamIndex
	for _, c := range w.phones {
		if c.team != NoTeam && len(teams[c.team]) == 0 {
			order = append(order, c.team)
		}
		teams[c.team] = append(teams[c.team], c)
	}
	for _, team := range order {
		phones := append(append([]*carrier(nil), teams[team]...), teams[NoTeam]...)
		for _, plan := range teamClashes {
			for range plan.times[session] {
				for range triesMax {
					if plan.arranged(w, phones) {
						break
					}
				}
			}
		}
	}
}

// some draws so many different phones whose users have one of the roles, or nil if there are too few.
func (w *dayWriter) some(count int, phones []*carrier, roles []Role) []*carrier {
	var drawn []*carrier
	for _, i := range w.rng.Perm(len(phones)) {
		if slices.Contains(roles, phones[i].user.Role) && len(drawn) < count {
			drawn = append(drawn, phones[i])
		}
	}
	if len(drawn) < count {
		return nil
	}
	return drawn
}

// reserve gives each phone a slot of the session for its part of a clash on a record, or none of them any. Nobody else
// takes up a record that is to be deleted.
func (w *dayWriter) reserve(kind ClashKind, phones []*carrier, on Ref, part func(i int, at time.Time) []Change) bool {
	if slices.ContainsFunc(phones, (*carrier).full) {
		return false
	}
	for i, c := range phones {
		w.reserveAt(kind, c, w.rng.IntN(len(c.free)), func(at time.Time) []Change {
			if w.sawDeleted(c, on) {
				return nil
			}
			return part(i, at)
		})
	}
	w.contested[on] = true
	w.retired[on] = kind == ClashDeleteDoor || kind == ClashDeleteHazard
	return true
}

// full reports whether a phone has no slot or no change left for a clash, whose part is always one change.
func (c *carrier) full() bool {
	return len(c.free) == 0 || c.written+c.reserved >= ChangesPerPhoneMax
}

// sawDeleted reports whether a phone has seen that a record was deleted; then it leaves the record alone.
func (w *dayWriter) sawDeleted(c *carrier, ref Ref) bool {
	return len(w.ledger.VisibleTo(c.index, Cell{Ref: ref, Field: FieldLife})) > 0
}

// reserveAt takes the n-th free slot of a phone for a clash.
func (w *dayWriter) reserveAt(kind ClashKind, c *carrier, n int, planned func(at time.Time) []Change) *slot {
	s := c.free[n]
	c.free = append(c.free[:n:n], c.free[n+1:]...)
	c.reserved++
	s.clash, s.planned = kind, planned
	return s
}
