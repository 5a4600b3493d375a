package adminrpc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// ListConflicts gives what is open in records.
func (s *Service) ListConflicts(ctx context.Context, req *adminv1.ListConflictsRequest) (*adminv1.ListConflictsResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ListConflictsResponse, error) {
		after, err := optionalID("record", req.GetAfterRecordId())
		if err != nil {
			return nil, err
		}
		out := &adminv1.ListConflictsResponse{}
		err = s.view(c, accessledger.Conflicts, func(x *reach) error { return x.conflictsAfter(after, pageOf(req.GetLimit()), out) })
		return out, err
	})
}

func (x *reach) conflictsAfter(after syncengine.ID, limit int, out *adminv1.ListConflictsResponse) error {
	var failed error
	records, bytes := 0, 0
	last := after
	err := x.service.realm.ListConflicts(x.r, after, func(rec *syncengine.Record) bool {
		var list []*adminv1.Conflict
		shown := x.looks.Len()
		if list, failed = x.conflictsOf(rec); failed != nil {
			return false
		}
		size := proto.Size(&adminv1.ListConflictsResponse{Conflicts: list})
		if records == limit || records > 0 && bytes+size > replyBytesMax {
			out.NextAfterRecordId = last[:]
			x.looks.Forget(shown)
			return false
		}
		if len(list) > 0 {
			records, bytes, last = records+1, bytes+size, rec.ID
			out.Conflicts = append(out.Conflicts, list...)
		}
		return true
	})
	if failed != nil {
		return failed
	}
	return err
}

// conflictsOf tells what is open in a record; nothing when the caller may not know of it.
func (x *reach) conflictsOf(rec *syncengine.Record) ([]*adminv1.Conflict, error) {
	v, err := x.of(rec)
	if err != nil || !v.seen {
		return nil, err
	}
	label, err := x.label(rec, v)
	if err != nil {
		return nil, err
	}
	var out []*adminv1.Conflict
	for _, conflict := range x.world.Conflicts(v.engine(), rec) {
		cell := conflict.Cell
		m := &adminv1.Conflict{
			Id: conflict.ID[:], RecordId: rec.ID[:], RecordKind: recordKind(rec.Kind), Kind: syncv1.ConflictKind(conflict.Kind),
			Cell: v.cell(cell.Key), RecordSeq: uint64(rec.Seq), Label: label, Policy: v.policy(cell.Key.Field),
		}
		if m.MayResolve, err = x.maySettle(rec, cell.Key.Field); err != nil {
			return nil, err
		}
		if m.Shown, err = x.value(v, cell.Key.Field, cell.Shown()); err != nil {
			return nil, err
		}
		others := append(append([]syncengine.Value(nil), cell.Values[1:]...), keptValues(cell)...)
		if m.Others, err = x.values(v, cell.Key.Field, others); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// maySettle tells whether the caller may close a conflict at a cell: people with a token of their own who may write it.
func (x *reach) maySettle(rec *syncengine.Record, field syncengine.FieldNumber) (bool, error) {
	if !users(x.who) {
		return false, nil
	}
	return x.service.realm.MaySettle(x.r, x.who.UserID, rec, field)
}

// ResolveConflict closes a conflict with one of its values.
func (s *Service) ResolveConflict(ctx context.Context, req *adminv1.ResolveConflictRequest) (*adminv1.ResolveConflictResponse, error) {
	return answer(ctx, s, users, func(c *caller) (*adminv1.ResolveConflictResponse, error) {
		record, err := idOf("record", req.GetRecordId())
		if err != nil {
			return nil, err
		}
		asked := exchange.Settlement{Record: record, Choice: int(req.GetChoice()), Seen: syncengine.Seq(req.GetSeenSeq())}
		if n := copy(asked.Conflict[:], req.GetConflictId()); n != len(asked.Conflict) || n != len(req.GetConflictId()) {
			return nil, fmt.Errorf("a conflict's id has %d bytes, this one %d: %w", len(asked.Conflict), len(req.GetConflictId()), errInvalid)
		}
		at, err := s.realm.Settle(c.ctx, c.UserID, asked)
		return &adminv1.ResolveConflictResponse{Seq: uint64(at.Seq)}, err
	})
}
