package adminrpc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// VoidDoor says that a door is none any more, or that it stands after all. What phones write to it without knowing is taken all
// the same; server/exchange asks its author.
func (s *Service) VoidDoor(ctx context.Context, req *adminv1.VoidDoorRequest) (*adminv1.VoidDoorResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.VoidDoorResponse, error) {
		id, err := idOf("door", req.GetDoorId())
		if err != nil {
			return nil, err
		}
		v := &voiding{service: s, caller: c, req: req, out: &adminv1.VoidDoorResponse{}}
		look := func(r store.Reader) (err error) {
			v.changes, v.out = nil, &adminv1.VoidDoorResponse{}
			return v.look(r, id)
		}
		if req.GetDryRun() {
			err = s.realm.View(c.ctx, look)
		} else {
			err = s.realm.WriteAs(c.ctx, c.UserID, func(r store.Reader) ([]exchange.ServerChange, error) {
				err := look(r)
				return v.changes, err
			})
		}
		if err != nil {
			return nil, fmt.Errorf("void a door: %w", err)
		}
		return v.out, nil
	})
}

// voiding is one call under way.
type voiding struct {
	service *Service
	caller  *caller
	req     *adminv1.VoidDoorRequest
	changes []exchange.ServerChange
	out     *adminv1.VoidDoorResponse
}

// look finds the doors that are concerned and what is open about them.
func (v *voiding) look(r store.Reader, id syncengine.ID) error {
	rec, err := v.service.door(r, id)
	if err != nil {
		return err
	}
	if err := v.permitted(r, rec); err != nil {
		return err
	}
	building := &recordv1.Premises{}
	if err := wire.ReadShown(rec, building, nil); err != nil {
		return err
	}
	if err := v.fits(building); err != nil {
		return err
	}
	v.add(id, id)
	if err := v.addRooms(r, id, building); err != nil {
		return err
	}
	return v.addOpen(r)
}

// permitted wants an operator, or somebody who may write the door's status.
func (v *voiding) permitted(r store.Reader, rec *syncengine.Record) error {
	if operators(v.caller.Principal) {
		return nil
	}
	roles, err := v.service.realm.RolesOver(r, v.caller.UserID, rec)
	if err != nil {
		return err
	}
	kind, _ := v.service.realm.Schema().Kind(kindPremises)
	status, _ := kind.FieldByName("status")
	if !v.service.realm.Schema().Access.WriteClasses(kindPremises, roles).Has(status.Engine.Class) {
		return fmt.Errorf("door %s: %w", rec.ID, errOutOfReach)
	}
	return nil
}

// fits refuses what makes no sense: a void door that is to become void, one that stands that is to be back.
func (v *voiding) fits(p *recordv1.Premises) error {
	void := p.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_VOID
	switch {
	case v.req.GetTakeBack() && !void:
		return fmt.Errorf("the door is not void: %w", errInvalid)
	case !v.req.GetTakeBack() && void:
		return fmt.Errorf("the door is void already: %w", errInvalid)
	case !v.req.GetTakeBack() && p.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
		return fmt.Errorf("the door is merged into another one: unmerge it first, or void the one that stands: %w", errInvalid)
	}
	return nil
}

// add writes one door; building is the door that was named.
func (v *voiding) add(id, building syncengine.ID) {
	c := exchange.ServerChange{RecordID: id, Kind: kindPremises}
	if v.req.GetTakeBack() {
		c.Fields = &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()}
		for _, name := range []string{"void_reason", "voided_with"} {
			kind, _ := v.service.realm.Schema().Kind(kindPremises)
			f, _ := kind.FieldByName(name)
			c.Cleared = append(c.Cleared, f.Engine.Number)
		}
	} else {
		m := &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()}
		if v.req.GetReason() != 0 {
			m.VoidReason = v.req.GetReason().Enum()
		}
		if id != building {
			m.VoidedWith = building[:]
		}
		c.Fields = proto.Message(m)
	}
	v.changes = append(v.changes, c)
	v.out.DoorIds = append(v.out.DoorIds, id[:])
}

// addRooms adds the rooms of a building, as far as they lie in its territory.
func (v *voiding) addRooms(r store.Reader, id syncengine.ID, building *recordv1.Premises) error {
	territory, ok := syncengine.IDFromBytes(building.GetTerritory())
	if !ok {
		return nil
	}
	return v.service.realm.In(r, syncengine.TerritoryKey(territory), func(rec *syncengine.Record) error {
		if rec.Kind != kindPremises || rec.ID == id || rec.Dead() {
			return nil
		}
		room := &recordv1.Premises{}
		if err := wire.ReadShown(rec, room, nil); err != nil {
			return err
		}
		if v.goesWith(room, id, building) {
			v.add(rec.ID, id)
		}
		return nil
	})
}

// goesWith reports a room that becomes void with its building, or comes back with it.
func (v *voiding) goesWith(room *recordv1.Premises, id syncengine.ID, building *recordv1.Premises) bool {
	if v.req.GetTakeBack() {
		return room.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_VOID && string(room.GetVoidedWith()) == string(id[:])
	}
	active := door{Premises: room}.active() && room.GetKindOfPremises() != recordv1.KindOfPremises_KIND_OF_PREMISES_BUILDING
	single := building.GetDoor() != "" && building.GetKindOfPremises() != recordv1.KindOfPremises_KIND_OF_PREMISES_BUILDING
	return active && (string(room.GetParentId()) == string(id[:]) || !single && doorKey(room).SameBuilding(doorKey(building)))
}

func doorKey(p *recordv1.Premises) domain.DoorKey {
	return domain.DoorKey{Compound: p.GetCompound(), Building: p.GetBuilding(), Stair: p.GetStair(), Floor: p.GetFloor(), Door: p.GetDoor()}
}

// addOpen tells what is open about the doors, of what the caller may know of.
func (v *voiding) addOpen(r store.Reader) error {
	x := &reach{service: v.service, r: r, who: v.caller.Principal}
	for _, id := range v.out.DoorIds {
		err := v.service.realm.Following(r, syncengine.ID(id), func(rec *syncengine.Record) error {
			open, err := isOpen(rec)
			if err != nil || !open {
				return err
			}
			if sight, err := x.of(rec); err != nil || !sight.seen {
				return err
			}
			kind, _ := v.service.realm.Schema().Kind(rec.Kind)
			v.out.Open = append(v.out.Open, &adminv1.OpenMatter{RecordId: rec.ID[:], RecordKind: kind.Name, DoorId: id})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isOpen reports a hazard, dispute or task that is not done.
func isOpen(rec *syncengine.Record) (open bool, err error) {
	if rec.Dead() {
		return false, nil
	}
	switch recordv1.Kind(rec.Kind) {
	case recordv1.Kind_KIND_HAZARD:
		m := &recordv1.Hazard{}
		err = wire.ReadShown(rec, m, nil)
		open = !casework.Hazards.Done(casework.State(m.GetState()))
	case recordv1.Kind_KIND_DISPUTE:
		m := &recordv1.Dispute{}
		err = wire.ReadShown(rec, m, nil)
		open = !casework.Disputes.Done(casework.State(m.GetState()))
	case recordv1.Kind_KIND_TASK:
		m := &recordv1.Task{}
		err = wire.ReadShown(rec, m, nil)
		open = !casework.Tasks.Done(casework.State(m.GetState()))
	}
	return open, err
}
