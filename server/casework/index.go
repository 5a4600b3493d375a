package casework

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// index holds what lists and the watch look at of every case that is not archived. It follows the log: each look first takes
// in what was written since the last one. A history that is another one than before is read from the records.
type index struct {
	// mu guards all that follows.
	mu    sync.Mutex
	epoch syncengine.Epoch
	seq   syncengine.Seq
	// disputes and hazards by id; events by the id of their case.
	disputes map[syncengine.ID]*recordv1.Dispute
	hazards  map[syncengine.ID]*recordv1.Hazard
	events   map[syncengine.ID]map[syncengine.ID]*recordv1.CaseEvent
	// caseOf tells of an event which case it is of.
	caseOf map[syncengine.ID]syncengine.ID
}

func newIndex() *index {
	x := &index{}
	x.clear()
	return x
}

func (x *index) clear() {
	x.epoch, x.seq = 0, 0
	x.disputes, x.hazards = map[syncengine.ID]*recordv1.Dispute{}, map[syncengine.ID]*recordv1.Hazard{}
	x.events, x.caseOf = map[syncengine.ID]map[syncengine.ID]*recordv1.CaseEvent{}, map[syncengine.ID]syncengine.ID{}
}

// follow takes in what the log holds beyond what was seen. The caller holds mu.
func (s *Service) follow(r store.Reader) error {
	x, head := s.index, r.Head()
	if x.epoch == head.Epoch && x.seq == head.Seq {
		return nil
	}
	var failed error
	take := func(id syncengine.ID, kind syncengine.KindNumber) bool {
		failed = s.take(r, id, kind)
		return failed == nil
	}
	var err error
	if x.epoch != head.Epoch || x.seq > head.Seq {
		x.clear()
		err = r.Records(func(rec store.Record) bool { return take(rec.ID, rec.Kind) })
	} else {
		err = r.Entries(x.seq, func(e store.Entry) bool { return take(e.RecordID, e.Kind) })
	}
	if err = errors.Join(err, failed); err != nil {
		x.clear() // Half of a look is none.
		return err
	}
	x.epoch, x.seq = head.Epoch, head.Seq
	return nil
}

// take reads a record anew if it is one of a case.
func (s *Service) take(r store.Reader, id syncengine.ID, kind syncengine.KindNumber) error {
	if kind != kindDispute && kind != kindHazard && kind != kindCaseEvent {
		return nil
	}
	rec, err := s.realm.Record(r, id)
	if err != nil {
		return err
	}
	x := s.index
	if rec == nil || rec.Dead() {
		x.forget(id)
		return nil
	}
	switch kind {
	case kindDispute:
		m := &recordv1.Dispute{}
		err = shown(rec, m, nil)
		x.disputes[id] = brief(m)
		if m.GetState() == recordv1.DisputeState_DISPUTE_STATE_ARCHIVED {
			x.forget(id)
		}
	case kindHazard:
		m := &recordv1.Hazard{}
		err = shown(rec, m, nil)
		x.hazards[id] = &recordv1.Hazard{State: m.State, Deadline: m.Deadline}
		if !watched(m) {
			delete(x.hazards, id)
		}
	case kindCaseEvent:
		var e Event
		if e, err = eventOf(rec); err == nil {
			x.addEvent(e)
		}
	}
	return err
}

// brief keeps what lists and deadlines look at, and no text.
func brief(d *recordv1.Dispute) *recordv1.Dispute {
	return &recordv1.Dispute{
		Territory: d.Territory, State: d.State, Clinic: d.Clinic, RegisteredAt: d.RegisteredAt, RegisteredBy: d.RegisteredBy,
		AcceptedAt: d.AcceptedAt, AgreementEffectiveOn: d.AgreementEffectiveOn, AgreementForm: d.AgreementForm,
		JudicialConfirmation: d.JudicialConfirmation, CallBackAt: d.CallBackAt, Mediator: d.Mediator,
		Participants: d.Participants, Risk: d.Risk,
	}
}

// watched reports that a hazard may ask for something.
func watched(h *recordv1.Hazard) bool {
	switch h.GetState() {
	case recordv1.HazardState_HAZARD_STATE_NOTIFIED, recordv1.HazardState_HAZARD_STATE_RECTIFIED, recordv1.HazardState_HAZARD_STATE_HANDED_OVER:
		return true
	}
	return false
}

func (x *index) addEvent(e Event) {
	of, _ := syncengine.IDFromBytes(e.GetCaseId())
	if before, ok := x.caseOf[e.ID]; ok && before != of {
		delete(x.events[before], e.ID)
	}
	x.caseOf[e.ID] = of
	if x.events[of] == nil {
		x.events[of] = map[syncengine.ID]*recordv1.CaseEvent{}
	}
	e.Text = nil // No list needs it, and it is a person's own words.
	x.events[of][e.ID] = e.CaseEvent
}

// forget drops a case or an event.
func (x *index) forget(id syncengine.ID) {
	delete(x.disputes, id)
	delete(x.hazards, id)
	if of, ok := x.caseOf[id]; ok {
		delete(x.events[of], id)
		delete(x.caseOf, id)
	}
}

