package model_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// randomDays is how many random days the test plays, randomSteps how long each is.
const (
	randomDays  = 12
	randomSteps = 120
)

var (
	fieldRoles = []recordv1.Role{
		recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_HELPER, recordv1.Role_ROLE_COMMUNITY_STAFF,
	}
	areas = []string{gridA, gridB, community}
)

// day is a random day of four phones, some with tiny pages or a wrong clock.
type day struct {
	*stage
	r       *rand.Rand
	team    []*actor
	doors   []syncengine.ID
	visits  []syncengine.ID
	hazards []syncengine.ID
}

func newDay(t *testing.T, seed uint64) *day {
	d := &day{stage: newStage(t), r: rand.New(rand.NewPCG(seed, 1))}
	for range 4 {
		p := d.phone("组员", pick(d.r, fieldRoles), pick(d.r, areas))
		if d.r.IntN(3) == 0 {
			p.pages(1)
		}
		if d.r.IntN(3) == 0 {
			p.skew = time.Duration(d.r.IntN(7200)-3600) * time.Second
		}
		d.team = append(d.team, p)
	}
	return d
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func (d *day) word() string { return string(rune('a' + d.r.IntN(26))) }

// try edits; what the phone refuses is not told.
func (d *day) try(p *actor, edit func() error) {
	if edit() == nil {
		p.tell()
	}
}

// add makes a record and remembers it.
func (d *day) add(p *actor, m proto.Message, to *[]syncengine.ID) {
	d.try(p, func() error {
		id, err := p.Add(m)
		if err == nil {
			*to = append(*to, id)
		}
		return err
	})
}

func (d *day) step() {
	p := pick(d.r, d.team)
	d.later(time.Duration(d.r.IntN(100)) * time.Second)
	switch n := d.r.IntN(16); {
	case n == 0 || len(d.doors) == 0:
		d.add(p, d.door(pick(d.r, areas[:2]), "路"+d.word()), &d.doors)
	case n < 4:
		d.onDoors(p, pick(d.r, d.doors))
	case n < 6 && len(d.visits) > 0:
		d.onVisits(p, pick(d.r, d.visits))
	case n < 8:
		d.add(p, visitOf(pick(d.r, d.doors), "记"+d.word()), &d.visits)
	case n == 8:
		severity := recordv1.Severity(d.r.IntN(3) + 1)
		if len(d.hazards) > 0 && d.r.IntN(2) == 0 {
			d.try(p, func() error { return p.Edit(pick(d.r, d.hazards), &recordv1.Hazard{SeverityFound: &severity}) })
			return
		}
		door := pick(d.r, d.doors)
		d.add(p, &recordv1.Hazard{PremisesId: door[:], Code: recordv1.HazardCode(1).Enum(), SeverityFound: &severity}, &d.hazards)
	case n < 11:
		d.atTheOffice(p)
	default:
		if d.r.IntN(3) == 0 {
			p.lose = 1 + d.r.IntN(2)
		}
		p.sync()
	}
}

func (d *day) onDoors(p *actor, door syncengine.ID) {
	switch d.r.IntN(3) {
	case 0:
		d.try(p, func() error { return p.Edit(door, rooms(uint32(d.r.IntN(5)))) })
	case 1:
		d.try(p, func() error { return p.Edit(door, contact("人"+d.word())) })
	default:
		d.try(p, func() error { return p.Edit(door, &recordv1.Premises{Grade: recordv1.Grade(d.r.IntN(3) + 1).Enum()}) })
	}
}

func (d *day) onVisits(p *actor, visit syncengine.ID) {
	switch d.r.IntN(4) {
	case 0:
		d.try(p, func() error { return p.Delete(visit) })
	case 1:
		d.try(p, func() error { return p.Undelete(visit) })
	default:
		d.try(p, func() error {
			return p.Edit(visit, &recordv1.Visit{Note: proto.String(d.word()), Contributions: map[string]string{"x": d.word()}})
		})
	}
}

// atTheOffice moves doors, changes what people are granted, decides about what
// waits, and settles conflicts.
func (d *day) atTheOffice(p *actor) {
	open, err := p.Conflicts()
	d.must(err)
	switch n := d.r.IntN(4); {
	case n == 0:
		_ = d.act(moveAct(pick(d.r, d.doors), d.grids[pick(d.r, areas[:2])]))
	case n == 1:
		d.changeUser(p.user, func(u *identity.User) {
			u.TerritoryID, u.Role = d.grids[pick(d.r, areas)], uint32(pick(d.r, fieldRoles))
		})
	case n == 2 && len(open) > 0 && d.r.IntN(2) == 0:
		d.try(p, func() error { return p.Acknowledge(pick(d.r, open).ID) })
	case n == 2 && len(open) > 0:
		d.try(p, func() error { return p.Restore(pick(d.r, open).ID, 1) })
	case len(d.waiting()) > 0 && d.r.IntN(3) == 0:
		_ = d.act(model.Act{Reject: pick(d.r, d.waiting())})
	case len(d.waiting()) > 0:
		_ = d.act(model.Act{Release: pick(d.r, d.waiting())})
	}
}

func TestRandomDays_TheRealEngineAgreesWithTheModel(t *testing.T) {
	for seed := range uint64(randomDays) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			d := newDay(t, seed)
			for i := 0; i < randomSteps && !t.Failed(); i++ {
				d.step()
				d.clean()
			}
			for _, p := range d.team {
				p.pass, p.lose = 0, 0
			}
			d.rest()
		})
	}
}
