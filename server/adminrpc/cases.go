package adminrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/wire"
	"onedoor/server/casework"
	"onedoor/server/casework/docket"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// users are people with a token of their own: the operator's reads and writes no case.
func users(p identity.Principal) bool { return !p.UserID.IsZero() && !operators(p) }

// TakeStep takes a step of a case.
func (s *Service) TakeStep(ctx context.Context, req *adminv1.TakeStepRequest) (*adminv1.TakeStepResponse, error) {
	return answer(ctx, s, users, func(c *caller) (*adminv1.TakeStepResponse, error) {
		asked, err := askedOf(req)
		if err != nil {
			return nil, err
		}
		shown, err := s.cases.Take(c.ctx, c.actor(), asked)
		if err != nil {
			return nil, err
		}
		m, err := s.caseOf(c, shown)
		return &adminv1.TakeStepResponse{Case: m}, err
	})
}

// TakeTaskStep takes a step of a task.
func (s *Service) TakeTaskStep(ctx context.Context, req *adminv1.TakeTaskStepRequest) (*adminv1.TakeTaskStepResponse, error) {
	return answer(ctx, s, users, func(c *caller) (*adminv1.TakeTaskStepResponse, error) {
		id, err := idOf("task", req.GetTaskId())
		if err != nil {
			return nil, err
		}
		task, err := s.cases.TakeTask(c.ctx, c.actor(), id, req.GetStep(), strings.TrimSpace(req.GetText()))
		if err != nil {
			return nil, err
		}
		out := &adminv1.TakeTaskStepResponse{}
		err = s.realm.View(c.ctx, func(r store.Reader) error {
			names := &names{r: r, known: map[syncengine.ID]identity.User{}}
			out.Task = taskOf(*task, names)
			return names.failed
		})
		return out, err
	})
}

func askedOf(req *adminv1.TakeStepRequest) (out casework.Asked, err error) {
	out = casework.Asked{
		Step: req.GetStep(), Text: strings.TrimSpace(req.GetText()), Days: int(req.GetDays()), Until: domain.UnixMilli(req.GetUntilMs()),
		Told: req.GetRemediesTold(), Due: domain.UnixMilli(req.GetDueMs()), Fields: &recordv1.Dispute{},
	}
	if len(req.GetCaseId()) > 0 {
		if out.Case, err = idOf("case", req.GetCaseId()); err != nil {
			return out, err
		}
	}
	if len(req.GetForUserId()) > 0 {
		if out.For, err = idOf("user", req.GetForUserId()); err != nil {
			return out, err
		}
	}
	if out.Kind, err = caseKind(req.GetKind()); err != nil {
		return out, err
	}
	var fields proto.Message = out.Fields
	if req.GetKind() == recordv1.Kind_KIND_HAZARD {
		out.Hazard = &recordv1.Hazard{}
		fields = out.Hazard
	}
	if err := proto.Unmarshal(req.GetFields(), fields); err != nil {
		return out, fmt.Errorf("fields of the case: %w: %w", errInvalid, err)
	}
	return out, nil
}

// caseKind reads a kind of cases; unspecified stays that.
func caseKind(kind recordv1.Kind) (syncengine.KindNumber, error) {
	switch kind {
	case recordv1.Kind_KIND_UNSPECIFIED, recordv1.Kind_KIND_DISPUTE, recordv1.Kind_KIND_HAZARD:
		return syncengine.KindNumber(kind), nil
	}
	return 0, fmt.Errorf("only disputes and hazards are cases, give one of these kinds: %w", errInvalid)
}

// ShowCase gives a case.
func (s *Service) ShowCase(ctx context.Context, req *adminv1.ShowCaseRequest) (*adminv1.ShowCaseResponse, error) {
	return answer(ctx, s, users, func(c *caller) (*adminv1.ShowCaseResponse, error) {
		id, err := idOf("case", req.GetCaseId())
		if err != nil {
			return nil, err
		}
		shown, err := s.cases.Show(c.ctx, c.actor(), id)
		if err != nil {
			return nil, err
		}
		m, err := s.caseOf(c, shown)
		return &adminv1.ShowCaseResponse{Case: m}, err
	})
}

// ExportCase gives the whole file of a case.
func (s *Service) ExportCase(ctx context.Context, req *adminv1.ExportCaseRequest) (*adminv1.ExportCaseResponse, error) {
	return answer(ctx, s, users, func(c *caller) (*adminv1.ExportCaseResponse, error) {
		id, err := idOf("case", req.GetCaseId())
		if err != nil {
			return nil, err
		}
		shown, err := s.cases.Export(c.ctx, c.actor(), id, strings.TrimSpace(req.GetReason()))
		if err != nil {
			return nil, err
		}
		m, err := s.caseOf(c, shown)
		return &adminv1.ExportCaseResponse{Case: m, AtMs: int64(s.now()), RealmName: s.realm.Realm().Name, Seq: uint64(shown.At)}, err
	})
}

