package casework

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Who must put a hazard right has to find the door, and a department reads no doors. While a hazard is handed over it says where its
// door is, and no more of it: the address and the territory, as the door has them now. Both are the server's alone to write, follow
// the door when its address is corrected, and go when the hazard is sent back or closed. See decision 0074.

// whereabouts is where a hazard's door is; zero for what the hazard does not say.
type whereabouts struct {
	address   string
	territory syncengine.ID
}

// saidOf reads what a hazard says of where its door is.
func saidOf(z *recordv1.Hazard) (out whereabouts) {
	out.address = z.GetDoorAddress()
	out.territory, _ = syncengine.IDFromBytes(z.GetDoorTerritory())
	return out
}

// handedOver reports that a department has a hazard.
func handedOver(z *recordv1.Hazard) bool {
	return cases.State(z.GetState()) == cases.HandedOver && z.GetHandedOverTo() != ""
}

// whereaboutsOf gives what a hazard has to say of where its door is: nothing unless it is handed over.
func (s *Service) whereaboutsOf(r store.Reader, z *recordv1.Hazard) (out whereabouts, err error) {
	id, ok := syncengine.IDFromBytes(z.GetPremisesId())
	if !ok || !handedOver(z) {
		return out, nil
	}
	rec, err := s.realm.Record(r, id)
	if err != nil || rec == nil || rec.Kind != kindDoor {
		return out, err
	}
	door := &recordv1.Premises{}
	if err := wire.ReadShown(rec, door, nil); err != nil {
		return out, err
	}
	return whereabouts{address: door.GetAddress(), territory: placeOf(rec)}, nil
}

// addressField and territoryField are the fields in which a hazard says where its door is.
var addressField, territoryField = fieldOfHazard("door_address"), fieldOfHazard("door_territory")

func fieldOfHazard(name protoreflect.Name) syncengine.FieldNumber {
	return syncengine.FieldNumber((&recordv1.Hazard{}).ProtoReflect().Descriptor().Fields().ByName(name).Number())
}

// write makes the change by which a hazard says where its door is.
func (w whereabouts) write(hazard syncengine.ID) exchange.ServerChange {
	says := &recordv1.Hazard{}
	c := exchange.ServerChange{RecordID: hazard, Kind: kindHazard, Fields: says}
	if w.address != "" {
		says.DoorAddress = proto.String(w.address)
	} else {
		c.Cleared = append(c.Cleared, addressField)
	}
	if !w.territory.IsZero() {
		says.DoorTerritory = w.territory[:]
	} else {
		c.Cleared = append(c.Cleared, territoryField)
	}
	return c
}

// whereaboutsDue gives the hazards that say something else of where their doors are than they have to. The caller holds the index.
func (s *Service) whereaboutsDue(r store.Reader) (out []syncengine.ID, err error) {
	for id, z := range s.index.hazards {
		want, err := s.whereaboutsOf(r, z)
		if err != nil {
			return nil, err
		}
		if want != saidOf(z) && len(out) < WatchTasksMax {
			out = append(out, id)
		}
	}
	return out, nil
}

// correction makes the change that has a hazard say where its door is, as it stands now; false where it does.
func (s *Service) correction(r store.Reader, id syncengine.ID) (c exchange.ServerChange, ok bool, err error) {
	rec, err := s.realm.Record(r, id)
	if err != nil || rec == nil || rec.Dead() || rec.Kind != kindHazard {
		return c, false, err
	}
	z := &recordv1.Hazard{}
	if err := wire.ReadShown(rec, z, nil); err != nil {
		return c, false, err
	}
	want, err := s.whereaboutsOf(r, z)
	return want.write(id), err == nil && want != saidOf(z), err
}
