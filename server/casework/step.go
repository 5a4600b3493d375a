package casework

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Asked is a step that somebody wants to take.
type Asked struct {
	// Step is its name, such as "call-back", and Kind whose step it is: KIND_HAZARD, else a dispute's.
	Step string
	Kind syncengine.KindNumber
	// Case is zero for a step that makes one.
	Case syncengine.ID
	// Fields is a dispute, or Hazard a hazard, with only the fields that are written with the step; nil for none.
	Fields *recordv1.Dispute
	Hazard *recordv1.Hazard
	// Text says why, or what happened.
	Text string
	// Days is by how many days a deadline is extended; Until when a pause ends by itself.
	Days  int
	Until domain.UnixMilli
	// Told says that the parties were told the other ways now.
	Told bool
	// For is who is to do what a supervision asks; zero for whoever works the case.
	For syncengine.ID
	// Due is by when that is to be done; 0 for the end of the next day.
	Due domain.UnixMilli
}

// taking is a step on its way.
type taking struct {
	s     *Service
	r     store.Reader
	asked Asked
	now   domain.UnixMilli
	who   standing
	id    syncengine.ID
	// c is nil for a step that makes a case.
	c *Case
	// edit and events are what is written, after the record as it stands with it.
	edit   proto.Message
	events []*recordv1.CaseEvent
	after  proto.Message
	// once says that a case which stands under the id is left as it stands; stood that there was one.
	once, stood bool
	// recheck is the task that a hazard's step brings; nil for none.
	recheck *cases.Duty
}

// kind is the kind whose step is taken.
func (a *Asked) kind() syncengine.KindNumber {
	if a.Kind == kindHazard {
		return kindHazard
	}
	return kindDispute
}

// table is the steps of that kind.
func (a *Asked) table() cases.Table {
	if a.kind() == kindHazard {
		return cases.Hazards
	}
	return cases.Disputes
}

// Take takes a step for a user, or gives [ErrNoCase], [ErrNoStep] or a [Refusal] and changes nothing. The state, what is
// written with it, what stands on the timeline and the tasks that follow are one transaction.
func (s *Service) Take(ctx context.Context, by accessledger.Actor, asked Asked) (*Shown, error) {
	if _, ok := asked.table().Step(asked.Step); !ok {
		return nil, fmt.Errorf("%q: %w", asked.Step, ErrNoStep)
	}
	t := &taking{s: s, asked: asked, id: asked.Case}
	if t.id.IsZero() {
		t.id = s.realm.NewID()
	}
	return t.take(ctx, by)
}

// take takes the step and shows the case as it stands with it.
func (t *taking) take(ctx context.Context, by accessledger.Actor) (*Shown, error) {
	err := t.s.realm.WriteAs(ctx, by.User, func(r store.Reader) ([]exchange.ServerChange, error) {
		t.r, t.now = r, t.s.now()
		if stands, err := t.stands(); stands || err != nil {
			return nil, err
		}
		return t.changes(by)
	})
	if err != nil {
		return nil, err
	}
	out, err := t.s.Show(ctx, by, t.id)
	if errors.Is(err, ErrNoCase) {
		// The step was taken, and took the case out of the user's sight, as a recusal does; or it stands out of it already.
		return &Shown{ID: t.id, Kind: t.asked.kind(), State: t.state()}, nil
	}
	return out, err
}

// state is how far the case has come with the step.
func (t *taking) state() cases.State {
	if t.stood {
		return 0
	}
	if z, ok := t.after.(*recordv1.Hazard); ok {
		return cases.State(z.GetState())
	}
	return cases.State(t.after.(*recordv1.Dispute).GetState())
}

