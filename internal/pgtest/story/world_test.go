// Package story_test plays whole days on a realm in a real PostgreSQL: real servers, real phones, and what happens to the
// database between them.
package story_test

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/pgtest"
	"onedoor/server"
)

func TestMain(m *testing.M) {
	killable()
	os.Exit(pgtest.Main(m))
}

// district is a realm that servers serve.
type district struct {
	t *testing.T
	// dir holds the keys; store is the database's URL, empty for the file in dir.
	dir, store string
	// ledger is the folder of the next server's side ledger; empty for none.
	ledger string
	// key is the contact key of a backup; beside dir when empty.
	key    string
	phones int
	// log is where the servers' logs go; nil for nowhere.
	log *slog.Logger
}

// running is a server with a connection to it.
type running struct {
	*server.Server
	conn   *grpc.ClientConn
	served chan error
}

// founded makes a realm in a database, or in a file.
func founded(t *testing.T, store string) *district {
	t.Helper()
	d := &district{t: t, dir: filepath.Join(t.TempDir(), "realm"), store: store}
	_, err := server.Init(t.Context(), server.InitOptions{Dir: d.dir, Store: store, Realm: "530702"})
	d.must(err)
	return d
}

func (d *district) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// serve starts one more server.
func (d *district) serve() *running {
	d.t.Helper()
	return d.serveWith(server.Config{})
}

// serveWith starts one more server, with what is not the district's as it is given.
func (d *district) serveWith(c server.Config) *running {
	d.t.Helper()
	c.Dir, c.Store, c.Log, c.Listen, c.Ledger = d.dir, d.store, d.log, cmp.Or(c.Listen, "127.0.0.1:0"), d.ledger
	s, err := server.Open(d.t.Context(), c)
	d.must(err)
	r := &running{Server: s, served: make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	r.conn, err = grpc.NewClient(s.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	d.must(err)
	d.t.Cleanup(func() { r.halt(d) })
	return r
}

// halt stops a server, once.
func (r *running) halt(d *district) {
	d.t.Helper()
	if r.conn == nil {
		return
	}
	_ = r.conn.Close() // Nothing of it matters any more.
	r.conn = nil
	grace, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	d.must(r.Stop(grace))
	d.must(<-r.served)
}

// operator gives the operator's calls at a server.
func (d *district) operator(r *running) (context.Context, adminv1.AdminServiceClient) {
	d.t.Helper()
	token, err := server.ReadToken(filepath.Join(d.dir, server.TokenFile))
	d.must(err)
	return metadata.AppendToOutgoingContext(d.t.Context(), "authorization", "Bearer "+token), adminv1.NewAdminServiceClient(r.conn)
}

// line reaches whichever server it is pointed at.
type line struct{ to atomic.Pointer[running] }

func (l *line) client() syncv1.SyncServiceClient {
	return syncv1.NewSyncServiceClient(l.to.Load().conn)
}

func (l *line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	return l.client().Enrol(ctx, req)
}

func (l *line) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	return l.client().Exchange(ctx, req)
}

func (l *line) Watch(ctx context.Context, _ *syncv1.WatchRequest, _ func(uint64)) error {
	<-ctx.Done()
	return ctx.Err()
}

// phone is a real replica on a line.
type phone struct {
	*client.Replica
	line *line
	d    *district
}

// phone enrols a grid worker's phone at a server.
func (d *district) phone(r *running) *phone {
	d.t.Helper()
	l := &line{}
	p := d.phoneOn(r, l)
	p.line = l
	return p
}

// pointed is a line that can be pointed at a server.
type pointed interface {
	client.Transport
	pointAt(r *running)
}

func (l *line) pointAt(r *running) { l.to.Store(r) }

// phoneOn enrols a grid worker's phone at a server, over a line of its own.
func (d *district) phoneOn(r *running, l pointed) *phone {
	d.t.Helper()
	d.phones++
	ctx, admin := d.operator(r)
	user, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: "网格员" + string(rune('甲'+d.phones)), Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: "530702001001"})
	d.must(err)
	code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()})
	d.must(err)
	p := &phone{d: d}
	l.pointAt(r)
	seed := [32]byte{byte(d.phones)}
	p.Replica, err = client.Open(d.t.TempDir(), bytes.Repeat(seed[:1], client.KeyBytes), client.Options{
		Transport: l, Random: rand.NewChaCha8(seed), Tries: 1,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	d.must(err)
	d.t.Cleanup(func() { d.must(p.Close()) })
	d.must(p.Enrol(d.t.Context(), "line", code.GetCode()))
	return p
}

// synced syncs a phone, which must succeed.
func (p *phone) synced() {
	p.d.t.Helper()
	if _, err := p.Sync(p.d.t.Context()); err != nil {
		p.d.t.Fatalf("sync: %v", err)
	}
}

// door adds a door.
func (p *phone) door(address string) string {
	p.d.t.Helper()
	id, err := p.AddJSON("premises", `{"address":"`+address+`","territory":"530702001001"}`)
	p.d.must(err)
	return id
}

// shows wants a text in a record.
func (p *phone) shows(id, want string) {
	p.d.t.Helper()
	if text, err := p.ShowJSON(id); err != nil || !strings.Contains(text, want) {
		p.d.t.Errorf("the phone shows %s, %v, want %s", text, err, want)
	}
}

// verified wants a realm in which a check finds nothing.
func (d *district) verified() *server.Verification {
	d.t.Helper()
	found, err := server.VerifyWith(d.t.Context(), server.Config{Dir: d.dir, Store: d.store}, nil)
	d.must(err)
	if !found.OK() {
		d.t.Errorf("the check found %q", found.Problems)
	}
	return found
}
