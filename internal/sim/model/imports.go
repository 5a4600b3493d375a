package model

import (
	"bytes"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// What an import of a register may write. Each row means the door with its key, or else the one at its place that has none. It
// gives that door what the door lacks and what the server wrote otherwise; what somebody wrote on a phone stands, and a door that
// is none any more is left alone. A complete register asks, once, about each door that it lacks.

// Import is a file of doors that the operator hands in.
type Import struct {
	// Origin is the file's name.
	Origin string
	Rows   []ImportRow
	// Complete tells that the file says of itself that it lacks no door.
	Complete bool
}

// ImportRow is one door of a file; empty is not told.
type ImportRow struct {
	Ref, Address   string
	Building, Door string
	Territory      syncengine.ID
	Rooms          *uint32
	Grade          recordv1.Grade
	Contact        string
}

// imported is what an import is to write.
type imported struct {
	edits map[syncengine.ID]*recordv1.Premises
	made  []*recordv1.Premises
	asked map[syncengine.ID]*recordv1.Task
	// refused tells that a row means several doors, or several rows one, or that a complete file lacks too many.
	refused bool
}

func (i *imported) left() int { return len(i.edits) + len(i.made) + len(i.asked) }

// The words of the task by which a complete register asks about a door that it lacks. They are spelled again.
const (
	lackedWhat = "登记册中已无此户：请核实，如已注销请标为注销"
	lackedWhy  = "登记册导入："
)

// lackedMost is how many of a hundred doors a complete register may lack.
const lackedMost = 5

// plan works out what an import writes to the realm as it stands.
func (m *Model) plan(i *Import) *imported {
	out := &imported{edits: map[syncengine.ID]*recordv1.Premises{}, asked: map[syncengine.ID]*recordv1.Task{}}
	doors := m.doorsFor(i)
	same := m.rowsMean(i, doors, out)
	for n, row := range i.Rows {
		if door := same[n]; door == nil {
			made := row.door()
			made.Status, made.Origin = recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum(), &i.Origin
			out.made = append(out.made, made)
		} else if patch := m.lacking(door, row); proto.Size(patch) > 0 {
			out.edits[door.id] = patch
		}
	}
	if i.Complete {
		m.askOfLacked(i, doors, same, out)
	}
	return out
}

// doorsFor lists the doors that a row can mean: those that stand, and those with a key of the file.
func (m *Model) doorsFor(i *Import) (out []*record) {
	for _, id := range slices.SortedFunc(maps.Keys(m.now.records), func(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) }) {
		rec := m.now.record(id)
		if rec.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) {
			continue
		}
		ref := m.door(rec).GetExternalRef()
		if m.stands(rec) || slices.ContainsFunc(i.Rows, func(r ImportRow) bool { return r.Ref != "" && r.Ref == ref }) {
			out = append(out, rec)
		}
	}
	return out
}

func (m *Model) door(rec *record) *recordv1.Premises {
	p := &recordv1.Premises{}
	m.read(rec, p)
	return p
}

// stands reports a door that people still go to.
func (m *Model) stands(rec *record) bool {
	switch m.door(rec).GetStatus() {
	case recordv1.PremisesStatus_PREMISES_STATUS_VOID, recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
		return false
	}
	return rec.deletion() == nil
}

// rowsMean gives for each row the door that it means; nil for a new one.
func (m *Model) rowsMean(i *Import, doors []*record, out *imported) []*record {
	same, taken := make([]*record, len(i.Rows)), map[syncengine.ID]bool{}
	for n, row := range i.Rows {
		for _, door := range doors {
			if row.Ref != "" && m.door(door).GetExternalRef() == row.Ref {
				same[n], taken[door.id] = door, true
			}
		}
	}
	byPlace := map[syncengine.ID]bool{}
	for n, row := range i.Rows {
		if same[n] != nil {
			continue
		}
		for _, door := range doors {
			if taken[door.id] && !byPlace[door.id] || !m.atPlace(m.door(door), row) {
				continue
			}
			out.refused = out.refused || same[n] != nil || byPlace[door.id]
			same[n] = door
		}
		if same[n] != nil {
			taken[same[n].id], byPlace[same[n].id] = true, true
		}
	}
	return same
}

// atPlace reports a door at a row's place of which one of the two has no key.
func (m *Model) atPlace(p *recordv1.Premises, row ImportRow) bool {
	if row.Ref != "" && p.GetExternalRef() != "" || p.GetAddress() != row.Address {
		return false
	}
	if p.GetBuilding() != row.Building || p.GetDoor() != row.Door {
		return false
	}
	in, ok := syncengine.IDFromBytes(p.GetTerritory())
	return ok && (m.territory.within(in, row.Territory) || m.territory.within(row.Territory, in))
}

// door is what a row says.
func (r ImportRow) door() *recordv1.Premises {
	p := &recordv1.Premises{Address: &r.Address, Territory: r.Territory[:], Rooms: r.Rooms}
	for text, into := range map[string]**string{r.Ref: &p.ExternalRef, r.Building: &p.Building, r.Door: &p.Door} {
		if text != "" {
			*into = proto.String(text)
		}
	}
	if r.Grade != 0 {
		p.Grade = r.Grade.Enum()
	}
	if r.Contact != "" {
		p.Contact = &recordv1.Contact{Name: &r.Contact}
	}
	return p
}

