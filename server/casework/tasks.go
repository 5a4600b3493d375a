package casework

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What becomes of a task without anybody: that it has reached a phone is learned from sync itself, and one that a rule made is done
// when the rule asks for it no more. Both are written by the server, with device, time and reason, and say nothing of a worker but
// that the task is there.

// openTask is what the watch looks at of an open task.
type openTask struct {
	// made says that it has not reached anybody yet.
	made bool
	// rule is the rule that made it; empty for none.
	rule cases.DutyKind
	// of is the case that it is about, door the door; zero for none.
	of, door syncengine.ID
	// user is who is to do it; zero for whoever serves the door or the case.
	user syncengine.ID
	// seq is the place of the record in the log.
	seq syncengine.Seq
}

// takeTask reads a task anew. One that is done, or that the watch has nothing to do about, is forgotten.
func (x *index) takeTask(rec *syncengine.Record) error {
	m := &recordv1.Task{}
	if err := wire.ReadShown(rec, m, nil); err != nil {
		return err
	}
	delete(x.tasks, rec.ID)
	t := openTask{made: undelivered(m), seq: rec.Seq}
	if rule, ok := cases.DutyOf(m.GetWhy()); ok {
		t.rule = rule
	}
	t.of, _ = syncengine.IDFromBytes(m.GetCaseId())
	t.door, _ = syncengine.IDFromBytes(m.GetPremisesId())
	t.user, _ = syncengine.IDFromBytes(m.GetForUser())
	if !cases.Tasks.Done(cases.State(m.GetState())) && (t.made || t.rule != "") {
		x.tasks[rec.ID] = t
	}
	return nil
}

// undelivered reports that a task has reached nobody yet. That it has stands in two fields of the server's own and not in the state:
// a phone that opens it before it hears of the delivery would be asked to choose between the two.
func undelivered(m *recordv1.Task) bool {
	return m.GetState() == recordv1.TaskState_TASK_STATE_MADE && m.GetDeliveredAt() == 0
}

// goneTask is a task of a rule that asks for it no more.
type goneTask struct {
	id   syncengine.ID
	rule cases.DutyKind
}

// goneTasks gives the open tasks of rules that the rules do not ask for now. A task about a case that is not known here waits for it.
func (s *Service) goneTasks(r store.Reader, asked map[syncengine.ID]duty) (out []goneTask, err error) {
	for id, t := range s.index.tasks {
		if _, stands := asked[id]; stands || t.rule == "" || t.of.IsZero() {
			continue
		}
		if len(out) == WatchTasksMax {
			break
		}
		known, err := r.AnyRecord(t.of, t.of)
		if err != nil {
			return nil, err
		}
		if known {
			out = append(out, goneTask{id, t.rule})
		}
	}
	return out, nil
}

// closing makes the change that closes a rule's task; false where it is not open any more.
func (s *Service) closing(r store.Reader, g goneTask) (c exchange.ServerChange, ok bool, err error) {
	m, err := s.task(r, g.id)
	if err != nil || m == nil || cases.Tasks.Done(cases.State(m.GetState())) {
		return c, false, err
	}
	zh, _ := g.rule.Gone()
	return exchange.ServerChange{RecordID: g.id, Kind: kindTask, Fields: &recordv1.Task{
		State: recordv1.TaskState_TASK_STATE_DONE.Enum(), DoneReason: proto.String(zh),
	}}, true, nil
}

// task reads a task; nil for none.
func (s *Service) task(r store.Reader, id syncengine.ID) (*recordv1.Task, error) {
	rec, err := s.realm.Record(r, id)
	if err != nil || rec == nil || rec.Dead() || rec.Kind != kindTask {
		return nil, err
	}
	m := &recordv1.Task{}
	return m, wire.ReadShown(rec, m, nil)
}

// deliveredTask is a task that has reached a phone.
type deliveredTask struct {
	id   syncengine.ID
	user syncengine.ID
	by   exchange.Reached
}

// deliveredTasks gives the tasks that have reached a phone of who is to do them: of the user they are for, or else of the worker that
// the door is assigned to.
func (s *Service) deliveredTasks(r store.Reader) (out []deliveredTask, err error) {
	reached := map[syncengine.ID][]exchange.Reached{}
	for id, t := range s.index.tasks {
		if !t.made || len(out) == WatchTasksMax {
			continue
		}
		user, err := s.receiver(r, t)
		if err != nil {
			return nil, err
		}
		if user.IsZero() {
			continue
		}
		if _, asked := reached[user]; !asked {
			if reached[user], err = s.realm.ReachedBy(r, user); err != nil {
				return nil, err
			}
		}
		at := slices.IndexFunc(reached[user], func(d exchange.Reached) bool { return d.At.Epoch == r.Head().Epoch && d.At.Seq >= t.seq })
		if at >= 0 {
			out = append(out, deliveredTask{id, user, reached[user][at]})
		}
	}
	return out, nil
}

// receiver is who is to do a task.
func (s *Service) receiver(r store.Reader, t openTask) (syncengine.ID, error) {
	if !t.user.IsZero() || t.door.IsZero() {
		return t.user, nil
	}
	rec, err := s.realm.Record(r, t.door)
	if err != nil || rec == nil {
		return syncengine.ID{}, err
	}
	door := &recordv1.Premises{}
	if err := wire.ReadShown(rec, door, nil); err != nil {
		return syncengine.ID{}, err
	}
	user, _ := syncengine.IDFromBytes(door.GetWorker())
	return user, nil
}

// delivery makes the change that notes that a task has reached a phone; false where it went on meanwhile.
func (s *Service) delivery(r store.Reader, d deliveredTask) (c exchange.ServerChange, ok bool, err error) {
	m, err := s.task(r, d.id)
	if err != nil || m == nil || !undelivered(m) {
		return c, false, err
	}
	if user, named := syncengine.IDFromBytes(m.GetForUser()); named && user != d.user {
		return c, false, nil
	}
	return exchange.ServerChange{RecordID: d.id, Kind: kindTask, Fields: &recordv1.Task{
		DeliveredAt: proto.Int64(int64(d.by.When)), DeliveredDevice: d.by.Device[:],
	}}, true, nil
}
