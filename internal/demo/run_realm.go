package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	random "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/server/store"
)

// realmCode is 古城区 of 丽江, in which the street of the scene lies.
const realmCode = "530702"

// realmFolder is the realm's folder within the demo's.
const realmFolder = "realm"

// stopGrace is how long calls in hand may take when the server stops.
const stopGrace = 5 * time.Second

// A scriptClock shows the time of the script, until it is let go and shows the machine's.
type scriptClock struct {
	ms    atomic.Int64
	freed atomic.Bool
}

func (c *scriptClock) set(at time.Time) { c.ms.Store(at.UnixMilli()) }

// now gives the time.
func (c *scriptClock) now() time.Time {
	if c.freed.Load() {
		return time.Now()
	}
	return time.UnixMilli(c.ms.Load())
}

// seeded gives the randomness of one part of a demo: the same bytes for the same seed.
func seeded(seed uint64, part string) io.Reader {
	return random.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64([]byte("onedoor demo "+part), seed)))
}

// chanceSource draws from the seed, until it is let go: codes and tokens that are given out afterwards are for people,
// and nobody is to guess them from a seed.
type chanceSource struct {
	seeded io.Reader
	freed  atomic.Bool
}

// Read draws bytes.
func (c *chanceSource) Read(p []byte) (int, error) {
	if c.freed.Load() {
		return rand.Read(p)
	}
	return c.seeded.Read(p)
}

// realm is a served realm with an operator's connection to it.
type realm struct {
	dir    string
	server *server.Server
	conn   *grpc.ClientConn
	admin  adminv1.AdminServiceClient
	token  string
	clock  *scriptClock
	chance *chanceSource
	// served takes what Serve returned.
	served chan error
	// free is closed when time is let go: before that the server makes no task by itself.
	free chan struct{}
	// closing makes a second close wait for the first.
	closing  sync.Once
	closeErr error
}

// openRealm founds a realm in a folder and serves it. Its keys and the operator's token come from the system, as
// they would anywhere; everything else from the seed.
func openRealm(ctx context.Context, o *Options, front func(http.Handler) http.Handler, at time.Time) (*realm, error) {
	r := &realm{
		dir: filepath.Join(o.Dir, realmFolder), clock: &scriptClock{}, chance: &chanceSource{seeded: seeded(o.Seed, "server")},
		served: make(chan error, 1), free: make(chan struct{}),
	}
	r.clock.set(at)
	made, err := server.Init(ctx, server.InitOptions{Dir: r.dir, Realm: realmCode, Now: r.clock.now})
	if err != nil {
		return nil, err
	}
	r.server, err = server.Open(ctx, server.Config{
		Dir: r.dir, Listen: o.Listen, HTTP: o.HTTP, Front: front, Now: r.clock.now, Random: r.chance, LookFrom: r.free,
	})
	if err != nil {
		return nil, err
	}
	go func() { r.served <- r.server.Serve() }() // ended by close
	return r, r.connect(made.TokenFile)
}

// connect speaks to the server as its operator.
func (r *realm) connect(tokenFile string) (err error) {
	if r.token, err = server.ReadToken(tokenFile); err != nil {
		return err
	}
	r.conn, err = grpc.NewClient("passthrough:///"+r.address(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MessageBytesMax), grpc.MaxCallSendMsgSize(wire.MessageBytesMax)))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", r.address(), err)
	}
	r.admin = adminv1.NewAdminServiceClient(r.conn)
	return nil
}

// address is where the server can be reached from this machine.
func (r *realm) address() string {
	addr, ok := r.server.Addr().(*net.TCPAddr)
	if ok && addr.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(addr.Port))
	}
	return r.server.Addr().String()
}

// operator gives a context that carries the operator's token.
func (r *realm) operator(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+r.token)
}

// view reads the server's store.
func (r *realm) view(ctx context.Context, f func(store.Reader) error) error {
	return r.server.View(ctx, f)
}

// setFree lets time and chance go: from now on the server is one that people use, and with looks it makes tasks by itself.
func (r *realm) setFree(looks bool) {
	r.clock.freed.Store(true)
	r.chance.freed.Store(true)
	if looks {
		close(r.free)
	}
}

// close stops the server.
func (r *realm) close() error {
	r.closing.Do(func() {
		grace, cancel := context.WithTimeout(context.Background(), stopGrace)
		defer cancel()
		if r.conn != nil {
			r.closeErr = r.conn.Close()
		}
		r.closeErr = errors.Join(r.closeErr, r.server.Stop(grace), <-r.served)
	})
	return r.closeErr
}
