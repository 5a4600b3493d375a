package identity_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

var holder = identity.Holder{User: id(100), Incarnation: id(200), Role: worker}

func TestExpand_GivesEveryTerritoryBelowAGrantAndTheHoldersOwnKeys(t *testing.T) {
	realm(t, func(w store.Writer) {
		v := identity.Expand(tree(t, w), holder, []identity.Grant{
			{Role: worker, Territory: communityA},
			{Role: helper, Territory: gridA1},
			{Role: helper, Records: []syncengine.ID{id(500)}},
			{Role: worker, Territory: id(99)},
		})
		want := map[syncengine.ScopeKey][]uint32{
			syncengine.RealmKey:                 {worker},
			syncengine.UserKey(id(100)):         {worker},
			syncengine.DeviceKey(id(200)):       {helper, worker},
			syncengine.TerritoryKey(communityA): {worker},
			syncengine.TerritoryKey(gridA1):     {helper, worker},
			syncengine.TerritoryKey(microA1):    {helper, worker},
			syncengine.TerritoryKey(gridA2):     {worker},
			syncengine.RecordKey(id(500)):       {helper},
		}
		got := map[syncengine.ScopeKey][]uint32{}
		for _, k := range v {
			got[k.Key] = k.Roles
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("view %v, want %v", got, want)
		}
		if !slices.IsSortedFunc(v, func(a, b identity.KeyRoles) int { return compareKeys(a.Key, b.Key) }) {
			t.Error("keys are not sorted")
		}
		if v.Roles(syncengine.TerritoryKey(gridB1)) != nil || !slices.Equal(v.Roles(syncengine.RecordKey(id(500))), []uint32{helper}) {
			t.Error("roles do not agree with the keys")
		}
	})
}

func TestView_VersionDependsOnContentAloneAndLeadsBackToIt(t *testing.T) {
	realm(t, func(w store.Writer) {
		tree := tree(t, w)
		a := identity.Grant{Role: worker, Territory: communityA}
		b := identity.Grant{Role: helper, Records: []syncengine.ID{id(500)}}
		v, same := identity.Expand(tree, holder, []identity.Grant{a, b}), identity.Expand(tree, holder, []identity.Grant{b, a, b})
		if v.Version() != same.Version() {
			t.Error("the order of grants changes the version")
		}
		others := []identity.View{
			identity.Expand(tree, holder, []identity.Grant{a}),
			identity.Expand(tree, holder, []identity.Grant{{Role: staff, Territory: communityA}, b}),
			identity.Expand(tree, identity.Holder{User: id(100), Incarnation: id(201), Role: worker}, []identity.Grant{a, b}),
			identity.Expand(tree, identity.Holder{User: id(100), Incarnation: id(200), Role: staff}, []identity.Grant{a, b}),
		}
		for i, o := range others {
			if o.Version() == v.Version() {
				t.Errorf("view %d has the version of another", i)
			}
		}
		if _, err := identity.GetView(w, v.Version()); !errors.Is(err, identity.ErrViewUnknown) {
			t.Errorf("before it was put: %v", err)
		}
		version, err := identity.PutView(w, v)
		must(t, err)
		got, err := identity.GetView(w, version)
		must(t, err)
		if !reflect.DeepEqual(got, v) || got.Version() != version {
			t.Errorf("read back %v, want %v", got, v)
		}
	})
}

func TestView_SinceTellsWhatToFillAndWhatToPurge(t *testing.T) {
	realm(t, func(w store.Writer) {
		tree := tree(t, w)
		older := identity.Expand(tree, holder, []identity.Grant{{Role: worker, Territory: gridA1}, {Role: worker, Territory: gridB1}})
		newer := identity.Expand(tree, holder, []identity.Grant{{Role: worker, Territory: gridA2}, {Role: worker, Territory: gridB1}, {Role: worker, Territory: microA1}})
		added, removed := newer.Since(older)
		if !slices.Equal(added, []syncengine.ScopeKey{syncengine.TerritoryKey(gridA2)}) {
			t.Errorf("added %x", added)
		}
		if !slices.Equal(removed, []syncengine.ScopeKey{syncengine.TerritoryKey(gridA1)}) {
			t.Errorf("removed %x", removed)
		}
		other := identity.Expand(tree, holder, []identity.Grant{{Role: helper, Territory: gridA1}, {Role: worker, Territory: gridB1}})
		added, removed = other.Since(older)
		want := []syncengine.ScopeKey{syncengine.DeviceKey(id(200)), syncengine.TerritoryKey(gridA1), syncengine.TerritoryKey(microA1)}
		if !slices.Equal(added, want) || len(removed) != 0 {
			t.Errorf("another role adds %x and removes %x, want %x", added, removed, want)
		}
	})
}

func compareKeys(a, b syncengine.ScopeKey) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