// ListCases gives an inbox.
func (s *Service) ListCases(ctx context.Context, req *adminv1.ListCasesRequest) (*adminv1.ListCasesResponse, error) {
	return answer(ctx, s, users, func(c *caller) (*adminv1.ListCasesResponse, error) {
		inbox := casework.Inbox(req.GetInbox())
		if inbox == "" {
			inbox = casework.InboxAll
		}
		if !slices.Contains(casework.Inboxes(), inbox) {
			return nil, fmt.Errorf("no inbox %q, give one of %v: %w", inbox, casework.Inboxes(), errInvalid)
		}
		kind, err := caseKind(req.GetKind())
		if err != nil {
			return nil, err
		}
		wanted := casework.Wanted{
			Inbox: inbox, Kind: kind, State: cases.State(req.GetState()), Clinic: domain.Clinic(req.GetClinic()),
			Code: domain.HazardCode(req.GetCode()), Severity: domain.Severity(req.GetSeverity()),
			Limit: pageOf(req.GetLimit()), Skip: int(req.GetSkip()),
		}
		if wanted.After, err = placeAfter(req.GetPageToken()); err != nil {
			return nil, err
		}
		if req.GetKind() == recordv1.Kind_KIND_HAZARD {
			wanted.State = cases.State(req.GetHazardState())
		}
		page, err := s.cases.List(c.ctx, c.UserID, wanted)
		out := &adminv1.ListCasesResponse{Total: uint32(max(page.Total, 0)), MoreThanTotal: page.More}
		if page.Next != (docket.Place{}) {
			out.NextPageToken = page.Next.Bytes()
		}
		for _, l := range page.Cases {
			m := &adminv1.Case{Id: l.ID[:], Fields: l.Fields, Timing: timingOf(l.Timing), Flags: flagsOf(l.Flags), TerritoryId: wire.BytesOf(l.Territory)}
			setState(m, l.Kind, l.State)
			out.Cases = append(out.Cases, m)
		}
		if err != nil {
			return nil, err
		}
		return out, s.labelCases(c, out.GetCases())
	})
}

// labelCases writes what people call cases.
func (s *Service) labelCases(c *caller, list []*adminv1.Case) error {
	return s.judge(c, func(x *reach) (err error) {
		for _, m := range list {
			if m.Label, err = x.labelOf(syncengine.ID(m.GetId())); err != nil {
				return err
			}
		}
		return nil
	})
}

// placeAfter reads the token of a page of cases.
func placeAfter(token []byte) (docket.Place, error) {
	if len(token) == 0 {
		return docket.Place{}, nil
	}
	at, ok := docket.PlaceOf(token)
	if !ok {
		return at, fmt.Errorf("page token of %d bytes, give one that a page told: %w", len(token), errInvalid)
	}
	return at, nil
}

// setState writes how far a case has come, by its kind.
func setState(m *adminv1.Case, kind syncengine.KindNumber, state cases.State) {
	if recordv1.Kind(kind) == recordv1.Kind_KIND_HAZARD {
		m.Kind, m.HazardState = recordv1.Kind_KIND_HAZARD, recordv1.HazardState(state)
		return
	}
	m.State = recordv1.DisputeState(state)
}

func flagsOf(flags []domain.Complaint) (out []*adminv1.CaseFlag) {
	for _, f := range flags {
		out = append(out, &adminv1.CaseFlag{Rule: f.Rule, Field: f.Field, Zh: f.ZH, En: f.EN})
	}
	return out
}

func timingOf(t *cases.Timing) *adminv1.CaseTiming {
	if t == nil {
		return nil
	}
	m := &adminv1.CaseTiming{
		Phase: string(t.Phase), DeadlineMs: int64(t.Deadline.At), Clock: string(t.Clock.State),
		UsedS: t.Clock.UsedSeconds, LeftS: t.Clock.LeftSeconds, Term: t.Term.String(),
	}
	for _, year := range t.Deadline.Missing {
		m.MissingYears = append(m.MissingYears, int32(year))
	}
	return m
}

