package calendar

import (
	"onedoor/domain"
)

// ClockState says how the clock of a case stands.
type ClockState string

// The states of a clock.
const (
	// Running: time is counted, and there is some left.
	Running ClockState = "running"
	// Paused: no time is counted.
	Paused ClockState = "paused"
	// Overdue: the deadline's minute is over.
	Overdue ClockState = "overdue"
	// Stopped: the thing is done.
	Stopped ClockState = "stopped"
)

// A Clock is how much of a term is used.
type Clock struct {
	// State says whether it runs.
	State ClockState `json:"state"`
	// UsedSeconds counts the time of the term that is used.
	UsedSeconds int64 `json:"used_s"`
	// LeftSeconds counts the time of the term that is left; below zero by how long the deadline is over.
	LeftSeconds int64 `json:"left_s"`
}

// Clock reads the clock of a term at now. A clock that was stopped shows the time at which it was.
func (c Calendar) Clock(t Timing, now domain.UnixMilli) (Clock, error) {
	w, err := c.walk(t)
	if err != nil {
		return Clock{}, err
	}
	at, state := secondOf(now), Running
	if t.Stopped != 0 {
		at, state = secondOf(t.Stopped), Stopped
	}
	out := Clock{UsedSeconds: min(w.counted(min(at, w.end)), w.budget)}
	out.LeftSeconds = w.budget - out.UsedSeconds
	switch {
	case at >= w.end:
		out.LeftSeconds = -int64(at - w.end)
		if state == Running {
			state = Overdue
		}
	case state == Running && w.paused(at):
		state = Paused
	}
	out.State = state
	return out, nil
}

func (w *walk) paused(at second) bool {
	for _, p := range w.pauses {
		if p.from <= at && at < p.to {
			return true
		}
	}
	return false
}
