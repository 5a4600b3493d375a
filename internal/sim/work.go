package sim

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// edit is one edit as the script asks a phone for it.
type edit struct {
	id      syncengine.ID
	message proto.Message
	cleared []string
	// field and elements are taken out of a set or map field.
	field    string
	elements []string
	// create makes the record, or joins it where it is on the phone already.
	create bool
	life   syncv1.Life
}

// work has the phone's owner do some work. What the rules of the field refuse is no work.
func (p *phone) work(d dice) {
	if !p.on() {
		return
	}
	for range 1 + d.IntN(burstMost) {
		if p.on() && !p.barred() {
			draw(d, p.jobs())(d)
		}
	}
}

// burstMost is how much work a step brings at most: people write several things before they walk on.
const burstMost = 3

// jobs weighs what there is to do.
func (p *phone) jobs() []weighed[func(dice)] {
	jobs := []weighed[func(dice)]{
		{8, p.addDoor}, {14, p.addVisit}, {6, p.joinVisit}, {8, p.findHazards}, {6, p.addDispute},
		{22, p.editDoor}, {24, p.editVisit}, {14, p.editHazard}, {14, p.editDispute},
		{4, p.addTask}, {4, p.addEvent}, {4, p.editTask}, {6, p.remove}, {5, p.revive}, {10, p.settleConflict},
	}
	if p.w.weather.often[Voided] > 0 {
		jobs = append(jobs, []weighed[func(dice)]{{6, p.voidDoor}, {4, p.unvoidDoor}}...)
	}
	return jobs
}