// lacking gives what a row writes to a door that stands.
func (m *Model) lacking(door *record, row ImportRow) *recordv1.Premises {
	patch := row.door()
	if !m.stands(door) {
		return &recordv1.Premises{}
	}
	has := m.door(door)
	in, _ := syncengine.IDFromBytes(has.GetTerritory())
	if m.territory.within(in, row.Territory) {
		patch.Territory = nil
	}
	finer := m.territory.within(row.Territory, in)
	patch.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		have := has.ProtoReflect()
		alike := have.Has(f) && v.Equal(have.Get(f))
		if alike || m.byPhone(door, syncengine.FieldNumber(f.Number())) && (f.Name() != "territory" || !finer) {
			patch.ProtoReflect().Clear(f)
		}
		return true
	})
	return patch
}

// byPhone reports that what a door shows in a field, or that it shows nothing, comes from a phone.
func (m *Model) byPhone(door *record, field syncengine.FieldNumber) bool {
	return slices.ContainsFunc(door.cells, func(c *cell) bool {
		return c.key.Field == field && len(c.set) > 0 && !c.set[0].by.row.server
	})
}

// askOfLacked adds a task for each door that a complete register lacks, unless one is open.
func (m *Model) askOfLacked(i *Import, doors, same []*record, out *imported) {
	asked, lacked := m.askedOf(), 0
	for _, door := range doors {
		if slices.Contains(same, door) {
			continue
		}
		lacked++
		if m.stands(door) && !asked[door.id] {
			what, why := lackedWhat, lackedWhy+i.Origin
			out.asked[door.id] = &recordv1.Task{What: &what, Why: &why, PremisesId: door.id[:], State: recordv1.TaskState_TASK_STATE_MADE.Enum()}
		}
	}
	out.refused = out.refused || lacked*100 > len(doors)*lackedMost
}

// askedOf lists the doors about which a register has asked and nobody has answered.
func (m *Model) askedOf() map[syncengine.ID]bool {
	out := map[syncengine.ID]bool{}
	for id := range m.now.records {
		rec, task := m.now.record(id), &recordv1.Task{}
		if rec.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_TASK) || rec.deletion() != nil || !m.read(rec, task) {
			continue
		}
		over := task.GetState() == recordv1.TaskState_TASK_STATE_DONE || task.GetState() == recordv1.TaskState_TASK_STATE_RETURNED
		if door, ok := syncengine.IDFromBytes(task.GetPremisesId()); ok && !over && bytes.HasPrefix([]byte(task.GetWhy()), []byte(lackedWhy)) {
			out[door] = true
		}
	}
	return out
}

// imports reports a change that the import in hand makes.
func (m *Model) imports(e store.Entry) bool {
	return m.act != nil && m.act.Import != nil && m.step.telling.asked > 0 && m.own(e) && !m.told(e)
}

// wantImported wants a change of an import to be one that its file gives.
func (m *Model) wantImported(r *row, e store.Entry) {
	p, f := m.act.plan, m.at(0, e.RecordID)
	f.want(!p.refused, I3, "an import is taken whose rows do not tell which doors they mean")
	door, task := &recordv1.Premises{}, &recordv1.Task{}
	fields, create := r.change.Patch.GetFields(), r.change.Create
	switch {
	case e.Kind == syncengine.KindNumber(recordv1.Kind_KIND_TASK):
		err := proto.Unmarshal(fields, task)
		of, _ := syncengine.IDFromBytes(task.GetPremisesId())
		f.want(err == nil && create && proto.Equal(task, p.asked[of]), I3, "an import asks %v, due is %v", task, p.asked[of])
		delete(p.asked, of)
	case create:
		err := proto.Unmarshal(fields, door)
		at := slices.IndexFunc(p.made, func(d *recordv1.Premises) bool { return proto.Equal(d, door) })
		f.want(m.now.record(e.RecordID) == nil, I3, "an import makes a door of one that is there")
		if f.want(err == nil && at >= 0, I3, "an import makes a door that no row gives: %v", door) {
			p.made = slices.Delete(p.made, at, at+1)
		}
	default:
		err := proto.Unmarshal(fields, door)
		f.want(err == nil && proto.Equal(door, p.edits[e.RecordID]), I3, "an import writes %v to a door, its row gives %v", door, p.edits[e.RecordID])
		delete(p.edits, e.RecordID)
	}
}

// endImport wants an import that was taken to have written all that its file gives.
func (m *Model) endImport(a *Act) {
	f := m.at(0, syncengine.ID{})
	if a.plan == nil {
		a.plan = m.plan(a.Import)
		f.want(!a.plan.refused, I3, "an import is taken whose rows do not tell which doors they mean")
	}
	f.want(a.plan.left() == 0, I3, "an import of %d rows lacks %d of its changes: %v %v %v", len(a.Import.Rows), a.plan.left(), a.plan.edits, a.plan.made, a.plan.asked)
}
