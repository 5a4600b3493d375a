package domain

// CountsAsSeen reports whether a visit with this outcome counts for coverage and ends a door's turn. An attempt, a
// refusal and a new appointment are valid results and do not.
func CountsAsSeen(outcome Outcome) bool { return outcome == OutcomeSeen }

// OutcomeAt gives the outcome at one door of a visit: the door's exception where there is one, else the outcome of the
// whole visit. Doors are named by their ids as UUID text, as in the visit's exceptions.
func OutcomeAt(door string, whole Outcome, exceptions map[string]Outcome) Outcome {
	if own, ok := exceptions[door]; ok {
		return own
	}
	return whole
}
