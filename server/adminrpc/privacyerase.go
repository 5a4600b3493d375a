package adminrpc

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/privacy"
	"onedoor/server/retention"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const dayMs = 24 * 60 * 60 * 1000

// Erase destroys cells of records: in the log, in quarantine, and on phones as they call.
func (s *Service) Erase(ctx context.Context, req *adminv1.EraseRequest) (*adminv1.EraseResponse, error) {
	return answer(ctx, s, answersResidents, func(c *caller) (*adminv1.EraseResponse, error) {
		var list []exchange.Erasing
		var a *asked
		err := s.judge(c, func(x *reach) (err error) {
			if a, err = s.ask(x, adminv1.PrivacyRequestKind_PRIVACY_REQUEST_KIND_ERASE, req.GetAsk(), readsAny); err != nil {
				return err
			}
			for i, rec := range a.records {
				if _, held, err := retention.HoldOf(x.r, rec.ID); err != nil || held {
					return cmpErr(err, fmt.Errorf("record %s is under a legal hold: refuse the request, or lift the hold: %w", rec.ID, errInvalid))
				}
				cells, err := erasable(a.sights[i], rec, req)
				if err != nil {
					return fmt.Errorf("record %s: %w", rec.ID, err)
				}
				list = append(list, exchange.Erasing{RecordID: rec.ID, Cells: cells})
			}
			a.request.BackupsUntil, err = s.backupsUntil(x.r)
			return err
		})
		if err != nil {
			return nil, err
		}
		reason := req.GetAsk().GetReason()
		_, err = s.realm.EraseAnd(c.ctx, c.UserID, reason, list, func(w store.Writer, at []syncengine.Coordinate) error {
			a.request.ErasedAt = at
			return s.settle(w, c, a, adminv1.PrivacyDecision_PRIVACY_DECISION_DONE, reason, accessledger.PrivacyErase)
		})
		if err != nil {
			return nil, err
		}
		if err := s.realm.Scrub(c.ctx); err != nil {
			return nil, err
		}
		out := wireRequest(&a.request)
		return &adminv1.EraseResponse{Request: out}, s.judge(c, func(x *reach) error { return s.pending(x.r, &a.request, out) })
	})
}

// cmpErr gives the first error that there is.
func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// erasable gives the cells that a request names of one record: every one that may
// tell of a person, unless it says otherwise. Nobody erases what they may not
// read: where the record has something of that kind, the fields have to be named.
func erasable(v sight, rec *syncengine.Record, req *adminv1.EraseRequest) (out []syncengine.Cells, err error) {
	if v.kind == nil {
		return nil, fmt.Errorf("its kind is not known to this software: %w", errInvalid)
	}
	if len(req.GetCells()) == 0 {
		if f := hiddenIn(v, rec); f != "" {
			return nil, fmt.Errorf("its %s is not yours to read: name the fields to erase, and leave that to who reads it: %w", f, errOutOfReach)
		}
	}
	if req.GetWhole() {
		return []syncengine.Cells{syncengine.EveryCell}, nil
	}
	for _, m := range req.GetCells() {
		f, known := v.kind.Field(syncengine.FieldNumber(m.GetField()))
		if !known || f.Engine.Scope != syncengine.NoScope {
			return nil, fmt.Errorf("field %d is not one that can be erased of a %s: %w", m.GetField(), v.kind.Name, errInvalid)
		}
		out = append(out, syncengine.Cells{Field: f.Engine.Number, Key: string(m.GetKey())})
	}
	if len(out) == 0 {
		for _, f := range v.kind.Fields {
			if f.Salted() && !v.hides(f.Engine.Number) {
				out = append(out, syncengine.Cells{Field: f.Engine.Number})
			}
		}
	}
	if slices.ContainsFunc(out, func(c syncengine.Cells) bool { return v.hides(c.Field) }) {
		return nil, errOutOfReach
	}
	return out, nil
}

// hiddenIn names a field that may tell of a person, that the record has, and that the caller may not read.
func hiddenIn(v sight, rec *syncengine.Record) string {
	for _, f := range v.kind.Fields {
		if f.Salted() && v.hides(f.Engine.Number) && len(rec.Field(f.Engine.Number)) > 0 {
			return f.Name
		}
	}
	return ""
}

