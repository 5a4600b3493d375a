package client

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/recordjson"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// RoomsVisit is one visit to the rooms of a building, as it is told in one sentence: all seen, but 302 not at home and 405 refused.
type RoomsVisit struct {
	// Building is the door whose rooms are visited: those that name it as their building, and those with the same compound
	// and building in their key.
	Building syncengine.ID
	// Stair keeps the rooms of one stair; empty for all.
	Stair string
	// Outcome is what came of it at every room without an exception; 0 is an attempt.
	Outcome recordv1.VisitOutcome
	// Exceptions are the outcomes of single rooms: by the door's number such as 302, with its stair such as 2-302 where
	// several have it, or by the door's id.
	Exceptions map[string]recordv1.VisitOutcome
	// Purpose is why; 0 for routine. Note is one text for the whole visit; empty for none.
	Purpose recordv1.VisitPurpose
	Note    string
}

// VisitedRooms is what came of a [RoomsVisit].
type VisitedRooms struct {
	// Visit is the visit's id.
	Visit syncengine.ID
	// Outcomes counts the rooms by what came of it there.
	Outcomes map[recordv1.VisitOutcome]int
}

// VisitRooms notes one visit to the rooms of a building that are visited, offline and as one action: one record, with an
// outcome of its own for each room that differs. Plans, coverage and figures look at each room by its own outcome.
func (r *Replica) VisitRooms(v *RoomsVisit) (*VisitedRooms, error) {
	rooms, err := r.roomsOf(v)
	if err != nil {
		return nil, err
	}
	m := &recordv1.Visit{Exceptions: map[string]recordv1.VisitOutcome{}}
	if v.Outcome != 0 {
		m.Outcome = v.Outcome.Enum()
	}
	if v.Purpose != 0 {
		m.Purpose = v.Purpose.Enum()
	}
	if v.Note != "" {
		m.Note = proto.String(v.Note)
	}
	if err := addExceptions(m, rooms, v.Exceptions); err != nil {
		return nil, err
	}
	out := &VisitedRooms{Outcomes: map[recordv1.VisitOutcome]int{}}
	for _, room := range rooms {
		m.PremisesIds = append(m.PremisesIds, room.ID[:])
		if own, differs := m.Exceptions[room.ID.String()]; differs {
			out.Outcomes[own]++
		} else {
			out.Outcomes[v.Outcome]++
		}
	}
	out.Visit, err = r.Add(m)
	return out, err
}

// addExceptions resolves the rooms that differ. An exception that says what the others say is none.
func addExceptions(m *recordv1.Visit, rooms []domain.Room, exceptions map[string]recordv1.VisitOutcome) error {
	for _, name := range slices.Sorted(maps.Keys(exceptions)) {
		room, err := roomCalled(rooms, name)
		if err != nil {
			return err
		}
		if was, twice := m.Exceptions[room.String()]; twice && was != exceptions[name] {
			return refuse("exceptions", "visit.room_twice", fmt.Sprintf("房间%s填了两个不同的结果，请保留一个。", name),
				fmt.Sprintf("room %s has two outcomes: keep one", name))
		}
		m.Exceptions[room.String()] = exceptions[name]
	}
	maps.DeleteFunc(m.Exceptions, func(_ string, own recordv1.VisitOutcome) bool { return own == m.GetOutcome() })
	return nil
}

// roomCalled finds the room that a name or an id means.
func roomCalled(rooms []domain.Room, name string) (domain.ID, error) {
	if id, err := wire.ParseID(name); err == nil && slices.ContainsFunc(rooms, func(room domain.Room) bool { return room.ID == domain.ID(id) }) {
		return domain.ID(id), nil
	}
	switch found := domain.RoomsNamed(rooms, name); len(found) {
	case 1:
		return found[0], nil
	case 0:
		return domain.ID{}, refuse("exceptions", "visit.room_unknown", fmt.Sprintf("这栋楼的在册房屋里没有房间%s，请核对房号；新房间请先登记。", name),
			fmt.Sprintf("no room %s of the building is on this phone: check the number, or register the door first", name))
	default:
		return domain.ID{}, refuse("exceptions", "visit.room_ambiguous", fmt.Sprintf("有%d个房间%s，请写明单元，如2-%s。", len(found), name, name),
			fmt.Sprintf("%d rooms are called %s: name the stair too, as in 2-%s", len(found), name, name))
	}
}

// roomsOf lists the rooms of a visit, in walking order.
func (r *Replica) roomsOf(v *RoomsVisit) ([]domain.Room, error) {
	rooms, err := r.roomsIn(v.Building)
	if err != nil {
		return nil, err
	}
	rooms = slices.DeleteFunc(rooms, func(room domain.Room) bool { return !room.Key.OnStair(v.Stair) })
	return rooms, countRooms(len(rooms))
}

// roomsIn lists the rooms of a building that are visited, in walking order: those that name it as their building and, where it
// is no single door, those with its compound and building in their key.
func (r *Replica) roomsIn(id syncengine.ID) (rooms []domain.Room, err error) {
	building, err := r.premises(id)
	if err != nil {
		return nil, err
	}
	whole := keyOf(building)
	single := whole.Door != "" && building.GetKindOfPremises() != recordv1.KindOfPremises_KIND_OF_PREMISES_BUILDING
	address := map[domain.ID]string{}
	err = r.readingTurns(func(tx *localdb.Tx, s *state) error {
		for turn, err := range r.doorTurns(tx, s) {
			var f doorFacts
			if err == nil {
				err = f.decode(turn.Facts)
			}
			if err != nil {
				return err
			}
			within := f.parent == id || !single && f.key.SameBuilding(whole)
			if within && turn.ID != id && f.into.IsZero() && f.kind != domain.Building {
				rooms = append(rooms, domain.Room{ID: domain.ID(turn.ID), Key: f.key})
				address[domain.ID(turn.ID)] = f.address
			}
		}
		return nil
	})
	slices.SortFunc(rooms, func(a, b domain.Room) int {
		return cmp.Or(bytes.Compare(domain.WalkKey(a.Key, address[a.ID]), domain.WalkKey(b.Key, address[b.ID])), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return rooms, err
}

// countRooms refuses a visit to no room, and to more than one record holds.
func countRooms(n int) error {
	switch {
	case n == 0:
		return refuse("premises_ids", "visit.no_rooms", "本机上没有这栋楼（单元）的在访房屋，请先登记或同步。",
			"no room of this building or stair is on this phone: register the doors, or sync")
	case n > domain.VisitDoorsMax:
		return refuse("premises_ids", "visit.rooms_max", fmt.Sprintf("这栋楼有%d户，一次走访最多%d户，请按单元分开填写。", n, domain.VisitDoorsMax),
			fmt.Sprintf("the building has %d rooms and one visit takes %d: enter it stair by stair", n, domain.VisitDoorsMax))
	}
	return nil
}

// JSON gives {"id", "doors", "outcomes": {"SEEN": 28, …}}.
func (v *VisitedRooms) JSON() recordjson.Object {
	outcomes, doors := recordjson.Object{}, 0
	for _, outcome := range slices.Sorted(maps.Keys(v.Outcomes)) {
		outcomes = outcomes.With(domain.Outcome(outcome).String(), v.Outcomes[outcome])
		doors += v.Outcomes[outcome]
	}
	return recordjson.Object{}.With(recordjson.NameID, v.Visit.String()).With("doors", doors).With("outcomes", outcomes)
}
