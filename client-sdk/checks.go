package client

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/syncengine"
)

// VisitCheck is what an officer's check of a visit made.
type VisitCheck struct {
	// Check is the check, a visit of its own that names the one it checks.
	Check syncengine.ID
	// Task is the task that a return gives the visit's author; zero after a pass. Due is by when it is to be done.
	Task syncengine.ID
	Due  syncengine.UnixMilli
}

// CheckVisit notes that a visit of the team was checked and holds (pass), or goes back to its author with a reason. A return
// makes a task with a due time, by the policy's term; that it is delivered and opened comes back with sync. It judges one
// visit and counts nothing of a worker.
func (r *Replica) CheckVisit(visit syncengine.ID, pass bool, reason string) (out VisitCheck, err error) {
	record, err := r.Get(visit)
	if err != nil {
		return out, err
	}
	checked := &recordv1.Visit{}
	if err := record.Read(checked); err != nil {
		return out, err
	}
	if checked.GetPurpose() == recordv1.VisitPurpose_VISIT_PURPOSE_CHECK {
		return out, refuse("checks_visit_id", "visit.check_of_a_check", "这是一次核查，请选择团队的走访。", "this is a check itself: choose a visit of the team")
	}
	err = r.Group(func(g *Group) error {
		if out.Check, err = g.Add(checkOf(visit, checked, pass, reason)); err != nil || pass {
			return err
		}
		task, due, err := r.returnTask(checked)
		if err != nil {
			return err
		}
		out.Due = due
		out.Task, err = g.Add(task)
		return err
	})
	return out, err
}

// checkOf writes a check. It stands at the doors of the visit, so that the team sees it.
func checkOf(visit syncengine.ID, checked *recordv1.Visit, pass bool, reason string) *recordv1.Visit {
	m := &recordv1.Visit{
		PremisesIds: checked.GetPremisesIds(), Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_CHECK.Enum(), ChecksVisitId: visit[:],
		CheckResult: recordv1.CheckResult_CHECK_RESULT_PASS.Enum(),
	}
	if len(m.PremisesIds) == 0 {
		m.Territory = checked.GetTerritory()
	}
	if !pass {
		m.CheckResult = recordv1.CheckResult_CHECK_RESULT_RETURN.Enum()
	}
	if reason != "" {
		m.CheckReason = proto.String(reason)
	}
	return m
}

// returnTask makes the task of a returned visit, for its author, about its first door.
func (r *Replica) returnTask(checked *recordv1.Visit) (*recordv1.Task, syncengine.UnixMilli, error) {
	now := domain.UnixMilli(r.now())
	var rules casework.Rules
	err := r.view(func(tx *localdb.Tx, _ *state) (err error) {
		rules, err = r.rulesIn(tx)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	row, ok := rules.Policy.Term(policy.TermCheckReturn, now.ShanghaiDay())
	if !ok {
		return nil, 0, fmt.Errorf("the policy has no term %s", policy.TermCheckReturn)
	}
	deadline, err := rules.Calendar.Deadline(calendar.Timing{Start: now, Term: row.Term})
	if err != nil {
		return nil, 0, err
	}
	task := &recordv1.Task{
		What: proto.String("按核查意见补正走访"), Why: proto.String("rule " + policy.TermCheckReturn), Due: proto.Int64(int64(deadline.At)),
		ForUser: checked.GetRegisteredBy(),
	}
	if doors := checked.GetPremisesIds(); len(doors) > 0 {
		task.PremisesId = doors[0]
	}
	return task, syncengine.UnixMilli(deadline.At), nil
}

// checkDays is how far back visits are proposed for a check: older ones nobody remembers.
const checkDays = 30

// CheckSample proposes visits to check, one a door, at doors that are assigned to this phone's user: doors never checked
// first, then by a draw of the day. The officer may check any other visit.
func (r *Replica) CheckSample(count int) (out []*Record, err error) {
	err = r.readingTurns(func(tx *localdb.Tx, s *state) error {
		now := domain.UnixMilli(s.time(r.now()))
		mine, err := r.assignedDoors(tx, s)
		if err != nil {
			return err
		}
		candidates, err := r.checkCandidates(tx, mine, now)
		if err != nil {
			return err
		}
		for _, c := range domain.CheckSample(candidates, count, now.ShanghaiDay()) {
			row, ok, err := tx.Record(syncengine.ID(c.Visit))
			if err != nil {
				return err
			}
			if !ok || r.hides(tx, s, &row) != nil {
				continue // Gone, or no longer this user's to see.
			}
			record, err := r.shown(tx, &row)
			if err != nil {
				return err
			}
			out = append(out, record)
		}
		return nil
	})
	return out, err
}

func (r *Replica) assignedDoors(tx *localdb.Tx, s *state) (map[domain.ID]bool, error) {
	mine := map[domain.ID]bool{}
	for turn, err := range r.doorTurns(tx, s) {
		if err != nil {
			return nil, err
		}
		var f doorFacts
		if err := f.decode(turn.Facts); err != nil {
			return nil, err
		}
		if f.mine {
			mine[domain.ID(turn.ID)] = true
		}
	}
	return mine, nil
}

// checkCandidates reads the visits at doors, and when a visit at each was last checked.
func (r *Replica) checkCandidates(tx *localdb.Tx, doors map[domain.ID]bool, now domain.UnixMilli) ([]domain.CheckCandidate, error) {
	var out []domain.CheckCandidate
	checked := map[domain.ID]domain.UnixMilli{}
	for row, err := range tx.List(localdb.Query{Kind: kindVisit}) {
		if err != nil {
			return nil, err
		}
		v := &recordv1.Visit{}
		if err := r.readMessage(&row, v); err != nil {
			return nil, err
		}
		at := domain.UnixMilli(v.GetOccurredAt())
		for _, b := range v.GetPremisesIds() {
			door := doorID(b)
			switch {
			case !doors[door]:
			case v.GetPurpose() == recordv1.VisitPurpose_VISIT_PURPOSE_CHECK:
				checked[door] = max(checked[door], at)
			case now.DaysSince(at) <= checkDays:
				out = append(out, domain.CheckCandidate{Visit: domain.ID(row.ID), Door: door, At: at})
			}
		}
	}
	for i := range out {
		out[i].DoorChecked = checked[out[i].Door]
	}
	return out, nil
}
