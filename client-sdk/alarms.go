package client

import (
	"cmp"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// Alarm is something that the rules ask for about a case on the phone.
type Alarm struct {
	// Case is the dispute or hazard, CaseKind its kind's name.
	Case     syncengine.ID
	CaseKind string
	// Duty is the rule's name for it, such as overdue or follow_up; Says the same for people.
	Duty string
	Says Sentence
	// Task is the id of the task about it, Made whether the phone holds that task.
	Task syncengine.ID
	Made bool
	// Due is by when it is to be done.
	Due syncengine.UnixMilli
}

// Alarms lists what the rules ask for now about the cases that the phone holds: deadlines that come near or are over,
// follow-ups, call-backs, re-checks. It works without a signal; what is due first comes first. Tasks are made of it by the
// server, or by the step that brings them. Of the timelines it reads those of cases that are open and whose duties they decide.
func (r *Replica) Alarms() (out []Alarm, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		a := &alarms{r: r, tx: tx, s: s, now: domain.UnixMilli(s.time(r.now()))}
		if a.rules, err = r.rulesIn(tx); err != nil {
			return err
		}
		for _, kind := range []syncengine.KindNumber{kindDispute, kindHazard} {
			if err := r.eachUnfinished(tx, kind, a.take); err != nil {
				return err
			}
		}
		if err := a.readTimelines(); err != nil {
			return err
		}
		for i := range a.open {
			if err := a.add(&a.open[i]); err != nil {
				return err
			}
		}
		out = a.out
		return nil
	})
	slices.SortStableFunc(out, func(a, b Alarm) int { return cmp.Compare(a.Due, b.Due) })
	return out, err
}

// alarms gathers what the rules ask for.
type alarms struct {
	r   *Replica
	tx  *localdb.Tx
	s   *state
	now domain.UnixMilli
	// rules are those that cases are worked by.
	rules casework.Rules
	// open are the cases that are not finished, timelines the entries of those whose duties their timelines decide.
	open      []ringing
	timelines map[syncengine.ID][]*recordv1.CaseEvent
	out       []Alarm
}

// ringing is a case that the rules may ask something about: a dispute or a hazard, the other one is nil.
type ringing struct {
	id      syncengine.ID
	dispute *recordv1.Dispute
	hazard  *recordv1.Hazard
}

// told reports that the timeline decides what is due: of a hazard only once somebody has put it right or taken it over.
func (c *ringing) told() bool {
	state := casework.State(c.hazard.GetState())
	return c.dispute != nil || state == casework.Rectified || state == casework.HandedOver
}

// take reads a case that is not finished.
func (a *alarms) take(row *localdb.Record) error {
	if a.r.hides(a.tx, a.s, row) != nil {
		return nil // No longer this user's to see.
	}
	c := ringing{id: row.ID}
	if row.Kind == kindDispute {
		c.dispute = &recordv1.Dispute{}
		a.open = append(a.open, c)
		return a.r.readMessage(row, c.dispute)
	}
	c.hazard = &recordv1.Hazard{}
	a.open = append(a.open, c)
	return a.r.readMessage(row, c.hazard)
}

// timelinesChunk is how many cases' timelines one look into the index of lists finds.
const timelinesChunk = 8000

// readTimelines reads the entries of the cases whose timelines count. Entries of older software carry no case's number: they are
// read with the first chunk, whosever they are.
func (a *alarms) readTimelines() error {
	a.timelines = map[syncengine.ID][]*recordv1.CaseEvent{}
	wanted := []int32{0}
	for i := range a.open {
		if c := &a.open[i]; c.told() {
			wanted = append(wanted, caseNumber(c.id))
		}
	}
	if len(wanted) == 1 {
		return nil
	}
	for numbers := range slices.Chunk(wanted, timelinesChunk) {
		for row, err := range a.tx.List(localdb.Query{Kind: kindCaseEvent, States: numbers}) {
			if err != nil {
				return err
			}
			e := &recordv1.CaseEvent{}
			if err := a.r.readMessage(&row, e); err != nil {
				return err
			}
			of, _ := syncengine.IDFromBytes(e.GetCaseId())
			a.timelines[of] = append(a.timelines[of], e)
		}
	}
	return nil
}

// add adds what the rules ask for about one case.
func (a *alarms) add(c *ringing) error {
	duties, kind := a.duties(c)
	for _, duty := range duties {
		task := syncengine.ID(duty.ID)
		_, made, err := a.tx.Record(task)
		if err != nil {
			return err
		}
		a.out = append(a.out, Alarm{
			Case: c.id, CaseKind: kind, Duty: string(duty.Kind), Says: Sentence{ZH: duty.ZH, EN: duty.EN}, Task: task, Made: made,
			Due: syncengine.UnixMilli(duty.Due),
		})
	}
	return nil
}

func (a *alarms) duties(c *ringing) ([]casework.Duty, string) {
	timeline := a.timelines[c.id]
	if c.dispute != nil {
		matter := casebook.Matter(domain.ID(c.id), c.dispute, timeline)
		return matter.Duties(a.rules, a.now), "dispute"
	}
	matter := casebook.HazardMatter(domain.ID(c.id), c.hazard, timeline)
	return matter.Duties(a.rules, a.now), "hazard"
}

// AlarmsObject gives alarms as {"alarms": [{"case_id", "kind", "duty", "says", "due", "task_id", "made"}]}.
func AlarmsObject(list []Alarm, lang Language) recordjson.Object {
	alarms := make([]recordjson.Object, len(list))
	for i := range list {
		a := &list[i]
		alarms[i] = recordjson.Object{}.With("case_id", a.Case.String()).With(recordjson.NameKind, a.CaseKind).With("duty", a.Duty).
			With("says", a.Says.In(lang)).With("due", recordjson.Time(a.Due)).With("task_id", a.Task.String()).With("made", a.Made)
	}
	return recordjson.Object{}.With("alarms", alarms)
}
