package client

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// rights say what the phone's user may do, as far as roles tell. Scope is not
// among them: what is found outside of the own area is recorded too, and the
// server decides about it.
type rights struct {
	// all are the roles held over anything, own the user's own role.
	all, own schema.Roles
	// over are the roles held over each scope key.
	over map[syncengine.ScopeKey]schema.Roles
}

// rightsOf reads them from the grants and, once a first sync has brought it, from the view.
func rightsOf(grants *syncv1.Grants, view *syncv1.View) rights {
	r := rights{over: make(map[syncengine.ScopeKey]schema.Roles, len(view.GetKeys()))}
	for _, g := range grants.GetGrants() {
		r.all |= schema.RolesOf(g.GetRole())
	}
	for _, k := range view.GetKeys() {
		roles := schema.RolesOf(k.GetRoles()...)
		r.over[syncengine.ScopeKey(k.GetKey())] = roles
		r.all |= roles
	}
	r.own = r.over[syncengine.RealmKey]
	if r.own == 0 {
		r.own = r.all
	}
	return r
}

// overKeys gives the roles held over any of the keys; all roles for a record
// that no server has placed yet.
func (r *rights) overKeys(keys []syncengine.ScopeKey) (roles schema.Roles) {
	if len(keys) == 0 {
		return r.all
	}
	for _, k := range keys {
		roles |= r.over[k]
	}
	return roles
}

// rank gives the greatest rank of the roles, as the server will give it to their writes.
func rankOf(s *schema.Schema, roles schema.Roles) (rank syncengine.Rank) {
	for role := range uint32(64) {
		if roles&(1<<role) != 0 {
			rank = max(rank, s.Access.RankOf(role))
		}
	}
	return rank
}
