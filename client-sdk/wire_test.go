package client_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/domain/casework"
	_ "onedoor/internal/grpczstd" // The server answers in the encoding it is called in.
	"onedoor/server/exchange"
	"onedoor/server/notify"
	"onedoor/server/syncrpc"
)

// listen serves the world over gRPC on this machine and gives the address.
func (w *world) listen() string {
	w.t.Helper()
	hub := notify.New()
	w.must(w.service.Close())
	var err error
	w.service, err = exchange.Open(w.t.Context(), w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now },
		Hint: hub.Hint,
	})
	w.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	server, stopping := grpc.NewServer(grpc.UnaryInterceptor(w.countAhead)), make(chan struct{})
	syncv1.RegisterSyncServiceServer(server, syncrpc.New(w.service, hub, syncrpc.Options{Stopping: stopping}))
	go func() { _ = server.Serve(l) }() // stopped by Stop
	w.t.Cleanup(func() {
		close(stopping)
		server.Stop()
	})
	return l.Addr().String()
}

// countAhead counts the calls that bring changes before their exchange.
func (w *world) countAhead(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if _, ok := req.(*syncv1.SendAheadRequest); ok {
		w.aheads.Add(1)
	}
	return handle(ctx, req)
}

// dial enrols a phone that speaks gRPC.
func (w *world) dial(name, address string, seed byte) *client.Replica {
	w.t.Helper()
	r, err := client.Open(w.t.TempDir(), bytes.Repeat([]byte{seed}, client.KeyBytes), client.Options{
		DeviceName: name, Now: func() time.Time { return w.now },
		Wait: func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done()
			return ctx.Err()
		},
	})
	w.must(err)
	w.t.Cleanup(func() { w.must(r.Close()) })
	w.must(r.Enrol(w.t.Context(), address, w.code(w.user(name, recordv1.Role_ROLE_GRID_WORKER, gridA))))
	return r
}

// limit is what a sync with nothing new may take, each way.
const limit = 200

func TestSync_OverTheWireIsSmall(t *testing.T) {
	w := newWorld(t)
	ann := w.dial("安", w.listen(), 1)
	first, err := ann.Sync(t.Context())
	w.must(err)
	if first.BytesDown == 0 || first.BytesUp == 0 || first.Pulled != len(w.grids) {
		t.Errorf("first report %+v", first)
	}
	empty, err := ann.Sync(t.Context())
	w.must(err)
	if empty.RoundTrips != 1 || empty.BytesUp > limit || empty.BytesDown > limit || empty.BytesUp == 0 {
		t.Errorf("a sync with nothing new: %+v, %d bytes are allowed each way", empty, limit)
	}
	t.Logf("an empty sync: %d bytes up, %d down", empty.BytesUp, empty.BytesDown)
}

func TestSync_OverTheWireIsAsSmallInARealmWithARulebook(t *testing.T) {
	w := newWorld(t)
	ann := w.dial("安", w.listen(), 1)
	w.imports(casework.TableYear, year2027)
	for range 2 {
		_, err := ann.Sync(t.Context())
		w.must(err)
	}
	empty, err := ann.Sync(t.Context())
	w.must(err)
	if empty.RoundTrips != 1 || empty.BytesUp > limit || empty.BytesDown > limit {
		t.Errorf("a sync with nothing new: %+v, %d bytes are allowed each way", empty, limit)
	}
	t.Logf("an empty sync: %d bytes up, %d down", empty.BytesUp, empty.BytesDown)
}

// longNote makes a note that a batch holds some two hundred of.
func longNote(rng *rand.Rand) string {
	b := make([]byte, 900)
	for i := range b {
		b[i] = byte('a' + rng.IntN(26))
	}
	return string(b)
}

func TestSendAhead_OverTheWireALongOutboxComesBeforeItsExchanges(t *testing.T) {
	w := newWorld(t)
	ann := w.dial("安", w.listen(), 1)
	grid, rng := w.grids[gridA], rand.New(rand.NewPCG(1, 2))
	write := func(n int) {
		w.must(ann.Group(func(g *client.Group) error {
			for range n {
				if _, err := g.Add(&recordv1.Visit{Territory: grid[:], Note: proto.String(longNote(rng))}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	write(1)
	for range 2 { // The phone hears that the server takes changes ahead.
		_, err := ann.Sync(t.Context())
		w.must(err)
	}
	const groups, each = 12, 150
	for range groups {
		write(each)
	}
	report, err := ann.Sync(t.Context())
	w.must(err)
	ahead := int(w.aheads.Load())
	if report.Applied != groups*each || report.RoundTrips < 4 || ahead != report.RoundTrips-1 {
		t.Errorf("report %+v, %d batches were sent ahead", report, ahead)
	}
}

func TestSync_ErrorsOfTheServerAreSentences(t *testing.T) {
	w := newWorld(t)
	address := w.listen()
	used := w.code(w.user("安", recordv1.Role_ROLE_GRID_WORKER, gridA))
	for name, c := range map[string]struct{ address, code, reason string }{
		"mistyped code":         {address, "1234", "CODE_MISTYPED"},
		"nobody there":          {"127.0.0.1:1", used, ""},
		"no address":            {"nowhere", used, "-"},
		"plain off the machine": {"192.0.2.1:7443", used, "-"},
	} {
		r, err := client.Open(t.TempDir(), make([]byte, client.KeyBytes), client.Options{})
		w.must(err)
		err = r.Enrol(t.Context(), c.address, c.code)
		var fault *client.Fault
		if err == nil || c.reason != "-" && (!errors.As(err, &fault) || fault.Reason != c.reason) {
			t.Errorf("%s: %v", name, err)
		}
		for _, lang := range []client.Language{client.Chinese, client.English} {
			if says := client.Explain(err, lang); says == "" {
				t.Errorf("%s: nothing is said in %s", name, lang)
			}
		}
		w.must(r.Close())
	}
}

// syncer counts what KeepSynced tells.
type syncer struct {
	mu      sync.Mutex
	applied int
	pulled  int
	failed  []error
	// moved gets a token with every report.
	moved chan struct{}
}

func (s *syncer) Synced(r *client.Report) {
	s.mu.Lock()
	s.applied, s.pulled = s.applied+r.Applied, s.pulled+r.Pulled
	s.mu.Unlock()
	s.moved <- struct{}{}
}

func (s *syncer) Failed(err error) {
	s.mu.Lock()
	s.failed = append(s.failed, err)
	s.mu.Unlock()
	s.moved <- struct{}{}
}

func TestKeepSynced_PullsOnAHint(t *testing.T) {
	w := newWorld(t)
	address := w.listen()
	ann, bob := w.dial("安", address, 1), w.dial("白", address, 2)
	ctx, stop := context.WithCancel(t.Context())
	told, ended := &syncer{moved: make(chan struct{}, 100)}, make(chan error)
	go func() { ended <- bob.KeepSynced(ctx, told) }()
	<-told.moved
	_, err := ann.Sync(t.Context())
	w.must(err)
	door, err := ann.AddJSON("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	w.must(err)
	_, err = ann.Sync(t.Context())
	w.must(err)
	for {
		if _, err := bob.ShowJSON(door); err == nil {
			break
		}
		<-told.moved
	}
	stop()
	w.must(<-ended)
	if len(told.failed) != 0 {
		t.Errorf("failed: %v", told.failed)
	}
}
