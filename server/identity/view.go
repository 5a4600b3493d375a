package identity

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// KeyRoles is a scope key with the roles held over it.
type KeyRoles struct {
	Key syncengine.ScopeKey
	// Roles are ascending and distinct.
	Roles []Role
	// Until is when each role ends by itself, 0 for one without an end of its own; nil when none has one.
	Until []syncengine.UnixMilli
}

// View is an expansion of grants over the tree: what one device may be sent and
// in which roles, sorted by key.
type View []KeyRoles

// ViewVersion names an expansion by its content.
type ViewVersion [8]byte

// String prints the version in hexadecimal.
func (v ViewVersion) String() string { return hex.EncodeToString(v[:]) }

// Holder is the device whose view is expanded.
type Holder struct {
	User        syncengine.ID
	Incarnation syncengine.ID
	// Role is the user's own.
	Role Role
	// Department is where a handler works; empty for none.
	Department string
}

// Expand turns grants into scope keys: each key stands for a relation of the user
// to what is in it, and comes with the roles that count through that relation
// (option `through` of the roles). The realm's key, the user's, the department's
// and the district's come with the user's own role; the device's key, which holds
// what it wrote about doors that are not known yet, comes with every role the user
// could have written in. A territory that the tree does not know gives nothing.
func Expand(tree *Tree, who Holder, grants []Grant) View {
	e := expansion{access: schema.Load().Access, held: map[syncengine.ScopeKey][]roleUntil{}}
	own := roleUntil{role: who.Role}
	e.give(recordv1.Relation_RELATION_REALM, syncengine.RealmKey, own)
	// These two are held whatever the role: recusals and decisions about quarantined changes are found by them.
	e.hold(syncengine.UserKey(who.User), own)
	e.hold(syncengine.DeviceKey(who.Incarnation), own)
	e.give(recordv1.Relation_RELATION_ESCALATED, syncengine.EscalatedKey, own)
	if who.Department != "" {
		e.give(recordv1.Relation_RELATION_DEPARTMENT, syncengine.DepartmentKey(who.Department), own)
	}
	for _, g := range grants {
		e.grant(tree, who, g)
	}
	return e.view()
}

// expansion is a view in the making.
type expansion struct {
	access *schema.Access
	held   map[syncengine.ScopeKey][]roleUntil
}

func (e *expansion) grant(tree *Tree, who Holder, g Grant) {
	role := roleUntil{g.Role, g.Until}
	e.give(recordv1.Relation_RELATION_AUTHOR, syncengine.DeviceKey(who.Incarnation), role)
	for _, id := range tree.Below(g.Territory) {
		e.give(recordv1.Relation_RELATION_TERRITORY, syncengine.TerritoryKey(id), role)
	}
	for _, id := range g.Records {
		e.give(recordv1.Relation_RELATION_NAMED_RECORD, syncengine.RecordKey(id), role)
	}
}

// give gives a key that counts for the role through a relation.
func (e *expansion) give(through schema.Relation, key syncengine.ScopeKey, role roleUntil) {
	if e.access.Counts(role.role, through) {
		e.hold(key, role)
	}
}

func (e *expansion) hold(key syncengine.ScopeKey, role roleUntil) {
	e.held[key] = append(e.held[key], role)
}

func (e *expansion) view() View {
	v := make(View, 0, len(e.held))
	for key, roles := range e.held {
		v = append(v, keyRoles(key, roles))
	}
	return sortedView(v)
}

// roleUntil is a role with its own end, 0 for none.
type roleUntil struct {
	role  Role
	until syncengine.UnixMilli
}

