package exchange

import (
	"encoding/binary"
	"sync"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// caches keeps what every exchange needs of identity, for one revision of it.
// Whatever changes identity through this service raises the revision in the
// same transaction, so a reader of an older state never fills the newer cache,
// and another server's change is seen as well.
type caches struct {
	// mu guards the fields below.
	mu   sync.Mutex
	set  *cacheSet
	tree *identity.Tree
	// book is the newest rulebook that was read.
	book *rulebook
}

// cacheSet is what was read at one revision.
type cacheSet struct {
	revision uint64
	// mu guards the maps.
	mu      sync.Mutex
	devices map[syncengine.ID]identity.Device
	users   map[syncengine.ID]identity.User
	views   map[viewKey]identity.View
	current map[syncengine.ID]identity.GrantVersion
	// rulebooks holds the one rulebook.
	rulebooks map[struct{}]*rulebook
}

type viewKey struct {
	incarnation syncengine.ID
	version     uint64
	revision    uint64
}

// at gives the set of the reader's revision: the shared one when it is the
// newest, else one for this reader alone.
func (c *caches) at(r store.Reader) (*cacheSet, error) {
	revision, err := identityRevision(r)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set != nil && c.set.revision == revision {
		return c.set, nil
	}
	set := &cacheSet{
		revision: revision, devices: map[syncengine.ID]identity.Device{}, users: map[syncengine.ID]identity.User{},
		views: map[viewKey]identity.View{}, current: map[syncengine.ID]identity.GrantVersion{},
		rulebooks: map[struct{}]*rulebook{},
	}
	if c.set == nil || c.set.revision < revision {
		c.set = set
	}
	return set, nil
}

// identityRevision counts the transactions that changed identity.
func identityRevision(r store.Reader) (uint64, error) {
	value, ok, err := r.Document(bucketRevision, historyKey)
	if err != nil || !ok || len(value) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(value), nil
}

// raiseRevision marks that the transaction changes identity.
func raiseRevision(w store.Writer) error {
	revision, err := identityRevision(w)
	if err != nil {
		return err
	}
	return w.PutDocument(bucketRevision, historyKey, binary.BigEndian.AppendUint64(nil, revision+1))
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
	set, err := c.at(r)
	if err != nil {
		return identity.Device{}, err
	}
	return cached(set, set.devices, incarnation, func() (identity.Device, error) { return identity.GetDevice(r, incarnation) })
}

func (c *caches) user(r store.Reader, id syncengine.ID) (identity.User, error) {
	set, err := c.at(r)
	if err != nil {
		return identity.User{}, err
	}
	return cached(set, set.users, id, func() (identity.User, error) { return identity.GetUser(r, id) })
}

func (c *caches) grants(r store.Reader, user syncengine.ID) (identity.GrantVersion, error) {
	set, err := c.at(r)
	if err != nil {
		return identity.GrantVersion{}, err
	}
	return cached(set, set.current, user, func() (identity.GrantVersion, error) { return identity.CurrentGrants(r, user) })
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
		if grants, err = identity.GrantsAsOf(r, d.UserID, version); err != nil {
			return nil, err
		}
	}
	set, err := c.at(r)
	if err != nil {
		return nil, err
	}
	key := viewKey{d.Incarnation, grants.Version, tree.Revision()}
	return cached(set, set.views, key, func() (identity.View, error) {
		return identity.Expand(tree, identity.Holder{User: user.ID, Incarnation: d.Incarnation, Role: user.Role, Department: user.Department}, grants.Grants), nil
	})
}

// cached looks a key up in a map of the set and fills it when it is missing.
// Two fillers may run beside each other; they give the same.
func cached[K comparable, V any](set *cacheSet, m map[K]V, key K, fill func() (V, error)) (V, error) {
	set.mu.Lock()
	v, ok := m[key]
	set.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := fill()
	if err == nil {
		set.mu.Lock()
		m[key] = v
		set.mu.Unlock()
	}
	return v, err
}

// view gives the expansion of a grant version within the group.
func (k *work) view(d identity.Device, version uint64) (identity.View, error) {
	key := viewOf{d.Incarnation, version}
	if view, ok := k.views[key]; ok {
		return view, nil
	}
	view, err := k.svc.caches.view(k.w, k.tree, d, version)
	if err == nil {
		k.views[key] = view
	}
	return view, err
}

// rankOf gives the rank of a user's own role; 0 for the server.
func (k *work) rankOf(user syncengine.ID) (rank syncengine.Rank) {
	if rank, ok := k.ranks[user]; ok {
		return rank
	}
	if u, err := k.svc.caches.user(k.w, user); err == nil {
		rank = k.svc.schema.Access.RankOf(u.Role)
	}
	k.ranks[user] = rank
	return rank
}

// rolesIn gives the roles of a view over a record's current keys, with the keys
// the view holds.
func rolesIn(view identity.View, rec *syncengine.Record) (roles schema.Roles, held []syncengine.ScopeKey) {
	keys := rec.CurrentKeys()
	for _, key := range keys {
		if view.Holds(key) {
			held = append(held, key)
		}
	}
	return view.Over(keys), held
}
