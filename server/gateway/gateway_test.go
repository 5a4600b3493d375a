package gateway_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"

	"onedoor/server/gateway"
)

// pageFor is how long a request and its answer may take in these tests, and quietFor, far longer, how long a stream is quiet: by the
// clock of a bubble, which no machine is too slow for.
const pageFor, quietFor = time.Minute, time.Hour

// quiet is a feed whose second page comes long after the first.
type quiet struct {
	feedv1.UnimplementedFeedServiceServer
}

func (quiet) FollowFeed(_ *feedv1.FollowFeedRequest, stream grpc.ServerStreamingServer[feedv1.FollowFeedResponse]) error {
	for _, cursor := range []string{"first", "second"} {
		if err := stream.Send(&feedv1.FollowFeedResponse{Page: &feedv1.FeedPage{Cursor: cursor}}); err != nil || cursor == "second" {
			return err
		}
		select {
		case <-time.After(quietFor):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
	return nil
}

// inMemory listens for connections in memory, whose deadlines are those of the bubble that they are made in.
type inMemory struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newInMemory() *inMemory {
	return &inMemory{calls: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *inMemory) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *inMemory) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *inMemory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

func (l *inMemory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.calls <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// face gives the gateway before a service.
func face(t *testing.T, service feedv1.FeedServiceServer) http.Handler {
	t.Helper()
	l, calls := bufconn.Listen(1<<20), grpc.NewServer()
	feedv1.RegisterFeedServiceServer(calls, service)
	go func() { _ = calls.Serve(l) }() // stopped below
	t.Cleanup(calls.Stop)
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	made, err := gateway.New(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// served gives a client of a server whose requests and answers may take pageFor.
func served(t *testing.T, h http.Handler) *http.Client {
	t.Helper()
	l := newInMemory()
	server := &http.Server{Handler: h, ReadHeaderTimeout: pageFor, ReadTimeout: pageFor, WriteTimeout: pageFor}
	go func() { _ = server.Serve(l) }() // ended by Close
	t.Cleanup(func() { server.Close() })
	line := &http.Transport{DialContext: l.dial}
	t.Cleanup(line.CloseIdleConnections)
	return &http.Client{Transport: line}
}

func TestGateway_AStreamOutlivesTheTimeThatARequestMayTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resp, err := served(t, face(t, quiet{})).Get("http://memory/v1/feeds/x/pages")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for _, want := range []string{"first", "second"} {
			if !lines.Scan() || !strings.Contains(lines.Text(), want) {
				t.Fatalf("the stream gave %q, %v, want the %s page", lines.Text(), lines.Err(), want)
			}
		}
	})
}
