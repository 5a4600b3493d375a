package client

import (
	"math"

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
	// ending are the keys over which a role ends by itself, with the ends; first is the
	// first of all ends, last that of the last grant; never for none.
	ending      map[syncengine.ScopeKey][]roleEnd
	first, last syncengine.UnixMilli
}

// never is an end that does not come.
const never = syncengine.UnixMilli(math.MaxInt64)

// roleEnd is when a role over a key ends by itself.
type roleEnd struct {
	role  uint32
	until syncengine.UnixMilli
}

// endOf is when what says so ends; 0 says that it does not.
func endOf(ms int64) syncengine.UnixMilli {
	if ms == 0 {
		return never
	}
	return syncengine.UnixMilli(ms)
}

// rightsOf reads them from the grants and, once a first sync has brought it, from the view.
func rightsOf(grants *syncv1.Grants, view *syncv1.View) rights {
	r := rights{over: make(map[syncengine.ScopeKey]schema.Roles, len(view.GetKeys())), first: never, last: never}
	for i, g := range grants.GetGrants() {
		r.all |= schema.RolesOf(g.GetRole())
		end := endOf(g.GetUntilMs())
		r.first = min(r.first, end)
		if i == 0 || end > r.last {
			r.last = end
		}
	}
	for _, k := range view.GetKeys() {
		r.noteEnds(k)
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

// noteEnds notes which roles over a key end by themselves.
func (r *rights) noteEnds(k *syncv1.KeyView) {
	if len(k.GetUntilMs()) != len(k.GetRoles()) {
		return
	}
	var ends []roleEnd
	for i, role := range k.GetRoles() {
		ends = append(ends, roleEnd{role, endOf(k.GetUntilMs()[i])})
		r.first = min(r.first, ends[i].until)
	}
	if len(ends) == 0 {
		return
	}
	if r.ending == nil {
		r.ending = map[syncengine.ScopeKey][]roleEnd{}
	}
	r.ending[syncengine.ScopeKey(k.GetKey())] = ends
}

// ends reports that something held has ended by itself.
func (r *rights) ends(at syncengine.UnixMilli) bool { return at >= r.first }

// allEnded reports that everything granted has ended by itself.
func (r *rights) allEnded(at syncengine.UnixMilli) bool { return at >= r.last }

// liveOver is overKeys without what has ended by itself.
func (r *rights) liveOver(keys []syncengine.ScopeKey, at syncengine.UnixMilli) (roles schema.Roles) {
	if len(keys) == 0 {
		return r.all
	}
	for _, k := range keys {
		ends, some := r.ending[k]
		if !some {
			roles |= r.over[k]
			continue
		}
		for _, e := range ends {
			if at < e.until {
				roles |= schema.RolesOf(e.role)
			}
		}
	}
	return roles
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