// do commits edits together and tells the auditor what was asked and what was written.
func (p *phone) do(what string, edits ...edit) {
	edits = slices.DeleteFunc(edits, func(e edit) bool { return !p.known(&e) })
	if len(edits) == 0 {
		return
	}
	asked := make([]model.Asked, len(edits))
	for i := range edits {
		asked[i] = p.askedFor(&edits[i])
	}
	p.commit(what, asked, func() error {
		return p.replica.Group(func(g *client.Group) error {
			for i := range edits {
				if err := edits[i].put(g); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// commit runs one local commit, which the phone may not survive.
func (p *phone) commit(what string, asked []model.Asked, do func() error) {
	p.asked = asked
	err := do()
	if p.hurt(err, what) {
		return
	}
	p.asked = nil
	if err != nil {
		p.refused(what, err)
		return
	}
	n := p.tellRows(asked)
	p.w.trace.tell(p.w.now, p.name, "%s: %d changes up to %d", what, n, p.mark)
}

// refused tells of an edit that was not kept. Only the rules of the field may refuse one.
func (p *phone) refused(what string, err error) {
	if !expected(err) {
		p.w.broken(model.I2, p, "%s and cannot: %v", what, err)
		return
	}
	p.w.trace.tell(p.w.now, p.name, "%s: refused: %s", what, p.w.known.named(err.Error()))
}

// expected reports that an edit may end so, whatever the weather.
func expected(err error) bool {
	var refusal *client.Refusal
	return errors.As(err, &refusal) || errors.Is(err, client.ErrNotFound) || errors.Is(err, client.ErrDeleted) || errors.Is(err, client.ErrSealed) ||
		errors.Is(err, client.ErrNothing) || errors.Is(err, client.ErrConflictClosed) || errors.Is(err, client.ErrNoChoice)
}

// put asks a group for the edit.
func (e *edit) put(g *client.Group) error {
	switch {
	case e.life == syncv1.Life_LIFE_DEAD:
		g.Delete(e.id)
		return nil
	case e.create:
		return g.AddWithID(e.id, e.message)
	case len(e.elements) > 0:
		return g.Remove(e.id, e.kind().Name, e.field, e.elements...)
	}
	return g.Edit(e.id, e.message, e.cleared...)
}

// kind is the kind of record that the edit's message is of; nil without a message.
func (e *edit) kind() *schema.Kind {
	if e.message == nil {
		return nil
	}
	for _, k := range schema.Load().Kinds {
		if k.Message.FullName() == e.message.ProtoReflect().Descriptor().FullName() {
			return k
		}
	}
	return nil
}

// askedFor is what the auditor is told of an edit.
func (p *phone) askedFor(e *edit) model.Asked {
	a := model.Asked{Record: e.id}
	kind := e.kind()
	if kind == nil {
		return a
	}
	a.Kind = kind.Number
	_, err := p.replica.Get(e.id)
	a.Create = e.create && errors.Is(err, client.ErrNotFound)
	patch := &syncv1.Patch{Life: e.life}
	if patch.Fields, err = (proto.MarshalOptions{Deterministic: true}).Marshal(e.message); err != nil {
		p.w.fail("encode an edit: %w", err)
	}
	e.removals(kind, patch, a.Create)
	a.Cells, err = wire.Cells(kind, false, patch)
	p.w.must(err, "cut an edit into cells")
	return a
}

// removals adds what the edit clears and takes out; a record that is being made has nothing to take out.
func (e *edit) removals(kind *schema.Kind, patch *syncv1.Patch, create bool) {
	if create {
		return
	}
	for _, name := range e.cleared {
		f, _ := kind.FieldByName(name)
		patch.Cleared = append(patch.Cleared, uint32(f.Engine.Number))
	}
	for _, text := range e.elements {
		f, _ := kind.FieldByName(e.field)
		element := &syncv1.Element{Field: uint32(f.Engine.Number), Element: []byte(text)}
		if f.Engine.Shape == syncengine.Set {
			patch.SetRemoved = append(patch.SetRemoved, element)
		} else {
			patch.MapRemoved = append(patch.MapRemoved, element)
		}
	}
}

// newRecordID makes the id of a record that the phone is about to make.
func (p *phone) newRecordID() syncengine.ID {
	var b [10]byte
	_, _ = p.random.Read(b[:])
	return wire.NewRecordID(syncengine.UnixMilli(p.clock.read(p.w.now)), b)
}

// made makes a new record's id and names it.
func (p *phone) made(kind string) syncengine.ID {
	id := p.newRecordID()
	p.w.known.made(kind, id)
	return id
}

// seen draws a record of a kind that the phone shows; now and then any that somebody made. ok is false where there is none.
func (p *phone) seen(d dice, kind string) (id syncengine.ID, ok bool) {
	if d.oneIn(20) {
		return p.any(d, kind)
	}
	list, err := p.replica.List(client.Query{Kind: kind, Deleted: d.oneIn(10)})
	if !p.w.must(err, "list what "+p.name+" shows") || len(list) == 0 {
		return p.any(d, kind)
	}
	return list[d.IntN(min(len(list), 5))].ID, true
}

// any draws a record of a kind that somebody made.
func (p *phone) any(d dice, kind string) (id syncengine.ID, ok bool) {
	all := p.w.known.byKind[kind]
	if len(all) == 0 {
		return id, false
	}
	return pick(d, all), true
}

// grid draws a grid: mostly one of the user's own area.
func (p *phone) grid(d dice) place {
	home, working := p.w.places.placeOf(p.user.home)
	if !working || d.oneIn(6) {
		return pick(d, p.w.places.grids)
	}
	if home.level == recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID {
		return home
	}
	var own []place
	for _, g := range p.w.places.grids {
		if g.parent == home.id {
			own = append(own, g)
		}
	}
	if len(own) == 0 {
		return pick(d, p.w.places.grids)
	}
	return pick(d, own)
}

// words are few, so that different people write equal values.
var words = []string{"一切正常", "无人应答", "线路老化", "已整改", "下周再来", "楼道堆物"}

func word(d dice) *string {
	if d.oneIn(3) {
		return proto.String(fmt.Sprintf("记录%d", d.IntN(1000)))
	}
	return proto.String(pick(d, words))
}

// some draws a number of an enum from 1 to most.
func some[E ~int32](d dice, most int) *E {
	e := E(1 + d.IntN(most))
	return &e
}
