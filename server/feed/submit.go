package feed

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/casework"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Submit registers a dispute that a system outside has taken in; the same reference again gives the case that stands.
func (s *Service) Submit(ctx context.Context, by accessledger.Actor, reference string, record *structpb.Struct, text string) (*casework.Shown, bool, error) {
	fieldsJSON, err := record.MarshalJSON()
	if err != nil {
		return nil, false, fmt.Errorf("%w: the record is no JSON: %w", ErrInvalid, err)
	}
	fields, err := s.dispute(ctx, fieldsJSON)
	if err != nil {
		return nil, false, err
	}
	return s.cases.Submit(ctx, by, reference, fields, text)
}

// dispute reads the fields of a dispute.
func (s *Service) dispute(ctx context.Context, text []byte) (*recordv1.Dispute, error) {
	kind, _ := s.realm.Schema().Kind(syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE))
	var patch *recordjson.Patch
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		patch, err = recordjson.Decode(kind, text, Places(r))
		return err
	})
	var wrong *recordjson.Error
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("%w: record: %w", ErrInvalid, wrong)
	}
	if err != nil {
		return nil, err
	}
	if !patch.ID.IsZero() || len(patch.Cleared) > 0 || len(patch.Removed) > 0 {
		return nil, fmt.Errorf("%w: record: a new dispute has no id and clears nothing", ErrInvalid)
	}
	fields, ok := patch.Message.(*recordv1.Dispute)
	if !ok {
		return nil, fmt.Errorf("%w: record: a %s", ErrInvalid, kind.Name)
	}
	return fields, nil
}

// KindsOf reads names of kinds.
func KindsOf(names []string) (out []syncengine.KindNumber, err error) {
	for _, name := range names {
		kind, ok := schema.Load().KindByName(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no kind %q", ErrInvalid, name)
		}
		out = append(out, kind.Number)
	}
	return out, nil
}

// KindNames gives names of kinds.
func KindNames(kinds []syncengine.KindNumber) (out []string) {
	for _, number := range kinds {
		if kind, ok := schema.Load().Kind(number); ok {
			out = append(out, kind.Name)
		}
	}
	return out
}