// backupsUntil gives when the last backup that stands now expires; 0 where there is none.
func (s *Service) backupsUntil(r store.Reader) (syncengine.UnixMilli, error) {
	settings, err := retention.Load(r)
	if err != nil || s.lastBackup == nil {
		return 0, err
	}
	made, ok, err := s.lastBackup(r)
	if err != nil || !ok {
		return 0, err
	}
	return syncengine.UnixMilli(made.UnixMilli()) + syncengine.UnixMilli(settings.Backup)*dayMs, nil
}

// pending tells which phones have not yet said that they applied a request's erasures, and how many have.
func (s *Service) pending(r store.Reader, q *privacy.Request, out *adminv1.PrivacyRequest) error {
	if len(q.ErasedAt) == 0 {
		return nil
	}
	seen := map[syncengine.ID]bool{}
	for _, id := range q.Records {
		rec, err := s.realm.Record(r, id)
		if err != nil || rec == nil {
			return err
		}
		copies, err := privacy.CopiesOf(s.realm, r, rec)
		if err != nil {
			return err
		}
		for _, c := range copies {
			if seen[c.Device.Incarnation] {
				continue
			}
			seen[c.Device.Incarnation] = true
			if c.Erased {
				out.Confirmed++
			} else {
				out.Pending = append(out.Pending, wireCopy(c))
			}
		}
	}
	return nil
}

func wireCopy(c privacy.Copy) *adminv1.CopyHolder {
	return &adminv1.CopyHolder{
		DeviceId: wire.BytesOf(c.Device.Incarnation), DeviceName: c.Device.Name, UserId: wire.BytesOf(c.User.ID), UserName: c.User.Name, SeenMs: int64(c.Seen),
	}
}

// correction is the change that a request asks for.
func (a *asked) correction(req *adminv1.CorrectRequest) (change exchange.ServerChange, err error) {
	if len(a.records) != 1 {
		return change, fmt.Errorf("%d records: correct one at a time: %w", len(a.records), errInvalid)
	}
	rec, v := a.records[0], a.sights[0]
	if v.kind == nil {
		return change, fmt.Errorf("its kind is not known to this software: %w", errInvalid)
	}
	m := v.kind.Type.New().Interface()
	if err := proto.Unmarshal(req.GetFields(), m); err != nil {
		return change, fmt.Errorf("fields: %v: %w", err, errInvalid)
	}
	change = exchange.ServerChange{RecordID: rec.ID, Kind: rec.Kind, Fields: m}
	for _, n := range req.GetCleared() {
		change.Cleared = append(change.Cleared, syncengine.FieldNumber(n))
	}
	return change, a.mayWrite(v, change)
}

// mayWrite refuses a correction of what its author may not read, and of where a record stands.
func (a *asked) mayWrite(v sight, change exchange.ServerChange) error {
	written := slices.Clone(change.Cleared)
	for _, f := range v.kind.Fields {
		if change.Fields.ProtoReflect().Has(f.Desc) {
			written = append(written, f.Engine.Number)
		}
	}
	if len(written) == 0 {
		return fmt.Errorf("nothing to correct: %w", errInvalid)
	}
	for _, n := range written {
		f, known := v.kind.Field(n)
		switch {
		case !known || f.Engine.Scope != syncengine.NoScope || f.Engine.Policy == syncengine.States:
			return fmt.Errorf("field %d is not corrected here: %w", n, errInvalid)
		case v.hides(n):
			return errOutOfReach
		}
	}
	return nil
}

// wireRequest is a request on the wire.
func wireRequest(q *privacy.Request) *adminv1.PrivacyRequest {
	m := &adminv1.PrivacyRequest{
		Number: q.Number, Kind: q.Kind, RecordIds: wire.BytesOfAll(q.Records), IdentityCheck: q.IdentityCheck, ReceivedMs: int64(q.Received),
		DeadlineMs: int64(q.Deadline), Decision: q.Decision, Reason: q.Reason, DecidedMs: int64(q.Decided), OpenedBy: wire.BytesOf(q.OpenedBy),
		DecidedBy: wire.BytesOf(q.DecidedBy), BackupsUntilMs: int64(q.BackupsUntil),
	}
	for _, at := range q.ErasedAt {
		m.ErasedSeqs = append(m.ErasedSeqs, uint64(at.Seq))
	}
	return m
}
