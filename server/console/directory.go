package console

import (
	"cmp"
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// directory knows the people and the territories of the realm, for names in lists and choices in forms. The tree is read once
// a visit; people are asked for where a page names them or lets somebody choose, since a realm may have very many.
type directory struct {
	v          *visit
	userByID   map[string]*adminv1.User
	areas      []*adminv1.Territory
	areaByID   map[string]*adminv1.Territory
	areaByCode map[string]*adminv1.Territory
}

// directory looks the territories up, once a visit.
func (v *visit) directory() (*directory, error) {
	if v.known != nil {
		return v.known, nil
	}
	areas, err := call(v, v.c.o.Admin.ListTerritories, &adminv1.ListTerritoriesRequest{})
	if err != nil {
		return nil, err
	}
	d := &directory{
		v: v, areas: areas.GetTerritories(), userByID: map[string]*adminv1.User{},
		areaByID: map[string]*adminv1.Territory{}, areaByCode: map[string]*adminv1.Territory{},
	}
	for _, a := range d.areas {
		d.areaByID[string(a.GetId())], d.areaByCode[a.GetCode()] = a, a
	}
	v.known = d
	return d, nil
}

// user gives a user by id; nil for none.
func (d *directory) user(id []byte) (*adminv1.User, error) {
	if u, known := d.userByID[string(id)]; known || len(id) == 0 {
		return u, nil
	}
	out, err := call(d.v, d.v.c.o.Admin.ListUsers, &adminv1.ListUsersRequest{UserIds: [][]byte{id}})
	if err != nil {
		return nil, err
	}
	var u *adminv1.User
	if list := out.GetUsers(); len(list) > 0 {
		u = list[0]
	}
	d.userByID[string(id)] = u
	return u, nil
}

// Person gives a user's name; a dash for none.
func (d *directory) Person(id []byte) (string, error) {
	u, err := d.user(id)
	return cmp.Or(u.GetName(), "—"), err
}

// Area gives a territory's name by its id.
func (d *directory) Area(id []byte) string { return cmp.Or(d.areaByID[string(id)].GetName(), "—") }

// Place gives a territory's name by its code.
func (d *directory) Place(code string) string {
	return cmp.Or(d.areaByCode[code].GetName(), cmp.Or(code, "—"))
}

// choicesMax bounds the people whom a form offers to choose from: more than anybody reads.
const choicesMax = 2000

// tooManyPeople says that a form cannot offer everybody of a role.
func tooManyPeople() error {
	return refused(fmt.Sprintf("超过%d人，表单列不下。请在命令行办理。", choicesMax), fmt.Sprintf("More than %d people are too many for a form: use the command line.", choicesMax))
}

// Working lists the people who may work and have one of the roles, by name.
func (d *directory) Working(roles ...recordv1.Role) (out []*adminv1.User, err error) {
	req := &adminv1.ListUsersRequest{Roles: roles, State: adminv1.UserState_USER_STATE_ACTIVE}
	for {
		page, err := call(d.v, d.v.c.o.Admin.ListUsers, req)
		if err != nil {
			return nil, err
		}
		if out = append(out, page.GetUsers()...); len(out) > choicesMax {
			return nil, tooManyPeople()
		}
		if req.PageToken = page.GetNextPageToken(); len(req.GetPageToken()) == 0 {
			break
		}
	}
	slices.SortFunc(out, func(a, b *adminv1.User) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out, nil
}

// Mediators lists those to whom a case is assigned.
func (d *directory) Mediators() ([]*adminv1.User, error) {
	return d.Working(recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF)
}

// Colleagues lists those who may join a case.
func (d *directory) Colleagues() ([]*adminv1.User, error) {
	return d.Working(recordv1.Role_ROLE_DEPARTMENT, recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF, recordv1.Role_ROLE_STREET_LEAD,
		recordv1.Role_ROLE_PSYCHOLOGIST, recordv1.Role_ROLE_LAWYER)
}

// Departments lists the departments that somebody works for.
func (d *directory) Departments() (out []string, err error) {
	people, err := d.Working(recordv1.Role_ROLE_DEPARTMENT)
	for _, u := range people {
		if u.GetDepartment() != "" {
			out = append(out, u.GetDepartment())
		}
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// Within lists the territories at and below a code down to a level, in the order of the tree.
func (d *directory) Within(code string, deepest recordv1.TerritoryLevel) (out []*adminv1.Territory) {
	for _, a := range d.areas {
		if len(a.GetCode()) >= len(code) && a.GetCode()[:len(code)] == code && a.GetLevel() <= deepest {
			out = append(out, a)
		}
	}
	return out
}
