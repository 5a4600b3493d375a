package client

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

const kindCaseEvent = syncengine.KindNumber(recordv1.Kind_KIND_CASE_EVENT)

// StepInput is what a step is asked with beside its name.
type StepInput struct {
	// Fields is a JSON object of record fields that the step writes, such as the clinic or the parties' consent; empty for none.
	Fields string
	// Reason is what there is to say about it; some steps need it.
	Reason string
	// Days is by how many days a deadline is to be extended.
	Days int
	// Until is when a pause is to end by itself, in milliseconds since the Unix epoch.
	Until int64
}

// TakeStep takes a step of a dispute, hazard or task, such as accept, triage, recheck or done: the states, fields, timeline and tasks that it
// means are one commit. What is not allowed, or lacks something, is a [Refusal], and nothing is written. docs/casework.md has
// the steps.
func (r *Replica) TakeStep(id syncengine.ID, step string, in StepInput) error {
	return r.commitOf(func(tx *localdb.Tx, s *state) ([]change, error) {
		c, err := r.openCase(tx, s, id)
		if err != nil {
			return nil, err
		}
		return c.step(step, in)
	})
}

// BeginCase makes a dispute or hazard by a step that begins one, such as register, resolve (the one form on the spot), find
// or fix, from the fields of a JSON object, and returns its id.
func (r *Replica) BeginCase(kind, step string, in StepInput) (syncengine.ID, error) {
	k, ok := r.schema.KindByName(kind)
	if !ok || k.Number != kindDispute && k.Number != kindHazard {
		return syncengine.ID{}, fmt.Errorf("%q: %w", kind, ErrUnknownKind)
	}
	id := r.newID(r.now())
	err := r.commitOf(func(tx *localdb.Tx, s *state) ([]change, error) {
		c := &openCase{r: r, tx: tx, s: s, id: id, kind: k, now: domain.UnixMilli(s.time(r.now())), create: true, roles: s.rights.all}
		var err error
		if c.rules, err = r.rulesIn(tx); err != nil {
			return nil, err
		}
		return c.step(step, in)
	})
	if err != nil {
		return syncengine.ID{}, err
	}
	return id, nil
}

// Case reads how the work on a dispute, hazard or task stands.
func (r *Replica) Case(id syncengine.ID) (out *Case, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		c, err := r.openCase(tx, s, id)
		if err != nil {
			return err
		}
		out = c.read()
		if c.hazard != nil {
			out.Repeats, out.RepeatedBy, err = r.repeats(tx, c.rules, id, c.hazard)
			return err
		}
		if out.People, err = c.people(); err == nil {
			out.BringsIn = c.bringsIn(out.People)
		}
		return err
	})
	return out, err
}

// openCase is a case in the hands of a step.
type openCase struct {
	r      *Replica
	tx     *localdb.Tx
	s      *state
	id     syncengine.ID
	kind   *schema.Kind
	fields []byte
	now    domain.UnixMilli
	create bool
	roles  schema.Roles

	rules    casework.Rules
	dispute  *recordv1.Dispute
	hazard   *recordv1.Hazard
	task     *recordv1.Task
	timeline []*recordv1.CaseEvent
}

// openCase reads a case as it is shown, with its timeline.
func (r *Replica) openCase(tx *localdb.Tx, s *state, id syncengine.ID) (*openCase, error) {
	row, err := r.visible(tx, s, id)
	if err != nil {
		return nil, err
	}
	rec, kind, err := r.decodeShown(&row)
	if err != nil {
		return nil, err
	}
	keys, err := scopeKeys(tx, row.Keys)
	if err != nil {
		return nil, err
	}
	rules, err := r.rulesIn(tx)
	if err != nil {
		return nil, err
	}
	now := s.time(r.now())
	c := &openCase{
		rules: rules,
		r:     r, tx: tx, s: s, id: id, kind: kind, fields: rec.Fields(), now: domain.UnixMilli(now), roles: s.rights.liveOver(keys, now),
	}
	switch kind.Number {
	case kindDispute:
		c.dispute = &recordv1.Dispute{}
		err = proto.Unmarshal(c.fields, c.dispute)
	case kindHazard:
		c.hazard = &recordv1.Hazard{}
		err = proto.Unmarshal(c.fields, c.hazard)
	case kindTask:
		c.task = &recordv1.Task{}
		return c, proto.Unmarshal(c.fields, c.task)
	default:
		return nil, fmt.Errorf("%s is a %s, and no case: %w", id, kind.Name, ErrUnknownKind)
	}
	if err == nil {
		c.timeline, err = r.timeline(tx, id)
	}
	return c, err
}

// caseNumber stands in the column of lists' states of a timeline's entry, which has no state: by it the entries of one case are found
// without reading those of others. It is 31 bits of the case's id, so of two cases that share it both are read; never 0, which older
// software has written there.
func caseNumber(id syncengine.ID) int32 {
	return int32(binary.BigEndian.Uint32(id[len(id)-4:])>>1) | 1
}

// timeline reads the entries of a case.
func (r *Replica) timeline(tx *localdb.Tx, id syncengine.ID) (out []*recordv1.CaseEvent, err error) {
	q := localdb.Query{Kind: kindCaseEvent, States: []int32{caseNumber(id), 0}, Order: localdb.OrderOldest}
	for row, err := range tx.List(q) {
		if err != nil {
			return nil, err
		}
		e := &recordv1.CaseEvent{}
		if err := r.readMessage(&row, e); err != nil {
			return nil, err
		}
		if of, _ := syncengine.IDFromBytes(e.GetCaseId()); of == id {
			out = append(out, e)
		}
	}
	return out, nil
}

