package exchange

import (
	"sync"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// caches keeps what every exchange needs of identity. Whoever changes identity
// through this service empties it.
type caches struct {
	// mu guards the fields below.
	mu      sync.Mutex
	tree    *identity.Tree
	devices map[syncengine.ID]identity.Device
	users   map[syncengine.ID]identity.User
	views   map[viewKey]identity.View
	current map[syncengine.ID]identity.GrantVersion
}

type viewKey struct {
	incarnation syncengine.ID
	version     uint64
	revision    uint64
}

func (c *caches) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.devices = map[syncengine.ID]identity.Device{}
	c.users = map[syncengine.ID]identity.User{}
	c.views = map[viewKey]identity.View{}
	c.current = map[syncengine.ID]identity.GrantVersion{}
}

func (c *caches) treeOf(r store.Reader) (*identity.Tree, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tree, err := c.tree.Refresh(r)
	if err == nil {
		c.tree = tree
	}
	return tree, err
}

func (c *caches) device(r store.Reader, incarnation syncengine.ID) (identity.Device, error) {
	return cached(&c.mu, c.devices, incarnation, func() (identity.Device, error) { return identity.GetDevice(r, incarnation) })
}

func (c *caches) user(r store.Reader, id syncengine.ID) (identity.User, error) {
	return cached(&c.mu, c.users, id, func() (identity.User, error) { return identity.GetUser(r, id) })
}

func (c *caches) grants(r store.Reader, user syncengine.ID) (identity.GrantVersion, error) {
	return cached(&c.mu, c.current, user, func() (identity.GrantVersion, error) { return identity.CurrentGrants(r, user) })
}

// view expands one grant version of a device's user over the current tree.
// Version 0 means the version in force.
func (c *caches) view(r store.Reader, tree *identity.Tree, d identity.Device, version uint64) (identity.View, error) {
	user, err := c.user(r, d.UserID)
	if err != nil {
		return nil, err
	}
	grants, err := c.grants(r, d.UserID)
	if err != nil {
		return nil, err
	}
	if version != 0 && version < grants.Version {
		if grants, err = identity.GrantVersionOf(r, d.UserID, version); err != nil {
			return nil, err
		}
	}
	key := viewKey{d.Incarnation, grants.Version, tree.Revision()}
	return cached(&c.mu, c.views, key, func() (identity.View, error) {
		return identity.Expand(tree, identity.Holder{User: user.ID, Incarnation: d.Incarnation, Role: user.Role}, grants.Grants), nil
	})
}

// cached looks a key up and fills it when it is missing. Two fillers may run
// beside each other; they give the same.
func cached[K comparable, V any](mu *sync.Mutex, m map[K]V, key K, fill func() (V, error)) (V, error) {
	mu.Lock()
	v, ok := m[key]
	mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := fill()
	if err == nil {
		mu.Lock()
		m[key] = v
		mu.Unlock()
	}
	return v, err
}

// view gives the expansion of a grant version within the group.
func (k *work) view(d identity.Device, version uint64) (identity.View, error) {
	return k.svc.caches.view(k.w, k.tree, d, version)
}

// rankOf gives the rank of a user's own role; 0 for the server.
func (s *Service) rankOf(user syncengine.ID, k *work) syncengine.Rank {
	u, err := s.caches.user(k.w, user)
	if err != nil {
		return 0
	}
	return s.schema.Access.RankOf(u.Role)
}

// rolesIn gives the roles of a view over a record's current keys, with the keys
// the view holds.
func rolesIn(view identity.View, rec *syncengine.Record) (roles schema.Roles, held []syncengine.ScopeKey) {
	for _, s := range rec.Keys {
		if s.Left != 0 {
			continue
		}
		if r := view.Roles(s.Key); r != nil {
			roles |= schema.RolesOf(r...)
			held = append(held, s.Key)
		}
	}
	return roles, held
}
