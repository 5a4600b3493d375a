package client

import (
	"fmt"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/internal/casebook"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// PlanQuery says which day is planned, and for which doors. Every filter that is set must hold.
type PlanQuery struct {
	// Date is the day, such as 2026-03-10; empty for today (Asia/Shanghai).
	Date string
	// Grid is the code of a territory, of any level: the plan takes in all within it.
	Grid string
	// Mine keeps the doors that are assigned to this phone's user.
	Mine bool
}

// DayPlan is the doors that are due on a day.
type DayPlan struct {
	// Date is the day, such as 2026-03-10.
	Date string
	// Due are the doors, in the order in which they are walked.
	Due []DueDoor
}

// DueDoor is one door that is due.
type DueDoor struct {
	// ID is the door's id, Address what its record says.
	ID      syncengine.ID
	Address string
	// Reason says why it is due, and what came of the last call.
	Reason Sentence
	// OverdueDays counts the days since it should have been seen, or since the date of a hazard or task; 0 for today.
	OverdueDays int
	// Slot is when in the day it is to be called at: morning, afternoon or evening. Empty beyond what fits the shift.
	Slot string
	// LastOutcome is the name of what came of the last call; empty where there was none.
	LastOutcome string
}

// Plan lists the doors that are due on a date, such as 2026-03-10, or today where it is empty. It works without a signal,
// and what was just entered counts: plan again after every visit.
func (r *Replica) Plan(date string) (*DayPlan, error) { return r.PlanOf(PlanQuery{Date: date}) }

// PlanOf is [Replica.Plan] for some of the doors.
func (r *Replica) PlanOf(q PlanQuery) (out *DayPlan, err error) {
	err = r.readingTurns(func(tx *localdb.Tx, s *state) error {
		now := domain.UnixMilli(s.time(r.now()))
		day, err := planDay(q.Date, now)
		if err != nil {
			return err
		}
		doors, err := r.plannedDoors(tx, s, &q)
		if err != nil {
			return err
		}
		rules, err := r.rulesIn(tx)
		if err != nil {
			return err
		}
		out = &DayPlan{Date: calendar.Date(day).Format(time.DateOnly)}
		for _, line := range domain.Plan(doors, rules.Policy.Cadence(day), rules.Policy.Shift(day), day, now) {
			out.Due = append(out.Due, dueDoor(&doors[line.Door], line))
		}
		return nil
	})
	return out, err
}

// planDay reads a plan's date. A day that is over has no plan.
func planDay(date string, now domain.UnixMilli) (domain.Days, error) {
	today := now.ShanghaiDay()
	if date == "" {
		return today, nil
	}
	day, err := calendar.ParseDay(date)
	switch {
	case err != nil:
		return 0, refuse("date", "plan.date", "日期请写成2026-03-10这样。", err.Error())
	case day < today:
		return 0, refuse("date", "plan.past", "这一天已经过去，请选择今天或以后的日期。", "the day is over: choose today or a later one")
	}
	return day, nil
}

func dueDoor(d *domain.PlanDoor, line domain.PlanLine) DueDoor {
	out := DueDoor{
		ID: syncengine.ID(d.ID), Address: d.Address, Reason: Sentence{ZH: line.ZH, EN: line.EN},
		OverdueDays: int(line.Overdue), Slot: line.Slot.String(),
	}
	if d.LastTry != 0 {
		out.LastOutcome = d.LastOutcome.String()
	}
	return out
}

// JSON gives the plan as {"date", "due": [{"id", "address", "reason", "overdue_days", "slot", "last_outcome"}]}, its
// reasons in a language. slot and last_outcome are null where there is none.
func (p *DayPlan) JSON(lang Language) recordjson.Object {
	due := make([]recordjson.Object, len(p.Due))
	for i := range p.Due {
		d := &p.Due[i]
		due[i] = recordjson.Object{}.With(recordjson.NameID, d.ID.String()).With("address", d.Address).
			With("reason", d.Reason.In(lang)).With("overdue_days", d.OverdueDays).
			With("slot", orNull(d.Slot)).With("last_outcome", orNull(d.LastOutcome))
	}
	return recordjson.Object{}.With("date", p.Date).With("due", due)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// plannedDoors reads what a plan looks at of the doors that are visited. The calls, hazards and tasks of a door that is
// merged into another count for that one.
func (r *Replica) plannedDoors(tx *localdb.Tx, s *state, q *PlanQuery) ([]domain.PlanDoor, error) {
	within, err := r.within(tx, q.Grid)
	if err != nil {
		return nil, err
	}
	w := &planWriter{places: map[syncengine.ID]int{}, into: map[domain.ID]domain.ID{}}
	for turn, err := range r.doorTurns(tx, s) {
		if err == nil {
			err = w.add(&turn, func(f *doorFacts) bool { return (within == nil || within[f.territory]) && (!q.Mine || f.mine) })
		}
		if err != nil {
			return nil, err
		}
	}
	w.foldMerged()
	if err := r.planHazards(tx, w); err != nil {
		return nil, err
	}
	return w.doors, r.planTasks(tx, w)
}

// within gives the territories within a grid; nil for every territory.
func (r *Replica) within(tx *localdb.Tx, grid string) (map[syncengine.ID]bool, error) {
	if grid == "" {
		return nil, nil
	}
	p, err := r.placesIn(tx)
	if err != nil {
		return nil, err
	}
	id, known := p.TerritoryID(grid)
	if !known {
		return nil, fmt.Errorf("territory %s: %w", grid, ErrUnknownPlace)
	}
	out := map[syncengine.ID]bool{}
	for _, below := range p.below(id) {
		out[below] = true
	}
	return out, nil
}

// planWriter gathers the doors of a plan.
type planWriter struct {
	doors []domain.PlanDoor
	// places finds a door in doors.
	places map[syncengine.ID]int
	// into names the door that stands for a merged one, merged what is known of those.
	into   map[domain.ID]domain.ID
	merged []domain.PlanDoor
}

func (w *planWriter) add(turn *localdb.DoorTurn, wanted func(*doorFacts) bool) error {
	var f doorFacts
	if err := f.decode(turn.Facts); err != nil {
		return fmt.Errorf("door %s: %w", turn.ID, err)
	}
	door := domain.PlanDoor{
		ID: domain.ID(turn.ID), Key: f.key, Address: f.address, Class: f.class, Grade: f.grade,
		LastSeen: max(domain.UnixMilli(turn.Seen), f.paperSeen), LastTry: domain.UnixMilli(turn.Tried), LastOutcome: domain.Outcome(turn.Outcome),
	}
	switch {
	case !f.into.IsZero():
		w.into[door.ID] = domain.ID(f.into)
		w.merged = append(w.merged, door)
	case wanted(&f):
		w.places[turn.ID] = len(w.doors)
		w.doors = append(w.doors, door)
	}
	return nil
}

// foldMerged counts the calls at merged doors for those that stand for them.
func (w *planWriter) foldMerged() {
	for i := range w.merged {
		if door := w.standing(w.merged[i].ID); door != nil {
			door.AddCalls(&w.merged[i])
		}
	}
}

// standing gives the door of the plan that stands for a door; nil for none.
func (w *planWriter) standing(id domain.ID) *domain.PlanDoor {
	at, ok := w.places[syncengine.ID(domain.Standing(id, w.into))]
	if !ok {
		return nil
	}
	return &w.doors[at]
}

// planHazards adds the open hazards to their doors.
func (r *Replica) planHazards(tx *localdb.Tx, w *planWriter) error {
	return r.eachUnfinished(tx, kindHazard, func(row *localdb.Record) error {
		z := &recordv1.Hazard{}
		if err := r.readMessage(row, z); err != nil {
			return err
		}
		id, _ := syncengine.IDFromBytes(z.GetPremisesId())
		if door := w.standing(domain.ID(id)); door != nil {
			door.Hazards = append(door.Hazards, domain.PlanHazard{
				Code: domain.HazardCode(z.GetCode()), Severity: casebook.Severity(z), Deadline: domain.UnixMilli(z.GetDeadline()),
			})
		}
		return nil
	})
}

// planTasks adds the open tasks to their doors.
func (r *Replica) planTasks(tx *localdb.Tx, w *planWriter) error {
	return r.eachUnfinished(tx, kindTask, func(row *localdb.Record) error {
		task := &recordv1.Task{}
		if err := r.readMessage(row, task); err != nil {
			return err
		}
		id, _ := syncengine.IDFromBytes(task.GetPremisesId())
		if door := w.standing(domain.ID(id)); door != nil {
			door.Tasks = append(door.Tasks, domain.UnixMilli(task.GetDue()))
		}
		return nil
	})
}

// eachUnfinished reads the records of a kind from which work goes on.
func (r *Replica) eachUnfinished(tx *localdb.Tx, number syncengine.KindNumber, f func(*localdb.Record) error) error {
	kind, ok := r.schema.Kind(number)
	if !ok {
		return ErrUnknownKind
	}
	for row, err := range tx.List(localdb.Query{Kind: number, States: r.openStates(kind, nil)}) {
		if err == nil {
			err = f(&row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
