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

// WatchTasksMax bounds the tasks that one look makes, so that a server that was down for weeks does not make all in one
// transaction; the next look goes on.
const WatchTasksMax = 500

// Watch looks at the deadlines until ctx ends. What it cannot do is logged and tried again.
func (s *Service) Watch(ctx context.Context) {
	ticker := time.NewTicker(WatchEvery)
	defer ticker.Stop()
	for {
		_, err := s.Look(ctx)
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

// Look makes the tasks that the rules ask for now and that are not there, and says how many. Looking again makes none.
func (s *Service) Look(ctx context.Context) (made int, err error) {
	var wanted []duty
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		wanted, err = s.missing(r)
		return err
	})
	if err != nil || len(wanted) == 0 {
		return 0, err
	}
	err = s.realm.WriteAs(ctx, syncengine.ID{}, func(r store.Reader) ([]exchange.ServerChange, error) {
		var out []exchange.ServerChange
		for _, d := range wanted {
			there, err := r.AnyRecord(syncengine.ID(d.ID), syncengine.ID(d.ID))
			if err != nil {
				return nil, err
			}
			if !there {
				out = append(out, d.change())
			}
		}
		made = len(out)
		return out, nil
	})
	if err != nil {
		return 0, err
	}
	return made, nil
}

// duty is a duty with the case that it is about.
type duty struct {
	cases.Duty
	of       syncengine.ID
	mediator []byte
}

// missing gives the duties of now whose tasks are not there.
func (s *Service) missing(r store.Reader) ([]duty, error) {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if err := s.follow(r); err != nil {
		return nil, err
	}
	rules, err := s.realm.Rules(r)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []duty
	add := func(of syncengine.ID, mediator []byte, all []cases.Duty) error {
		for _, d := range all {
			there, err := r.AnyRecord(syncengine.ID(d.ID), syncengine.ID(d.ID))
			if err != nil {
				return err
			}
			if !there && len(out) < WatchTasksMax {
				out = append(out, duty{Duty: d, of: of, mediator: mediator})
			}
		}
		return nil
	}
	for id, d := range s.index.disputes {
		if err := add(id, d.GetMediator(), s.duties(id, d, rules, now)); err != nil {
			return nil, err
		}
	}
	for id, h := range s.index.hazards {
		m := casebook.HazardMatter(domain.ID(id), h, s.index.eventsOf(id))
		if err := add(id, nil, m.Duties(rules, now)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) duties(id syncengine.ID, d *recordv1.Dispute, rules cases.Rules, now domain.UnixMilli) []cases.Duty {
	m := casebook.Matter(domain.ID(id), d, s.index.eventsOf(id))
	return m.Duties(rules, now)
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
