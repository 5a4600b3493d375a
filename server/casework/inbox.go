package casework

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Inbox says which cases somebody looks for.
type Inbox string

// The inboxes.
const (
	// InboxAll: every dispute that is not archived, every hazard that is not re-checked or closed.
	InboxAll Inbox = "all"
	// InboxDesk: disputes to be accepted or declined.
	InboxDesk Inbox = "desk"
	// InboxDispatch: disputes that wait for a clinic or for somebody to work them.
	InboxDispatch Inbox = "dispatch"
	// InboxMine: open cases that the user registered, mediates or takes part in.
	InboxMine Inbox = "mine"
	// InboxOverdue: cases whose deadline is over.
	InboxOverdue Inbox = "overdue"
	// InboxFollowUp: disputes with an agreement to be performed, and disputes to be called back.
	InboxFollowUp Inbox = "follow-up"
	// InboxDepartment: open disputes that are routed to the user's department, and hazards that were handed over to it.
	InboxDepartment Inbox = "department"
	// InboxFlagged: cases that lack something.
	InboxFlagged Inbox = "flagged"
)

// Inboxes lists them as people read them.
func Inboxes() []Inbox {
	return []Inbox{InboxAll, InboxDesk, InboxDispatch, InboxMine, InboxOverdue, InboxFollowUp, InboxDepartment, InboxFlagged}
}

// Wanted is what somebody looks for.
type Wanted struct {
	Inbox Inbox
	// Kind is the kind of cases; 0 for disputes, and for both kinds in the inboxes department and flagged.
	Kind syncengine.KindNumber
	// State and Clinic are 0 for any. Of which kind the state is says Kind.
	State  cases.State
	Clinic domain.Clinic
	// Limit bounds the cases that are given, Skip leaves out those before.
	Limit, Skip int
}

// takes reports that cases of a kind are looked for.
func (w *Wanted) takes(kind syncengine.KindNumber) bool {
	if w.Kind != 0 {
		return w.Kind == kind
	}
	return kind == kindDispute || w.Inbox == InboxDepartment || w.Inbox == InboxFlagged
}

// Listed is a case in a list.
type Listed struct {
	ID     syncengine.ID
	Kind   syncengine.KindNumber
	Fields []byte
	State  cases.State
	Clinic domain.Clinic
	Timing *cases.Timing
	// Flags say what it lacks.
	Flags []domain.Complaint
}

// candidate is a case that fits, before it is known whether the user may read it.
type candidate struct {
	id      syncengine.ID
	dispute *recordv1.Dispute
	hazard  *recordv1.Hazard
	// timeline is what its timeline is flagged for.
	timeline []domain.Complaint
	timing   *cases.Timing
	due      domain.UnixMilli
}

// looking is one look for cases.
type looking struct {
	s     *Service
	r     store.Reader
	user  syncengine.ID
	rules cases.Rules
	now   domain.UnixMilli
	Wanted
}

