package recordunits

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/domain/metrics"
	"onedoor/internal/casebook"
)

// Dispute reads a dispute with its timeline, by the rules that its deadlines follow.
func Dispute(id domain.ID, d *recordv1.Dispute, timeline []*recordv1.CaseEvent, rules casework.Rules, at Stamps) metrics.Dispute {
	m := casebook.Matter(id, d, timeline)
	t := walkDispute(m.Events)
	out := metrics.Dispute{
		Category: int32(d.GetCategory()), Registered: metrics.DayOf(m.RegisteredAt), Accepted: metrics.DayOf(m.AcceptedAt),
		Resolved:  d.GetResult() == recordv1.CaseResult_CASE_RESULT_SUCCESS || d.GetResult() == recordv1.CaseResult_CASE_RESULT_PARTIAL,
		General:   m.Clinic == domain.ClinicGeneral,
		Escalated: d.GetEscalatedAt() != 0 || t.escalated, Returned: t.returned, ToCommunity: m.Clinic == domain.ClinicCommunity,
		FollowUps: t.followUps, Closings: t.closings, Reopenings: t.reopenings,
		Effective: metrics.DayOf(m.EffectiveOn), Written: m.Written,
		Confirmed: d.GetJudicialConfirmation() == recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_CONFIRMED,
	}
	ended := endOf(&m, t, at)
	out.Ended = metrics.DayOf(ended)
	if len(out.Closings) == 0 && m.State == casework.Closed && out.Ended != metrics.NoDay {
		out.Closings = []domain.Days{out.Ended}
	}
	out.Handled = t.handled || workBegan(m.State, d)
	out.Performed = performed(m.State, d)
	readDue(&out, &m, d, rules, ended)
	readFollowUps(&out, &m, rules, t)
	readAnswers(&out, d)
	return out
}

// disputeTimes is what a dispute's timeline tells.
type disputeTimes struct {
	handled, escalated, returned    bool
	followUps, closings, reopenings []domain.Days
	// ended is when it was closed or declined last, triaged when it was last sent to a clinic.
	ended, triaged domain.UnixMilli
}

func walkDispute(events []casework.Event) (t disputeTimes) {
	for _, e := range events {
		switch e.What {
		case casework.EventHandling, casework.EventMediated, casework.EventAgreed, casework.EventFailed, casework.EventPerforming:
			t.handled = true
		case casework.EventClosed:
			t.handled, t.ended = true, e.At
			t.closings = append(t.closings, metrics.DayOf(e.At))
		case casework.EventDeclined:
			t.ended = e.At
		case casework.EventReopened:
			t.reopenings = append(t.reopenings, metrics.DayOf(e.At))
		case casework.EventEscalated:
			t.escalated = true
		case casework.EventReturned:
			t.returned = true
		case casework.EventTriaged:
			t.triaged = e.At
		case casework.EventFollowUp:
			t.followUps = append(t.followUps, metrics.DayOf(e.At))
		}
	}
	return t
}

// endOf gives when a case that stands closed, declined or archived came to its end; 0 while it is open.
func endOf(m *casework.Matter, t disputeTimes, at Stamps) domain.UnixMilli {
	if !casework.Disputes.Done(m.State) {
		return 0
	}
	if t.ended != 0 {
		return t.ended
	}
	return at.State
}

// workBegan reports states that a case comes into only by work on it.
func workBegan(state casework.State, d *recordv1.Dispute) bool {
	switch state {
	case casework.Handling, casework.Failed, casework.Agreed, casework.Performing, casework.Verified, casework.Closed, casework.Reopened:
		return true
	case casework.Archived:
		return d.GetResult() != recordv1.CaseResult_CASE_RESULT_UNSPECIFIED
	}
	return false
}

// performed reports that the agreement was seen to be performed: verified, or closed after a call-back that did not deny it.
func performed(state casework.State, d *recordv1.Dispute) bool {
	denied := d.Solved != nil && !d.GetSolved()
	switch state {
	case casework.Verified:
		return !denied
	case casework.Closed, casework.Archived:
		return d.GetCallBackAt() != 0 && !denied
	}
	return false
}

// readDue takes the deadline of the clinic's work, or the one written on the case where no clinic's counts.
func readDue(out *metrics.Dispute, m *casework.Matter, d *recordv1.Dispute, rules casework.Rules, ended domain.UnixMilli) {
	deadline := calendar.Deadline{At: domain.UnixMilli(d.GetDeadline())}
	if timing, ok := m.Timing(rules, m.AcceptedAt); ok && timing.Phase == casework.PhaseClinic {
		deadline = timing.Deadline
	} else if m.AcceptedAt == 0 {
		return // What is not taken has a deadline for taking it, and none for closing it.
	}
	out.Due = metrics.DayOf(deadline.At)
	out.OnTime = ended != 0 && !deadline.Late(workEnd(m, ended))
}

// workEnd gives when the clinic's work ended: at the first agreement, failure, refusal or closing since it was taken, or
// taken up again.
func workEnd(m *casework.Matter, ended domain.UnixMilli) domain.UnixMilli {
	began, first := m.AcceptedAt, ended
	for _, e := range m.Events {
		if e.What == casework.EventReopened {
			began = max(began, e.At)
		}
	}
	for _, e := range m.Events {
		switch e.What {
		case casework.EventAgreed, casework.EventFailed, casework.EventRefused, casework.EventClosed, casework.EventDeclined:
			if e.At >= began && e.At < first {
				first = e.At
			}
		}
	}
	return first
}

// readFollowUps asks the policy of the case's clinic how often it is followed up.
func readFollowUps(out *metrics.Dispute, m *casework.Matter, rules casework.Rules, t disputeTimes) {
	row, ok := rules.Policy.Clinic(m.Clinic, m.AcceptedAt.ShanghaiDay())
	if ok && m.AcceptedAt != 0 {
		out.FollowUpFrom, out.FollowUpEvery = metrics.DayOf(max(m.AcceptedAt, t.triaged)), row.FollowUpDays
	}
}

func readAnswers(out *metrics.Dispute, d *recordv1.Dispute) {
	out.CallBack = metrics.DayOf(domain.UnixMilli(d.GetCallBackAt()))
	out.Responded, out.Solved = answer(d.Responded), answer(d.Solved)
	switch d.GetSatisfaction() {
	case recordv1.Satisfaction_SATISFACTION_SATISFIED, recordv1.Satisfaction_SATISFACTION_FAIR:
		out.Satisfied = metrics.Yes
	case recordv1.Satisfaction_SATISFACTION_DISSATISFIED:
		out.Satisfied = metrics.No
	}
}

func answer(b *bool) metrics.Answer {
	switch {
	case b == nil:
		return metrics.Unanswered
	case *b:
		return metrics.Yes
	}
	return metrics.No
}
