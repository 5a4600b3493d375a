package exchange_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/syncengine"
)

// voidDays is how many random days are played, voidSteps how long each is.
const (
	voidDays  = 40
	voidSteps = 120
)

// voidDay is three phones that visit, void and take back three doors, mostly without a signal. It notes by itself what each
// knew when it wrote, and so who has to be asked.
type voidDay struct {
	*world
	rng    *rand.Rand
	phones []*voidPhone
	doors  []syncengine.ID
	asked  map[syncengine.ID]string
}

// voidPhone is a phone with what it wrote since its last sync.
type voidPhone struct {
	*phone
	user   syncengine.ID
	unsent []voidWork
}

// voidWork is one change about a door, and how much of the log its author had seen.
type voidWork struct {
	door syncengine.ID
	seen syncengine.Seq
}

func newVoidDay(t *testing.T, seed uint64) *voidDay {
	d := &voidDay{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 1)), asked: map[syncengine.ID]string{}}
	for _, role := range []recordv1.Role{recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_COMMUNITY_STAFF, recordv1.Role_ROLE_POLICE_OFFICER} {
		user := d.user(role, d.gridA)
		d.phones = append(d.phones, &voidPhone{phone: d.phone(user), user: user})
	}
	for i := range 3 {
		d.doors = append(d.doors, d.phones[0].create(kindPremises, door(d.gridA, fmt.Sprintf("福慧路%d号", i+1))))
	}
	for _, p := range d.phones {
		p.sync()
	}
	return d
}

// work has a phone do something about a door.
func (d *voidDay) work(p *voidPhone, at syncengine.ID) {
	p.unsent = append(p.unsent, voidWork{at, p.base().Seq})
	status := func(s recordv1.PremisesStatus) { p.edit(kindPremises, at, &recordv1.Premises{Status: s.Enum()}) }
	switch d.rng.IntN(8) {
	case 0, 1:
		status(recordv1.PremisesStatus_PREMISES_STATUS_VOID)
	case 2:
		status(recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE)
	case 3, 4:
		p.edit(kindPremises, at, &recordv1.Premises{Rooms: proto.Uint32(uint32(d.rng.IntN(9)))})
	default:
		p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}})
	}
}

// sync has a phone send all, and notes whom the server has to ask: its author, of what they wrote at a door that is void now
// by a write which they had not seen and which says what no write of theirs says.
func (d *voidDay) sync(p *voidPhone) {
	p.phone.sync()
	for _, w := range p.unsent {
		cell, ok := d.record(w.door).Find(syncengine.CellKey{Field: statusOf()})
		if !ok || !says(cell.Shown(), recordv1.PremisesStatus_PREMISES_STATUS_VOID) {
			continue
		}
		by := cell.Shown().Write
		own := false
		for i := range cell.Values {
			own = own || cell.Values[i].Write.Dot.Incarnation == p.incarnation && cell.Values[i].Same(*cell.Shown())
		}
		if own || w.seen >= by.Coordinates[0].Seq {
			continue
		}
		id := domain.VoidTaskID(domain.ID(w.door), domain.ID(p.user), domain.ID(by.Dot.Incarnation), uint64(by.Dot.Seq))
		d.asked[syncengine.ID(id)] = fmt.Sprintf("%s of door %s, void at %s, seen %d", p.user, w.door, by.Coordinates[0], w.seen)
	}
	p.unsent = p.unsent[:0]
}

func statusOf() syncengine.FieldNumber {
	return syncengine.FieldNumber((&recordv1.Premises{}).ProtoReflect().Descriptor().Fields().ByName("status").Number())
}

func says(v *syncengine.Value, status recordv1.PremisesStatus) bool {
	m := &recordv1.Premises{}
	return proto.Unmarshal(v.Data, m) == nil && m.GetStatus() == status
}

// check wants the tasks that are there to be those that were noted.
func (d *voidDay) check(seed uint64) {
	d.t.Helper()
	for id, why := range d.asked {
		rec := d.record(id)
		if rec == nil {
			d.t.Errorf("day %d: nobody asks %s", seed, why)
		}
	}
	there := 0
	for _, p := range d.phones {
		p.phone.sync()
	}
	seen := map[syncengine.ID]bool{}
	for _, p := range d.phones {
		for id, rec := range p.have {
			if rec.GetKind() != uint32(recordv1.Kind_KIND_TASK) || seen[id] {
				continue
			}
			seen[id] = true
			there++
			if d.asked[id] == "" {
				d.t.Errorf("day %d: somebody is asked without a reason: %v", seed, fieldsOf(d.t, rec, &recordv1.Task{}))
			}
		}
	}
	if there != len(d.asked) {
		d.t.Errorf("day %d: %d tasks are there, %d were due", seed, there, len(d.asked))
	}
	d.verify()
}

func TestVoid_OnRandomDaysThoseAndOnlyThoseAreAskedWhoDidNotKnow(t *testing.T) {
	asked := 0
	for seed := range uint64(voidDays) {
		d := newVoidDay(t, seed)
		for range voidSteps {
			d.now = d.now.Add(time.Minute)
			p := d.phones[d.rng.IntN(len(d.phones))]
			if d.rng.IntN(5) == 0 {
				d.sync(p)
			} else {
				d.work(p, d.doors[d.rng.IntN(len(d.doors))])
			}
		}
		for _, p := range d.phones {
			d.sync(p)
		}
		asked += len(d.asked)
		d.check(seed)
		if t.Failed() {
			return
		}
	}
	if asked < 5*voidDays {
		t.Errorf("only %d were asked in %d days", asked, voidDays)
	}
}
