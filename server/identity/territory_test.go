package identity_test

import (
	"errors"
	"slices"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func tree(t *testing.T, r store.Reader) *identity.Tree {
	t.Helper()
	loaded, err := identity.LoadTree(r)
	must(t, err)
	return loaded
}

func TestTree_BelowAndAncestorsFollowTheParents(t *testing.T) {
	realm(t, func(w store.Writer) {
		tree := tree(t, w)
		cases := []struct {
			name             string
			of               syncengine.ID
			below, ancestors []syncengine.ID
		}{
			{"a community", communityA, []syncengine.ID{communityA, gridA1, microA1, gridA2}, []syncengine.ID{street, province}},
			{"a leaf", microA1, []syncengine.ID{microA1}, []syncengine.ID{gridA1, communityA, street, province}},
			{"a root", province, []syncengine.ID{province, street, communityA, gridA1, microA1, gridA2, communityB, gridB1, gridB2}, nil},
			{"an unknown one", id(99), nil, nil},
		}
		for _, c := range cases {
			if got := tree.Below(c.of); !slices.Equal(got, c.below) {
				t.Errorf("below %s: %v, want %v", c.name, got, c.below)
			}
			if got := tree.Ancestors(c.of); !slices.Equal(got, c.ancestors) {
				t.Errorf("ancestors of %s: %v, want %v", c.name, got, c.ancestors)
			}
		}
		if !tree.Covers(communityA, microA1) || tree.Covers(communityA, gridB1) || tree.Covers(gridA1, communityA) || tree.Covers(id(99), gridA1) {
			t.Error("covers does not agree with below")
		}
		if x, ok := tree.ByCode("530702001001002"); !ok || x.ID != gridA2 {
			t.Errorf("by code: %v %v", x, ok)
		}
		if x, ok := tree.ByID(gridB1); !ok || x.Code != "530702001002001" {
			t.Errorf("by id: %v %v", x, ok)
		}
	})
}

func TestTree_IsLoadedAgainOnlyWhenATerritoryChanged(t *testing.T) {
	realm(t, func(w store.Writer) {
		first := tree(t, w)
		must(t, plant(w))
		same, err := first.Refresh(w)
		must(t, err)
		if same != first {
			t.Error("writing what stands makes a new tree")
		}
		must(t, identity.PutTerritory(w, identity.Territory{ID: id(13), Parent: communityA, Code: "530702001001003", Name: "三", Level: "grid"}))
		next, err := first.Refresh(w)
		must(t, err)
		if next == first || next.Len() != first.Len()+1 {
			t.Error("an added grid is not in the refreshed tree")
		}
	})
}

func TestPutTerritory_RefusesWhatFormsNoTree(t *testing.T) {
	cases := []struct {
		name string
		put  identity.Territory
		want error
	}{
		{"a parent that is not there", identity.Territory{ID: id(30), Parent: id(99), Code: "5", Name: "x", Level: "grid"}, identity.ErrTerritoryUnknown},
		{"itself as parent", identity.Territory{ID: id(30), Parent: id(30), Code: "5", Name: "x", Level: "grid"}, identity.ErrTreeBroken},
		{"a parent below itself", identity.Territory{ID: street, Parent: gridA1, Code: "530702001", Name: "x", Level: "street"}, identity.ErrTreeBroken},
		{"a code of another", identity.Territory{ID: id(30), Parent: street, Code: "530702001001", Name: "x", Level: "community"}, identity.ErrCodeTaken},
		{"no code", identity.Territory{ID: id(30), Parent: street, Name: "x", Level: "community"}, identity.ErrInvalid},
		{"no name", identity.Territory{ID: id(30), Parent: street, Code: "5", Level: "community"}, identity.ErrInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			realm(t, func(w store.Writer) {
				if err := identity.PutTerritory(w, c.put); !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestPutTerritory_ACodeThatChangedNamesItsTerritoryNoMore(t *testing.T) {
	realm(t, func(w store.Writer) {
		must(t, identity.PutTerritory(w, identity.Territory{ID: gridB2, Parent: communityB, Code: "530702001002009", Name: "x", Level: "grid"}))
		if _, err := identity.TerritoryByCode(w, "530702001002002"); !errors.Is(err, identity.ErrTerritoryUnknown) {
			t.Errorf("old code: %v", err)
		}
		x, err := identity.TerritoryByCode(w, "530702001002009")
		must(t, err)
		if x.ID != gridB2 {
			t.Errorf("new code names %s", x.ID)
		}
	})
}
