package casework

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	kindDispute   = syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE)
	kindHazard    = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
	kindCaseEvent = syncengine.KindNumber(recordv1.Kind_KIND_CASE_EVENT)
	kindDoor      = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	kindTask      = syncengine.KindNumber(recordv1.Kind_KIND_TASK)
	// kindAttachment belongs to a case or to one of its events.
	kindAttachment = syncengine.KindNumber(recordv1.Kind_KIND_ATTACHMENT)
)

// DependentsMax bounds what is read of one case: a case of ten years with a note a day.
const DependentsMax = 4000

// Case is a dispute or a hazard with its timeline, as the record stands.
type Case struct {
	ID     syncengine.ID
	Record *syncengine.Record
	// Dispute or Hazard holds all shown values, the other one is nil; Visible cuts it for a reader.
	Dispute *recordv1.Dispute
	Hazard  *recordv1.Hazard
	// Events is the timeline, the oldest first.
	Events []Event
	// by tells who wrote its state.
	by writer
	// Tasks are those about the case, by due time.
	Tasks []Task
	// Attachments are those of the case and of its events, in the order they were made.
	Attachments []Attachment
}

// Attachment is what stands of a picture or a paper in the records: its hash and size.
type Attachment struct {
	ID syncengine.ID
	*recordv1.Attachment
}

// Event is one entry of a timeline.
type Event struct {
	ID syncengine.ID
	*recordv1.CaseEvent
	// by tells who wrote it.
	by writer
}

// Task is a task about a case.
type Task struct {
	ID   syncengine.ID
	Task *recordv1.Task
}

// read reads a case; nil when there is none.
func (s *Service) read(r store.Reader, id syncengine.ID) (*Case, error) {
	rec, err := s.realm.Record(r, id)
	if err != nil || rec == nil || rec.Kind != kindDispute && rec.Kind != kindHazard || rec.Dead() {
		return nil, err
	}
	c := &Case{ID: id, Record: rec}
	if rec.Kind == kindHazard {
		c.Hazard = &recordv1.Hazard{}
	} else {
		c.Dispute = &recordv1.Dispute{}
	}
	if err := wire.ReadShown(rec, c.message(), nil); err != nil {
		return nil, err
	}
	authors, err := s.realm.Authors(r)
	if err != nil {
		return nil, err
	}
	if c.by, err = s.stateBy(authors, rec); err != nil {
		return nil, err
	}
	return c, s.readDependents(r, authors, c)
}

// message is the record's message.
func (c *Case) message() proto.Message {
	if c.Hazard != nil {
		return c.Hazard
	}
	return c.Dispute
}

// table is the steps of the case's kind, state how far it has come.
func (c *Case) table() cases.Table {
	if c.Hazard != nil {
		return cases.Hazards
	}
	return cases.Disputes
}

func (c *Case) state() cases.State {
	if c.Hazard != nil {
		return cases.State(c.Hazard.GetState())
	}
	return cases.State(c.Dispute.GetState())
}

// people are those who have to do with it.
func (c *Case) people() cases.People {
	if c.Hazard != nil {
		return casebook.HazardPeople(c.Hazard)
	}
	return casebook.People(c.Dispute)
}

// readDependents reads what follows the case: events and tasks.
func (s *Service) readDependents(r store.Reader, authors *exchange.Authors, c *Case) error {
	rows, err := r.Scope(nil, syncengine.RecordKey(c.ID), 0, DependentsMax+1)
	if err != nil {
		return err
	}
	if len(rows) > DependentsMax {
		return fmt.Errorf("case %s has more than %d events and tasks", c.ID, DependentsMax)
	}
	seen := map[syncengine.ID]bool{}
	for _, row := range rows {
		if row.Type != store.RowPresent || seen[row.RecordID] {
			continue
		}
		seen[row.RecordID] = true
		if err := s.readDependent(r, authors, c, row.RecordID); err != nil {
			return err
		}
	}
	slices.SortFunc(c.Events, func(a, b Event) int {
		return cmp.Or(cases.CompareEvents(casebook.Event(a.CaseEvent), casebook.Event(b.CaseEvent)), slices.Compare(a.ID[:], b.ID[:]))
	})
	slices.SortFunc(c.Attachments, func(a, b Attachment) int { return slices.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(c.Tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(a.Task.GetDue(), b.Task.GetDue()), slices.Compare(a.ID[:], b.ID[:]))
	})
	return nil
}

