package recordunits

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/metrics"
	"onedoor/internal/casebook"
)

// Hazard reads a hazard with its timeline. The class of its door, and what else was found there, are the holder's to add.
func Hazard(z *recordv1.Hazard, timeline []*recordv1.CaseEvent, at Stamps) metrics.Hazard {
	state := casework.State(z.GetState())
	t := walkHazard(casebook.Events(timeline))
	h := metrics.Hazard{
		Code: domain.HazardCode(z.GetCode()), Found: metrics.DayOf(domain.UnixMilli(z.GetFoundAt())),
		FixedOnSpot: z.GetDisposal() == recordv1.Disposal_DISPOSAL_FIXED_ON_THE_SPOT,
		Deadline:    metrics.DayOf(domain.UnixMilli(z.GetDeadline())),
		Closed:      state == casework.Rechecked || state == casework.HazardClosed,
		Closing:     metrics.DayOf(t.closed), Recurred: metrics.DayOf(t.recurred),
	}
	if h.Closed && h.Closing == metrics.NoDay {
		h.Closing = metrics.DayOf(at.State)
	}
	if state == casework.Recurred && h.Closing != metrics.NoDay && h.Recurred == metrics.NoDay {
		h.Recurred = metrics.DayOf(at.State)
	}
	h.Right = rightDay(&h, state, t, at)
	return h
}

// rightDay gives the day on which a hazard was put right last; NoDay while it is not.
func rightDay(h *metrics.Hazard, state casework.State, t hazardTimes, at Stamps) domain.Days {
	switch {
	case state == casework.Found && h.FixedOnSpot:
		return h.Found
	case state != casework.Rectified && !h.Closed:
		return metrics.NoDay
	case t.right != 0:
		return metrics.DayOf(t.right)
	case h.FixedOnSpot:
		return h.Found
	case h.Closed:
		return h.Closing
	}
	return metrics.DayOf(at.State)
}

// hazardTimes is what a hazard's timeline tells.
type hazardTimes struct {
	// right is when it was put right last, closed when it was re-checked or closed last, recurred when it came back after that.
	right, closed, recurred domain.UnixMilli
	// done says that it stands closed as far as the timeline goes.
	done bool
}

func walkHazard(events []casework.Event) (t hazardTimes) {
	for _, e := range events {
		switch e.What {
		case casework.EventRectified:
			t.right, t.done = e.At, false
		case casework.EventRechecked, casework.EventClosed:
			if !t.done {
				t.closed, t.recurred = e.At, 0
			}
			t.done = true
		case casework.EventNotified, casework.EventHandedOver:
			t.done = false
		case casework.EventRecurred:
			if t.closed != 0 && t.recurred == 0 {
				t.recurred = e.At
			}
			t.done = false
		}
	}
	return t
}
