package exchange_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// lookRealm is a door in grid A with an officer, and a worker of grid B.
type lookRealm struct {
	*world
	officer *phone
	worker  syncengine.ID
	door    syncengine.ID
}

func newLookRealm(t *testing.T) *lookRealm {
	w := newWorld(t)
	r := &lookRealm{world: w, officer: w.phone(w.user(recordv1.Role_ROLE_POLICE_OFFICER, w.gridA)), worker: w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB)}
	m, note := door(w.gridA, "福慧路1号"), "门锁已换"
	name := "和老五"
	m.Contact, m.PoliceNote = &recordv1.Contact{Name: &name}, &note
	r.door = r.officer.create(kindPremises, m)
	r.officer.sync()
	return r
}

func (r *lookRealm) look(door syncengine.ID) (exchange.Looked, error) {
	return r.service.LookUp(r.ctx, exchange.Look{User: r.worker, Door: door, Reason: "煤气泄漏找房主"})
}

// tasks counts the tasks that the officer's phone holds.
func (r *lookRealm) tasks() (n int) {
	r.officer.sync()
	for _, rec := range r.officer.have {
		if rec.GetKind() == uint32(recordv1.Kind_KIND_TASK) {
			n++
		}
	}
	return n
}

func TestLookUp_ShowsWhatTheRoleReadsForMinutesAndTellsTheOfficerOnce(t *testing.T) {
	r := newLookRealm(t)
	got, err := r.look(r.door)
	r.must(err)
	m := &recordv1.Premises{}
	r.must(proto.Unmarshal(got.Fields, m))
	if m.GetContact().GetName() != "和老五" || m.PoliceNote != nil || got.Until != syncengine.UnixMilli(r.now.UnixMilli())+exchange.LookFor {
		t.Errorf("shown %v until %d", m, got.Until)
	}
	again, err := r.look(r.door)
	r.must(err)
	if n := r.tasks(); n != 1 || again.Until != got.Until {
		t.Errorf("the officer has %d tasks, a second look lasts until %d and not %d", n, again.Until, got.Until)
	}
	r.now = r.now.Add(time.Duration(exchange.LookFor) * time.Millisecond)
	_, err = r.look(r.door)
	r.must(err)
	if n := r.tasks(); n != 2 {
		t.Errorf("after the minutes the officer has %d tasks", n)
	}
}

func TestLookUp_IsRefusedWithItsReason(t *testing.T) {
	r := newLookRealm(t)
	helper := r.user(recordv1.Role_ROLE_HELPER, r.gridB)
	for name, c := range map[string]struct {
		look exchange.Look
		want error
	}{
		"without a reason":      {exchange.Look{User: r.worker, Door: r.door, Reason: " 看 "}, exchange.ErrLookReason},
		"a number as a reason":  {exchange.Look{User: r.worker, Door: r.door, Reason: "房主电话13888812345打不通"}, exchange.ErrLookReason},
		"an unknown door":       {exchange.Look{User: r.worker, Door: r.id(), Reason: "煤气泄漏"}, exchange.ErrLookDoor},
		"a part of the address": {exchange.Look{User: r.worker, Address: "福慧路", Reason: "煤气泄漏"}, exchange.ErrLookDoor},
		"neither":               {exchange.Look{User: r.worker, Reason: "煤气泄漏"}, exchange.ErrBadRequest},
		"a helper":              {exchange.Look{User: helper, Door: r.door, Reason: "煤气泄漏"}, exchange.ErrLookRole},
		"the own area":          {exchange.Look{User: r.user(recordv1.Role_ROLE_GRID_WORKER, r.gridA), Door: r.door, Reason: "煤气泄漏"}, exchange.ErrLookOwn},
	} {
		if _, err := r.service.LookUp(r.ctx, c.look); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := r.service.LookUp(r.ctx, exchange.Look{User: helper, Door: r.door, Reason: "煤气泄漏"})
	if err == nil || !strings.Contains(err.Error(), "the role helper ") {
		t.Errorf("a helper is told: %v", err)
	}
	if n := r.tasks(); n != 0 {
		t.Errorf("refused looks made %d tasks", n)
	}
}

func TestLookUp_IsCountedByTheDay(t *testing.T) {
	r := newLookRealm(t)
	var doors []syncengine.ID
	for range exchange.LooksPerDayMax + 1 {
		doors = append(doors, r.officer.create(kindPremises, door(r.gridA, "民主路")))
	}
	r.officer.sync()
	for i, id := range doors {
		r.now = r.now.Add(time.Minute)
		if _, err := r.look(id); (i < exchange.LooksPerDayMax) != (err == nil) {
			t.Fatalf("look %d: %v", i+1, err)
		}
	}
	if _, err := r.look(doors[0]); !errors.Is(err, exchange.ErrLookMany) {
		t.Errorf("beyond the day's count: %v", err)
	}
	r.now = r.now.Add(24 * time.Hour)
	_, err := r.look(doors[0])
	r.must(err)
}
