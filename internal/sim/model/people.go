package model

import (
	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// tree is the tree of territories.
type tree struct {
	parent map[syncengine.ID]syncengine.ID
}

func (t *tree) add(id, parent syncengine.ID) { t.parent[id] = parent }

// within reports whether a territory is outer or lies below it. What the tree
// does not know lies nowhere.
func (t *tree) within(id, outer syncengine.ID) bool {
	for {
		parent, known := t.parent[id]
		switch {
		case !known:
			return false
		case id == outer:
			return true
		}
		id = parent
	}
}

// people are the users with what they were granted, and the devices nobody trusts.
type people struct {
	users   map[syncengine.ID]*user
	revoked map[syncengine.ID]bool
}

// user is one user.
type user struct {
	id   syncengine.ID
	role identity.Role
	// department is where a handler works; empty for none.
	department string
	// grants holds every version that was ever in force, by its number.
	grants  map[uint64][]identity.Grant
	current uint64
}

func (p *people) of(id syncengine.ID) *user {
	u, ok := p.users[id]
	if !ok {
		u = &user{id: id, grants: map[uint64][]identity.Grant{}}
		p.users[id] = u
	}
	return u
}

func (p *people) user(id syncengine.ID, role identity.Role) { p.of(id).role = role }

func (p *people) grant(id syncengine.ID, v identity.GrantVersion) {
	u := p.of(id)
	for version := range u.grants {
		if version > v.Version {
			delete(u.grants, version)
		}
	}
	u.grants[v.Version] = v.Grants
	u.current = v.Version
}

func (p *people) revoke(incarnation syncengine.ID) { p.revoked[incarnation] = true }

// rights are what one device of a user may see and do under one version of grants.
type rights struct {
	user        syncengine.ID
	incarnation syncengine.ID
	role        identity.Role
	version     uint64
	grants      []identity.Grant
	department  string
}

// rightsOf gives the rights of a device under a version; 0 and versions above the
// one in force mean that one.
func (m *Model) rightsOf(userID, incarnation syncengine.ID, version uint64) rights {
	u := m.people.of(userID)
	if version == 0 || version > u.current {
		version = u.current
	}
	version = u.kept(version)
	return rights{userID, incarnation, u.role, version, u.grants[version], u.department}
}

// kept gives the version that a number stands for: one that a restore has lost is
// read as the one before it.
func (u *user) kept(version uint64) (kept uint64) {
	for v := range u.grants {
		if v <= version {
			kept = max(kept, v)
		}
	}
	return kept
}

// over gives the roles held over one scope key.
func (m *Model) over(r *rights, key syncengine.ScopeKey) (roles schema.Roles) {
	if key == syncengine.RealmKey {
		return schema.RolesOf(r.role)
	}
	id := key.ID()
	switch key[0] {
	case 'd', 'e':
		return routed(r, key)
	case 'u':
		if id == r.user {
			roles = schema.RolesOf(r.role)
		}
	case 'p':
		if id == r.incarnation {
			roles = schema.RolesOf(r.role)
			for _, g := range r.grants {
				roles |= schema.RolesOf(g.Role)
			}
		}
	case 't':
		for _, g := range r.grants {
			if byTerritory(g.Role) && !g.Territory.IsZero() && m.territory.within(id, g.Territory) {
				roles |= schema.RolesOf(g.Role)
			}
		}
	case 'o':
		for _, g := range r.grants {
			for _, named := range g.Records {
				if named == id {
					roles |= schema.RolesOf(g.Role)
				}
			}
		}
	}
	return roles
}

// overAny gives the roles held over any of a record's stays that count.
func (m *Model) overAny(r *rights, rec *record, counts func(stay) bool) (roles schema.Roles) {
	if rec == nil || recusedBy(r, rec, counts) {
		return 0
	}
	for _, s := range rec.stays {
		if counts(s) {
			roles |= m.over(r, s.key)
		}
	}
	return roles
}

// overNow gives the roles held over the keys that a state of a record is in.
func (m *Model) overNow(r *rights, rec *record) schema.Roles {
	return m.overAny(r, rec, func(s stay) bool { return s.left == 0 })
}