// actor is this phone's user, with the roles they have over the case.
func (c *openCase) actor() casework.Actor {
	out := casework.Actor{User: domain.ID(c.s.self.User)}
	for _, role := range domain.Roles() {
		if c.roles&schema.RolesOf(uint32(role)) != 0 {
			out.Roles = append(out.Roles, role)
		}
	}
	return out
}

// step works out what a step writes.
func (c *openCase) step(name string, in StepInput) ([]change, error) {
	with, err := c.with(in.Fields)
	if err != nil {
		return nil, err
	}
	ask := casebook.Ask{
		Step: name, Actor: c.actor(), Now: c.now, Reason: in.Reason, Days: in.Days, Until: domain.UnixMilli(in.Until),
	}
	switch c.kind.Number {
	case kindHazard:
		return c.hazardStep(with, ask)
	case kindTask:
		return c.taskStep(with, ask)
	}
	var given *recordv1.Dispute
	if with != nil {
		given = with.(*recordv1.Dispute)
	}
	out, complaints := casebook.TakeDispute(c.rules, domain.ID(c.id), c.dispute, c.timeline, given, ask)
	if len(complaints) > 0 {
		return nil, &Refusal{Complaints: complaints}
	}
	return c.writes(out.Edit, out.Events, nil)
}

func (c *openCase) hazardStep(with proto.Message, ask casebook.Ask) ([]change, error) {
	var given *recordv1.Hazard
	if with != nil {
		given = with.(*recordv1.Hazard)
	}
	out, complaints := casebook.TakeHazard(c.rules, domain.ID(c.id), c.hazard, c.timeline, given, ask)
	if len(complaints) > 0 {
		return nil, &Refusal{Complaints: complaints}
	}
	return c.writes(out.Edit, out.Events, out.Recheck)
}

// taskStep works out what a step of a task writes, beside the fields that it is given.
func (c *openCase) taskStep(with proto.Message, ask casebook.Ask) ([]change, error) {
	edit, complaints := casebook.TakeTask(c.task, ask)
	if len(complaints) > 0 {
		return nil, &Refusal{Complaints: complaints}
	}
	if with != nil {
		given := proto.CloneOf(with.(*recordv1.Task))
		given.State = nil // The step says it.
		proto.Merge(edit, given)
	}
	return c.writes(edit, nil, nil)
}

// with reads the fields that a step is given.
func (c *openCase) with(text string) (proto.Message, error) {
	if text == "" {
		return nil, nil
	}
	p, err := c.r.placesIn(c.tx)
	if err != nil {
		return nil, err
	}
	read, err := recordjson.DecodeEdit(c.kind, []byte(text), c.fields, p)
	if err != nil {
		return nil, err
	}
	if len(read.Cleared)+len(read.Removed) > 0 {
		return nil, refuse("", "step.clears", "这一步不能清除内容，请先修改记录。", "a step clears nothing: edit the record first")
	}
	return read.Message, nil
}

// writes makes the changes of a step: the case, its timeline where the user's roles may write one, and the task it brings.
func (c *openCase) writes(edit proto.Message, events []*recordv1.CaseEvent, task *casework.Duty) ([]change, error) {
	g := &Group{r: c.r}
	if err := c.put(g, edit); err != nil {
		return nil, err
	}
	if c.r.schema.Access.WriteClasses(kindCaseEvent, c.roles) != 0 {
		for _, e := range events {
			e.CaseId = c.id[:]
			if _, err := g.Add(e); err != nil {
				return nil, err
			}
		}
	}
	if task == nil {
		return g.asked, nil
	}
	_, known, err := c.tx.Record(syncengine.ID(task.ID))
	if err != nil || known {
		return g.asked, err
	}
	door := c.hazard.GetPremisesId()
	if door == nil {
		door = edit.(*recordv1.Hazard).GetPremisesId()
	}
	return g.asked, g.AddWithID(syncengine.ID(task.ID), casebook.Task(*task, domain.ID(c.id), doorID(door)))
}

func doorID(b []byte) domain.ID {
	id, _ := syncengine.IDFromBytes(b)
	return domain.ID(id)
}

func (c *openCase) put(g *Group, edit proto.Message) error {
	switch {
	case c.create:
		return g.AddWithID(c.id, edit)
	case proto.Size(edit) == 0:
		return nil // The step leaves an entry of the timeline and nothing else.
	}
	return g.Edit(c.id, edit)
}

func (c *openCase) stateName() string { return stateNameOf(c.kind, c.stateNumber()) }

// stateNameOf names a state of a kind; empty for a kind without states.
func stateNameOf(kind *schema.Kind, number int32) string {
	for _, f := range kind.Fields {
		if f.Rules.GetListState() {
			return stateName(f, number)
		}
	}
	return ""
}

func (c *openCase) stateNumber() int32 {
	if c.task != nil {
		return int32(casebook.TaskState(c.task))
	}
	if c.dispute != nil {
		return int32(c.dispute.GetState())
	}
	return int32(c.hazard.GetState())
}