// candidates gives the cases that fit, those due first in front.
func (l *looking) candidates() (out []candidate, err error) {
	l.s.index.mu.Lock()
	defer l.s.index.mu.Unlock()
	if err := l.s.follow(l.r); err != nil {
		return nil, err
	}
	if l.takes(kindDispute) {
		for id, d := range l.s.index.disputes {
			if c := l.dispute(id, d); l.holdsDispute(&c) {
				out = append(out, c)
			}
		}
	}
	if l.takes(kindHazard) {
		for id, z := range l.s.index.hazards {
			if c := l.hazard(id, z); l.holdsHazard(&c) {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(compareDue(a.due, b.due), slices.Compare(a.id[:], b.id[:]))
	})
	return out, nil
}

func (l *looking) dispute(id syncengine.ID, d *recordv1.Dispute) candidate {
	c := candidate{id: id, dispute: d}
	m := casebook.Matter(domain.ID(id), d, l.s.index.eventsOf(id))
	if timing, ok := m.Timing(l.rules, l.now); ok {
		c.timing, c.due = &timing, timing.Deadline.At
	}
	c.timeline = m.Flags(l.rules)
	return c
}

func (l *looking) hazard(id syncengine.ID, z *recordv1.Hazard) candidate {
	return candidate{
		id: id, hazard: z, due: domain.UnixMilli(z.GetDeadline()), timeline: timelineFlags(id, nil, z, l.s.index.eventsOf(id), l.rules),
	}
}

// compareDue orders what has a deadline before what has none.
func compareDue(a, b domain.UnixMilli) int {
	switch {
	case a == 0 && b != 0:
		return 1
	case b == 0 && a != 0:
		return -1
	}
	return cmp.Compare(a, b)
}

func (l *looking) mine(id []byte) bool { return string(id) == string(l.user[:]) }

func (l *looking) flagged(c *candidate) bool { return len(c.timeline) > 0 || l.s.index.lacking[c.id] }

// holdsDispute reports that a dispute fits. Whether it is routed to the user's department is asked when it is read.
func (l *looking) holdsDispute(c *candidate) bool {
	d, state := c.dispute, cases.State(c.dispute.GetState())
	if l.State != 0 && state != l.State || l.Clinic != 0 && domain.Clinic(d.GetClinic()) != l.Clinic {
		return false
	}
	switch l.Inbox {
	case InboxDesk:
		return state == cases.Registered
	case InboxDispatch:
		return slices.Contains([]cases.State{cases.Accepted, cases.Triaged, cases.Failed, cases.Refused, cases.Reopened}, state)
	case InboxMine:
		return !cases.Disputes.Done(state) && (l.mine(d.GetMediator()) || l.mine(d.GetRegisteredBy()) || slices.ContainsFunc(d.GetParticipants(), l.mine))
	case InboxOverdue:
		return c.timing != nil && c.timing.Clock.State != calendar.Stopped && c.timing.Deadline.Late(l.now)
	case InboxFollowUp:
		return state == cases.Agreed || state == cases.Performing || state == cases.Closed && d.GetCallBackAt() == 0
	case InboxDepartment:
		return !cases.Disputes.Done(state)
	case InboxFlagged:
		return l.flagged(c)
	}
	return true
}

// holdsHazard reports that a hazard fits.
func (l *looking) holdsHazard(c *candidate) bool {
	state := cases.State(c.hazard.GetState())
	if l.State != 0 && state != l.State || l.Clinic != 0 {
		return false
	}
	open := !cases.Hazards.Done(state)
	switch l.Inbox {
	case InboxAll:
		return open || l.State != 0
	case InboxMine:
		return open && l.mine(c.hazard.GetRegisteredBy())
	case InboxOverdue:
		return open && c.due != 0 && (calendar.Deadline{At: c.due}).Late(l.now)
	case InboxDepartment:
		return state == cases.HandedOver
	case InboxFlagged:
		return l.flagged(c)
	}
	return false
}

// List gives the cases that fit and that the user may read, those due first in front, and how many there are in all.
func (s *Service) List(ctx context.Context, user syncengine.ID, w Wanted) (out []Listed, total int, err error) {
	err = s.realm.View(ctx, func(r store.Reader) error {
		rules, err := s.realm.Rules(r)
		if err != nil {
			return err
		}
		l := looking{s: s, r: r, user: user, rules: rules, now: s.now(), Wanted: w}
		fit, err := l.candidates()
		if err != nil {
			return err
		}
		for _, c := range fit {
			line, err := l.listed(c)
			if err != nil {
				return err
			}
			if line == nil {
				continue
			}
			if total++; total > w.Skip && len(out) < w.Limit {
				out = append(out, *line)
			}
		}
		return nil
	})
	return out, total, err
}

// listed gives a line of a list; nil for who may not read the case. Contacts stand in no list.
func (l *looking) listed(c candidate) (*Listed, error) {
	rec, err := l.s.realm.Record(l.r, c.id)
	if err != nil || rec == nil {
		return nil, err
	}
	who, err := l.s.standingOf(l.r, l.user, rec)
	if err != nil || who.read == 0 || l.Inbox == InboxDepartment && !slices.Contains(who.actor.Roles, domain.RoleDepartment) {
		return nil, err
	}
	classes := who.read &^ l.s.realm.Schema().Access.Sealed()
	out := &Listed{ID: c.id, Kind: rec.Kind, Timing: c.timing}
	if out.Fields, _, err = l.s.visible(rec, classes); err != nil {
		return nil, err
	}
	whole := &Case{ID: c.id, Record: rec, Dispute: &recordv1.Dispute{}}
	if rec.Kind == kindHazard {
		whole.Dispute, whole.Hazard = nil, &recordv1.Hazard{}
	}
	if err := wire.ReadShown(rec, whole.message(), nil); err != nil {
		return nil, err
	}
	out.Flags = append(l.s.lacks(rec.Kind, whole.message(), who.read), c.timeline...)
	if l.Inbox == InboxFlagged && len(out.Flags) == 0 {
		return nil, nil // What it lacks is not this user's to read.
	}
	if err := proto.Unmarshal(out.Fields, whole.message()); err != nil {
		return nil, err
	}
	out.State, out.Clinic = whole.state(), domain.Clinic(whole.Dispute.GetClinic())
	return out, nil
}
