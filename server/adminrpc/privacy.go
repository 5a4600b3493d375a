package adminrpc

import (
	"context"
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/privacy"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// answersResidents reports a role that may answer a resident's request about
// records within its grants: those who have residents at their desk.
func answersResidents(p identity.Principal) bool {
	switch recordv1.Role(p.Role) {
	case recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF,
		recordv1.Role_ROLE_RECEPTION, recordv1.Role_ROLE_DISPATCHER, recordv1.Role_ROLE_MEDIATOR:
		return true
	}
	return false
}

// asked is a request in the hands of one call.
type asked struct {
	request privacy.Request
	records []*syncengine.Record
	sights  []sight
	// fresh tells that the request has to be written down first.
	fresh bool
	// byPhone tells that the records were found by a number.
	byPhone bool
}

// ask finds the records that a call is about, all within the caller's reach, and
// the request that it decides. may answers whether the caller's sight of a record
// is enough.
func (s *Service) ask(x *reach, kind privacy.Kind, m *adminv1.Ask, may func(sight) bool) (*asked, error) {
	a := &asked{request: privacy.Request{
		Kind: kind, IdentityCheck: m.GetIdentityCheck(), Received: s.now(), OpenedBy: x.who.UserID,
	}, fresh: m.GetRequest() == 0}
	ids, err := idsOf("record", m.GetRecordIds())
	if err != nil {
		return nil, err
	}
	if !a.fresh {
		if a.request, err = privacy.Get(x.r, m.GetRequest()); err != nil {
			return nil, err
		}
		if a.request.Kind != kind || !a.request.Open() {
			return nil, fmt.Errorf("request %d is for %s, decided %v: %w", m.GetRequest(), a.request.Kind, !a.request.Open(), errInvalid)
		}
		ids = a.request.Records
	}
	if err := a.take(x, ids, may, errOutOfReach); err != nil {
		return nil, err
	}
	if m.GetPhone() != "" && a.fresh {
		if err := a.find(x, m.GetPhone(), may); err != nil {
			return nil, err
		}
	}
	if len(a.records) == 0 {
		return nil, fmt.Errorf("%w within your territory", errNoRecord)
	}
	a.request.Records = nil
	for _, rec := range a.records {
		a.request.Records = append(a.request.Records, rec.ID)
	}
	return a, nil
}

// take adds records; one that is out of reach gives an error, or is passed over where that is nil.
func (a *asked) take(x *reach, ids []syncengine.ID, may func(sight) bool, beyond error) error {
	for _, id := range ids {
		rec, err := x.service.realm.Record(x.r, id)
		if err != nil {
			return err
		}
		if rec == nil {
			return fmt.Errorf("record %s: %w", id, errNoRecord)
		}
		v, err := x.of(rec)
		if err != nil {
			return err
		}
		switch {
		case v.seen && may(v):
			a.records, a.sights = append(a.records, rec), append(a.sights, v)
		case beyond != nil:
			return fmt.Errorf("record %s: %w", id, beyond)
		}
	}
	return nil
}

// find adds the records that hold a telephone number. That there are others, out of reach, is not told.
func (a *asked) find(x *reach, phone string, may func(sight) bool) error {
	found, err := privacy.FindByPhone(x.service.realm, x.r, phone)
	if err != nil {
		return err
	}
	a.byPhone = true
	var ids []syncengine.ID
	for _, rec := range found {
		if !slices.ContainsFunc(a.records, func(have *syncengine.Record) bool { return have.ID == rec.ID }) {
			ids = append(ids, rec.ID)
		}
	}
	return a.take(x, ids, may, nil)
}

// settle writes down, in the caller's transaction, what became of a request, and the act in the access ledger.
func (s *Service) settle(w store.Writer, c *caller, a *asked, decision privacy.Decision, reason string, action accessledger.Action) error {
	if a.byPhone {
		if err := s.act(w, c, accessledger.Entry{Action: accessledger.Lookup, Records: a.about()}); err != nil {
			return err
		}
	}
	if a.fresh {
		var err error
		if a.request, err = privacy.Take(w, a.request); err != nil {
			return err
		}
	}
	q := &a.request
	if decision != adminv1.PrivacyDecision_PRIVACY_DECISION_UNSPECIFIED {
		q.Decision, q.Reason, q.Decided, q.DecidedBy = decision, reason, s.now(), c.UserID
		if err := privacy.Decide(w, *q); err != nil {
			return err
		}
	}
	return s.act(w, c, accessledger.Entry{Action: action, Records: a.about(), Reason: reason})
}

// about names the records, without fields.
func (a *asked) about() (out []accessledger.Touched) {
	kinds := map[syncengine.KindNumber][]syncengine.ID{}
	for _, rec := range a.records {
		kinds[rec.Kind] = append(kinds[rec.Kind], rec.ID)
	}
	for _, kind := range schema.Load().Kinds {
		out = append(out, accessledger.About(kind.Number, kinds[kind.Number]...)...)
	}
	return out
}

// readsAll reports a sight of every field of a record that may tell of a person.
func readsAll(v sight) bool {
	return v.kind != nil && !slices.ContainsFunc(v.kind.Fields, func(f *schema.Field) bool { return f.Salted() && v.hides(f.Engine.Number) })
}

func readsAny(sight) bool { return true }

// OpenRequest writes a request down that is decided later.
func (s *Service) OpenRequest(ctx context.Context, req *adminv1.OpenRequestRequest) (*adminv1.OpenRequestResponse, error) {
	return answer(ctx, s, answersResidents, func(c *caller) (*adminv1.OpenRequestResponse, error) {
		if req.GetAsk().GetRequest() != 0 {
			return nil, fmt.Errorf("a request that is opened has no number yet: %w", errInvalid)
		}
		a, err := s.asking(c, req.GetKind(), req.GetAsk(), readsAny)
		if err != nil {
			return nil, err
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			return s.settle(w, c, a, adminv1.PrivacyDecision_PRIVACY_DECISION_UNSPECIFIED, "", accessledger.PrivacyAccess)
		})
		return &adminv1.OpenRequestResponse{Request: wireRequest(&a.request)}, err
	})
}

