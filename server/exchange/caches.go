package exchange

import (
	"encoding/binary"
	"fmt"
	"maps"
	"sync"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// caches keeps what every exchange needs of identity, for one revision of it in one epoch: a history that was put back, or that
// took the place of another one, gives the same revisions other content.
// Whatever changes identity, through this server or another one, raises the
// revision in the same transaction, so a reader of an older state never fills the
// newer cache. What a transaction reads that is not committed yet is nobody
// else's: it may be rolled back, and its revision be given again.
type caches struct {
	// newest is the newest record schema that this software knows, own names the secrets that this server has.
	newest *schema.Schema
	own    identity.Fingerprint
	// mu guards the fields below.
	mu  sync.Mutex
	set *cacheSet
	// inForce is the newest schema that a realm was seen to have: this software's own, or that of older software, which serves
	// the realm too.
	inForce *schema.Schema
	// tree was read in the epoch rooted.
	tree   *identity.Tree
	rooted syncengine.Epoch
	// book is the newest rulebook that was read.
	book *rulebook
}

// version is a revision of identity in an epoch.
type version struct {
	epoch    syncengine.Epoch
	revision uint64
}

func versionIn(r store.Reader) (version, error) {
	revision, err := identityRevision(r)
	return version{r.Head().Epoch, revision}, err
}

// before reports a version that is older.
func (v version) before(other version) bool {
	return v.epoch < other.epoch || v.epoch == other.epoch && v.revision < other.revision
}

// cacheSet is what was read of one version.
type cacheSet struct {
	version
	// schema is the one in force.
	schema *schema.Schema
	// lease is how long leases last, in milliseconds.
	lease syncengine.UnixMilli
	// under is the shared set of the same version, where this one is a transaction's own.
	under *cacheSet
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

// at gives the set of the reader's version: the shared one when it is the
// newest, else one for this reader alone. It refuses a realm of newer software.
func (c *caches) at(r store.Reader) (*cacheSet, error) {
	v, err := versionIn(r)
	if err != nil {
		return nil, err
	}
	if t, writing := r.(*inTurn); writing {
		return c.ofTransaction(t, v)
	}
	if set := c.shared(v); set != nil {
		return set, nil
	}
	set, err := c.newSet(r, v)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set == nil || c.set.before(v) {
		c.set = set
	}
	return set, nil
}

// shared gives the set that all use of a version; nil where it is of another one.
func (c *caches) shared(v version) *cacheSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set != nil && c.set.version == v {
		return c.set
	}
	return nil
}

// newSet makes an empty set for what a reader sees.
func (c *caches) newSet(r store.Reader, v version) (*cacheSet, error) {
	realm, err := identity.GetRealm(r)
	if err != nil {
		return nil, err
	}
	if err := c.knows(r, realm); err != nil {
		return nil, err
	}
	set := emptySet(v)
	set.lease, set.schema = realm.LeaseLength(), c.schemaOf(realm.SchemaVersion)
	return set, nil
}

// schemaOf gives the schema by which a realm is served that has a version of it.
func (c *caches) schemaOf(version uint32) *schema.Schema {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inForce != nil && c.inForce.Engine.Version == version {
		return c.inForce
	}
	s := c.newest.At(version)
	if c.inForce == nil || c.inForce.Engine.Version < s.Engine.Version {
		c.inForce = s
	}
	return s
}

// current is the newest schema that the realm was seen to have.
func (c *caches) current() *schema.Schema {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inForce == nil {
		return c.newest
	}
	return c.inForce
}

func emptySet(v version) *cacheSet {
	return &cacheSet{
		version: v, devices: map[syncengine.ID]identity.Device{}, users: map[syncengine.ID]identity.User{},
		views: map[viewKey]identity.View{}, current: map[syncengine.ID]identity.GrantVersion{},
		rulebooks: map[struct{}]*rulebook{},
	}
}

// knows refuses a realm that newer software has taken over, or is just taking over, and one that has taken the place of that which
// this server was started on: its keys are others.
func (c *caches) knows(r store.Reader, realm identity.Realm) error {
	if realm.Secrets != c.own {
		return fmt.Errorf("%w: another realm of the same name has taken the place of the one that this server was started on: stop it and start it with the keys of that one: %w",
			store.ErrUnavailable, identity.ErrSecretsOther)
	}
	if err := c.opens(r, realm); err != nil || !realm.Merging {
		return err
	}
	return fmt.Errorf("%w: the realm is being brought to record schema %d: try again in a moment", store.ErrUnavailable, realm.SchemaVersion)
}

// opens refuses a realm that newer software has taken over: this one would serve and merge its records without the fields
// that it does not know.
func (c *caches) opens(r store.Reader, realm identity.Realm) error {
	if newest := c.newest.Engine.Version; realm.SchemaVersion > newest {
		return fmt.Errorf("%w: the realm has record schema %d, this software knows up to %d: install the newer software",
			store.ErrNewer, realm.SchemaVersion, newest)
	}
	rules, err := placedBy(r)
	if err == nil && rules > placedRules {
		err = fmt.Errorf("%w: its records are placed by rules %d, this software knows up to %d: install the newer software",
			store.ErrNewer, rules, placedRules)
	}
	return err
}

// ofTransaction gives the set of a transaction that sees a version: what it fills in stays its own until it is committed.
func (c *caches) ofTransaction(t *inTurn, v version) (*cacheSet, error) {
	if t.set != nil && t.set.version == v {
		return t.set, nil
	}
	set := emptySet(v)
	if set.under = c.shared(v); set.under != nil {
		set.lease, set.schema = set.under.lease, set.under.schema
	} else {
		fresh, err := c.newSet(t, v)
		if err != nil {
			return nil, err
		}
		set.lease, set.schema = fresh.lease, fresh.schema
	}
	t.set = set
	return set, nil
}

// committed shares what a transaction has read, unless it changed identity.
func (c *caches) committed(t *inTurn) {
	if t.set == nil || t.raised {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.set == nil || c.set.before(t.set.version):
		t.set.under, c.set = nil, t.set
	case c.set.version == t.set.version:
		c.set.take(t.set)
	}
}

// take adds what another set of the same version has.
func (s *cacheSet) take(other *cacheSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.devices, other.devices)
	maps.Copy(s.users, other.users)
	maps.Copy(s.views, other.views)
	maps.Copy(s.current, other.current)
	maps.Copy(s.rulebooks, other.rulebooks)
}

