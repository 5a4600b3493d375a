package gateway_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"

	"onedoor/server/gateway"
)

// pageFor is how long a request and its answer may take in these tests, and quietFor, far longer, how long a stream is quiet.
const pageFor, quietFor = 50 * time.Millisecond, 400 * time.Millisecond

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

func TestGateway_AStreamOutlivesTheTimeThatARequestMayTake(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	calls := grpc.NewServer()
	feedv1.RegisterFeedServiceServer(calls, quiet{})
	go func() { _ = calls.Serve(l) }() // stopped below
	t.Cleanup(calls.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	face, err := gateway.New(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(face)
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout, server.Config.WriteTimeout = time.Minute, pageFor, pageFor
	server.Start()
	t.Cleanup(server.Close)
	resp, err := http.Get(server.URL + "/v1/feeds/x/pages")
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
}