// asking is ask in a transaction of its own, for calls that send nothing of a record.
func (s *Service) asking(c *caller, kind privacy.Kind, m *adminv1.Ask, may func(sight) bool) (a *asked, err error) {
	err = s.judge(c, func(x *reach) error {
		a, err = s.ask(x, kind, m, may)
		return err
	})
	return a, err
}

// Correct writes fields of one record as the user who asks.
func (s *Service) Correct(ctx context.Context, req *adminv1.CorrectRequest) (*adminv1.CorrectResponse, error) {
	return answer(ctx, s, answersResidents, func(c *caller) (*adminv1.CorrectResponse, error) {
		a, err := s.asking(c, adminv1.PrivacyRequestKind_PRIVACY_REQUEST_KIND_CORRECT, req.GetAsk(), readsAny)
		if err != nil {
			return nil, err
		}
		change, err := a.correction(req)
		if err != nil {
			return nil, err
		}
		err = s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			return []exchange.ServerChange{change}, s.settle(w, c, a, adminv1.PrivacyDecision_PRIVACY_DECISION_DONE, req.GetAsk().GetReason(), accessledger.PrivacyCorrect)
		})
		return &adminv1.CorrectResponse{Request: wireRequest(&a.request)}, err
	})
}

// SealCase closes a dispute to all but those named in it.
func (s *Service) SealCase(ctx context.Context, req *adminv1.SealCaseRequest) (*adminv1.SealCaseResponse, error) {
	return answer(ctx, s, answersResidents, func(c *caller) (*adminv1.SealCaseResponse, error) {
		a, err := s.asking(c, adminv1.PrivacyRequestKind_PRIVACY_REQUEST_KIND_SEAL, req.GetAsk(), readsAll)
		if err != nil {
			return nil, err
		}
		var changes []exchange.ServerChange
		for _, rec := range a.records {
			if recordv1.Kind(rec.Kind) != recordv1.Kind_KIND_DISPUTE {
				return nil, fmt.Errorf("record %s is no dispute: %w", rec.ID, errInvalid)
			}
			sealed := true
			changes = append(changes, exchange.ServerChange{RecordID: rec.ID, Kind: rec.Kind, Fields: &recordv1.Dispute{Sealed: &sealed}})
		}
		err = s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			return changes, s.settle(w, c, a, adminv1.PrivacyDecision_PRIVACY_DECISION_DONE, req.GetAsk().GetReason(), accessledger.PrivacySeal)
		})
		return &adminv1.SealCaseResponse{Request: wireRequest(&a.request)}, err
	})
}

// Refuse decides a request against the resident.
func (s *Service) Refuse(ctx context.Context, req *adminv1.RefuseRequest) (*adminv1.RefuseResponse, error) {
	return answer(ctx, s, answersResidents, func(c *caller) (*adminv1.RefuseResponse, error) {
		var a *asked
		err := s.judge(c, func(x *reach) error {
			q, err := privacy.Get(x.r, req.GetRequest())
			if err == nil {
				a, err = s.ask(x, q.Kind, &adminv1.Ask{Request: q.Number}, readsAny)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			return s.settle(w, c, a, adminv1.PrivacyDecision_PRIVACY_DECISION_REFUSED, req.GetReason(), accessledger.PrivacyRefuse)
		})
		return &adminv1.RefuseResponse{Request: wireRequest(&a.request)}, err
	})
}
