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
	"onedoor/server/retention"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// files reports who may add to a register: the desk, the street that answers for
// it, and the auditor, who is the officer for the protection of personal data.
func files(p identity.Principal) bool {
	return answersResidents(p) || recordv1.Role(p.Role) == recordv1.Role_ROLE_STREET_LEAD || recordv1.Role(p.Role) == recordv1.Role_ROLE_AUDITOR
}

// holds reports who may set and lift a legal hold.
func holds(p identity.Principal) bool { return files(p) || operators(p) }

// seesRegisters reports who may read the registers.
func seesRegisters(p identity.Principal) bool { return files(p) || overseers(p) }

// filedAs is the act that an entry of a register is in the access ledger.
var filedAs = map[privacy.Register]accessledger.Action{
	adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_SHARING:    accessledger.PrivacyShare,
	adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_ASSESSMENT: accessledger.PrivacyAssessment,
	adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_INCIDENT:   accessledger.PrivacyIncident,
}

// FileEntry adds an entry to a register. Of an incident it tells whom it concerns.
func (s *Service) FileEntry(ctx context.Context, req *adminv1.FileEntryRequest) (*adminv1.FileEntryResponse, error) {
	return answer(ctx, s, files, func(c *caller) (*adminv1.FileEntryResponse, error) {
		e, err := s.entryOf(c, req.GetEntry())
		if err != nil {
			return nil, err
		}
		out := &adminv1.FileEntryResponse{}
		if e.Register == adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_INCIDENT {
			if out.Affected, err = s.concerned(c, &e); err != nil {
				return nil, err
			}
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) (err error) {
			if e, err = privacy.File(w, e); err != nil {
				return err
			}
			return s.act(w, c, accessledger.Entry{
				Action: filedAs[e.Register], Users: someone(e.User), Devices: someone(e.Device), Reason: e.What,
			})
		})
		out.Entry = wireEntry(e)
		return out, err
	})
}

func (s *Service) entryOf(c *caller, m *adminv1.RegisterEntry) (e privacy.Entry, err error) {
	e = privacy.Entry{
		Register: m.GetRegister(), At: s.now(), By: c.UserID, What: m.GetWhat(), Recipient: m.GetRecipient(), Purpose: m.GetPurpose(),
		Since: syncengine.UnixMilli(m.GetSinceMs()), Until: syncengine.UnixMilli(m.GetUntilMs()),
	}
	if e.Records, err = idsOf("record", m.GetRecordIds()); err != nil {
		return e, err
	}
	if e.Device, err = optionalID("device", m.GetDeviceId()); err != nil {
		return e, err
	}
	e.User, err = optionalID("user", m.GetUserId())
	return e, err
}

// concerned derives from the access ledger whose data an incident concerns, and names their records in its entry.
func (s *Service) concerned(c *caller, e *privacy.Entry) (out []*adminv1.ListAffectedResponse, err error) {
	if e.Device.IsZero() && e.User.IsZero() {
		if len(e.Records) == 0 {
			return nil, fmt.Errorf("name the device, the user or the records that the incident is about: %w", errInvalid)
		}
		return nil, nil
	}
	list, err := s.affected(c, &adminv1.ListAffectedRequest{
		DeviceId: wire.BytesOf(e.Device), UserId: wire.BytesOf(e.User), SinceMs: int64(e.Since), UntilMs: int64(e.Until),
	})
	for _, x := range list {
		out = append(out, wireExposure(x))
		e.Records = append(e.Records, x.Record)
	}
	return out, err
}

// ListEntries gives a register.
func (s *Service) ListEntries(ctx context.Context, req *adminv1.ListEntriesRequest) (*adminv1.ListEntriesResponse, error) {
	return answer(ctx, s, seesRegisters, func(c *caller) (*adminv1.ListEntriesResponse, error) {
		out := &adminv1.ListEntriesResponse{}
		return out, s.realm.View(c.ctx, func(r store.Reader) error {
			list, err := privacy.Entries(r, req.GetRegister())
			for _, e := range list {
				out.Entries = append(out.Entries, wireEntry(e))
			}
			return err
		})
	})
}

func wireEntry(e privacy.Entry) *adminv1.RegisterEntry {
	return &adminv1.RegisterEntry{
		Number: e.Number, Register: e.Register, AtMs: int64(e.At), By: wire.BytesOf(e.By), What: e.What, Recipient: e.Recipient, Purpose: e.Purpose,
		RecordIds: wire.BytesOfAll(e.Records), SinceMs: int64(e.Since), UntilMs: int64(e.Until), KeepUntilMs: int64(e.KeepUntil),
		DeviceId: wire.BytesOf(e.Device), UserId: wire.BytesOf(e.User),
	}
}