// eventsOf gives the timeline of a case, in any order.
func (x *index) eventsOf(id syncengine.ID) []*recordv1.CaseEvent {
	return slices.Collect(maps.Values(x.events[id]))
}

// Inbox says which cases somebody looks for.
type Inbox string

// The inboxes.
const (
	// InboxAll: every case that is not archived.
	InboxAll Inbox = "all"
	// InboxDesk: cases to be accepted or declined.
	InboxDesk Inbox = "desk"
	// InboxDispatch: cases that wait for a clinic or for somebody to work them.
	InboxDispatch Inbox = "dispatch"
	// InboxMine: open cases that the user registered, mediates or takes part in.
	InboxMine Inbox = "mine"
	// InboxOverdue: cases whose deadline is over.
	InboxOverdue Inbox = "overdue"
	// InboxFollowUp: cases with an agreement to be performed, and cases to be called back.
	InboxFollowUp Inbox = "follow-up"
)

// Inboxes lists them as people read them.
func Inboxes() []Inbox {
	return []Inbox{InboxAll, InboxDesk, InboxDispatch, InboxMine, InboxOverdue, InboxFollowUp}
}

// Wanted is what somebody looks for.
type Wanted struct {
	Inbox Inbox
	// State and Clinic are 0 for any.
	State  cases.State
	Clinic domain.Clinic
	// Limit bounds the cases that are given, Skip leaves out those before.
	Limit, Skip int
}

// Listed is a case in a list.
type Listed struct {
	ID     syncengine.ID
	Fields []byte
	State  cases.State
	Clinic domain.Clinic
	Timing *cases.Timing
}

// candidate is a case that fits, before it is known whether the user may read it.
type candidate struct {
	id     syncengine.ID
	timing *cases.Timing
	due    domain.UnixMilli
}

// candidates gives the cases that fit, those due first in front.
func (s *Service) candidates(r store.Reader, user syncengine.ID, w Wanted) ([]candidate, error) {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if err := s.follow(r); err != nil {
		return nil, err
	}
	rules, err := s.realm.Rules(r)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []candidate
	for id, d := range s.index.disputes {
		if w.State != 0 && cases.State(d.GetState()) != w.State || w.Clinic != 0 && domain.Clinic(d.GetClinic()) != w.Clinic {
			continue
		}
		c := candidate{id: id}
		m := casebook.Matter(domain.ID(id), d, s.index.eventsOf(id))
		if timing, ok := m.Timing(rules, now); ok {
			c.timing, c.due = &timing, timing.Deadline.At
		}
		if w.Inbox.holds(d, c.timing, user, now) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(compareDue(a.due, b.due), slices.Compare(a.id[:], b.id[:]))
	})
	return out, nil
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

// holds reports that a case belongs into the inbox of a user.
func (i Inbox) holds(d *recordv1.Dispute, t *cases.Timing, user syncengine.ID, now domain.UnixMilli) bool {
	state := cases.State(d.GetState())
	switch i {
	case InboxDesk:
		return state == cases.Registered
	case InboxDispatch:
		return slices.Contains([]cases.State{cases.Accepted, cases.Triaged, cases.Failed, cases.Refused, cases.Reopened}, state)
	case InboxMine:
		mine := func(id []byte) bool { return string(id) == string(user[:]) }
		return !cases.Disputes.Done(state) && (mine(d.GetMediator()) || mine(d.GetRegisteredBy()) || slices.ContainsFunc(d.GetParticipants(), mine))
	case InboxOverdue:
		return t != nil && t.Clock.State != calendar.Stopped && t.Deadline.Late(now)
	case InboxFollowUp:
		return state == cases.Agreed || state == cases.Performing || state == cases.Closed && d.GetCallBackAt() == 0
	}
	return true
}

// List gives the cases that fit and that the user may read, those due first in front, and how many there are in all.
func (s *Service) List(ctx context.Context, user syncengine.ID, w Wanted) (out []Listed, total int, err error) {
	err = s.realm.View(ctx, func(r store.Reader) error {
		fit, err := s.candidates(r, user, w)
		if err != nil {
			return err
		}
		for _, c := range fit {
			line, err := s.listed(r, user, c)
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
func (s *Service) listed(r store.Reader, user syncengine.ID, c candidate) (*Listed, error) {
	rec, err := s.realm.Record(r, c.id)
	if err != nil || rec == nil {
		return nil, err
	}
	who, err := s.standingOf(r, user, rec)
	if err != nil || who.read == 0 {
		return nil, err
	}
	fields, _, err := s.visible(rec, who.read&^s.realm.Schema().Access.Sealed())
	if err != nil {
		return nil, err
	}
	d := &recordv1.Dispute{}
	if err := proto.Unmarshal(fields, d); err != nil {
		return nil, err
	}
	return &Listed{ID: c.id, Fields: fields, State: cases.State(d.GetState()), Clinic: domain.Clinic(d.GetClinic()), Timing: c.timing}, nil
}
