package model_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// voided is a stage with a door that b has voided, and a visit and a hazard of a's from before a heard of it.
func voided(t *testing.T) (s *stage, a, b *actor, door syncengine.ID) {
	s, a = alone(t)
	b = s.phone("阿乙", recordv1.Role_ROLE_COMMUNITY_STAFF, gridA)
	door = a.add(s.door(gridA, "大研街道1号"))
	a.add(&recordv1.Hazard{PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum()})
	a.sync()
	b.sync()
	s.later(time.Minute)
	b.do(func() error { _, err := b.VoidDoor(door, recordv1.VoidReason_VOID_REASON_PULLED_DOWN); return err })
	a.add(visitOf(door, "门口电线老化"))
	return s, a, b, door
}

// tasks lists the states of the tasks on a phone.
func (p *actor) tasks() (out []string) {
	p.s.t.Helper()
	list, err := p.List(client.Query{Kind: "task"})
	p.s.must(err)
	for _, rec := range list {
		m, err := rec.Message()
		p.s.must(err)
		if task, ok := m.(*recordv1.Task); ok {
			out = append(out, strings.TrimPrefix(task.GetState().String(), "TASK_STATE_"))
		}
	}
	return out
}

func TestStory_ADoorIsVoidedAndTakenBackAndEachTaskOfThatIsForeseen(t *testing.T) {
	s, a, b, door := voided(t)
	b.sync()
	s.clean()
	a.sync()
	s.clean()
	if got := a.tasks(); !slices.Equal(got, []string{"MADE", "MADE"}) {
		t.Errorf("the tasks are %v", got)
	}
	b.sync()
	b.do(func() error { _, err := b.UnvoidDoor(door); return err })
	b.sync()
	s.clean()
	s.rest()
	if got := a.tasks(); !slices.Equal(got, []string{"DONE", "DONE"}) {
		t.Errorf("the tasks are %v once the door is back", got)
	}
}

func TestStory_WhatAVoidDoorAsksForComesAgainAfterARestore(t *testing.T) {
	s, a, b, door := voided(t)
	backup := s.backUp("before")
	b.sync()
	a.sync()
	s.later(time.Hour)
	s.restore("before", backup)
	// Who was told of the task works on it, before the server knows of it again.
	a.sync()
	a.edit(door, rooms(3))
	b.sync()
	s.clean()
	s.rest()
	if got := a.tasks(); !slices.Equal(got, []string{"MADE", "MADE"}) {
		t.Errorf("the tasks are %v", got)
	}
}

func TestStory_ATaskThatNoVoidDoorAsksForIsFound(t *testing.T) {
	for name, twist := range map[string]func(*wire.Change, *recordv1.Task){
		"it is for somebody else": func(_ *wire.Change, task *recordv1.Task) { task.ForUser[3]++ },
		"it is about another door": func(_ *wire.Change, task *recordv1.Task) {
			for _, about := range [][]byte{task.PremisesId, task.CaseId} {
				if len(about) > 0 {
					about[9]++
				}
			}
		},
		"it is done at once": func(_ *wire.Change, task *recordv1.Task) { task.State = recordv1.TaskState_TASK_STATE_DONE.Enum() },
	} {
		s, a, b, _ := voided(t)
		s.write = s.tasksTold(twist)
		b.sync()
		a.sync()
		if !s.findsOfVoidDoor() {
			t.Errorf("%s, and nothing is found", name)
		}
	}
}

func TestStory_EachVoidingOfADoorAsksAnew(t *testing.T) {
	s, a, b, door := voided(t)
	b.sync()
	a.sync()
	b.sync()
	b.do(func() error { _, err := b.UnvoidDoor(door); return err })
	b.heardOf([]*actor{a})
	s.later(time.Minute)
	b.do(func() error { _, err := b.VoidDoor(door, recordv1.VoidReason_VOID_REASON_PULLED_DOWN); return err })
	a.edit(door, rooms(5))
	b.sync()
	a.sync()
	s.clean()
	got := a.tasks()
	slices.Sort(got)
	if !slices.Equal(got, []string{"DONE", "DONE", "MADE", "MADE"}) {
		t.Errorf("the tasks are %v", got)
	}
	s.rest()
}

func TestStory_AVoidingThatARestoredServerTellsOfUnderAnotherIDIsFound(t *testing.T) {
	s, a, b, _ := voided(t)
	backup := s.backUp("before")
	b.heardOf([]*actor{a})
	s.clean()
	s.restore("before", backup)
	s.write = s.tasksTold(func(c *wire.Change, _ *recordv1.Task) { c.RecordID[9]++ })
	b.heardOf([]*actor{a})
	if !s.findsOfVoidDoor() {
		t.Error("somebody is told twice of one voiding, and nothing is found")
	}
}

// tasksTold has the log say something else of the tasks that the server writes.
func (s *stage) tasksTold(twist func(*wire.Change, *recordv1.Task)) func(*store.Entry) {
	return func(e *store.Entry) {
		c, err := wire.DecodeChange(e.Body)
		if err != nil || e.Kind != syncengine.KindNumber(recordv1.Kind_KIND_TASK) {
			return
		}
		task := &recordv1.Task{}
		s.must(proto.Unmarshal(c.Patch.GetFields(), task))
		twist(c, task)
		c.Patch.Fields, err = proto.Marshal(task)
		s.must(err)
		e.RecordID = c.RecordID
		e.Body, err = wire.EncodeChange(c)
		s.must(err)
	}
}

// findsOfVoidDoor reports that something was found about what void doors ask for.
func (s *stage) findsOfVoidDoor() bool {
	return slices.ContainsFunc(s.model.CheckStep(), func(v model.Violation) bool { return strings.Contains(v.Text, "void door") })
}
