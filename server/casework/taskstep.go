package casework

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// TakeTask takes a step of a task for a user at a desk: open, done, return or make-again; or gives [ErrNoCase], [ErrNoStep] or a
// [Refusal] and changes nothing. It is the phone's step, by the same table.
func (s *Service) TakeTask(ctx context.Context, by accessledger.Actor, id syncengine.ID, step, reason string) (*Task, error) {
	if _, ok := cases.Tasks.Step(step); !ok {
		return nil, fmt.Errorf("%q: %w", step, ErrNoStep)
	}
	var after *recordv1.Task
	err := s.realm.WriteAs(ctx, by.User, func(r store.Reader) ([]exchange.ServerChange, error) {
		rec, err := s.realm.Record(r, id)
		if err != nil {
			return nil, err
		}
		before, err := s.task(r, id)
		if err != nil {
			return nil, err
		}
		if before == nil {
			return nil, ErrNoCase
		}
		who, err := s.standingOf(r, by.User, rec)
		if err != nil {
			return nil, err
		}
		if who.read == 0 || who.write == 0 {
			return nil, ErrNoCase
		}
		edit, complaints := casebook.TakeTask(before, casebook.Ask{Step: step, Actor: who.actor, Now: s.now(), Reason: reason})
		after = proto.CloneOf(before)
		proto.Merge(after, edit)
		if len(complaints) == 0 {
			complaints = s.taskRules(edit, after)
		}
		if len(complaints) > 0 {
			return nil, &Refusal{Complaints: complaints}
		}
		return []exchange.ServerChange{{RecordID: id, Kind: kindTask, Fields: edit}}, nil
	})
	if err != nil {
		return nil, err
	}
	return &Task{ID: id, Task: after}, nil
}

// taskRules asks the rules of the field about what a step writes, its reason among them.
func (s *Service) taskRules(edit, after *recordv1.Task) []domain.Complaint {
	e := domain.Edit{
		Kind: domain.Kind(kindTask), After: schema.RuleFields(after.ProtoReflect()), Written: fieldNames(edit.ProtoReflect()),
	}
	if edit.ReturnReason != nil {
		e.FreeTexts = []domain.FreeText{{Field: "return_reason", Text: edit.GetReturnReason()}}
	}
	return e.Check()
}
