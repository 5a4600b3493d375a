package adminrpc

import (
	"context"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/accessledger"
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
	var out []*adminv1.Conflict
	for _, conflict := range x.world.Conflicts(v.engine(), rec) {
		cell := conflict.Cell
		m := &adminv1.Conflict{
			Id: conflict.ID[:], RecordId: rec.ID[:], RecordKind: recordKind(rec.Kind), Kind: syncv1.ConflictKind(conflict.Kind),
			Cell: v.cell(cell.Key),
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
