package sim

import (
	"errors"
	"fmt"
	"os"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/model"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// Interrupted is what came of an operator's act in which the server's machine lost its power.
type Interrupted struct {
	// Off tells that the power went in the act and not after it.
	Off bool
	// Stands tells that the act had reached the disk all the same.
	Stands bool
	// Found is what the auditor found, then and when everybody had worked and synced again.
	Found []model.Violation
}

// OperatorAct is something that the operator does with the first user, that user's phone or a door.
type OperatorAct struct {
	Name   string
	do     func(*world)
	stands func(*world, store.Reader) bool
}

// OperatorActs are one of each way in which the operator writes to the server.
var OperatorActs = []OperatorAct{
	{"a role is changed", func(w *world) {
		w.change(w.staff.users[0], RoleRaised, "is an officer", func(u *user) { u.role = recordv1.Role_ROLE_POLICE_OFFICER })
	}, func(w *world, r store.Reader) bool {
		u, err := identity.GetUser(r, w.staff.users[0].id)
		return w.must(err, "read a user") && roleOf(u) == recordv1.Role_ROLE_POLICE_OFFICER
	}},
	{"a device is revoked", func(w *world) {
		w.revoke(w.phones[0], false)
	}, func(w *world, r store.Reader) bool {
		d, err := identity.GetDevice(r, w.phones[0].incarnation())
		return w.must(err, "read a device") && d.State == identity.DeviceRevoked
	}},
	{"a door is corrected", func(w *world) {
		rooms := uint32(3)
		_ = w.serverWrite(w.known.byKind["premises"][0], recordv1.Kind_KIND_PREMISES, &recordv1.Premises{Rooms: &rooms})
	}, func(w *world, r store.Reader) bool {
		return r.Head().Seq > w.server.backups[0].at.Seq
	}},
}

// fileSeed is a seed whose server keeps its store in a file.
const fileSeed = 259

// roundsAfter is how often everybody works and syncs after the loss, so that what was decided wrongly shows.
const roundsAfter = 4

// Interrupt plays an act in which the power goes after so many steps of the server's disk, and what everybody does after it.
// What the system was given when the power went reaches the disk.
func (a *OperatorAct) Interrupt(steps int) (c *Interrupted, err error) {
	home, err := newHome()
	if err != nil {
		return nil, err
	}
	defer home.close()
	dir, err := os.MkdirTemp(home.dir, "cut-")
	if err != nil {
		return nil, err
	}
	w, err := newWorld(Case{Seed: fileSeed, Without: AllFaults}, home.secrets, dir, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.server.disk == nil {
		return nil, fmt.Errorf("the server of seed %d has no file", fileSeed)
	}
	w.everybodySyncs()
	c = &Interrupted{}
	a.cut(w, steps, c)
	for round := range roundsAfter {
		for i, p := range w.phones {
			p.work(diceFor(fileSeed, p.name, round*len(w.phones)+i))
		}
		w.everybodySyncs()
	}
	if !w.over() {
		w.heal()
	}
	c.Found = w.found
	return c, w.failed
}

// cut has the power go within the act, and the server start again.
func (a *OperatorAct) cut(w *world, steps int, c *Interrupted) {
	w.server.backups = []*backup{w.server.copyStore()}
	w.server.disk.PowerOffAfter(steps, disk.Nothing, nil)
	a.do(w)
	w.server.feelPower()
	c.Off = w.server.down
	w.server.disk.Heal()
	w.audit()
	w.runOut()
	w.server.view(func(r store.Reader) error {
		c.Stands = a.stands(w, r)
		return nil
	})
}

func (w *world) everybodySyncs() {
	for _, p := range w.phones {
		p.beginSync()
	}
	w.runOut()
}

// TakeDeserted takes a step of each kind in a district whose phones are all lost.
func TakeDeserted() (err error) {
	home, err := newHome()
	if err != nil {
		return err
	}
	defer home.close()
	dir, err := os.MkdirTemp(home.dir, "deserted-")
	if err != nil {
		return err
	}
	w, err := newWorld(Case{Seed: fileSeed}, home.secrets, dir, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.everybodySyncs()
	for _, p := range w.phones {
		p.shut()
		p.lost = true
		w.model.Lost(p.id)
	}
	for n, kind := range stepKinds {
		w.take(&step{number: n + 1, name: kind.name, do: kind.do})
	}
	return w.failed
}
