package metrics

import "onedoor/domain"

// RecurrenceDays is how long after it was closed a hazard that is found again counts as one that came back.
const RecurrenceDays domain.Days = 90

// Hazard is one hazard with what its timeline tells.
type Hazard struct {
	// Class is the cadence class of its door, Code what is wrong.
	Class domain.CadenceClass
	Code  domain.HazardCode
	// Found is the day it was found.
	Found domain.Days
	// FixedOnSpot says that it was put right at the visit it was found on.
	FixedOnSpot bool
	// Deadline is by when it is to be put right; NoDay for no date.
	Deadline domain.Days
	// Right is the day it was put right last; NoDay while it is not.
	Right domain.Days
	// Closing is the day it was re-checked or closed last, whether or not that stands; NoDay for never.
	Closing domain.Days
	// Closed says that it stands re-checked or closed.
	Closed bool
	// Recurred is the day it was noted as come back after Closing; NoDay for never.
	Recurred domain.Days
	// Again are the days on which the same code was found at the same door in other hazards, in any order.
	Again []domain.Days
}

func (h *Hazard) found(p Period, add Adding) {
	if p.holds(h.Found) {
		add(classOfHazard(h.Code), Sum{1, 0})
	}
}

// dense is the hazard's part of the hazard density: 1 in the numerator.
func (h *Hazard) dense(p Period, add Adding) {
	if p.holds(h.Found) {
		add(classOfDoor(h.Class), Sum{1, 0})
	}
}

func (h *Hazard) fixedOnSpot(p Period, add Adding) {
	if p.holds(h.Found) {
		add(classOfHazard(h.Code), share(h.FixedOnSpot))
	}
}

func (h *Hazard) rectified(p Period, add Adding) {
	if p.holds(h.Found) {
		add(classOfHazard(h.Code), share(h.Closed))
	}
}

func (h *Hazard) rectifiedOnTime(p Period, add Adding) {
	if p.due(h.Deadline) {
		add(classOfHazard(h.Code), share(h.Right != NoDay && h.Right <= h.Deadline))
	}
}

func (h *Hazard) recurrence(p Period, add Adding) {
	if p.holds(h.Closing) {
		add(classOfHazard(h.Code), share(h.cameBack()))
	}
}

// cameBack reports that the same was wrong again within [RecurrenceDays] of the closing.
func (h *Hazard) cameBack() bool {
	limit := h.Closing + RecurrenceDays
	if h.Recurred != NoDay && h.Recurred <= limit {
		return true
	}
	for _, day := range h.Again {
		if day > h.Closing && day <= limit {
			return true
		}
	}
	return false
}
