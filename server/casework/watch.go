package casework

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// WatchEvery is how often deadlines are looked at: they are told to the minute.
const WatchEvery = time.Minute

// WatchTasksMax bounds the tasks that one look makes, closes or notes as delivered, and the hazards that it writes to, so that a server that was down for weeks does
// not write all in one transaction; the next look goes on.
const WatchTasksMax = 500

// Watch looks at the deadlines until ctx ends. What it cannot do is logged and tried again.
func (s *Service) Watch(ctx context.Context) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		err := s.watchOnce(ctx)
		switch {
		case errors.Is(err, exchange.ErrClosed) || errors.Is(err, store.ErrClosed):
			return
		case err != nil && ctx.Err() == nil:
			s.log.Warn("deadlines could not be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// watchOnce looks, unless another server does.
func (s *Service) watchOnce(ctx context.Context) error {
	if !s.post.Held() {
		return nil
	}
	_, err := s.Look(ctx)
	return err
}

// Looked is what one look came to.
type Looked struct {
	// Made counts the tasks that the rules asked for, Closed those whose reason was gone, Delivered those that have reached a phone.
	Made, Closed, Delivered int
	// Placed counts the hazards that say anew where their doors are.
	Placed int
}

// Look makes the tasks that the rules ask for now and that are not there, closes those of rules whose reason is gone, notes which
// tasks have reached a phone of who is to do them, and has hazards that departments have say where their doors are. Looking again
// does nothing.
func (s *Service) Look(ctx context.Context) (out Looked, err error) {
	var wanted wanted
	err = s.WithIndex(ctx, func(x *Indexed) (err error) {
		wanted, err = s.look(x)
		return err
	})
	if err != nil || wanted.empty() {
		return Looked{}, err
	}
	err = s.realm.WriteAs(ctx, syncengine.ID{}, func(r store.Reader) (all []exchange.ServerChange, err error) {
		out, all, err = s.write(r, &wanted)
		return all, err
	})
	if err != nil {
		return Looked{}, err
	}
	return out, nil
}

// wanted is what a look found to be done.
type wanted struct {
	duties    []duty
	gone      []goneTask
	delivered []deliveredTask
	// unplaced are hazards that have to say something else of where their doors are.
	unplaced []syncengine.ID
}

func (w *wanted) empty() bool { return len(w.duties)+len(w.gone)+len(w.delivered)+len(w.unplaced) == 0 }

// look finds what is to be done now. The caller holds the index.
func (s *Service) look(r store.Reader) (out wanted, err error) {
	rules, err := s.realm.Rules(r)
	if err != nil {
		return out, err
	}
	// Whoever opens a list first finds it filed.
	if err := s.fileAll(r, rules); err != nil {
		return out, err
	}
	asked := s.asked(rules, s.now())
	if out.duties, err = missing(r, asked); err != nil {
		return out, err
	}
	if out.gone, err = s.goneTasks(r, asked); err != nil {
		return out, err
	}
	if out.delivered, err = s.deliveredTasks(r); err != nil {
		return out, err
	}
	out.unplaced, err = s.whereaboutsDue(r)
	return out, err
}

// write makes the changes of a look. Each task is read again: what somebody did to it meanwhile stands.
func (s *Service) write(r store.Reader, w *wanted) (out Looked, all []exchange.ServerChange, err error) {
	for _, d := range w.duties {
		there, err := r.AnyRecord(syncengine.ID(d.ID), syncengine.ID(d.ID))
		if err != nil {
			return out, nil, err
		}
		if !there {
			out.Made++
			all = append(all, d.change())
		}
	}
	for _, g := range w.gone {
		c, ok, err := s.closing(r, g)
		if err != nil {
			return out, nil, err
		}
		if ok {
			out.Closed++
			all = append(all, c)
		}
	}
	for _, d := range w.delivered {
		c, ok, err := s.delivery(r, d)
		if err != nil {
			return out, nil, err
		}
		if ok {
			out.Delivered++
			all = append(all, c)
		}
	}
	for _, id := range w.unplaced {
		c, ok, err := s.correction(r, id)
		if err != nil {
			return out, nil, err
		}
		if ok {
			out.Placed++
			all = append(all, c)
		}
	}
	return out, all, nil
}

// duty is a duty with the case that it is about.
type duty struct {
	cases.Duty
	of       syncengine.ID
	mediator []byte
}

// asked gives all that the rules ask for now, by the ids of their tasks. The caller holds the index.
func (s *Service) asked(rules cases.Rules, now domain.UnixMilli) map[syncengine.ID]duty {
	out := map[syncengine.ID]duty{}
	add := func(of syncengine.ID, mediator []byte, all []cases.Duty) {
		for _, d := range all {
			out[syncengine.ID(d.ID)] = duty{Duty: d, of: of, mediator: mediator}
		}
	}
	for id, d := range s.index.disputes {
		m := casebook.Matter(domain.ID(id), d, s.index.eventsOf(id))
		add(id, d.GetMediator(), m.Duties(rules, now))
	}
	for id, h := range s.index.hazards {
		m := casebook.HazardMatter(domain.ID(id), h, s.index.eventsOf(id))
		add(id, nil, m.Duties(rules, now))
	}
	return out
}

// missing gives the duties whose tasks are not there.
func missing(r store.Reader, asked map[syncengine.ID]duty) (out []duty, err error) {
	for id, d := range asked {
		there, err := r.AnyRecord(id, id)
		if err != nil {
			return nil, err
		}
		if !there && len(out) < WatchTasksMax {
			out = append(out, d)
		}
	}
	return out, nil
}

// change makes the duty's task. A supervision is the street's and a decision the dispatcher's; what the work itself asks for is
// the mediator's, where there is one.
func (d duty) change() exchange.ServerChange {
	task := &recordv1.Task{
		What: proto.String(d.ZH), CaseId: d.of[:], Due: proto.Int64(int64(d.Due)), Why: proto.String(d.Why()),
		State: recordv1.TaskState_TASK_STATE_MADE.Enum(),
	}
	if len(d.mediator) > 0 && d.Role != domain.RoleStreetLead && d.Role != domain.RoleDispatcher && d.Role != domain.RoleReception {
		task.ForUser = d.mediator
	}
	return exchange.ServerChange{RecordID: syncengine.ID(d.ID), Kind: kindTask, Create: true, Fields: task}
}
