package adminrpc_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/territoryfile"
	"onedoor/internal/wire"
	"onedoor/server/adminrpc"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// Short names for the roles.
const (
	helper   = recordv1.Role_ROLE_HELPER
	worker   = recordv1.Role_ROLE_GRID_WORKER
	officer  = recordv1.Role_ROLE_POLICE_OFFICER
	staff    = recordv1.Role_ROLE_COMMUNITY_STAFF
	auditor  = recordv1.Role_ROLE_AUDITOR
	operator = recordv1.Role_ROLE_OPERATOR
)

// Territory codes of the test realm; the file below holds them.
const (
	county    = "530702"
	community = "530702001001"
	gridA     = "530702001001001"
	gridB     = "530702001001002"
	elsewhere = "530702001002001"
)

const territoryFile = `code,parent_code,level,name
53,,province,云南省
5307,53,prefecture,丽江市
530702,5307,county,古城区
530702001,530702,street,西安街道
530702001001,530702001,community,文化社区
530702001002,530702001,community,义尚社区
530702001001001,530702001001,grid,第一网格
530702001001002,530702001001,grid,第二网格
530702001002001,530702001002,grid,义尚第一网格
`

// world is a realm with its admin service, reached through real gRPC.
type world struct {
	t      *testing.T
	ctx    context.Context
	realm  *exchange.Service
	admin  *adminrpc.Service
	client adminv1.AdminServiceClient
	random *rand.ChaCha8
	now    time.Time
	disk   *fullDisk
	// secrets are the realm's keys.
	secrets *identity.Secrets
	// operator carries the operator's token.
	operator context.Context
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, ctx: t.Context(), random: rand.NewChaCha8([32]byte{7}), now: time.UnixMilli(1_790_000_000_000)}
	st := &fullDisk{Store: memstore.New()}
	w.disk = st
	secrets, err := identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	var token string
	w.must(st.Update(w.ctx, func(tx store.Writer) (err error) {
		if err := identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: schema.Version, Secrets: secrets.Fingerprint()}); err != nil {
			return err
		}
		token, _, err = identity.MintToken(tx, syncengine.ID{}, 1, w.random)
		return err
	}))
	w.secrets, w.operator = secrets, withToken(w.ctx, token)
	w.serve()
	areas, err := territoryfile.Read(strings.NewReader(territoryFile), territoryfile.Options{File: "t.csv"})
	w.must(err)
	_, err = w.admin.PlantTerritories(w.ctx, syncengine.ID{}, areas, false)
	w.must(err)
	return w
}

// beside gives another server of the realm.
func (w *world) beside() *world {
	w.t.Helper()
	other := *w
	other.serve()
	return &other
}

// fullDisk is a store that takes no more records while it is full.
type fullDisk struct {
	store.Store
	full bool
	// room is how many records fit before it is full; 0 for no count.
	room int
	// before is done once before a transaction begins; nil for nothing.
	before func()
}

func (d *fullDisk) Update(ctx context.Context, f func(store.Writer) error) error {
	if before := d.before; before != nil {
		d.before = nil
		before()
	}
	return d.Store.Update(ctx, func(tx store.Writer) error { return f(&fullWriter{tx, d}) })
}

type fullWriter struct {
	store.Writer
	disk *fullDisk
}

func (w *fullWriter) PutRecord(recs ...store.Record) error {
	if w.disk.full && len(recs) > 0 {
		return store.ErrFull
	}
	if w.disk.room > 0 && len(recs) > 0 {
		w.disk.room = max(0, w.disk.room-len(recs))
		w.disk.full = w.disk.room == 0
	}
	return w.Writer.PutRecord(recs...)
}

// serve opens the realm and puts its service behind gRPC in memory.
func (w *world) serve() {
	w.t.Helper()
	clock := func() time.Time { return w.now }
	realm, err := exchange.Open(w.ctx, w.disk, exchange.Options{Secrets: w.secrets, Random: w.random, Now: clock, Shared: true})
	w.must(err)
	w.t.Cleanup(func() { w.must(realm.Close()) })
	w.realm, w.admin = realm, adminrpc.New(realm, adminrpc.Options{Now: clock, Random: w.random})
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	adminv1.RegisterAdminServiceServer(server, w.admin)
	go func() { _ = server.Serve(listener) }() // stopped by the cleanup below
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))
	w.must(err)
	w.client = adminv1.NewAdminServiceClient(conn)
	w.t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// user makes a user over a territory.
func (w *world) user(name string, role recordv1.Role, territory string) syncengine.ID {
	w.t.Helper()
	out, err := w.client.AddUser(w.operator, &adminv1.AddUserRequest{Name: name, Role: role, TerritoryCode: territory})
	w.must(err)
	return syncengine.ID(out.GetUserId())
}

// as gives a context with a new token of a user.
func (w *world) as(user syncengine.ID) context.Context {
	w.t.Helper()
	out, err := w.client.MintToken(w.operator, &adminv1.MintTokenRequest{UserId: user[:]})
	w.must(err)
	return withToken(w.ctx, out.GetToken())
}

// refused wants a call to have been refused for a reason.
func (w *world) refused(what string, err error, want adminv1.Reason) {
	w.t.Helper()
	if got := adminrpc.ReasonOf(err); err == nil || got != want {
		w.t.Errorf("%s: %v with reason %v, want %v", what, err, got, want)
	}
}

// territory gives the id of a code.
func (w *world) territory(code string) (id syncengine.ID) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		t, err := identity.TerritoryByCode(r, code)
		id = t.ID
		return err
	}))
	return id
}

// read gives the values shown of a record; ok is false when there is none.
func read[M proto.Message](w *world, id syncengine.ID, m M) (out M, ok bool) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		rec, err := w.realm.Record(r, id)
		if err != nil || rec == nil {
			return err
		}
		ok = !rec.Dead()
		var b []byte
		for i := range rec.Cells {
			if c := &rec.Cells[i]; c.Key.Field != syncengine.LifeField && !c.Shown().Cleared {
				b = append(b, c.Shown().Data...)
			}
		}
		return proto.Unmarshal(b, m)
	}))
	return m, ok
}

// ids lists the records of a kind.
func (w *world) ids(kind recordv1.Kind) (out []syncengine.ID) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		return r.Records(func(rec store.Record) bool {
			if rec.Kind == syncengine.KindNumber(kind) {
				out = append(out, rec.ID)
			}
			return true
		})
	}))
	return out
}

// verify reduces the log again and wants no problem.
func (w *world) verify() {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		v, err := exchange.Verify(r, w.realm.Schema(), nil)
		if err != nil {
			return err
		}
		for _, p := range v.Problems {
			w.t.Errorf("verify: %s", p)
		}
		return nil
	}))
}

// collect reads a stream to its end.
func collect[M any](stream grpc.ServerStreamingClient[M], err error) ([]*M, error) {
	if err != nil {
		return nil, err
	}
	var out []*M
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
}

// door is a door of a grid.
func (w *world) door(territory, address string) *recordv1.Premises {
	id := w.territory(territory)
	return &recordv1.Premises{Address: &address, Territory: id[:]}
}

// seed makes a device key that differs each time.
func (w *world) seed() ed25519.PrivateKey {
	var seed [ed25519.SeedSize]byte
	w.random.Read(seed[:])
	return ed25519.NewKeyFromSeed(seed[:])
}

func (w *world) id() syncengine.ID {
	var r [10]byte
	binary.BigEndian.PutUint64(r[:], w.random.Uint64())
	return wire.NewRecordID(syncengine.UnixMilli(w.now.UnixMilli()), r)
}
