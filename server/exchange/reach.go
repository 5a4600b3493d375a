package exchange

import (
	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Reach is what a console user may see in one state of the realm, for lists that judge many records without reading them.
type Reach struct {
	view   identity.View
	tree   *identity.Tree
	access *schema.Access
}

// ReachOf gives a console user's reach as it is now.
func (s *Service) ReachOf(r store.Reader, user syncengine.ID) (*Reach, error) {
	tree, err := s.caches.treeOf(r)
	if err != nil {
		return nil, err
	}
	view, err := s.caches.view(r, tree, identity.Device{UserID: user, Incarnation: authorID(user, r.Head().Epoch)}, 0)
	return &Reach{view: view, tree: tree, access: s.Schema().Access}, err
}

// Roles gives the roles held over a record that is in these keys.
func (x *Reach) Roles(keys []syncengine.ScopeKey) schema.Roles { return x.view.Over(keys) }

// Reads reports that a record of a kind in these keys may be read.
func (x *Reach) Reads(kind syncengine.KindNumber, keys []syncengine.ScopeKey) bool {
	return x.access.ReadClasses(kind, x.Roles(keys)) != 0
}

// Roots gives the keys under which the records of a kind that may be read in one of some roles are found: every key that is held
// in one that reads the kind, of territories only the uppermost ones. A record is looked for under the keys that it is in and
// under the territories above them ([Territories.Above]); whether it may be read says Reads.
func (x *Reach) Roots(kind syncengine.KindNumber, in schema.Roles) (out []syncengine.ScopeKey) {
	for _, held := range x.view {
		if !x.reads(kind, in, held.Key) || held.Key.IsTerritory() && x.under(kind, in, held.Key.ID()) {
			continue
		}
		out = append(out, held.Key)
	}
	return out
}

// EveryRole are all roles.
const EveryRole = ^schema.Roles(0)

func (x *Reach) reads(kind syncengine.KindNumber, in schema.Roles, key syncengine.ScopeKey) bool {
	return x.access.ReadClasses(kind, in&schema.RolesOf(x.view.Roles(key)...)) != 0
}

// under reports that the territory above is held as well.
func (x *Reach) under(kind syncengine.KindNumber, in schema.Roles, id syncengine.ID) bool {
	t, _ := x.tree.ByID(id)
	return !t.Parent.IsZero() && x.reads(kind, in, syncengine.TerritoryKey(t.Parent))
}

// Territories is the tree of one state of the realm.
type Territories struct{ tree *identity.Tree }

// Tree gives the tree of territories as it is now.
func (s *Service) Tree(r store.Reader) (*identity.Tree, error) { return s.caches.treeOf(r) }

// TerritoriesOf gives the tree as it is now.
func (s *Service) TerritoriesOf(r store.Reader) (Territories, error) {
	tree, err := s.caches.treeOf(r)
	return Territories{tree}, err
}

// Revision is another one whenever the tree has changed.
func (t Territories) Revision() uint64 { return t.tree.Revision() }

// Above lists the keys of the territories above that of a key, the nearest first; none for the key of anything else.
func (t Territories) Above(key syncengine.ScopeKey) (out []syncengine.ScopeKey) {
	if !key.IsTerritory() {
		return nil
	}
	for _, id := range t.tree.Ancestors(key.ID()) {
		out = append(out, syncengine.TerritoryKey(id))
	}
	return out
}