// keyRoles joins what several grants give over one key: of one role the latest end counts.
func keyRoles(key syncengine.ScopeKey, held []roleUntil) KeyRoles {
	lasting := func(u syncengine.UnixMilli) uint64 { return uint64(u) - 1 } // no end is the latest
	slices.SortFunc(held, func(a, b roleUntil) int {
		return cmp.Or(cmp.Compare(a.role, b.role), cmp.Compare(lasting(b.until), lasting(a.until)))
	})
	held = slices.CompactFunc(held, func(a, b roleUntil) bool { return a.role == b.role })
	out := KeyRoles{Key: key, Roles: make([]Role, len(held))}
	for i, h := range held {
		out.Roles[i] = h.role
		if h.until != 0 && out.Until == nil {
			out.Until = make([]syncengine.UnixMilli, len(held))
		}
		if out.Until != nil {
			out.Until[i] = h.until
		}
	}
	return out
}

func sortedView(v View) View {
	slices.SortFunc(v, func(a, b KeyRoles) int { return cmp.Compare(a.Key, b.Key) })
	return v
}

// Roles gives the roles held over a key; none when the view does not have it.
func (v View) Roles(key syncengine.ScopeKey) []Role {
	i, ok := v.find(key)
	if !ok {
		return nil
	}
	return v[i].Roles
}

// RolesIn is Roles for the bytes of a key, of which nothing is kept: a page asks it of each key of each record.
func (v View) RolesIn(key []byte) []Role {
	i := sort.Search(len(v), func(i int) bool { return string(v[i].Key) >= string(key) })
	if i == len(v) || string(v[i].Key) != string(key) {
		return nil
	}
	return v[i].Roles
}

// Lasting gives the view without the roles that had ended by themselves at a time.
func (v View) Lasting(at syncengine.UnixMilli) View {
	ended := func(k KeyRoles) bool {
		return slices.ContainsFunc(k.Until, func(u syncengine.UnixMilli) bool { return u != 0 && u <= at })
	}
	if !slices.ContainsFunc(v, ended) {
		return v
	}
	var out View
	for _, k := range v {
		lasting := KeyRoles{Key: k.Key}
		for i, role := range k.Roles {
			if k.Until == nil || k.Until[i] == 0 || k.Until[i] > at {
				lasting.Roles = append(lasting.Roles, role)
			}
		}
		if len(lasting.Roles) > 0 {
			out = append(out, lasting)
		}
	}
	return out
}

// Over gives the roles held over a record by the keys it is in: every read and
// every write of a record is decided by these. Whoever is recused holds none.
func (v View) Over(keys []syncengine.ScopeKey) (roles schema.Roles) {
	for _, key := range keys {
		if v.Recused(key) {
			return 0
		}
		roles |= schema.RolesOf(v.Roles(key)...)
	}
	return roles
}

// Recused reports a key that keeps a record from this view's user.
func (v View) Recused(key syncengine.ScopeKey) bool {
	user, ok := key.IsRecusal()
	return ok && v.Holds(syncengine.UserKey(user))
}

// Holds reports a key of the view, also one without a role.
func (v View) Holds(key syncengine.ScopeKey) bool {
	_, ok := v.find(key)
	return ok
}

func (v View) find(key syncengine.ScopeKey) (int, bool) {
	return slices.BinarySearchFunc(v, key, func(k KeyRoles, key syncengine.ScopeKey) int { return cmp.Compare(k.Key, key) })
}

// Version hashes the expansion: 8 bytes of SHA-256 over keys and roles in order,
// each with its length before it.
func (v View) Version() (version ViewVersion) {
	text := []byte("onedoor view 1")
	for _, k := range v {
		text = append(append(text, byte(len(k.Key))), k.Key...)
		text = binary.BigEndian.AppendUint32(text, uint32(len(k.Roles)))
		for _, role := range k.Roles {
			text = binary.BigEndian.AppendUint32(text, role)
		}
		for _, until := range k.Until {
			text = binary.BigEndian.AppendUint64(append(text, 'u'), uint64(until))
		}
	}
	sum := sha256.Sum256(text)
	copy(version[:], sum[:])
	return version
}

// Since tells what changed from an older view: keys that came or whose roles
// are others now, and keys that went. Both are sorted.
func (v View) Since(older View) (added, removed []syncengine.ScopeKey) {
	for _, k := range v {
		if !slices.Equal(older.Roles(k.Key), k.Roles) {
			added = append(added, k.Key)
		}
	}
	for _, k := range older {
		if v.Roles(k.Key) == nil {
			removed = append(removed, k.Key)
		}
	}
	return added, removed
}