// caseOf makes the message of a case, with the names of its people.
func (s *Service) caseOf(c *caller, shown *casework.Shown) (m *adminv1.Case, err error) {
	m = &adminv1.Case{Id: shown.ID[:], Fields: shown.Fields, Timing: timingOf(shown.Timing), Flags: flagsOf(shown.Flags), TerritoryId: wire.BytesOf(shown.Territory)}
	setState(m, shown.Kind, shown.State)
	for _, step := range shown.Steps {
		m.Steps = append(m.Steps, step.Name)
	}
	if p := shown.Proposal; p != nil {
		m.Proposal = &adminv1.TriageProposal{Clinic: recordv1.Clinic(p.Clinic)}
		for _, r := range p.Reasons {
			m.Proposal.ReasonsZh, m.Proposal.ReasonsEn = append(m.Proposal.ReasonsZh, r.ZH), append(m.Proposal.ReasonsEn, r.EN)
		}
	}
	if l := shown.Repeats; l != nil {
		m.Repeats = linkOf(l.Earlier, l)
	}
	for i := range shown.RepeatedBy {
		m.RepeatedBy = append(m.RepeatedBy, linkOf(shown.RepeatedBy[i].Later, &shown.RepeatedBy[i]))
	}
	err = s.realm.View(c.ctx, func(r store.Reader) error {
		names := &names{r: r, known: map[syncengine.ID]identity.User{}}
		for _, e := range shown.Timeline {
			m.Timeline = append(m.Timeline, entryOf(e, names))
		}
		for _, t := range shown.Tasks {
			m.Tasks = append(m.Tasks, taskOf(t, names))
		}
		for _, a := range shown.Attachments {
			m.Attachments = append(m.Attachments, &adminv1.CaseAttachment{
				Id: a.ID[:], OwnerId: a.GetOwnerId(), Sha256: a.GetSha256(), SizeBytes: a.GetSizeBytes(), MediaType: a.GetMediaType(),
			})
		}
		m.People = peopleOf(shown.People, names)
		m.BringsIn = bringsIn(shown, m.People)
		return names.failed
	})
	if err != nil {
		return nil, err
	}
	return m, s.labelCases(c, []*adminv1.Case{m})
}

func linkOf(other domain.ID, r *cases.Repeat) *adminv1.HazardLink {
	return &adminv1.HazardLink{HazardId: other[:], PutRightMs: int64(r.PutRight), FoundMs: int64(r.Found)}
}

// bringsIn tells of each role that the policy brings in whether somebody of it has to do with the case.
func bringsIn(shown *casework.Shown, people []*adminv1.CasePerson) (out []*adminv1.CaseRole) {
	for _, role := range shown.BringsIn {
		joined := role == domain.RoleDepartment && shown.Routed ||
			slices.ContainsFunc(people, func(p *adminv1.CasePerson) bool { return domain.Role(p.GetRole()) == role })
		out = append(out, &adminv1.CaseRole{Role: recordv1.Role(role), Joined: joined})
	}
	return out
}

func entryOf(e casework.Event, names *names) *adminv1.CaseEntry {
	actor, _ := syncengine.IDFromBytes(e.GetActor())
	return &adminv1.CaseEntry{
		Id: wire.BytesOf(e.ID), What: e.GetWhat(), AtMs: e.GetAt(), ActorId: wire.BytesOf(actor), ActorName: names.of(actor),
		Text: e.GetText(), UntilMs: e.GetUntil(), Days: e.GetDays(),
	}
}

func taskOf(t casework.Task, names *names) *adminv1.CaseTask {
	user, _ := syncengine.IDFromBytes(t.Task.GetForUser())
	return &adminv1.CaseTask{
		Id: t.ID[:], What: t.Task.GetWhat(), DueMs: t.Task.GetDue(), Why: t.Task.GetWhy(), State: casebook.TaskState(t.Task),
		DeliveredMs: t.Task.GetDeliveredAt(), DoneReason: t.Task.GetDoneReason(), UserId: wire.BytesOf(user), UserName: names.of(user),
	}
}

// peopleOf names those who work on a case.
func peopleOf(p cases.People, names *names) (out []*adminv1.CasePerson) {
	add := func(id domain.ID, relation string) {
		if user := syncengine.ID(id); !user.IsZero() {
			u := names.user(user)
			out = append(out, &adminv1.CasePerson{UserId: user[:], Name: u.Name, Role: recordv1.Role(u.Role), Relation: relation})
		}
	}
	add(p.RegisteredBy, "first_receiver")
	add(p.Mediator, "mediator")
	for _, id := range p.Participants {
		add(id, "participant")
	}
	return out
}

// names tells users' names, each looked up once.
type names struct {
	r      store.Reader
	known  map[syncengine.ID]identity.User
	failed error
}

func (n *names) of(user syncengine.ID) string { return n.user(user).Name }

func (n *names) user(user syncengine.ID) identity.User {
	if u, ok := n.known[user]; ok || user.IsZero() {
		return u
	}
	u, err := identity.GetUser(n.r, user)
	if err != nil && !errors.Is(err, identity.ErrUserUnknown) {
		n.failed = errors.Join(n.failed, err)
	}
	n.known[user] = u
	return u
}
