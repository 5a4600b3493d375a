package casework_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/territoryfile"
	"onedoor/server/accessledger"
	"onedoor/server/adminrpc"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

const territoryFile = `code,parent_code,level,name
53,,province,云南省
5307,53,prefecture,丽江市
530702,5307,county,古城区
530702001,530702,street,西安街道
530702001001,530702001,community,文化社区
530702001001001,530702001001,grid,第一网格
530702002,530702,street,大研街道
530702002001,530702002,community,新华社区
`

// world is a realm with a centre whose clock a test moves.
type world struct {
	t      testing.TB
	store  store.Store
	realm  *exchange.Service
	cases  *casework.Service
	now    time.Time
	random *rand.ChaCha8
	areas  map[string]syncengine.ID
	people map[recordv1.Role]syncengine.ID
	next   byte
	// secrets open the realm again.
	secrets *identity.Secrets
}

func newWorld(t *testing.T) *world { return newWorldOn(t, memstore.New()) }

// newWorldOn serves the realm on a store.
func newWorldOn(t testing.TB, st store.Store) *world {
	w := &world{
		t: t, store: st, random: rand.NewChaCha8([32]byte{3}), areas: map[string]syncengine.ID{}, people: map[recordv1.Role]syncengine.ID{},
		// A Monday: 1 June 2026, 9:00 in Lijiang.
		now: time.Date(2026, 6, 1, 1, 0, 0, 0, time.UTC),
	}
	var err error
	w.secrets, err = identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	w.must(w.store.Update(t.Context(), func(tx store.Writer) error {
		return identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: schema.Version, Secrets: w.secrets.Fingerprint()})
	}))
	w.open()
	t.Cleanup(func() { w.must(errors.Join(w.realm.Close(), w.store.Close())) })
	areas, err := territoryfile.Read(strings.NewReader(territoryFile), territoryfile.Options{File: "t.csv"})
	w.must(err)
	_, err = adminrpc.New(w.realm, adminrpc.Options{Now: w.clock, Random: w.random}).PlantTerritories(t.Context(), syncengine.ID{}, areas, false)
	w.must(err)
	w.must(w.realm.View(t.Context(), func(r store.Reader) error {
		all, err := identity.Territories(r)
		for _, a := range all {
			w.areas[a.Code] = a.ID
		}
		return err
	}))
	for _, role := range []recordv1.Role{
		recordv1.Role_ROLE_RECEPTION, recordv1.Role_ROLE_DISPATCHER, recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_STREET_LEAD, recordv1.Role_ROLE_HELPER,
	} {
		w.people[role] = w.user(role, "530702001")
	}
	w.people[recordv1.Role_ROLE_GRID_WORKER] = w.user(recordv1.Role_ROLE_GRID_WORKER, "530702001001001")
	return w
}

// open begins the realm's and the centre's services, as a restart does.
func (w *world) open() {
	var err error
	w.realm, err = exchange.Open(w.t.Context(), w.store, exchange.Options{Secrets: w.secrets, Random: w.random, Now: w.clock})
	w.must(err)
	w.cases = casework.New(w.realm, casework.Options{Now: w.clock})
}

func (w *world) restart() {
	w.must(w.realm.Close())
	w.open()
}

func (w *world) clock() time.Time { return w.now }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) user(role recordv1.Role, code string) syncengine.ID {
	w.t.Helper()
	w.next++
	id := syncengine.ID{6: 0x70, 8: 0x80, 15: w.next}
	w.must(w.realm.Update(w.t.Context(), func(tx store.Writer) error {
		if err := identity.PutUser(tx, identity.User{ID: id, Name: role.String(), Role: uint32(role), TerritoryID: w.areas[code], State: identity.UserActive}); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(tx, id, syncengine.UnixMilli(w.now.UnixMilli()))
		return err
	}))
	return id
}

// take takes a step as somebody of a role.
func (w *world) take(role recordv1.Role, step string, id syncengine.ID, change func(*casework.Asked)) (*casework.Shown, error) {
	a := casework.Asked{Step: step, Case: id, Fields: &recordv1.Dispute{}}
	if change != nil {
		change(&a)
	}
	return w.cases.Take(w.t.Context(), accessledger.Actor{User: w.people[role]}, a)
}

// took is take for a step that must be possible.
func (w *world) took(role recordv1.Role, step string, id syncengine.ID, change func(*casework.Asked)) *casework.Shown {
	w.t.Helper()
	shown, err := w.take(role, step, id, change)
	if err != nil {
		w.t.Fatalf("%s by %s: %v", step, role, err)
	}
	return shown
}

// refused wants a step refused by a rule.
func (w *world) refused(role recordv1.Role, step string, id syncengine.ID, rule string, change func(*casework.Asked)) {
	w.t.Helper()
	_, err := w.take(role, step, id, change)
	var refusal *casework.Refusal
	if !errors.As(err, &refusal) {
		w.t.Errorf("%s by %s: %v, wanted a refusal by %s", step, role, err, rule)
		return
	}
	for _, c := range refusal.Complaints {
		if c.Rule == rule && c.ZH != "" && c.EN != "" {
			return
		}
	}
	w.t.Errorf("%s by %s: %v, wanted rule %s", step, role, refusal.Complaints, rule)
}
