package server_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/syncengine"
)

// seeded gives randomness that is the same each run.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// clock stands still.
func clock() time.Time { return time.UnixMilli(1_780_000_000_000) }

// founded makes a realm and gives its folder.
func founded(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "realm")
	if _, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Realm: "530702", Now: clock, Random: seeded(1)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// logBuffer takes a server's log while it runs.
type logBuffer struct {
	// mu guards text.
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// world is a running server with a connection to it.
type world struct {
	t      *testing.T
	dir    string
	server *server.Server
	conn   *grpc.ClientConn
	log    *logBuffer
	// ctx carries the operator's token.
	ctx context.Context
	// served is what Serve returned, once it has.
	served chan error
	// ledger is the folder of the side ledger; empty for none.
	ledger string
	// later is by how many milliseconds the server's clock is ahead of clock.
	later atomic.Int64
}

func (w *world) now() time.Time { return clock().Add(time.Duration(w.later.Load()) * time.Millisecond) }

func serving(t *testing.T) *world {
	t.Helper()
	return servingWith(t, func(*server.Config) {})
}

// begin serves until the test ends.
func (w *world) begin(config server.Config) {
	w.t.Helper()
	var err error
	w.server, err = server.Open(w.t.Context(), config)
	w.must(err)
	go func() { w.served <- w.server.Serve() }()
	w.t.Cleanup(func() { w.must(w.server.Stop(cut())) })
	w.conn = w.dial(insecure.NewCredentials())
}

// servingWith is serving with a change of the configuration.
func servingWith(t *testing.T, change func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t, dir: founded(t), log: &logBuffer{}, served: make(chan error, 1)}
	config := server.Config{
		Dir: w.dir, Listen: "127.0.0.1:0", Now: w.now, Random: seeded(2),
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&config)
	w.begin(config)
	token, err := server.ReadToken(filepath.Join(w.dir, server.TokenFile))
	w.must(err)
	w.ctx = metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
	return w
}

// cut is a context that has ended: a stop with it waits for nobody.
func cut() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (w *world) dial(c credentials.TransportCredentials) *grpc.ClientConn {
	w.t.Helper()
	conn, err := grpc.NewClient(w.server.Addr().String(), grpc.WithTransportCredentials(c))
	w.must(err)
	w.t.Cleanup(func() { conn.Close() })
	return conn
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) admin() adminv1.AdminServiceClient { return adminv1.NewAdminServiceClient(w.conn) }

// worker adds a grid worker of a community and gives the id.
func (w *world) worker(name string) []byte {
	w.t.Helper()
	m, err := w.admin().AddUser(w.ctx, &adminv1.AddUserRequest{Name: name, Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: "530702001001"})
	w.must(err)
	return m.GetUserId()
}

// device is a phone reduced to its signature.
type device struct {
	incarnation syncengine.ID
	key         ed25519.PrivateKey
}

// code makes a join code of a new user.
func (w *world) code(name string) string {
	w.t.Helper()
	return w.codeOf(w.worker(name))
}

// codeOf makes a join code of a user.
func (w *world) codeOf(user []byte) string {
	w.t.Helper()
	m, err := w.admin().CreateJoinCode(w.ctx, &adminv1.CreateJoinCodeRequest{UserId: user})
	w.must(err)
	return m.GetCode()
}

// redeem enrols a device with a code.
func (w *world) redeem(code string) (device, error) {
	d := device{incarnation: syncengine.ID{1}, key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
	req := &syncv1.EnrolRequest{Code: code, Incarnation: d.incarnation[:], PublicKey: d.key.Public().(ed25519.PublicKey)}
	req.Signature = ed25519.Sign(d.key, wire.EnrolMessage(req))
	_, err := syncv1.NewSyncServiceClient(w.conn).Enrol(w.t.Context(), req)
	return d, err
}

// enrol makes a user and enrols a device.
func (w *world) enrol(name string) device {
	w.t.Helper()
	d, err := w.redeem(w.code(name))
	w.must(err)
	return d
}

// watch opens a stream of hints.
func (w *world) watch(d device) grpc.ServerStreamingClient[syncv1.WatchResponse] {
	w.t.Helper()
	req := &syncv1.WatchRequest{Realm: 530702, Incarnation: d.incarnation[:], TimeMs: clock().UnixMilli()}
	req.Signature = ed25519.Sign(d.key, wire.WatchMessage(req))
	stream, err := syncv1.NewSyncServiceClient(w.conn).Watch(w.t.Context(), req)
	w.must(err)
	return stream
}

// files lists what lies in a folder, with modes; "nothing" when it is not there.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return []string{"nothing"}
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %v", e.Name(), info.Mode()))
	}
	slices.Sort(out)
	return out
}

// write makes or replaces a file.
func write(t *testing.T, path string, body []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, body, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
