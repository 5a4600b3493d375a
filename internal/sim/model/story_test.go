package model_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

func decodeHex(dst []byte, text string) (int, error) {
	return hex.Decode(dst, []byte(strings.ReplaceAll(text, "-", "")))
}

func (s *stage) door(territory, address string) *recordv1.Premises {
	id := s.grids[territory]
	return &recordv1.Premises{Address: proto.String(address), Territory: id[:]}
}

func visitOf(door syncengine.ID, note string) *recordv1.Visit {
	return &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Note: proto.String(note)}
}

func rooms(n uint32) *recordv1.Premises { return &recordv1.Premises{Rooms: proto.Uint32(n)} }

func contact(name string) *recordv1.Premises {
	return &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(name)}}
}

func moveAct(door, to syncengine.ID) model.Act {
	return model.Act{Writes: []exchange.ServerChange{{
		RecordID: door, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Fields: &recordv1.Premises{Territory: to[:]},
	}}}
}

func TestStory_AnOrdinaryDayIsPredictedToTheLastValue(t *testing.T) {
	s, a, b := pair(t)
	c := s.phone("阿丙", recordv1.Role_ROLE_POLICE_OFFICER, community)
	door := a.syncedDoor()
	s.clean()
	b.sync()
	c.sync()
	s.clean()
	visit := b.add(visitOf(door, "门口电线老化"))
	a.edit(door, rooms(3))
	b.edit(door, rooms(4))
	s.clean()
	s.later(time.Minute)
	a.sync()
	b.sync()
	s.clean()
	c.sync()
	c.edit(door, rooms(5))
	c.edit(visit, noted("已整改"))
	b.do(func() error { return b.Delete(visit) })
	s.clean()
	s.rest()
}

func TestStory_ADoorThatMovesBeforeItsAuthorHeardOfItLeavesThePhone(t *testing.T) {
	s, a := alone(t)
	a.sync()
	door := a.add(s.door(gridA, "大研街道1号"))
	a.lose = 1
	a.sync()
	s.moveDoor(door, gridB)
	a.sync()
	s.rest()
}

func TestStory_AReleasedChangeKeepsTheStampOfItsFirstReceipt(t *testing.T) {
	s, a := alone(t)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridB)
	door := a.syncedDoor()
	// b finds the door by its id and has a clock that is two hours behind.
	b.skew = -2 * time.Hour
	b.sync()
	s.later(time.Hour)
	b.do(func() error {
		return b.AddWithID(door, s.door(gridA, "大研街道一号"))
	})
	s.later(time.Hour)
	b.sync()
	s.later(time.Hour)
	s.must(s.act(model.Act{Release: s.waiting()[0]}))
	s.rest()
}

// b writes down a door by its id that lies in another's grid, and corrects that. By the
// time it arrives the door has moved to b's grid: b may write to it, and has not seen
// what stood there.
func TestStory_WhoGetsADoorAfterwardsHadNotReadIt(t *testing.T) {
	s, b, door := unreadDoor(t)
	joined := s.door(gridA, "大研街道一号")
	joined.Rooms = proto.Uint32(4)
	b.do(func() error { return b.AddWithID(door, joined) })
	b.edit(door, rooms(5))
	s.moveDoor(door, gridA)
	s.clean()
	b.sync()
	s.clean()
	s.rest()
	open, err := b.Conflicts()
	s.must(err)
	var fields []string
	for _, c := range open {
		fields = append(fields, c.Field)
	}
	if !slices.Contains(fields, "rooms") {
		t.Errorf("open are %v, want rooms among them", fields)
	}
}

// b takes back what they wrote of a door that they could not read, and with it the door: that it lives is covered, what a
// has written of it is a conflict with the deletion.
func TestStory_WhoDeletesWhatTheyHadNotReadLeavesEachValueOpen(t *testing.T) {
	s, b, door := unreadDoor(t)
	b.do(func() error { return b.AddWithID(door, s.door(gridA, "大研街道一号")) })
	b.do(func() error { return b.Delete(door) })
	s.moveDoor(door, gridA)
	s.clean()
	b.sync()
	s.clean()
	s.rest()
	open, err := b.Conflicts()
	s.must(err)
	if !slices.ContainsFunc(open, func(c *client.Conflict) bool { return c.Field == "rooms" && c.Kind == "delete_edit" }) {
		t.Errorf("open are %v, want the rooms against the deletion among them", open)
	}
}
