package identity

import (
	"fmt"

	"onedoor/domain"
	"onedoor/internal/wire"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Slot is what a door is assigned for; each is held by one user at a time.
type Slot uint8

// The slots of a door. Numbers are stored and never reused.
const (
	// SlotOfficer is the police officer responsible for the door.
	SlotOfficer Slot = 1
	// SlotWorker is the grid worker, helper or staff member who visits it.
	SlotWorker Slot = 2
)

// String says who holds the slot.
func (s Slot) String() string {
	switch s {
	case SlotOfficer:
		return "officer"
	case SlotWorker:
		return "worker"
	}
	return fmt.Sprintf("slot %d", uint8(s))
}

// Door is a door with the territory it stands in.
type Door struct {
	ID        syncengine.ID
	Territory syncengine.ID
}

// AssignDoors gives doors to a user, takes them from whoever held the slot, and
// refreshes the grants of all of them: who has no territory grant over a door
// gets one for the door itself. The record's own fields are the caller's matter.
func AssignDoors(w store.Writer, slot Slot, user syncengine.ID, doors []Door, at syncengine.UnixMilli) error {
	u, err := activeUser(w, user)
	if err != nil {
		return err
	}
	if err := checkSlot(slot, u); err != nil {
		return err
	}
	affected := []syncengine.ID{user}
	for _, d := range doors {
		former, err := assign(w, slot, user, d)
		if err != nil {
			return fmt.Errorf("assign door %s: %w", d.ID, err)
		}
		if !former.IsZero() {
			affected = append(affected, former)
		}
	}
	return refreshUsers(w, affected, at)
}

// Assigned gives the user who holds a slot of a door; zero when nobody does.
func Assigned(r store.Reader, slot Slot, door syncengine.ID) (syncengine.ID, error) {
	m := &storedv1.Assignment{}
	if _, err := get(r, bucketAssignments, slotKey(slot, door), m); err != nil {
		return syncengine.ID{}, err
	}
	return idOf(m.GetUserId())
}

// DoorsOfUser lists the doors assigned to a user; a door held in two slots occurs once.
func DoorsOfUser(r store.Reader, user syncengine.ID) ([]Door, error) {
	var out []Door
	err := walkKeys(r, bucketUserDoors, user[:], func(d store.Document) error {
		territory, err := idOf(d.Value)
		door := Door{ID: syncengine.ID(d.Key[16:32]), Territory: territory}
		if len(out) == 0 || out[len(out)-1].ID != door.ID {
			out = append(out, door)
		}
		return err
	})
	return out, err
}

// assign writes one assignment and its index, and returns the former holder.
func assign(w store.Writer, slot Slot, user syncengine.ID, d Door) (former syncengine.ID, err error) {
	if d.ID.IsZero() {
		return former, fmt.Errorf("no id: %w", ErrInvalid)
	}
	if err := checkTerritory(w, d.Territory); err != nil {
		return former, err
	}
	if former, err = Assigned(w, slot, d.ID); err != nil {
		return former, err
	}
	if !former.IsZero() {
		key := userDoorKey(former, slot, d.ID)
		if err := w.DeleteDocument(bucketUserDoors, key); err != nil {
			return former, wrapAt(err, bucketUserDoors, key)
		}
	}
	key := userDoorKey(user, slot, d.ID)
	if err := w.PutDocument(bucketUserDoors, key, wire.BytesOf(d.Territory)); err != nil {
		return former, wrapAt(err, bucketUserDoors, key)
	}
	return former, put(w, bucketAssignments, slotKey(slot, d.ID), &storedv1.Assignment{UserId: user[:], TerritoryId: wire.BytesOf(d.Territory)})
}

// CheckWorker wants a user whose role goes to doors, or it is [ErrInvalid].
func CheckWorker(u User) error { return checkSlot(SlotWorker, u) }

// checkSlot wants a role that goes to doors.
func checkSlot(slot Slot, u User) error {
	role := recordv1.Role(u.Role)
	var fits bool
	switch slot {
	case SlotOfficer:
		fits = role == recordv1.Role_ROLE_POLICE_OFFICER
	case SlotWorker:
		fits = role == recordv1.Role_ROLE_HELPER || role == recordv1.Role_ROLE_GRID_WORKER || role == recordv1.Role_ROLE_COMMUNITY_STAFF
	}
	if !fits {
		return fmt.Errorf("user %s with the role %s cannot be the %s of a door: %w", u.ID, domain.Role(u.Role), slot, ErrInvalid)
	}
	return nil
}

func slotKey(slot Slot, door syncengine.ID) []byte { return append(join(door), byte(slot)) }

func userDoorKey(user syncengine.ID, slot Slot, door syncengine.ID) []byte {
	return append(join(user, door), byte(slot))
}

// MoveDoors notes that doors stand in other territories now and refreshes the
// grants of whoever is assigned to them. Doors nobody is assigned to cost nothing.
func MoveDoors(w store.Writer, doors []Door, at syncengine.UnixMilli) error {
	var affected []syncengine.ID
	for _, d := range doors {
		for _, slot := range []Slot{SlotOfficer, SlotWorker} {
			holder, err := Assigned(w, slot, d.ID)
			if err != nil {
				return err
			}
			if holder.IsZero() {
				continue
			}
			if _, err := assign(w, slot, holder, d); err != nil {
				return fmt.Errorf("move door %s: %w", d.ID, err)
			}
			affected = append(affected, holder)
		}
	}
	return refreshUsers(w, affected, at)
}