// PutView stores an expansion under its version, once, so that a cursor which
// names the version can be compared with what is held later.
func PutView(w store.Writer, v View) (ViewVersion, error) {
	version := v.Version()
	_, ok, err := w.Document(bucketViews, version[:])
	if err != nil || ok {
		return version, wrapAt(err, bucketViews, version[:])
	}
	return version, put(w, bucketViews, version[:], storedView(v))
}

// GetView reads an expansion by its version, or [ErrViewUnknown].
func GetView(r store.Reader, version ViewVersion) (View, error) {
	m := &storedv1.ScopeView{}
	ok, err := get(r, bucketViews, version[:], m)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("view %s: %w", version, ErrViewUnknown)
	}
	return viewOf(m)
}

// storedView groups the keys by their roles, of which there are few sets, so
// that a key costs little more than its id.
func storedView(v View) *storedv1.ScopeView {
	m := &storedv1.ScopeView{}
	for _, k := range v {
		until := k.UntilMs()
		i := slices.IndexFunc(m.Groups, func(g *storedv1.ScopeGroup) bool {
			return slices.Equal(g.Roles, k.Roles) && slices.Equal(g.UntilMs, until)
		})
		if i < 0 {
			i = len(m.Groups)
			m.Groups = append(m.Groups, &storedv1.ScopeGroup{Roles: k.Roles, UntilMs: until})
		}
		addKey(m.Groups[i], k.Key)
	}
	slices.SortFunc(m.Groups, func(a, b *storedv1.ScopeGroup) int {
		return cmp.Or(slices.Compare(a.Roles, b.Roles), slices.Compare(a.UntilMs, b.UntilMs))
	})
	return m
}

// UntilMs gives the ends as messages hold them.
func (k KeyRoles) UntilMs() (out []int64) {
	for _, u := range k.Until {
		out = append(out, int64(u))
	}
	return out
}

func addKey(g *storedv1.ScopeGroup, key syncengine.ScopeKey) {
	id := key.ID()
	switch key {
	case syncengine.RealmKey:
		g.Realm = true
	case syncengine.TerritoryKey(id):
		g.Territories = append(g.Territories, id[:]...)
	case syncengine.RecordKey(id):
		g.Records = append(g.Records, id[:]...)
	case syncengine.UserKey(id):
		g.Users = append(g.Users, id[:]...)
	case syncengine.DeviceKey(id):
		g.Devices = append(g.Devices, id[:]...)
	case syncengine.DepartmentKeyOf(id):
		g.Departments = append(g.Departments, id[:]...)
	case syncengine.EscalatedKey:
		g.Escalated = true
	default:
		panic(fmt.Sprintf("identity: scope key %x is of no kind that a view holds", string(key)))
	}
}

func viewOf(m *storedv1.ScopeView) (View, error) {
	var out View
	for _, g := range m.GetGroups() {
		var until []syncengine.UnixMilli
		for _, u := range g.GetUntilMs() {
			until = append(until, syncengine.UnixMilli(u))
		}
		hold := func(key syncengine.ScopeKey) { out = append(out, KeyRoles{key, g.GetRoles(), until}) }
		if g.GetRealm() {
			hold(syncengine.RealmKey)
		}
		if g.GetEscalated() {
			hold(syncengine.EscalatedKey)
		}
		for _, part := range []struct {
			ids []byte
			key func(syncengine.ID) syncengine.ScopeKey
		}{
			{g.GetTerritories(), syncengine.TerritoryKey},
			{g.GetRecords(), syncengine.RecordKey},
			{g.GetUsers(), syncengine.UserKey},
			{g.GetDevices(), syncengine.DeviceKey},
			{g.GetDepartments(), syncengine.DepartmentKeyOf},
		} {
			ids, err := unpackIDs(part.ids)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				hold(part.key(id))
			}
		}
	}
	return sortedView(out), nil
}
