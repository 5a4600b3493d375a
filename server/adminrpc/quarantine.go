package adminrpc

import (
	"context"
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// decides reports that a role may decide on changes that wait: those who answer for
// the work in their territory, and operators for what nobody can read. The people
// whose own work it mostly is do not.
func decides(p identity.Principal) bool {
	switch recordv1.Role(p.Role) {
	case recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF, recordv1.Role_ROLE_DISPATCHER, recordv1.Role_ROLE_STREET_LEAD:
		return true
	}
	return operators(p)
}

// ListQuarantine gives the changes that wait for a decision. Beside what is in
// reach, everyone sees what they wrote themselves.
func (s *Service) ListQuarantine(ctx context.Context, req *adminv1.ListQuarantineRequest) (*adminv1.ListQuarantineResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ListQuarantineResponse, error) {
		out := &adminv1.ListQuarantineResponse{}
		err := s.view(c, accessledger.QuarantineRead, func(x *reach) error {
			return x.waitingAfter(syncengine.Seq(req.GetAfterSeq()), pageOf(req.GetLimit()), out)
		})
		return out, err
	})
}

func (x *reach) waitingAfter(after syncengine.Seq, limit int, out *adminv1.ListQuarantineResponse) error {
	var failed error
	err := x.service.realm.ListQuarantine(x.r, after, func(q exchange.Quarantined) bool {
		var w *waitingChange
		if w, failed = x.waiting(q); failed != nil || !w.seen {
			return failed == nil
		}
		if n := len(out.Changes); n == limit {
			out.NextAfterSeq = out.Changes[n-1].GetSeq()
			return false
		}
		out.Changes = append(out.Changes, w.change)
		return true
	})
	if failed != nil {
		return failed
	}
	return err
}

// waitingChange is a change that waits, as one caller may see it.
type waitingChange struct {
	change *adminv1.QuarantinedChange
	// sight is what the caller may see of the cells that it would write.
	sight sight
	cells []syncengine.CellWrite
	// own is true when the caller wrote it, seen when the caller may know of it.
	own, seen bool
}

func (x *reach) waiting(q exchange.Quarantined) (*waitingChange, error) {
	author, err := x.author(q.Incarnation)
	if err != nil {
		return nil, err
	}
	e, _, err := x.r.Entry(q.Seq)
	if err != nil {
		return nil, err
	}
	cells, err := x.cells(e)
	if err != nil {
		return nil, err
	}
	v, err := x.ofChange(e, cells)
	if err != nil {
		return nil, err
	}
	own := !x.who.UserID.IsZero() && string(author.GetUserId()) == string(x.who.UserID[:])
	w := &waitingChange{
		change: &adminv1.QuarantinedChange{
			Seq: uint64(q.Seq), RecordId: wire.BytesOf(q.RecordID), RecordKind: recordKind(q.Kind), Reason: q.Reason, Author: author,
			DeviceSeq: uint64(q.DeviceSeq), AtMs: int64(q.At), Create: q.Create,
		},
		sight: v, cells: cells, own: own, seen: v.seen || own,
	}
	if w.change.Label, err = x.labelOf(q.RecordID); err != nil {
		return nil, err
	}
	w.change.MayDecide = w.seen && decides(x.who) && w.barred(x.who) == nil
	return w, nil
}

// waitingAt finds the change that waits at a seq.
func (x *reach) waitingAt(seq syncengine.Seq) (*waitingChange, error) {
	var found *waitingChange
	var failed error
	if seq == 0 {
		return nil, fmt.Errorf("seq 0: %w", exchange.ErrNotWaiting)
	}
	err := x.service.realm.ListQuarantine(x.r, seq-1, func(q exchange.Quarantined) bool {
		if q.Seq == seq {
			found, failed = x.waiting(q)
		}
		return false
	})
	switch {
	case failed != nil:
		return nil, failed
	case err != nil:
		return nil, err
	case found == nil:
		return nil, fmt.Errorf("seq %d: %w", seq, exchange.ErrNotWaiting)
	case !found.seen:
		return nil, fmt.Errorf("seq %d: %w", seq, errOutOfReach)
	}
	return found, nil
}

// GetQuarantined gives a waiting change with what it would write.
func (s *Service) GetQuarantined(ctx context.Context, req *adminv1.GetQuarantinedRequest) (*adminv1.GetQuarantinedResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.GetQuarantinedResponse, error) {
		out := &adminv1.GetQuarantinedResponse{}
		err := s.view(c, accessledger.QuarantineRead, func(x *reach) error {
			w, err := x.waitingAt(syncengine.Seq(req.GetSeq()))
			if err == nil {
				out.Change, out.Cells = w.change, x.written(w.sight, w.cells)
			}
			return err
		})
		return out, err
	})
}

// ReleaseQuarantined applies a waiting change.
func (s *Service) ReleaseQuarantined(ctx context.Context, req *adminv1.ReleaseQuarantinedRequest) (*adminv1.ReleaseQuarantinedResponse, error) {
	return answer(ctx, s, decides, func(c *caller) (*adminv1.ReleaseQuarantinedResponse, error) {
		seq := syncengine.Seq(req.GetSeq())
		if err := s.mayDecide(c, seq); err != nil {
			return nil, err
		}
		return &adminv1.ReleaseQuarantinedResponse{}, s.realm.Release(c.ctx, seq, c.UserID, req.GetReason())
	})
}

// RejectQuarantined refuses a waiting change for good.
func (s *Service) RejectQuarantined(ctx context.Context, req *adminv1.RejectQuarantinedRequest) (*adminv1.RejectQuarantinedResponse, error) {
	return answer(ctx, s, decides, func(c *caller) (*adminv1.RejectQuarantinedResponse, error) {
		seq := syncengine.Seq(req.GetSeq())
		if err := s.mayDecide(c, seq); err != nil {
			return nil, err
		}
		return &adminv1.RejectQuarantinedResponse{}, s.realm.Reject(c.ctx, seq, c.UserID, req.GetReason())
	})
}

// mayDecide wants a change in the caller's reach of which nothing bars the caller.
func (s *Service) mayDecide(c *caller, seq syncengine.Seq) error {
	return s.judge(c, func(x *reach) error {
		w, err := x.waitingAt(seq)
		if err != nil {
			return err
		}
		return w.barred(c.Principal)
	})
}

// barred says why somebody may not decide on a change: because they wrote it, or because they may not read all that it
// would write, since who releases or refuses a text has read it. Operators, who read no values, decide on what nobody can read.
func (w *waitingChange) barred(p identity.Principal) error {
	switch seq := w.change.GetSeq(); {
	case w.own:
		return fmt.Errorf("seq %d is the caller's own change: %w", seq, errNotPermitted)
	case w.unreadable():
		return nil
	case operators(p):
		return fmt.Errorf("seq %d: an operator sees that it waits; who may read it decides: %w", seq, errNotPermitted)
	case slices.ContainsFunc(w.cells, func(cell syncengine.CellWrite) bool { return w.sight.hides(cell.Key.Field) }):
		return fmt.Errorf("seq %d writes what the caller may not read: %w", seq, errNotPermitted)
	}
	return nil
}

// unreadable reports a change that this software cannot read: of an unknown kind, or damaged.
func (w *waitingChange) unreadable() bool { return w.sight.kind == nil || len(w.cells) == 0 }
