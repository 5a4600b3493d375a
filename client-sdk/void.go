package client

import (
	"slices"
	"strings"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// VoidedDoors is what became of doors that are void, or are back.
type VoidedDoors struct {
	// Doors are the doors, the one that was named first.
	Doors []syncengine.ID
	// Open are the hazards, disputes and tasks about them that are not done, as far as this phone knows.
	Open []OpenMatter
}

// OpenMatter is something about a door that is not done.
type OpenMatter struct {
	// ID and Kind are the record's, State is the name of its state.
	ID    syncengine.ID
	Kind  string
	State string
	// Door is the door that it is about.
	Door syncengine.ID
}

// VoidDoor says that a door is none any more: pulled down, or entered by mistake. A building takes its rooms with it. They leave
// the plan; every record stays, also what others write to them without knowing: they are asked by a task, and who works on a
// case there is told. What is open comes back, to be seen to. UnvoidDoor takes it back.
func (r *Replica) VoidDoor(door syncengine.ID, reason recordv1.VoidReason) (*VoidedDoors, error) {
	p, err := r.premises(door)
	if err != nil {
		return nil, err
	}
	switch p.GetStatus() {
	case recordv1.PremisesStatus_PREMISES_STATUS_VOID:
		return nil, refuse("status", "premises.void_already", "本户已经注销。", "the door is void already")
	case recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
		return nil, refuse("status", "premises.void_merged", "本户已并入另一户，请先取消并户，或注销保留的那一户。",
			"the door is merged into another one: unmerge it first, or void the one that stands")
	}
	rooms, err := r.roomsIn(door)
	if err != nil {
		return nil, err
	}
	out := &VoidedDoors{Doors: []syncengine.ID{door}}
	err = r.Group(func(g *Group) error {
		gone := recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()}
		if reason != 0 {
			gone.VoidReason = reason.Enum()
		}
		if err := g.Edit(door, &gone); err != nil {
			return err
		}
		gone.VoidedWith = door[:]
		for _, room := range rooms {
			out.Doors = append(out.Doors, syncengine.ID(room.ID))
			if err := g.Edit(syncengine.ID(room.ID), &gone); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, r.addOpen(out)
}

// UnvoidDoor says that a void door stands after all. A building brings back the rooms that became void with it, and what this
// phone's user was asked about them is answered by it.
func (r *Replica) UnvoidDoor(door syncengine.ID) (*VoidedDoors, error) {
	p, err := r.premises(door)
	if err != nil {
		return nil, err
	}
	if p.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_VOID {
		return nil, refuse("status", "premises.not_void", "本户没有注销。", "the door is not void")
	}
	out := &VoidedDoors{Doors: []syncengine.ID{door}}
	var asked []syncengine.ID
	err = r.reading(func(tx *localdb.Tx, _ *state) error {
		if err := r.roomsVoidedWith(tx, door, out); err != nil {
			return err
		}
		asked, err = r.askedAbout(tx, out.Doors)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.Group(func(g *Group) error {
		for _, id := range out.Doors {
			back := &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()}
			if err := g.Edit(id, back, "void_reason", "voided_with"); err != nil {
				return err
			}
		}
		for _, id := range asked {
			if err := g.Edit(id, &recordv1.Task{State: recordv1.TaskState_TASK_STATE_DONE.Enum()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, r.addOpen(out)
}

// roomsVoidedWith adds the rooms that became void with a building.
func (r *Replica) roomsVoidedWith(tx *localdb.Tx, building syncengine.ID, out *VoidedDoors) error {
	void := []int32{int32(recordv1.PremisesStatus_PREMISES_STATUS_VOID)}
	for row, err := range tx.List(localdb.Query{Kind: kindPremises, States: void, Order: localdb.OrderOldest}) {
		if err != nil {
			return err
		}
		p := &recordv1.Premises{}
		if err := r.readMessage(&row, p); err != nil {
			return err
		}
		if with, ok := syncengine.IDFromBytes(p.GetVoidedWith()); ok && with == building && row.ID != building {
			out.Doors = append(out.Doors, row.ID)
		}
	}
	return nil
}

// askedAbout lists the open tasks by which this phone's user was asked about void doors.
func (r *Replica) askedAbout(tx *localdb.Tx, doors []syncengine.ID) (out []syncengine.ID, err error) {
	err = r.eachUnfinished(tx, kindTask, func(row *localdb.Record) error {
		task := &recordv1.Task{}
		if err := r.readMessage(row, task); err != nil {
			return err
		}
		door, _ := syncengine.IDFromBytes(task.GetPremisesId())
		if row.Mine && strings.HasPrefix(task.GetWhy(), domain.VoidAskRule) && slices.Contains(doors, door) {
			out = append(out, row.ID)
		}
		return nil
	})
	return out, err
}

// addOpen adds what is open about the doors.
func (r *Replica) addOpen(out *VoidedDoors) error {
	return r.reading(func(tx *localdb.Tx, _ *state) error {
		for _, kind := range []syncengine.KindNumber{kindHazard, kindDispute, kindTask} {
			err := r.eachUnfinished(tx, kind, func(row *localdb.Record) error { return r.addOpenMatter(row, out) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Replica) addOpenMatter(row *localdb.Record, out *VoidedDoors) error {
	rec, kind, err := r.decodeShown(row)
	if err != nil {
		return err
	}
	field, _ := kind.FieldByName("premises_id")
	for _, cell := range rec.Field(field.Engine.Number) {
		if door := field.Engine.IDs(cell.Shown.Data); len(door) == 1 && slices.Contains(out.Doors, door[0]) {
			out.Open = append(out.Open, OpenMatter{ID: row.ID, Kind: kind.Name, State: stateNameOf(kind, row.State), Door: door[0]})
		}
	}
	return nil
}

// JSON gives {"id", "doors": [ID], "open": [{"id", "kind", "state", "door"}]}.
func (v *VoidedDoors) JSON() recordjson.Object {
	doors, open := make([]string, len(v.Doors)), make([]recordjson.Object, len(v.Open))
	for i, id := range v.Doors {
		doors[i] = id.String()
	}
	for i, m := range v.Open {
		open[i] = recordjson.Object{}.With(recordjson.NameID, m.ID.String()).With("kind", m.Kind).With("state", m.State).With("door", m.Door.String())
	}
	return recordjson.Object{}.With(recordjson.NameID, v.Doors[0].String()).With("doors", doors).With("open", open)
}
