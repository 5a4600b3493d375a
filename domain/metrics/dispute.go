package metrics

import "onedoor/domain"

// RelapseDays is how long after it was closed a case that is reopened counts as one that came back.
const RelapseDays domain.Days = 90

// Answer is a party's answer at the call-back.
type Answer uint8

// The answers.
const (
	Unanswered Answer = iota
	Yes
	No
)

// Dispute is one case with what its timeline tells.
type Dispute struct {
	// Category is the number of its category; 0 for not sorted.
	Category int32
	// Registered and Accepted are when it came in and was taken; NoDay for not.
	Registered, Accepted domain.Days
	// Handled says that work on it began, Resolved that it was settled, in part or in full.
	Handled, Resolved bool
	// General says that the general clinic worked it.
	General bool
	// Ended is the day it was closed, declined or archived, where that stands; NoDay while it is open.
	Ended domain.Days
	// Due is the day by which its clinic is to be done; NoDay where no deadline counts. OnTime says that the work had ended by
	// then, to the minute.
	Due    domain.Days
	OnTime bool
	// Escalated, Returned and ToCommunity say what happened to it.
	Escalated, Returned, ToCommunity bool
	// FollowUpFrom is the day from which it is followed up, FollowUpEvery how often; 0 for never. FollowUps are the days on
	// which it was, ascending.
	FollowUpFrom, FollowUpEvery domain.Days
	FollowUps                   []domain.Days
	// Closings and Reopenings are the days on which it was closed and taken up again, ascending.
	Closings, Reopenings []domain.Days
	// Effective is the day its agreement takes effect; NoDay for none. Performed says that it was seen to be performed.
	Effective domain.Days
	Performed bool
	// Written says that the agreement is in writing, Confirmed that a court confirmed it.
	Written, Confirmed bool
	// CallBack is the day the parties were called back; NoDay for not yet. The answers are theirs.
	CallBack                     domain.Days
	Responded, Solved, Satisfied Answer
}

// cohort counts a case of those registered in the period.
func (d *Dispute) cohort(p Period, yes bool, add Adding) {
	if p.holds(d.Registered) {
		add(classOfDispute(d.Category), share(yes))
	}
}

func (d *Dispute) found(p Period, add Adding) {
	if p.holds(d.Registered) {
		add(classOfDispute(d.Category), Sum{1, 0})
	}
}

func (d *Dispute) handled(p Period, add Adding)     { d.cohort(p, d.Handled, add) }
func (d *Dispute) resolved(p Period, add Adding)    { d.cohort(p, d.Resolved, add) }
func (d *Dispute) escalated(p Period, add Adding)   { d.cohort(p, d.Escalated, add) }
func (d *Dispute) returned(p Period, add Adding)    { d.cohort(p, d.Returned, add) }
func (d *Dispute) toCommunity(p Period, add Adding) { d.cohort(p, d.ToCommunity, add) }

func (d *Dispute) openStock(p Period, add Adding) {
	end := p.End()
	if d.Registered != NoDay && d.Registered <= end && (d.Ended == NoDay || d.Ended > end) {
		add(classOfAge(end-d.Registered), Sum{1, 0})
	}
}

func (d *Dispute) closed(p Period, add Adding) {
	if p.due(d.Due) {
		add(classOfDispute(d.Category), share(d.Ended != NoDay))
	}
}

func (d *Dispute) closedOnTime(p Period, add Adding) {
	if p.due(d.Due) {
		add(classOfDispute(d.Category), share(d.Ended != NoDay && d.OnTime))
	}
}

func (d *Dispute) sameDay(p Period, add Adding) {
	if d.General && p.holds(d.Accepted) {
		add(classOfDispute(d.Category), share(d.Ended == d.Accepted))
	}
}

func (d *Dispute) followUps(p Period, add Adding) {
	until := p.End()
	if d.Ended != NoDay {
		until = min(until, d.Ended-1)
	}
	var sum Sum
	turn{start: d.FollowUpFrom, every: d.FollowUpEvery, done: func(i int) (domain.Days, bool) {
		if i >= len(d.FollowUps) {
			return 0, false
		}
		return d.FollowUps[i], true
	}}.each(until, func(due domain.Days, done bool) {
		if p.due(due) {
			sum.Add(share(done))
		}
	})
	if sum.Den > 0 {
		add(classOfDispute(d.Category), sum)
	}
}

func (d *Dispute) relapse(p Period, add Adding) {
	closed, back := false, false
	for _, day := range d.Closings {
		if p.holds(day) {
			closed = true
			back = back || d.reopenedAfter(day)
		}
	}
	if closed {
		add(classOfDispute(d.Category), share(back))
	}
}

func (d *Dispute) reopenedAfter(closing domain.Days) bool {
	for _, day := range d.Reopenings {
		if day >= closing && day <= closing+RelapseDays {
			return true
		}
	}
	return false
}

func (d *Dispute) performed(p Period, add Adding) {
	if p.due(d.Effective) {
		add(classOfDispute(d.Category), share(d.Performed))
	}
}

func (d *Dispute) confirmed(p Period, add Adding) {
	if d.Written && p.due(d.Effective) {
		add(classOfDispute(d.Category), share(d.Confirmed))
	}
}

// answered counts an answer of those given at call-backs in the period.
func (d *Dispute) answered(p Period, a Answer, add Adding) {
	if a != Unanswered && p.holds(d.CallBack) {
		add(classOfDispute(d.Category), share(a == Yes))
	}
}

func (d *Dispute) responded(p Period, add Adding) { d.answered(p, d.Responded, add) }
func (d *Dispute) solved(p Period, add Adding)    { d.answered(p, d.Solved, add) }
func (d *Dispute) satisfied(p Period, add Adding) { d.answered(p, d.Satisfied, add) }
