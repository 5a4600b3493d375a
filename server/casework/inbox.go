package casework

import (
	"slices"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/server/casework/docket"
	"onedoor/syncengine"
)

// Inbox says which cases somebody looks for.
type Inbox string

// The inboxes.
const (
	// InboxAll: every dispute that is not archived, every hazard that is not re-checked or closed; with a state those of that state.
	InboxAll Inbox = "all"
	// InboxDesk: disputes to be accepted or declined.
	InboxDesk Inbox = "desk"
	// InboxDispatch: disputes that wait for a clinic or for somebody to work them.
	InboxDispatch Inbox = "dispatch"
	// InboxMine: open cases that the user registered, mediates or takes part in.
	InboxMine Inbox = "mine"
	// InboxOverdue: cases whose deadline is over.
	InboxOverdue Inbox = "overdue"
	// InboxFollowUp: disputes with an agreement to be performed, and disputes to be called back.
	InboxFollowUp Inbox = "follow-up"
	// InboxDepartment: open disputes that are routed to the user's department, and hazards that were handed over to it.
	InboxDepartment Inbox = "department"
	// InboxFlagged: cases that lack something.
	InboxFlagged Inbox = "flagged"
)

// Inboxes lists them as people read them.
func Inboxes() []Inbox {
	return []Inbox{InboxAll, InboxDesk, InboxDispatch, InboxMine, InboxOverdue, InboxFollowUp, InboxDepartment, InboxFlagged}
}

// Wanted is what somebody looks for.
type Wanted struct {
	Inbox Inbox
	// Kind is the kind of cases; 0 for disputes, and for both kinds in the inboxes department and flagged.
	Kind syncengine.KindNumber
	// State and Clinic are 0 for any. Of which kind the state is says Kind.
	State  cases.State
	Clinic domain.Clinic
	// Code and Severity are those of hazards; 0 for any.
	Code     domain.HazardCode
	Severity domain.Severity
	// Limit bounds the cases that are given, Skip leaves out those before.
	Limit, Skip int
	// After is the place after which the page begins; the zero place for the first page.
	After docket.Place
}

// takes reports that cases of a kind are looked for.
func (w *Wanted) takes(kind syncengine.KindNumber) bool {
	if w.Kind != 0 {
		return w.Kind == kind
	}
	return kind == kindDispute || w.Inbox == InboxDepartment || w.Inbox == InboxFlagged
}

// fits reports that cases of a facet are looked for.
func (w *Wanted) fits(f docket.Facet) bool {
	if !w.takes(syncengine.KindNumber(f.Kind)) || w.State != 0 && cases.State(f.State) != w.State {
		return false
	}
	if syncengine.KindNumber(f.Kind) == kindHazard {
		return w.fitsHazard(f)
	}
	return w.fitsDispute(f)
}

func (w *Wanted) fitsDispute(f docket.Facet) bool {
	state := cases.State(f.State)
	if w.Clinic != 0 && domain.Clinic(f.Group) != w.Clinic || w.Code != 0 || w.Severity != 0 {
		return false
	}
	switch w.Inbox {
	case InboxAll:
		return state != cases.Archived || w.State != 0
	case InboxDesk:
		return state == cases.Registered
	case InboxDispatch:
		return slices.Contains([]cases.State{cases.Accepted, cases.Triaged, cases.Failed, cases.Refused, cases.Reopened}, state)
	case InboxFollowUp:
		return state == cases.Agreed || state == cases.Performing || state == cases.Closed && f.CallBack
	case InboxFlagged:
		return f.Flagged
	}
	return !cases.Disputes.Done(state)
}

func (w *Wanted) fitsHazard(f docket.Facet) bool {
	state := cases.State(f.State)
	if w.Code != 0 && domain.HazardCode(f.Group) != w.Code || w.Severity != 0 && domain.Severity(f.Severity) != w.Severity || w.Clinic != 0 {
		return false
	}
	switch w.Inbox {
	case InboxAll:
		return !cases.Hazards.Done(state) || w.State != 0
	case InboxMine, InboxOverdue:
		return !cases.Hazards.Done(state)
	case InboxDepartment:
		return state == cases.HandedOver
	case InboxFlagged:
		return f.Flagged
	}
	return false
}
