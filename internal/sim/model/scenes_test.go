package model_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

// The scenes that several stories begin with. What a story is about stands in the story.

// alone is a stage with a grid worker.
func alone(t *testing.T) (s *stage, a *actor) {
	t.Helper()
	s = newStage(t)
	return s, s.worker("阿甲")
}

// pair is a stage with two workers of one grid.
func pair(t *testing.T) (s *stage, a, b *actor) {
	t.Helper()
	s, a = alone(t)
	return s, a, s.worker("阿乙")
}

// trio is a stage with three workers of one grid.
func trio(t *testing.T) (s *stage, a, b, c *actor) {
	t.Helper()
	s, a, b = pair(t)
	return s, a, b, s.worker("阿丙")
}

// worker enrols a worker of the first grid.
func (s *stage) worker(name string) *actor {
	s.t.Helper()
	return s.phone(name, recordv1.Role_ROLE_GRID_WORKER, gridA)
}

// syncedDoor has a phone register a door of the first grid, and others hear of it.
func (p *actor) syncedDoor(others ...*actor) (door syncengine.ID) {
	p.s.t.Helper()
	door = p.add(p.s.door(gridA, "大研街道1号"))
	p.heardOf(others)
	return door
}

// syncedVisit has a phone register a door and a visit with a note about who lives there, and others hear of both.
func (p *actor) syncedVisit(others ...*actor) (door, visit syncengine.ID) {
	p.s.t.Helper()
	door = p.add(p.s.door(gridA, "大研街道1号"))
	visit = p.add(visitOf(door, "门口电线老化，住户不在家"))
	p.heardOf(others)
	return door, visit
}

// heardOf has a phone sync, and then others.
func (p *actor) heardOf(others []*actor) {
	p.s.t.Helper()
	p.sync()
	for _, other := range others {
		other.sync()
	}
}

// visitToSend is a stage with a worker who has a visit to send and a colleague's edit of its door to hear of.
func visitToSend(t *testing.T) (s *stage, a *actor) {
	t.Helper()
	s, a, b := pair(t)
	a.sync()
	door := b.syncedDoor(a)
	b.edit(door, rooms(3))
	b.sync()
	a.add(visitOf(door, "查看"))
	s.clean()
	return s, a
}

// unreadDoor is a stage with a door of three rooms that b cannot read: it lies in another grid.
func unreadDoor(t *testing.T) (s *stage, b *actor, door syncengine.ID) {
	t.Helper()
	s = newStage(t)
	a := s.phone("阿甲", recordv1.Role_ROLE_GRID_WORKER, gridB)
	b = s.worker("阿乙")
	own := s.door(gridB, "大研街道1号")
	own.Rooms = proto.Uint32(3)
	door = a.add(own)
	a.sync()
	b.sync()
	return s, b, door
}

// reworded is a note that somebody writes anew, with the consent of who lives there.
func reworded() *recordv1.Visit { return noted(rewording) }

const rewording = "住户同意重新登记，电线已更换"

func noted(text string) *recordv1.Visit { return &recordv1.Visit{Note: proto.String(text)} }

// wantNote wants a phone to show the note of a visit.
func (p *actor) wantNote(visit syncengine.ID, want string) {
	p.s.t.Helper()
	if got := p.note(visit); got != want {
		p.s.t.Errorf("the phone shows the note %q, want %q", got, want)
	}
}

// wantConflicts wants so many conflicts to be open on a phone, those of what is said.
func (p *actor) wantConflicts(want int, of string) {
	p.s.t.Helper()
	if n, err := p.ConflictCount(); err != nil || n != want {
		p.s.t.Errorf("%d conflicts are open, want %s: %v", n, of, err)
	}
}