// forget drops everything: the realm's history is another one.
func (c *caches) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set, c.tree = nil, nil
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

// treeOf gives the tree of the reader's state. It is read without the lock, on which every call waits: a store on another machine
// may be slow to answer.
func (c *caches) treeOf(r store.Reader) (*identity.Tree, error) {
	epoch := r.Head().Epoch
	known := c.treeIn(epoch)
	tree, err := known.Refresh(r)
	if err != nil || tree == known {
		return tree, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tree, c.rooted = tree, epoch
	return tree, nil
}

// treeIn gives the tree that was read last, if that was in an epoch.
func (c *caches) treeIn(epoch syncengine.Epoch) *identity.Tree {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.rooted {
		return nil
	}
	return c.tree
}

func (c *caches) device(r store.Reader, incarnation syncengine.ID) (identity.Device, error) {
	set, err := c.at(r)
	if err != nil {
		return identity.Device{}, err
	}
	return cached(set, devicesOf, incarnation, func() (identity.Device, error) { return identity.GetDevice(r, incarnation) })
}

func (c *caches) user(r store.Reader, id syncengine.ID) (identity.User, error) {
	set, err := c.at(r)
	if err != nil {
		return identity.User{}, err
	}
	return cached(set, usersOf, id, func() (identity.User, error) { return identity.GetUser(r, id) })
}

func (c *caches) grants(r store.Reader, user syncengine.ID) (identity.GrantVersion, error) {
	set, err := c.at(r)
	if err != nil {
		return identity.GrantVersion{}, err
	}
	return cached(set, currentOf, user, func() (identity.GrantVersion, error) { return identity.CurrentGrants(r, user) })
}

// remembersUser reports that a user and their grants were read at the newest revision that is known.
func (c *caches) remembersUser(id syncengine.ID) bool {
	c.mu.Lock()
	set := c.set
	c.mu.Unlock()
	if set == nil {
		return false
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	_, user := set.users[id]
	_, grants := set.current[id]
	return user && grants
}

// lastKeys gives the keys that a device's user was last known to hold.
func (c *caches) lastKeys(d identity.Device) (keys []syncengine.ScopeKey) {
	c.mu.Lock()
	set, tree := c.set, c.tree
	c.mu.Unlock()
	if set == nil || tree == nil {
		return nil
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	for _, held := range set.views[viewKey{d.Incarnation, set.current[d.UserID].Version, tree.Revision()}] {
		keys = append(keys, held.Key)
	}
	return keys
}

// schemaIn gives the schema in force in a snapshot: what is read from it and what is said of it go by one.
func (s *Service) schemaIn(r store.Reader) (*schema.Schema, error) {
	set, err := s.caches.at(r)
	if err != nil {
		return nil, err
	}
	return set.schema, nil
}

// lease is how long a lease lasts in this realm.
func (c *caches) lease(r store.Reader) (syncengine.UnixMilli, error) {
	set, err := c.at(r)
	if err != nil {
		return 0, err
	}
	return set.lease, nil
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
	return cached(set, viewsOf, key, func() (identity.View, error) {
		return identity.Expand(tree, identity.Holder{User: user.ID, Incarnation: d.Incarnation, Role: user.Role, Department: user.Department}, grants.Grants), nil
	})
}

// The maps of a set, for cached.
func devicesOf(s *cacheSet) map[syncengine.ID]identity.Device       { return s.devices }
func usersOf(s *cacheSet) map[syncengine.ID]identity.User           { return s.users }
func currentOf(s *cacheSet) map[syncengine.ID]identity.GrantVersion { return s.current }
func viewsOf(s *cacheSet) map[viewKey]identity.View                 { return s.views }
func booksOf(s *cacheSet) map[struct{}]*rulebook                    { return s.rulebooks }

// cached looks a key up in a map of the set, or of the one under it, and fills it
// when it is missing. Two fillers may run beside each other; they give the same.
func cached[K comparable, V any](set *cacheSet, of func(*cacheSet) map[K]V, key K, fill func() (V, error)) (V, error) {
	for s := set; s != nil; s = s.under {
		s.mu.Lock()
		v, ok := of(s)[key]
		s.mu.Unlock()
		if ok {
			return v, nil
		}
	}
	v, err := fill()
	if err == nil {
		set.mu.Lock()
		of(set)[key] = v
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
		rank = k.schema.Access.RankOf(u.Role)
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
