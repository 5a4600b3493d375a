package casework

import (
	"cmp"
	"slices"

	"onedoor/domain"
	"onedoor/domain/policy"
)

// A hazard that is found at a door where one of the same code was put right lately is that one come back. Nothing is stored of it:
// it is derived from the hazards of the door, the same on phone and server, whichever of them arrives first.

// HazardAtDoor is what tells of one of the hazards of a door whether it repeats another.
type HazardAtDoor struct {
	// ID is the hazard's id, Visit the visit on which it was found; zero for none.
	ID, Visit domain.ID
	Code      domain.HazardCode
	// Found is when it was found, State how far it has come.
	Found domain.UnixMilli
	State State
	// Events is its timeline, in any order.
	Events []Event
}

// Repeat says that a hazard came back as another one.
type Repeat struct {
	// Earlier is the one that was put right, Later the one found after that.
	Earlier, Later domain.ID
	// PutRight is when the earlier one was put right, Found when the later one was found.
	PutRight, Found domain.UnixMilli
}

// Repeats finds the hazard that one of a door repeats: of those of the same code the one that was put right last before it was found,
// within the policy's time. What was found on one visit is one finding and repeats nothing of it.
func Repeats(rules Rules, of HazardAtDoor, all []HazardAtDoor) (out Repeat, found bool) {
	row, ok := rules.Policy.Term(policy.TermRecurrence, of.Found.ShanghaiDay())
	if !ok || of.Found == 0 {
		return out, false
	}
	for i := range all {
		p := &all[i]
		if p.ID == of.ID || p.Code != of.Code || p.Visit == of.Visit && p.Visit != (domain.ID{}) {
			continue
		}
		right := p.rightBy(of.Found)
		later := right > out.PutRight || right == out.PutRight && slices.Compare(p.ID[:], out.Earlier[:]) < 0
		if right != 0 && of.Found.DaysSince(right) <= domain.Days(row.Term.Days) && later {
			out = Repeat{Earlier: p.ID, Later: of.ID, PutRight: right, Found: of.Found}
		}
	}
	return out, out.PutRight != 0
}

// RepeatedBy lists the hazards of a door that one of them came back as, the oldest first.
func RepeatedBy(rules Rules, of HazardAtDoor, all []HazardAtDoor) (out []Repeat) {
	for _, later := range all {
		if r, ok := Repeats(rules, later, all); ok && r.Earlier == of.ID {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Repeat) int {
		return cmp.Or(cmp.Compare(a.Found, b.Found), slices.Compare(a.Later[:], b.Later[:]))
	})
	return out
}

// rightBy gives when a hazard had been put right as far as its timeline had come at a time; 0 where it stood open. Of one whose
// state says so without an entry, as a helper leaves it, it is when it was found.
func (h *HazardAtDoor) rightBy(by domain.UnixMilli) (at domain.UnixMilli) {
	events := slices.Clone(h.Events)
	slices.SortStableFunc(events, CompareEvents)
	told := false
	for _, e := range events {
		switch e.What {
		case EventRectified, EventRechecked, EventClosed:
			told = true
			if e.At <= by {
				at = e.At
			}
		case EventNotified, EventHandedOver, EventReturned, EventRecurred:
			if e.At < by {
				at = 0
			}
		}
	}
	stands := h.State == Rectified || h.State == Rechecked || h.State == HazardClosed
	if !told && stands && h.Found <= by {
		return h.Found
	}
	return at
}
