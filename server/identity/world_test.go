package identity_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// The roles that tests use, as numbers.
const (
	helper  = uint32(recordv1.Role_ROLE_HELPER)
	worker  = uint32(recordv1.Role_ROLE_GRID_WORKER)
	officer = uint32(recordv1.Role_ROLE_POLICE_OFFICER)
	staff   = uint32(recordv1.Role_ROLE_COMMUNITY_STAFF)
	auditor = uint32(recordv1.Role_ROLE_AUDITOR)
)

// monday is the time at which tests begin.
const monday syncengine.UnixMilli = 1_790_000_000_000

// Territories of the test realm: a street with two communities of two grids each.
var (
	province, street               = id(1), id(2)
	communityA, communityB         = id(10), id(20)
	gridA1, gridA2, gridB1, gridB2 = id(11), id(12), id(21), id(22)
	microA1                        = id(111)
)

// id makes an id from a number, so that a failing test names it readably.
func id(n uint64) (out syncengine.ID) {
	binary.BigEndian.PutUint64(out[8:], n)
	return out
}

// seeded gives randomness that is the same each run.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// key makes a device key from a number.
func key(n byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
}

// realm runs f in a write transaction of a store with the test realm's territories.
func realm(t *testing.T, f func(w store.Writer)) {
	t.Helper()
	s := memstore.New()
	defer s.Close()
	must(t, s.Update(t.Context(), func(w store.Writer) error {
		must(t, plant(w))
		f(w)
		return nil
	}))
}

func plant(w store.Writer) error {
	for _, x := range []struct {
		id, parent  syncengine.ID
		code, level string
	}{
		{province, syncengine.ID{}, "53", "province"},
		{street, province, "530702001", "street"},
		{communityA, street, "530702001001", "community"},
		{communityB, street, "530702001002", "community"},
		{gridA2, communityA, "530702001001002", "grid"},
		{gridA1, communityA, "530702001001001", "grid"},
		{gridB1, communityB, "530702001002001", "grid"},
		{gridB2, communityB, "530702001002002", "grid"},
		{microA1, gridA1, "53070200100100101", "microgrid"},
	} {
		t := identity.Territory{ID: x.id, Parent: x.parent, Code: x.code, Name: "地" + x.code, Level: x.level}
		if err := identity.PutTerritory(w, t); err != nil {
			return err
		}
	}
	return nil
}

// addUser writes an active user and refreshes its grants.
func addUser(t *testing.T, w store.Writer, user syncengine.ID, role uint32, territory syncengine.ID) {
	t.Helper()
	must(t, identity.PutUser(w, identity.User{
		ID: user, Name: fmt.Sprintf("user %d", user[15]), Role: role, TerritoryID: territory, State: identity.UserActive,
	}))
	_, err := identity.RefreshGrants(w, user, monday)
	must(t, err)
}

// device makes an active device.
func device(incarnation, user syncengine.ID, n byte) identity.Device {
	return identity.Device{Incarnation: incarnation, UserID: user, PublicKey: key(n), Name: "phone",
		State: identity.DeviceActive, EnrolledAt: monday}
}

// grants reads the grants in force.
func grants(t *testing.T, r store.Reader, user syncengine.ID) []identity.Grant {
	t.Helper()
	g, err := identity.CurrentGrants(r, user)
	must(t, err)
	return g.Grants
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