func (s *Service) readDependent(r store.Reader, authors *exchange.Authors, c *Case, id syncengine.ID) error {
	rec, err := s.realm.Record(r, id)
	if err != nil || rec == nil || rec.Dead() {
		return err
	}
	switch rec.Kind {
	case kindCaseEvent:
		e, err := writtenEvent(authors, rec)
		if err == nil && string(e.GetCaseId()) == string(c.ID[:]) {
			c.Events = append(c.Events, e)
		}
		return err
	case kindTask:
		t := &recordv1.Task{}
		if err := wire.ReadShown(rec, t, nil); err != nil {
			return err
		}
		if string(t.GetCaseId()) == string(c.ID[:]) {
			c.Tasks = append(c.Tasks, Task{ID: id, Task: t})
		}
	case kindAttachment:
		a := &recordv1.Attachment{}
		if err := wire.ReadShown(rec, a, nil); err != nil {
			return err
		}
		c.Attachments = append(c.Attachments, Attachment{ID: id, Attachment: a})
	}
	return nil
}

func eventOf(rec *syncengine.Record) (Event, error) {
	e := Event{ID: rec.ID, CaseEvent: &recordv1.CaseEvent{}}
	return e, wire.ReadShown(rec, e.CaseEvent, nil)
}

// writtenEvent reads an entry of a timeline with the roles in which it was written.
func writtenEvent(authors *exchange.Authors, rec *syncengine.Record) (e Event, err error) {
	if e, err = eventOf(rec); err == nil {
		e.by, err = writtenBy(authors, rec, syncengine.CellKey{Field: syncengine.LifeField})
	}
	return e, err
}

// visible gives the shown values that classes allow, and the sealed fields among them.
func (s *Service) visible(rec *syncengine.Record, classes schema.Classes) (fields []byte, sealed []syncengine.FieldNumber, err error) {
	kind, ok := s.realm.Schema().Kind(rec.Kind)
	if !ok {
		return nil, nil, fmt.Errorf("record %s: kind %d is not known", rec.ID, rec.Kind)
	}
	m := kind.Type.New().Interface()
	err = wire.ReadShown(rec, m, func(n syncengine.FieldNumber) bool {
		class, known := kind.Engine.Class(n)
		if !known || !classes.Has(class) {
			return false
		}
		if s.realm.Schema().Access.Sealed().Has(class) {
			sealed = append(sealed, n)
		}
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	fields, err = proto.MarshalOptions{Deterministic: true}.Marshal(m)
	return fields, slices.Compact(sealed), err
}

// timeline gives the events as the rules read them.
func (c *Case) timeline() []*recordv1.CaseEvent {
	out := make([]*recordv1.CaseEvent, len(c.Events))
	for i := range c.Events {
		out[i] = c.Events[i].CaseEvent
	}
	return out
}

// matter gives what decides the case's deadlines.
func (c *Case) matter() cases.Matter {
	return casebook.Matter(domain.ID(c.ID), c.Dispute, c.timeline())
}

// Timeline gives the events with the registration first, where no event tells of it: one that a phone made before it knew
// of events, or by its form alone.
func (c *Case) Timeline() []Event {
	if c.Dispute == nil {
		return c.Events // A hazard's finding is the record itself.
	}
	registered := slices.ContainsFunc(c.Events, func(e Event) bool { return e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_REGISTERED })
	if registered || c.Dispute.GetRegisteredAt() == 0 {
		return c.Events
	}
	first := Event{CaseEvent: &recordv1.CaseEvent{
		What: recordv1.CaseEventKind_CASE_EVENT_KIND_REGISTERED.Enum(), At: c.Dispute.RegisteredAt, Actor: c.Dispute.RegisteredBy,
	}}
	return append([]Event{first}, c.Events...)
}

// proposal gives the clinic that the rule proposes for the case at now.
func (c *Case) proposal(rules cases.Rules, now domain.UnixMilli) policy.Proposal {
	return rules.Policy.Triage(casebook.TriageCase(c.Dispute, c.timeline(), now), now.ShanghaiDay())
}

// fieldNames names the fields that a message sets, as rules name them.
func fieldNames(m protoreflect.Message) (out []string) {
	m.Range(func(d protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		out = append(out, string(d.Name()))
		return true
	})
	return out
}
