package model

import (
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// people are the users with what they were granted, and the devices nobody trusts.
type people struct {
	users   map[syncengine.ID]*user
	revoked map[syncengine.ID]bool
}

// user is one user.
type user struct {
	id   syncengine.ID
	role identity.Role
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
	u.grants[v.Version], u.current = v.Grants, v.Version
}

func (p *people) revoke(incarnation syncengine.ID) { p.revoked[incarnation] = true }
