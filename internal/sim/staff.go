package sim

import (
	"fmt"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// user is somebody who works in the district.
type user struct {
	id   syncengine.ID
	name string
	role recordv1.Role
	// home is where the user works, gone what was taken away and may be given back; zero for nothing.
	home, gone syncengine.ID
	// told is the newest version of grants that the auditor knows.
	told uint64
}

// staff are the users.
type staff struct {
	users []*user
	// next is whose phone comes next.
	next int
}

// posts are the roles of the first users, in order: a small team has a bit of everything.
var posts = []recordv1.Role{
	recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_HELPER, recordv1.Role_ROLE_GRID_WORKER,
	recordv1.Role_ROLE_COMMUNITY_STAFF, recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_STREET_LEAD, recordv1.Role_ROLE_DEPARTMENT,
}

// raised are the roles that a user may be given later.
var raised = []recordv1.Role{
	recordv1.Role_ROLE_HELPER, recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF,
}

// hire makes the users: each works in a grid, or in a community where the role asks for it.
func (w *world) hire() {
	w.staff = &staff{}
	d := diceFor(w.c.Seed, "staff", 0)
	for i := range min(w.weather.phones, 2*len(posts)) {
		u := &user{id: w.server.newID(), name: fmt.Sprintf("user%d", i+1), role: posts[i%len(posts)], home: pick(d, w.places.grids).id}
		if u.role != recordv1.Role_ROLE_HELPER && u.role != recordv1.Role_ROLE_GRID_WORKER && d.IntN(3) > 0 {
			u.home = pick(d, w.places.communities).id
		}
		w.staff.users = append(w.staff.users, u)
		w.known.name(u.id, u.name)
		w.must(w.write(u), "hire "+u.name)
	}
}

// write makes what the operator knows of a user stand at the server.
func (w *world) write(u *user) error {
	w.writing = true
	defer func() { w.writing = false }()
	err := w.server.service.Update(w.server.ctx, func(tx store.Writer) error {
		person := identity.User{ID: u.id, Name: u.name, Role: uint32(u.role), TerritoryID: u.home, State: identity.UserActive}
		if u.role == recordv1.Role_ROLE_DEPARTMENT {
			person.Department = department
		}
		if err := identity.PutUser(tx, person); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(tx, u.id, w.unix())
		return err
	})
	if err == nil {
		w.model.User(u.id, uint32(u.role))
		if u.role == recordv1.Role_ROLE_DEPARTMENT {
			w.model.Department(u.id, department)
		}
		w.tellGrants(u)
	}
	return err
}

// tellGrants tells the auditor of versions of grants that it does not know.
func (w *world) tellGrants(u *user) {
	w.server.view(func(r store.Reader) error {
		current, err := identity.CurrentGrants(r, u.id)
		for v := u.told + 1; err == nil && v <= current.Version; v++ {
			var version identity.GrantVersion
			// A restore may have lost a version, and a phone may have handed the next one back.
			if version, err = identity.GrantsAsOf(r, u.id, v); err == nil && version.Version == v {
				w.model.Granted(u.id, version)
			}
			u.told = v
		}
		return err
	})
}

// lookAgain has them learn how everybody stands after a loss of power: a commit that it cut off failed for whoever asked,
// and may stand all the same.
func (w *world) lookAgain() {
	for _, u := range w.staff.users {
		w.lookUp(u)
	}
}

// lookUp has the operator and the auditor learn how a user stands at the server.
func (w *world) lookUp(u *user) {
	w.server.view(func(r store.Reader) error {
		person, err := identity.GetUser(r, u.id)
		if err != nil {
			return err
		}
		if person.TerritoryID != u.home {
			u.gone = u.home
		}
		u.role, u.home = roleOf(person), person.TerritoryID
		return nil
	})
	w.model.User(u.id, uint32(u.role))
	w.tellGrants(u)
}

func roleOf(u identity.User) recordv1.Role { return recordv1.Role(u.Role) }

// code makes a join code for a user.
func (w *world) code(u *user) (code string, err error) {
	err = w.server.service.Update(w.server.ctx, func(tx store.Writer) error {
		c, _, err := identity.NewCode(tx, u.id, w.unix(), w.server.random)
		code = string(c)
		return err
	})
	return code, err
}

// equip gives the next user a phone.
func (w *world) equip() {
	u := w.staff.users[w.staff.next%len(w.staff.users)]
	w.staff.next++
	p := w.newPhone(u)
	if !w.must(p.open(), "open "+p.name) {
		return
	}
	code, err := w.code(u)
	if err == nil {
		err = p.replica.Enrol(w.server.ctx, "simulated", code)
	}
	if err != nil && !w.server.store.calm {
		w.trace.tell(w.now, "operator", "cannot enrol %s: %v", p.name, err)
		p.shut()
		p.lost = true
		return
	}
	if !w.must(err, "enrol "+p.name) {
		return
	}
	p.enrolled()
	p.vouched = true
	incarnation, err := parseID(p.replica.Self().Incarnation)
	w.must(err, "read the incarnation of "+p.name)
	w.known.name(incarnation, p.name)
	w.model.Enrolled(p.id, incarnation, u.id, p.granted)
	w.model.PhoneSchema(p.id, p.schema)
	w.trace.tell(w.now, "operator", "%s gets %s, a phone", u.name, p.name)
}

// phoneID is the number by which the auditor knows a phone.
type phoneID = model.PhoneID
