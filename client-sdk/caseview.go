package client

import (
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Case is a dispute, hazard or task as its work stands.
type Case struct {
	// ID is its id, Kind its kind's name, State the name of its state.
	ID    syncengine.ID
	Kind  string
	State string
	// Deadline is by when it is to be done, to the minute; 0 for no date.
	Deadline syncengine.UnixMilli
	// Phase names the part of the work that the deadline is of; empty for none.
	Phase string
	// Provisional lists the years whose official days are not known, so that the deadline may change.
	Provisional []int
	// ClockState, UsedSeconds and LeftSeconds read the clock of a dispute; the state is empty where none runs.
	ClockState               string
	UsedSeconds, LeftSeconds int64
	// Steps are what this phone's user may do, in the order of the work.
	Steps []string
	// Flags say what the case lacks as it stands, as far as this phone's user reads the fields that show it: a step was taken
	// without it, or somebody took it away since. Nothing was refused, and a flag goes when what it names is made good.
	Flags []Complaint
	// People are those who have to do with a dispute, as far as the phone knows them: first receiver, mediator, then who takes part.
	People []CasePerson
	// BringsIn are the roles that the policy brings in for a dispute of its clinic, each with whether somebody of it has to do with
	// the case, as far as the phone knows them. A person assigns and joins them.
	BringsIn []CaseRole
	// Repeats is the hazard of the same code at the same door that this one is, come back; nil for none. RepeatedBy are those that it
	// came back as.
	Repeats    *HazardLink
	RepeatedBy []HazardLink
	// Timeline is its entries, the oldest first.
	Timeline []TimelineEntry
	// DeliveredAt is when a task reached a phone of who is to do it, and DeliveredDevice which; 0 for not known to have. The server
	// learns it from sync itself.
	DeliveredAt     syncengine.UnixMilli
	DeliveredDevice syncengine.ID
}

// CaseRole is a role that the policy brings in for a case.
type CaseRole struct {
	// Role is its name, such as mediator.
	Role string
	// Joined says that somebody of it has to do with the case.
	Joined bool
}

// CasePerson is somebody who has to do with a case.
type CasePerson struct {
	// User is their id, Name and Role are empty for somebody whom this phone does not know.
	User       syncengine.ID
	Name, Role string
	// Relation is first_receiver, mediator or participant.
	Relation string

	role domain.Role
}

// Says names their role for people; empty for somebody whom this phone does not know.
func (p *CasePerson) Says() Sentence {
	if p.Role == "" {
		return Sentence{}
	}
	return Sentence{ZH: p.role.LabelZH(), EN: p.role.LabelEN()}
}

// TimelineEntry is one entry of a case's timeline.
type TimelineEntry struct {
	// What is the name of what happened, Says the same for people.
	What string
	Says Sentence
	// At is when, Actor the user who did it, Text what there is to say.
	At    syncengine.UnixMilli
	Actor syncengine.ID
	Text  string
}

// read gives the case as its work stands.
func (c *openCase) read() *Case {
	out := &Case{ID: c.id, Kind: c.kind.Name, State: c.stateName()}
	if c.task != nil {
		c.readTask(out)
		return out
	}
	out.Flags = c.flags()
	table, from, people := casework.Hazards, casework.State(c.hazard.GetState()), casework.People{}
	if c.dispute != nil {
		table, from, people = casework.Disputes, casework.State(c.dispute.GetState()), casebook.People(c.dispute)
		c.readClock(out)
	} else {
		out.Deadline = syncengine.UnixMilli(c.hazard.GetDeadline())
	}
	for _, step := range table.Open(from, c.actor(), people) {
		out.Steps = append(out.Steps, step.Name)
	}
	for _, e := range casebook.Events(c.timeline) {
		zh, en := e.What.Words()
		out.Timeline = append(out.Timeline, TimelineEntry{
			What: e.What.Name(), Says: Sentence{ZH: zh, EN: en}, At: syncengine.UnixMilli(e.At), Actor: syncengine.ID(e.Actor), Text: e.Text,
		})
	}
	return out
}

// readTask gives a task as its work stands.
func (c *openCase) readTask(out *Case) {
	out.Deadline, out.DeliveredAt = syncengine.UnixMilli(c.task.GetDue()), syncengine.UnixMilli(c.task.GetDeliveredAt())
	out.DeliveredDevice, _ = syncengine.IDFromBytes(c.task.GetDeliveredDevice())
	for _, step := range casework.Tasks.Open(casework.State(c.task.GetState()), c.actor(), casebook.TaskPeople(c.task)) {
		out.Steps = append(out.Steps, step.Name)
	}
}

// people gives those who have to do with a dispute.
func (c *openCase) people() (out []CasePerson, err error) {
	if c.dispute == nil {
		return nil, nil
	}
	all := casebook.People(c.dispute)
	add := func(user domain.ID, relation string) error {
		if user == (domain.ID{}) {
			return nil
		}
		p := CasePerson{User: syncengine.ID(user), Relation: relation}
		row, ok, err := c.tx.Record(p.User)
		if err == nil && ok && row.Kind == kindStaff {
			colleague := &recordv1.Staff{}
			err = c.r.readMessage(&row, colleague)
			p.role = domain.Role(colleague.GetRole())
			p.Name, p.Role = colleague.GetName(), p.role.String()
		}
		out = append(out, p)
		return err
	}
	err = errors.Join(add(all.RegisteredBy, "first_receiver"), add(all.Mediator, "mediator"))
	for _, user := range all.Participants {
		err = errors.Join(err, add(user, "participant"))
	}
	return out, err
}

// bringsIn gives the roles that the policy brings in while a dispute is worked.
func (c *openCase) bringsIn(people []CasePerson) (out []CaseRole) {
	if c.dispute == nil || casework.Disputes.Done(casework.State(c.dispute.GetState())) {
		return nil
	}
	for _, role := range casebook.BringsIn(c.rules, c.dispute) {
		joined := role == domain.RoleDepartment && len(c.dispute.GetDepartments()) > 0 ||
			slices.ContainsFunc(people, func(p CasePerson) bool { return p.role == role })
		out = append(out, CaseRole{Role: role.String(), Joined: joined})
	}
	return out
}

// flags says what the case lacks as it stands.
func (c *openCase) flags() []Complaint {
	var m proto.Message = c.dispute
	var told []domain.Complaint
	if c.hazard != nil {
		m = c.hazard
		matter := casebook.HazardMatter(domain.ID(c.id), c.hazard, c.timeline)
		told = matter.Flags(c.hazard.GetHandedOverTo())
	} else {
		matter := casebook.Matter(domain.ID(c.id), c.dispute, c.timeline)
		told = matter.Flags(c.rules)
	}
	readable := c.kind.Readable(c.r.schema.Access.ReadClasses(c.kind.Number, c.roles))
	return append(domain.Lacks(domain.Kind(c.kind.Number), schema.RuleFields(m.ProtoReflect()), readable), told...)
}

func (c *openCase) readClock(out *Case) {
	matter := casebook.Matter(domain.ID(c.id), c.dispute, c.timeline)
	timing, ok := matter.Timing(c.rules, c.now)
	if !ok {
		return
	}
	out.Deadline, out.Phase, out.Provisional = syncengine.UnixMilli(timing.Deadline.At), string(timing.Phase), timing.Deadline.Missing
	out.ClockState = string(timing.Clock.State)
	out.UsedSeconds, out.LeftSeconds = timing.Clock.UsedSeconds, timing.Clock.LeftSeconds
}

// JSON gives the case as {"id", "kind", "state", "deadline", "phase", "provisional", "clock": {"state", "used_s", "left_s"},
// "steps", "flags": [{"rule", "field", "says"}], "people": [{"id", "name", "role", "relation"}], "brings_in": [{"role", "joined"}], "timeline": [{"what", "says", "at", "actor", "text"}]}; clock is null where none
// runs; a task that is known to have reached a phone has "delivered_at" and "delivered_device", a hazard that came back "repeats" or "repeated_by".
func (c *Case) JSON(lang Language) recordjson.Object {
	timeline := make([]recordjson.Object, len(c.Timeline))
	for i, e := range c.Timeline {
		timeline[i] = recordjson.Object{}.With("what", e.What).With("says", e.Says.In(lang)).With("at", recordjson.Time(e.At)).
			With("actor", e.Actor.String()).With("text", orNull(e.Text))
	}
	var clock any
	if c.ClockState != "" {
		clock = recordjson.Object{}.With("state", c.ClockState).With("used_s", c.UsedSeconds).With("left_s", c.LeftSeconds)
	}
	flags := make([]recordjson.Object, len(c.Flags))
	for i, f := range c.Flags {
		flags[i] = recordjson.Object{}.With("rule", f.Rule).With("field", orNull(f.Field)).With("says", Sentence{ZH: f.ZH, EN: f.EN}.In(lang))
	}
	roles := make([]recordjson.Object, len(c.BringsIn))
	for i, r := range c.BringsIn {
		roles[i] = recordjson.Object{}.With("role", r.Role).With("joined", r.Joined)
	}
	people := make([]recordjson.Object, len(c.People))
	for i, p := range c.People {
		people[i] = recordjson.Object{}.With("id", p.User.String()).With("name", orNull(p.Name)).With("role", orNull(p.Role)).With("relation", p.Relation)
	}
	steps, years := c.Steps, c.Provisional
	if steps == nil {
		steps = []string{}
	}
	if years == nil {
		years = []int{}
	}
	out := recordjson.Object{}.With(recordjson.NameID, c.ID.String()).With(recordjson.NameKind, c.Kind).With("state", c.State).
		With("deadline", recordjson.Time(c.Deadline)).With("phase", orNull(c.Phase)).With("provisional", years).
		With("clock", clock).With("steps", steps).With("flags", flags).With("people", people).With("brings_in", roles).With("timeline", timeline)
	if c.Repeats != nil {
		out = out.With("repeats", c.Repeats.JSON())
	}
	if len(c.RepeatedBy) > 0 {
		by := make([]recordjson.Object, len(c.RepeatedBy))
		for i := range c.RepeatedBy {
			by[i] = c.RepeatedBy[i].JSON()
		}
		out = out.With("repeated_by", by)
	}
	if c.DeliveredAt != 0 {
		out = out.With("delivered_at", recordjson.Time(c.DeliveredAt)).With("delivered_device", c.DeliveredDevice.String())
	}
	return out
}
