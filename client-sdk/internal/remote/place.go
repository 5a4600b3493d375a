package remote

import (
	"fmt"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
	"onedoor/internal/wire"
)

// place is one of the servers.
type place struct {
	open func() (*line, error)
	// refused tells that the newest line ended at the server's certificate.
	refused atomic.Bool
	// mu guards line.
	mu   sync.Mutex
	line *line
}

// line is a connection to a server with the calls on it.
type line struct {
	conn   *grpc.ClientConn
	client syncv1.SyncServiceClient
	calls  sync.WaitGroup
}

// newPlace prepares calls to the server at an address.
func newPlace(address string, o Options, m *meter) (*place, error) {
	creds, err := credentialsFor(address, o)
	if err != nil {
		return nil, err
	}
	p := &place{}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(trusting{creds, &p.refused}), grpc.WithStatsHandler(m), grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(),
		grpc.WithInitialWindowSize(wire.WindowBytes), grpc.WithInitialConnWindowSize(wire.WindowBytes),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: reconnectMax / 8, Multiplier: 2, Jitter: 0.2, MaxDelay: reconnectMax},
			MinConnectTimeout: enrolTimeout,
		}),
		grpc.WithDefaultCallOptions(
			grpc.UseCompressor(grpczstd.Name),
			grpc.MaxCallRecvMsgSize(wire.MessageBytesMax), grpc.MaxCallSendMsgSize(wire.MessageBytesMax)),
	}
	if o.Dial != nil {
		options = append(options, grpc.WithContextDialer(o.Dial))
	}
	p.open = func() (*line, error) {
		p.refused.Store(false)
		conn, err := grpc.NewClient("passthrough:///"+address, options...)
		if err != nil {
			return nil, fmt.Errorf("server %s: %w", address, err)
		}
		return &line{conn: conn, client: syncv1.NewSyncServiceClient(conn)}, nil
	}
	p.line, err = p.open()
	return p, err
}

// called makes a call to the server.
func (p *place) called(call func(syncv1.SyncServiceClient) error) error {
	l, err := p.take()
	if err != nil {
		return err
	}
	defer l.calls.Done()
	return call(l.client)
}

// take gives the line with one call more on it. A line that has failed refuses calls until it has tried again by itself: a fresh one
// takes its place, which tries at once. Whoever calls has waited as long as it wants to, and the server may be back.
func (p *place) take() (*line, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.line.conn.GetState() == connectivity.TransientFailure {
		fresh, err := p.open()
		if err != nil {
			return nil, err
		}
		go p.line.closeAfterCalls() // ended by the last call, which ends with its time or its caller
		p.line = fresh
	}
	p.line.calls.Add(1)
	return p.line, nil
}

// closeAfterCalls ends a line that gets no more calls: one that a server was still answering while it stopped is heard to its end.
func (l *line) closeAfterCalls() {
	l.calls.Wait()
	_ = l.conn.Close() // Nothing is on it.
}

// close ends the line, and the calls on it.
func (p *place) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line.conn.Close()
}
