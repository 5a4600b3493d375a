package casework

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// Options are what a service needs from outside; each has a default.
type Options struct {
	// Now is the server's clock; the system's when nil.
	Now func() time.Time
	// Every is how often the watch looks; [WatchEvery] when zero.
	Every time.Duration
	// Log takes what the watch cannot do; silent when nil.
	Log *slog.Logger
	// Post is held by the one server that watches; nil where there is no other.
	Post *tenure.Post
}

// Service is the centre's work on the cases of a realm.
type Service struct {
	realm *exchange.Service
	clock func() time.Time
	log   *slog.Logger
	every time.Duration
	index *index
	post  *tenure.Post
}

// New makes a service.
func New(realm *exchange.Service, o Options) *Service {
	s := &Service{realm: realm, clock: o.Now, every: cmp.Or(o.Every, WatchEvery), log: o.Log, index: newIndex(), post: o.Post}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

func (s *Service) now() domain.UnixMilli { return domain.UnixMilli(s.clock().UnixMilli()) }

// standing is what somebody may do about one record.
type standing struct {
	actor cases.Actor
	roles schema.Roles
	// read and write are the classes of the record's fields that they may read and write.
	read, write schema.Classes
}

// standingOf tells how somebody stands to a record.
func (s *Service) standingOf(r store.Reader, user syncengine.ID, rec *syncengine.Record) (standing, error) {
	roles, err := s.realm.RolesOver(r, user, rec)
	if err != nil {
		return standing{}, err
	}
	access := s.realm.Schema().Access
	out := standing{
		actor: cases.Actor{User: domain.ID(user)}, roles: roles,
		read: access.ReadClasses(rec.Kind, roles), write: access.WriteClasses(rec.Kind, roles),
	}
	out.actor.Roles = rolesOf(roles)
	return out, nil
}

// Shown is a case as somebody may see it.
type Shown struct {
	ID syncengine.ID
	// Kind is KIND_DISPUTE or KIND_HAZARD.
	Kind syncengine.KindNumber
	// Fields is the encoded Dispute or Hazard with what they may read.
	Fields []byte
	State  cases.State
	// Territory is where it is; zero for none.
	Territory syncengine.ID
	// Timing is the deadline that counts and its clock; nil for a case that has none.
	Timing *cases.Timing
	// Timeline is empty for who may not read events.
	Timeline []Event
	Tasks    []Task
	// Attachments is empty for who may not read them.
	Attachments []Attachment
	// People are those who work on the case.
	People cases.People
	// At is the place in the log as of which it stands.
	At syncengine.Seq
	// Steps are those that they may take now.
	Steps []*cases.Step
	// Proposal is the clinic that a rule proposes and why; absent once the case is closed.
	Proposal *Proposal
	// Flags say what the case lacks as it stands.
	Flags []domain.Complaint
	// BringsIn are the roles that the policy brings in for a dispute of its clinic, Routed says that a department has it.
	BringsIn []domain.Role
	Routed   bool
	// Repeats is the hazard that this one is, come back; nil for none. RepeatedBy are those that it came back as, the oldest first.
	Repeats    *cases.Repeat
	RepeatedBy []cases.Repeat
	// sealed are the sealed fields among Fields.
	sealed []syncengine.FieldNumber
}

// Proposal is the clinic that a rule proposes; a person decides.
type Proposal struct {
	Clinic  domain.Clinic
	Reasons []Reason
}

// Reason is why a rule proposes something.
type Reason struct{ ZH, EN string }

// Show gives a case as a user may see it, or [ErrNoCase]. The sealed fields that it shows stand in the access ledger before
// it returns.
func (s *Service) Show(ctx context.Context, by accessledger.Actor, id syncengine.ID) (*Shown, error) {
	var out *Shown
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		out, err = s.show(r, by.User, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.noteLook(ctx, by, accessledger.Console, "", out)
}

// Export is Show for the whole file of a case, which leaves the house: it stands in the access ledger with its reason, also
// where no sealed field is in it.
func (s *Service) Export(ctx context.Context, by accessledger.Actor, id syncengine.ID, reason string) (*Shown, error) {
	var out *Shown
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		out, err = s.show(r, by.User, id)
		if err == nil && out.Kind != kindDispute {
			err = ErrNoCase // A hazard has no file of its own.
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.noteLook(ctx, by, accessledger.Export, reason, out)
}

// noteLook writes into the access ledger which sealed fields somebody is shown, and every export.
func (s *Service) noteLook(ctx context.Context, by accessledger.Actor, action accessledger.Action, reason string, out *Shown) error {
	if len(out.sealed) == 0 && action != accessledger.Export {
		return nil
	}
	var looks accessledger.Looks
	for _, field := range out.sealed {
		looks.Add(out.Kind, out.ID, field)
	}
	e := accessledger.Entry{Action: action, Actor: by, Records: looks.Records(), Reason: reason}
	if looks.Empty() {
		e.Records = accessledger.About(out.Kind, out.ID)
	}
	return s.realm.Note(ctx, e)
}

func (s *Service) show(r store.Reader, user, id syncengine.ID) (*Shown, error) {
	c, err := s.read(r, id)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, ErrNoCase
	}
	who, err := s.standingOf(r, user, c.Record)
	if err != nil {
		return nil, err
	}
	if who.read == 0 {
		return nil, ErrNoCase
	}
	rules, err := s.realm.Rules(r)
	if err != nil {
		return nil, err
	}
	out, err := s.shownTo(c, who, rules)
	if err != nil {
		return nil, err
	}
	out.At = r.Head().Seq
	if c.Hazard != nil {
		err = s.addRecurrence(r, user, c, out, rules)
	}
	return out, err
}

// shownTo cuts a case for somebody.
func (s *Service) shownTo(c *Case, who standing, rules cases.Rules) (*Shown, error) {
	out := &Shown{
		ID: c.ID, Kind: c.Record.Kind, State: c.state(), Territory: placeOf(c.Record), People: c.people(), Steps: c.table().Open(c.state(), who.actor, c.people()),
		Flags: s.flags(c, who.read, rules),
	}
	var err error
	if out.Fields, out.sealed, err = s.visible(c.Record, who.read); err != nil {
		return nil, err
	}
	access := s.realm.Schema().Access
	if access.ReadClasses(kindCaseEvent, who.roles) != 0 {
		out.Timeline = c.Timeline()
	}
	if access.ReadClasses(kindAttachment, who.roles) != 0 {
		out.Attachments = c.Attachments
	}
	if access.ReadClasses(kindTask, who.roles) != 0 {
		out.Tasks = c.Tasks
	}
	if c.Dispute != nil {
		s.addClock(c, out, rules)
	}
	return out, nil
}

// addClock adds the deadline that counts for a dispute, and the clinic that a rule proposes while it is open.
func (s *Service) addClock(c *Case, out *Shown, rules cases.Rules) {
	now, m := s.now(), c.matter()
	if timing, ok := m.Timing(rules, now); ok {
		out.Timing = &timing
	}
	if cases.Disputes.Done(out.State) {
		return
	}
	out.BringsIn, out.Routed = casebook.BringsIn(rules, c.Dispute), len(c.Dispute.GetDepartments()) > 0
	p := c.proposal(rules, now)
	out.Proposal = &Proposal{Clinic: p.Clinic}
	for _, reason := range p.Reasons {
		out.Proposal.Reasons = append(out.Proposal.Reasons, Reason(reason))
	}
}
