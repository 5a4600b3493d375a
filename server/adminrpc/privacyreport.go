package adminrpc

import (
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/privacy"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Access tells what is held of a resident, why and until when, who looked at it and which phones hold a copy.
func (s *Service) Access(ctx context.Context, req *adminv1.AccessRequest) (*adminv1.AccessResponse, error) {
	return answer(ctx, s, answersResidents, func(c *caller) (*adminv1.AccessResponse, error) {
		out := &adminv1.AccessResponse{}
		var a *asked
		// The report is noted with the fields that it shows before it is sent.
		err := s.view(c, accessledger.PrivacyAccess, func(x *reach) (err error) {
			if a, err = s.ask(x, adminv1.PrivacyRequestKind_PRIVACY_REQUEST_KIND_ACCESS, req.GetAsk(), readsAny); err != nil {
				return err
			}
			for i, rec := range a.records {
				m, err := x.held(a.sights[i], rec)
				if err != nil {
					return err
				}
				out.Records = append(out.Records, m)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			return s.settle(w, c, a, adminv1.PrivacyDecision_PRIVACY_DECISION_DONE, reasonOr(req.GetAsk(), "told"), accessledger.PrivacyAccess)
		})
		out.Request = wireRequest(&a.request)
		return out, err
	})
}

// reasonOr gives the reason of a call, or what it comes to where none is needed.
func reasonOr(m *adminv1.Ask, usual string) string {
	if m.GetReason() != "" {
		return m.GetReason()
	}
	return usual
}

// held tells what is held in one record, as far as the caller may read it.
func (x *reach) held(v sight, rec *syncengine.Record) (*adminv1.HeldRecord, error) {
	report, err := privacy.ReportOn(x.service.realm, x.r, rec, func(n syncengine.FieldNumber) bool { return !v.hides(n) })
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", rec.ID, err)
	}
	m := &adminv1.HeldRecord{RecordId: wire.BytesOf(rec.ID), RecordKind: recordv1.Kind(rec.Kind)}
	if report.Hold != nil {
		m.Hold = report.Hold.Reason
	}
	for i := range report.Holdings {
		m.Cells = append(m.Cells, x.heldCell(v, &report.Holdings[i]))
	}
	for _, c := range report.Copies {
		m.Copies = append(m.Copies, wireCopy(c))
	}
	names := map[syncengine.ID]string{}
	for _, e := range report.Looks {
		m.Looks = append(m.Looks, &adminv1.HeldLook{
			AtMs: int64(e.At), Action: uint32(e.Action), UserName: x.nameOf(names, e.Actor), DeviceId: wire.BytesOf(e.Actor.Device), Reason: e.Reason,
		})
	}
	for _, e := range report.Shared {
		m.Shared = append(m.Shared, wireEntry(e))
	}
	return m, nil
}

// nameOf names who looked: the user, or the one whose phone it was.
func (x *reach) nameOf(names map[syncengine.ID]string, a accessledger.Actor) string {
	user := a.User
	if user.IsZero() && !a.Device.IsZero() {
		if d, err := identity.GetDevice(x.r, a.Device); err == nil {
			user = d.UserID
		}
	}
	return nameIn(x.r, names, user)
}

func (x *reach) heldCell(v sight, h *privacy.Holding) *adminv1.HeldCell {
	x.saw(v, h.Field.Engine.Number)
	m := &adminv1.HeldCell{
		Field: uint32(h.Field.Engine.Number), Key: []byte(h.Cell.Key.Key), SinceMs: int64(h.Clock.Since), UntilMs: int64(h.Clock.Until),
		Retention: h.Field.Rules.GetRetention(), Person: h.Field.Rules.GetPerson(),
	}
	for i, value := range h.Cell.Values {
		if i == 0 {
			m.Data = value.Data
		} else {
			m.Others = append(m.Others, value.Data)
		}
	}
	for _, k := range h.Cell.Kept {
		m.Others = append(m.Others, k.Value.Data)
	}
	return m
}

// ListRequests gives requests. Who may not read the records is told number, kind, deadline and decision.
func (s *Service) ListRequests(ctx context.Context, req *adminv1.ListRequestsRequest) (*adminv1.ListRequestsResponse, error) {
	return answer(ctx, s, seesRequests, func(c *caller) (*adminv1.ListRequestsResponse, error) {
		out := &adminv1.ListRequestsResponse{}
		return out, s.judge(c, func(x *reach) error {
			all, err := privacy.Requests(x.r)
			for i := range all {
				q := &all[i]
				if err != nil || req.GetOpenOnly() && !q.Open() || req.GetNumber() != 0 && req.GetNumber() != q.Number {
					continue
				}
				var m *adminv1.PrivacyRequest
				if m, err = s.listed(x, q); m != nil {
					out.Requests = append(out.Requests, m)
				}
			}
			return err
		})
	})
}

func seesRequests(p identity.Principal) bool { return answersResidents(p) || overseers(p) }

// listed gives a request as the caller may see it; nil for one about records out of reach.
func (s *Service) listed(x *reach, q *privacy.Request) (*adminv1.PrivacyRequest, error) {
	m := wireRequest(q)
	if overseers(x.who) {
		m.IdentityCheck, m.Reason = "", ""
		return m, s.pending(x.r, q, m)
	}
	for _, id := range q.Records {
		rec, err := s.realm.Record(x.r, id)
		if err != nil || rec == nil {
			return nil, err
		}
		v, err := x.of(rec)
		if err != nil || !v.seen {
			return nil, err
		}
	}
	return m, s.pending(x.r, q, m)
}
