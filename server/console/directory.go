package console

import (
	"cmp"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// directory knows the people and the territories of the realm, for names in lists and choices in forms.
type directory struct {
	users       []*adminv1.User
	userByID    map[string]*adminv1.User
	areas       []*adminv1.Territory
	areaByID    map[string]*adminv1.Territory
	areaByCode  map[string]*adminv1.Territory
	departments []string
}

// directory looks people and territories up, once a visit.
func (v *visit) directory() (*directory, error) {
	if v.known != nil {
		return v.known, nil
	}
	people, err := call(v, v.c.o.Admin.ListUsers, &adminv1.ListUsersRequest{})
	if err != nil {
		return nil, err
	}
	areas, err := call(v, v.c.o.Admin.ListTerritories, &adminv1.ListTerritoriesRequest{})
	if err != nil {
		return nil, err
	}
	d := &directory{
		users: people.GetUsers(), areas: areas.GetTerritories(),
		userByID: map[string]*adminv1.User{}, areaByID: map[string]*adminv1.Territory{}, areaByCode: map[string]*adminv1.Territory{},
	}
	for _, u := range d.users {
		d.userByID[string(u.GetId())] = u
		if u.GetDepartment() != "" {
			d.departments = append(d.departments, u.GetDepartment())
		}
	}
	for _, a := range d.areas {
		d.areaByID[string(a.GetId())], d.areaByCode[a.GetCode()] = a, a
	}
	slices.Sort(d.departments)
	d.departments = slices.Compact(d.departments)
	v.known = d
	return d, nil
}

// Person gives a user's name; a dash for none.
func (d *directory) Person(id []byte) string { return cmp.Or(d.userByID[string(id)].GetName(), "—") }

// Area gives a territory's name by its id.
func (d *directory) Area(id []byte) string { return cmp.Or(d.areaByID[string(id)].GetName(), "—") }

// Place gives a territory's name by its code.
func (d *directory) Place(code string) string {
	return cmp.Or(d.areaByCode[code].GetName(), cmp.Or(code, "—"))
}

// Working lists the people who may work and have one of the roles, by name.
func (d *directory) Working(roles ...recordv1.Role) (out []*adminv1.User) {
	for _, u := range d.users {
		if u.GetState() == adminv1.UserState_USER_STATE_ACTIVE && slices.Contains(roles, u.GetRole()) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b *adminv1.User) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}

// Everyone lists all people, by name.
func (d *directory) Everyone() []*adminv1.User {
	return slices.SortedFunc(slices.Values(d.users), func(a, b *adminv1.User) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

// Mediators lists those to whom a case is assigned.
func (d *directory) Mediators() []*adminv1.User {
	return d.Working(recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF)
}

// Colleagues lists those who may join a case.
func (d *directory) Colleagues() []*adminv1.User {
	return d.Working(recordv1.Role_ROLE_DEPARTMENT, recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_COMMUNITY_STAFF, recordv1.Role_ROLE_STREET_LEAD)
}

// Departments lists the departments that somebody works for.
func (d *directory) Departments() []string { return d.departments }

// Within lists the territories at and below a code down to a level, in the order of the tree.
func (d *directory) Within(code string, deepest recordv1.TerritoryLevel) (out []*adminv1.Territory) {
	for _, a := range d.areas {
		if len(a.GetCode()) >= len(code) && a.GetCode()[:len(code)] == code && a.GetLevel() <= deepest {
			out = append(out, a)
		}
	}
	return out
}
