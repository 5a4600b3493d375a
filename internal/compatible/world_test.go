package compatible_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server"
	"onedoor/server/adminrpc"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/sideledger"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// began is when the story begins: a working day's morning in Lijiang.
var began = time.Date(2026, 7, 1, 8, 30, 0, 0, time.FixedZone("Asia/Shanghai", 8*60*60))

// The places of the story.
const (
	community = "530702001001"
	gridA     = "530702001001001"
	gridB     = "530702001001002"
)

// places is the territory file of the story's realm.
const places = `code,parent_code,level,name
53,,province,云南省
5307,53,prefecture,丽江市
530702,5307,county,古城区
530702001,530702,street,西安街道
530702001001,530702001,community,文化社区
530702001001001,530702001001,grid,第一网格
530702001001002,530702001001,grid,第二网格
`

// realm is a server in a folder of its own, called without a network.
type realm struct {
	t   *testing.T
	dir string
	// contactKey is the file of the set's contact key; empty for the place beside dir.
	contactKey string
	// side is the folder of the side ledger.
	side    string
	now     time.Time
	random  *rand.ChaCha8
	store   store.Store
	service *exchange.Service
	ledger  *sideledger.Ledger
	// written is the schema version of the software that wrote the set's messages.
	written uint32
}

// realmCode is the story's district.
const realmCode = 530702

// found makes a realm in a folder.
func found(t *testing.T) *realm {
	r := &realm{t: t, dir: filepath.Join(t.TempDir(), "realm"), side: t.TempDir(), now: began, random: rand.NewChaCha8([32]byte{1})}
	_, err := server.Init(t.Context(), server.InitOptions{
		Dir: r.dir, Realm: "530702", Territories: strings.NewReader(places), TerritoriesName: "places", Now: r.clock, Random: r.random,
	})
	r.must(err)
	r.open()
	return r
}

func (r *realm) clock() time.Time { return r.now }

func (r *realm) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// open opens the realm's files.
func (r *realm) open() {
	r.t.Helper()
	secrets, err := identity.LoadSecrets(r.dir)
	r.must(err)
	r.store, err = sqlitestore.Open(r.t.Context(), filepath.Join(r.dir, server.DatabaseFile), sqlitestore.Options{})
	r.must(err)
	r.ledger, err = sideledger.Open(r.side, realmCode, secrets.LedgerKey())
	r.must(err)
	opened, err := server.OpenSealed(r.t.Context(), server.Config{Dir: r.dir, ContactKey: r.contactKey, Random: r.random, Now: r.clock}, r.store)
	r.must(err)
	r.service, err = exchange.Open(r.t.Context(), opened, exchange.Options{Secrets: secrets, Random: r.random, Now: r.clock, Ledger: r.ledger, Inline: true})
	r.must(err)
}

// publish makes the records by which phones know places and people, as a server that starts does.
func (r *realm) publish() {
	r.t.Helper()
	r.must(adminrpc.New(r.service, adminrpc.Options{Now: r.clock, Random: r.random}).Publish(r.t.Context()))
}

func (r *realm) close() {
	r.t.Helper()
	r.must(errors.Join(r.service.Close(), r.store.Close(), r.ledger.Close()))
}

// verify wants `verify` to find nothing.
func (r *realm) verify() {
	r.t.Helper()
	found, err := server.VerifyWith(r.t.Context(), server.Config{Dir: r.dir, ContactKey: r.contactKey}, nil)
	r.must(err)
	for _, problem := range found.Problems {
		r.t.Errorf("verify: %s", problem)
	}
}

func (r *realm) territory(code string) (id syncengine.ID) {
	r.t.Helper()
	r.must(r.service.View(r.t.Context(), func(tx store.Reader) error {
		tree, err := identity.LoadTree(tx)
		if err != nil {
			return err
		}
		tree.All(func(t identity.Territory) bool {
			if t.Code == code {
				id = t.ID
			}
			return id.IsZero()
		})
		return nil
	}))
	return id
}

// user adds a user over a territory.
func (r *realm) user(name string, role recordv1.Role, code string) (user syncengine.ID) {
	r.t.Helper()
	user, territory := r.service.NewID(), r.territory(code)
	now := syncengine.UnixMilli(r.now.UnixMilli())
	r.must(r.service.Update(r.t.Context(), func(w store.Writer) error {
		u := identity.User{ID: user, Name: name, Role: uint32(role), TerritoryID: territory, State: identity.UserActive}
		if err := identity.PutUser(w, u); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(w, user, now)
		return err
	}))
	r.publish()
	return user
}

func (r *realm) code(user syncengine.ID) (code string) {
	r.t.Helper()
	r.must(r.service.Update(r.t.Context(), func(w store.Writer) error {
		c, _, err := identity.NewCode(w, user, syncengine.UnixMilli(r.now.UnixMilli()), r.random)
		code = string(c)
		return err
	}))
	return code
}

// userNamed finds a user.
func (r *realm) userNamed(name string) (id syncengine.ID) {
	r.t.Helper()
	r.must(r.service.View(r.t.Context(), func(tx store.Reader) error {
		users, err := identity.Users(tx)
		i := slices.IndexFunc(users, func(u identity.User) bool { return u.Name == name })
		if err == nil && i < 0 {
			return fmt.Errorf("no user %s", name)
		}
		if err == nil {
			id = users[i].ID
		}
		return err
	}))
	return id
}