// changes gives what the step writes.
func (t *taking) changes(by accessledger.Actor) ([]exchange.ServerChange, error) {
	if err := t.look(by.User); err != nil {
		return nil, err
	}
	rules, err := t.s.realm.Rules(t.r)
	if err != nil {
		return nil, err
	}
	if t.asked.kind() == kindHazard {
		err = t.takeHazard(by.User, rules)
	} else {
		err = t.takeDispute(by.User, rules)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range t.events {
		e.CaseId, e.Actor = t.id[:], by.User[:]
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t.made(by.User)
}

func (t *taking) ask() casebook.Ask {
	return casebook.Ask{
		Step: t.asked.Step, Actor: t.who.actor, Now: t.now, Reason: t.asked.Text, Days: t.asked.Days, Until: t.asked.Until,
	}
}

// givesState refuses a state that somebody writes by hand.
func givesState() error {
	return refuse("state", "dispute.step_state", "状态由步骤决定，请不要填写。", "the step decides the state: leave state out")
}

// takeDispute works out what a dispute's step writes.
func (t *taking) takeDispute(user syncengine.ID, rules cases.Rules) error {
	with := &recordv1.Dispute{}
	if t.asked.Fields != nil {
		with = proto.CloneOf(t.asked.Fields)
	}
	if with.State != nil {
		return givesState()
	}
	if t.asked.Told && with.RemediesNotifiedAt == nil {
		with.RemediesNotifiedAt = proto.Int64(int64(t.now))
	}
	var before *recordv1.Dispute
	var timeline []*recordv1.CaseEvent
	if t.c != nil {
		before, timeline = t.c.Dispute, t.c.timeline()
	} else {
		with.RegisteredBy, with.RegisteredAt = user[:], proto.Int64(int64(t.now))
	}
	step, complaints := casebook.TakeDispute(rules, domain.ID(t.id), before, timeline, with, t.ask())
	if len(complaints) > 0 {
		return &Refusal{Complaints: complaints}
	}
	if t.c == nil && step.Edit.State == nil {
		step.Edit.State = recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum()
	}
	after := &recordv1.Dispute{}
	if before != nil {
		after = proto.CloneOf(before)
	}
	proto.Merge(after, step.Edit)
	t.edit, t.after, t.events = step.Edit, after, step.Events
	return nil
}

// look reads the case, and how the user stands to it or to the place of a new one.
func (t *taking) look(user syncengine.ID) (err error) {
	if t.asked.Case.IsZero() {
		place, err := t.place()
		if err != nil {
			return err
		}
		t.who, err = t.s.standingOf(t.r, user, place)
		return err
	}
	if t.c, err = t.s.read(t.r, t.asked.Case); err != nil {
		return err
	}
	if t.c == nil || t.c.Record.Kind != t.asked.kind() {
		return ErrNoCase
	}
	if t.who, err = t.s.standingOf(t.r, user, t.c.Record); err == nil && t.who.read == 0 {
		err = ErrNoCase
	}
	return err
}

// place gives a record that stands where a new case would.
func (t *taking) place() (*syncengine.Record, error) {
	rec := &syncengine.Record{ID: t.id, Kind: t.asked.kind()}
	at := t.asked.Fields.GetPremisesId()
	if rec.Kind == kindHazard {
		at = t.asked.Hazard.GetPremisesId()
	}
	if door, ok := syncengine.IDFromBytes(at); ok {
		at, err := t.s.realm.Record(t.r, door)
		if err != nil {
			return nil, err
		}
		if at != nil {
			rec.Move(at.CurrentKeys(), 1)
			return rec, nil
		}
	}
	if rec.Kind != kindDispute {
		return rec, nil
	}
	territory, ok := syncengine.IDFromBytes(t.asked.Fields.GetTerritory())
	if !ok { // Nobody has a role nowhere: without this the refusal would name roles, the caller's own among them.
		return nil, refuse("territory", "record.required", "请填写“territory”。", "give territory")
	}
	rec.Move([]syncengine.ScopeKey{syncengine.TerritoryKey(territory)}, 1)
	return rec, nil
}

// check asks the rules of the field about what is written, and whether the user's roles may write it.
func (t *taking) check() error {
	complaints := t.rules(t.asked.kind(), t.c == nil, t.edit, t.after)
	for _, e := range t.events {
		complaints = append(complaints, t.rules(kindCaseEvent, true, e, e)...)
	}
	if len(complaints) > 0 {
		return &Refusal{Complaints: complaints}
	}
	return t.mayWrite()
}

// rules asks the rules of the field about a record with what is written of it.
func (t *taking) rules(number syncengine.KindNumber, create bool, written, after proto.Message) []domain.Complaint {
	kind, _ := t.s.realm.Schema().Kind(number)
	e := domain.Edit{
		Kind: domain.Kind(number), Create: create, After: schema.RuleFields(after.ProtoReflect()), Written: fieldNames(written.ProtoReflect()),
	}
	for _, name := range e.Written {
		f, ok := kind.FieldByName(name)
		if !ok || f.Rules.GetPerson() != recordv1.PersonData_PERSON_DATA_FREE_TEXT {
			continue
		}
		b, err := proto.Marshal(onlyField(written, f))
		if err != nil {
			continue // It was unmarshalled from bytes or made here.
		}
		for _, text := range kind.CellTexts(f, b) {
			e.FreeTexts = append(e.FreeTexts, domain.FreeText{Field: name, Text: text})
		}
	}
	return e.Check()
}

// onlyField gives a message with one field of another.
func onlyField(m proto.Message, f *schema.Field) proto.Message {
	out := m.ProtoReflect().New()
	out.Set(f.Desc, m.ProtoReflect().Get(f.Desc))
	return out.Interface()
}

// mayWrite refuses fields of classes that the user's roles may not write. State and deadline are the step's own.
func (t *taking) mayWrite() error {
	kind, _ := t.s.realm.Schema().Kind(t.asked.kind())
	for _, name := range fieldNames(t.edit.ProtoReflect()) {
		f, ok := kind.FieldByName(name)
		if !ok || name == "state" || name == "deadline" || t.who.write.Has(f.Engine.Class) {
			continue
		}
		return refuse(name, "role.field", fmt.Sprintf("您的角色不能填写“%s”。", name), fmt.Sprintf("your role may not write %s of a %s", name, kind.Name))
	}
	tells := len(fieldNames(t.edit.ProtoReflect())) == 0 && t.s.realm.Schema().Access.WriteClasses(kindCaseEvent, t.who.roles) != 0
	if t.who.write == 0 && !tells {
		return refuse("", "role.kind", "您的角色不能办理这个案件。", "your role may not work on this case")
	}
	return nil
}

// made gives the writes: the case, the timeline where the user's roles may write one, and the tasks that follow.
func (t *taking) made(user syncengine.ID) ([]exchange.ServerChange, error) {
	var out []exchange.ServerChange
	if len(fieldNames(t.edit.ProtoReflect())) > 0 {
		out = append(out, exchange.ServerChange{RecordID: t.id, Kind: t.asked.kind(), Create: t.c == nil, Fields: t.edit})
	}
	if t.s.realm.Schema().Access.WriteClasses(kindCaseEvent, t.who.roles) != 0 {
		for _, e := range t.events {
			out = append(out, exchange.ServerChange{RecordID: t.s.realm.NewID(), Kind: kindCaseEvent, Create: true, Fields: e})
			if e.GetWhat() == recordv1.CaseEventKind_CASE_EVENT_KIND_SUPERVISED {
				out = append(out, t.supervision(user))
			}
		}
	}
	out, err := t.addWhereabouts(out)
	if err != nil {
		return nil, err
	}
	return t.addRecheck(out)
}

// supervision is the task that a person's supervision (督办) makes.
func (t *taking) supervision(user syncengine.ID) exchange.ServerChange {
	due := t.asked.Due
	if due == 0 {
		due = (t.now.ShanghaiDay() + 2).Midnight() - 60_000
	}
	task := &recordv1.Task{
		What: proto.String("督办：请办理并反馈"), CaseId: t.id[:], Due: proto.Int64(int64(due)), Why: proto.String("督办"),
		State: recordv1.TaskState_TASK_STATE_MADE.Enum(), RegisteredBy: user[:],
	}
	if t.asked.Text != "" {
		task.Detail = proto.String(t.asked.Text)
	}
	switch {
	case !t.asked.For.IsZero():
		task.ForUser = t.asked.For[:]
	case t.asked.kind() == kindDispute && len(t.after.(*recordv1.Dispute).GetMediator()) > 0:
		task.ForUser = t.after.(*recordv1.Dispute).GetMediator()
	}
	return exchange.ServerChange{RecordID: t.s.realm.NewID(), Kind: kindTask, Create: true, Fields: task}
}