// GetRetention gives the periods, the holds and the last run.
func (s *Service) GetRetention(ctx context.Context, _ *adminv1.GetRetentionRequest) (*adminv1.GetRetentionResponse, error) {
	return answer(ctx, s, seesRegisters, func(c *caller) (*adminv1.GetRetentionResponse, error) {
		out := &adminv1.GetRetentionResponse{}
		return out, s.realm.View(c.ctx, func(r store.Reader) error {
			settings, err := retention.Load(r)
			if err != nil {
				return err
			}
			holds, err := retention.Holds(r)
			if err != nil {
				return err
			}
			last, _, err := retention.LastRun(r)
			out.Periods, out.LastRunMs = wirePeriods(settings), int64(last.At)
			for _, h := range holds {
				out.Holds = append(out.Holds, &adminv1.LegalHold{RecordId: wire.BytesOf(h.Record), Reason: h.Reason, AtMs: int64(h.At), By: wire.BytesOf(h.By)})
			}
			return err
		})
	})
}

func wirePeriods(s retention.Settings) *adminv1.RetentionPeriods {
	return &adminv1.RetentionPeriods{
		Version: s.Version, VisitNoteDays: s.VisitNote, ContactDays: s.Contact, CaseContactDays: s.CaseContact, CaseFileDays: s.CaseFile,
		LedgerDays: s.Ledger, BackupDays: s.Backup,
	}
}

// SetRetention sets the periods.
func (s *Service) SetRetention(ctx context.Context, req *adminv1.SetRetentionRequest) (*adminv1.SetRetentionResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.SetRetentionResponse, error) {
		p := req.GetPeriods()
		out := &adminv1.SetRetentionResponse{}
		return out, s.realm.Update(c.ctx, func(w store.Writer) error {
			set, err := retention.Put(w, retention.Settings{
				VisitNote: p.GetVisitNoteDays(), Contact: p.GetContactDays(), CaseContact: p.GetCaseContactDays(), CaseFile: p.GetCaseFileDays(),
				Ledger: p.GetLedgerDays(), Backup: p.GetBackupDays(), At: s.now(), By: c.UserID,
			})
			if err != nil {
				return err
			}
			out.Periods = wirePeriods(set)
			return s.act(w, c, accessledger.Entry{Action: accessledger.Retention, Reason: fmt.Sprintf("periods, version %d", set.Version)})
		})
	})
}

// recordsToldMax bounds the records that a dry run names.
const recordsToldMax = 1000

// RunRetention destroys what may no longer be kept, or says what that would be.
func (s *Service) RunRetention(ctx context.Context, req *adminv1.RunRetentionRequest) (*adminv1.RunRetentionResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.RunRetentionResponse, error) {
		if req.GetDryRun() {
			return s.planRetention(c)
		}
		out, err := retention.Run(c.ctx, s.realm, s.now())
		return &adminv1.RunRetentionResponse{Records: uint64(out.Records), Held: uint64(out.Held), LedgerEntries: uint64(out.LedgerEntries)}, err
	})
}

func (s *Service) planRetention(c *caller) (*adminv1.RunRetentionResponse, error) {
	out := &adminv1.RunRetentionResponse{}
	return out, s.realm.View(c.ctx, func(r store.Reader) error {
		p, err := retention.PlanAt(s.realm, r, s.now())
		if err != nil {
			return err
		}
		out.Records, out.Held = uint64(len(p.Items)), uint64(p.Held)
		for _, item := range p.Items[:min(len(p.Items), recordsToldMax)] {
			out.RecordIds = append(out.RecordIds, wire.BytesOf(item.Record))
		}
		counts := p.Counts()
		for class := range int32(len(recordv1.RetentionClass_name)) {
			if n := counts[class]; n > 0 {
				out.Counts = append(out.Counts, &adminv1.RetentionCount{Retention: recordv1.RetentionClass(class), Records: uint64(n)})
			}
		}
		return nil
	})
}

// Hold keeps a record from expiring, or lets it expire again.
func (s *Service) Hold(ctx context.Context, req *adminv1.HoldRequest) (*adminv1.HoldResponse, error) {
	return answer(ctx, s, holds, func(c *caller) (*adminv1.HoldResponse, error) {
		id, err := idOf("record", req.GetRecordId())
		if err != nil {
			return nil, err
		}
		var kind syncengine.KindNumber
		err = s.judge(c, func(x *reach) error {
			rec, err := s.realm.Record(x.r, id)
			if err != nil || rec == nil {
				return cmpErr(err, fmt.Errorf("record %s: %w", id, errNoRecord))
			}
			kind = rec.Kind
			if v, err := x.of(rec); err != nil || !v.seen {
				return cmpErr(err, fmt.Errorf("record %s: %w", id, errOutOfReach))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return &adminv1.HoldResponse{}, s.realm.Update(c.ctx, func(w store.Writer) error {
			act := accessledger.Entry{Action: accessledger.LegalHold, Records: accessledger.About(kind, id), Reason: req.GetReason()}
			if req.GetLift() {
				return cmpErr(retention.LiftHold(w, id), s.act(w, c, act))
			}
			h := retention.Hold{Record: id, Reason: req.GetReason(), At: s.now(), By: c.UserID}
			return cmpErr(retention.PutHold(w, h), s.act(w, c, act))
		})
	})
}
