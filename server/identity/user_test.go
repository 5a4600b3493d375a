package identity_test

import (
	"errors"
	"testing"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestPutUser_RefusesWhatMeansNothing(t *testing.T) {
	cases := []struct {
		name string
		user identity.User
		want error
	}{
		{"no id", identity.User{Name: "x", Role: helper, State: identity.UserActive}, identity.ErrInvalid},
		{"no name", identity.User{ID: id(1), Role: helper, State: identity.UserActive}, identity.ErrInvalid},
		{"no role", identity.User{ID: id(1), Name: "x", State: identity.UserActive}, identity.ErrRoleUnknown},
		{"a role of the future", identity.User{ID: id(1), Name: "x", Role: 60, State: identity.UserActive}, identity.ErrRoleUnknown},
		{"no state", identity.User{ID: id(1), Name: "x", Role: helper}, identity.ErrInvalid},
		{"a territory that is not there", identity.User{ID: id(1), Name: "x", Role: helper, TerritoryID: id(99), State: identity.UserActive}, identity.ErrTerritoryUnknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			realm(t, func(w store.Writer) {
				if err := identity.PutUser(w, c.user); !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestSetUserState_AClosedUserLosesDevicesTokensCodesAndGrants(t *testing.T) {
	realm(t, func(w store.Writer) {
		user := id(100)
		addUser(t, w, user, worker, gridA1)
		_, err := identity.EnrolDevice(w, device(id(200), user, 1))
		must(t, err)
		code, _, err := identity.NewCode(w, user, monday, seeded(1))
		must(t, err)
		token, _, err := identity.MintToken(w, user, monday, seeded(2))
		must(t, err)

		must(t, identity.SetUserState(w, user, identity.UserClosed, monday+1))

		if d, err := identity.GetDevice(w, id(200)); err != nil || d.State != identity.DeviceRevoked {
			t.Errorf("device %v %v", d.State, err)
		}
		if got := grants(t, w, user); len(got) != 0 {
			t.Errorf("grants %v", got)
		}
		if _, err := identity.RedeemCode(w, string(code), id(201), monday+2); !errors.Is(err, identity.ErrUserClosed) {
			t.Errorf("code: %v", err)
		}
		if _, err := identity.CheckToken(w, token, monday); !errors.Is(err, identity.ErrTokenRevoked) {
			t.Errorf("token: %v", err)
		}
		if _, _, err := identity.NewCode(w, user, monday, seeded(3)); !errors.Is(err, identity.ErrUserClosed) {
			t.Errorf("new code: %v", err)
		}

		must(t, identity.SetUserState(w, user, identity.UserActive, monday+3))
		if d, _ := identity.GetDevice(w, id(200)); d.State != identity.DeviceRevoked {
			t.Error("opening a user again trusts its old device")
		}
		if got := grants(t, w, user); len(got) != 1 || got[0].Territory != gridA1 {
			t.Errorf("grants after opening again %v", got)
		}
	})
}

func TestEnrolDevice_ALostReplyMayBeAskedForAgainButNobodyElseTakesTheIncarnation(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), worker, gridA1)
		addUser(t, w, id(101), worker, gridA1)
		d := device(id(200), id(100), 1)
		_, err := identity.EnrolDevice(w, d)
		must(t, err)
		must(t, identity.RevokeDevice(w, id(200)))
		again, err := identity.EnrolDevice(w, d)
		must(t, err)
		if again.State != identity.DeviceRevoked {
			t.Error("enrolling again undoes a revocation")
		}
		if _, err := identity.EnrolDevice(w, device(id(200), id(101), 1)); !errors.Is(err, identity.ErrIncarnationTaken) {
			t.Errorf("another user: %v", err)
		}
		if _, err := identity.EnrolDevice(w, device(id(200), id(100), 2)); !errors.Is(err, identity.ErrIncarnationTaken) {
			t.Errorf("another key: %v", err)
		}
		short := device(id(202), id(100), 1)
		short.PublicKey = short.PublicKey[:31]
		if _, err := identity.EnrolDevice(w, short); !errors.Is(err, identity.ErrInvalid) {
			t.Errorf("short key: %v", err)
		}
	})
}

func TestDevicesOfUser_ListsThatUsersDevicesOnly(t *testing.T) {
	realm(t, func(w store.Writer) {
		for n, user := range []syncengine.ID{id(100), id(101), id(100)} {
			addUser(t, w, user, worker, gridA1)
			_, err := identity.EnrolDevice(w, device(id(200+uint64(n)), user, byte(n)))
			must(t, err)
		}
		own, err := identity.DevicesOfUser(w, id(100))
		must(t, err)
		all, err := identity.Devices(w)
		must(t, err)
		if len(own) != 2 || own[0].Incarnation != id(200) || own[1].Incarnation != id(202) || len(all) != 3 {
			t.Errorf("own %v of %d", own, len(all))
		}
	})
}

func TestLineage_ACopyInheritsItsParentsPastUpToTheLastCommonChange(t *testing.T) {
	realm(t, func(w store.Writer) {
		addUser(t, w, id(100), worker, gridA1)
		must(t, identity.PutDevice(w, device(id(200), id(100), 1)))
		if l, err := identity.Lineage(w); err != nil || l != nil {
			t.Errorf("lineage without copies: %v", err)
		}
		child := device(id(201), id(100), 1)
		child.Parent, child.LastCommon = id(200), 7
		must(t, identity.PutDevice(w, child))
		lineage, err := identity.Lineage(w)
		must(t, err)
		mine := syncengine.Dot{Incarnation: id(201), Seq: 8}
		if !lineage.InPast(mine, syncengine.Dot{Incarnation: id(200), Seq: 7}) {
			t.Error("the last common change is not in the copy's past")
		}
		if lineage.InPast(mine, syncengine.Dot{Incarnation: id(200), Seq: 8}) {
			t.Error("a later change of the parent is in the copy's past")
		}
		child.Parent = id(202)
		if err := identity.PutDevice(w, child); !errors.Is(err, identity.ErrInvalid) {
			t.Errorf("another parent: %v", err)
		}
		orphan := device(id(203), id(100), 1)
		orphan.Parent = id(299)
		if err := identity.PutDevice(w, orphan); !errors.Is(err, identity.ErrDeviceUnknown) {
			t.Errorf("unknown parent: %v", err)
		}
	})
}

func TestContact_IsZeroUntilTheDeviceCalls(t *testing.T) {
	realm(t, func(w store.Writer) {
		if c, err := identity.GetContact(w, id(200)); err != nil || c != (identity.Contact{}) {
			t.Errorf("contact %v %v", c, err)
		}
		want := identity.Contact{LastContact: monday, Pending: 3, OldestPending: monday - 9,
			Checkpoint: syncengine.Coordinate{Epoch: 1, Seq: 5}, AppVersion: "1.0"}
		must(t, identity.PutContact(w, id(200), want))
		if got, err := identity.GetContact(w, id(200)); err != nil || got != want {
			t.Errorf("contact %v %v, want %v", got, err, want)
		}
	})
}

func TestRealm_IsWhatWasPut(t *testing.T) {
	realm(t, func(w store.Writer) {
		if _, err := identity.GetRealm(w); !errors.Is(err, identity.ErrNotInitialised) {
			t.Errorf("empty store: %v", err)
		}
		want := identity.Realm{Code: 530702, Name: "古城区", Created: monday, SchemaVersion: 1, Secrets: identity.Fingerprint{1}}
		must(t, identity.PutRealm(w, want))
		if got, err := identity.GetRealm(w); err != nil || got != want {
			t.Errorf("realm %v %v, want %v", got, err, want)
		}
		if err := identity.PutRealm(w, identity.Realm{Code: 5307, Name: "x"}); !errors.Is(err, identity.ErrInvalid) {
			t.Errorf("a prefecture as realm: %v", err)
		}
	})
}
