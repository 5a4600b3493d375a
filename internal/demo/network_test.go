package demo_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"onedoor/internal/demo"
)

// answering is a service that counts its calls and answers at length.
type answering struct {
	grpc_health_v1.UnimplementedHealthServer
	calls atomic.Int64
}

// List answers with some kilobytes.
func (a *answering) List(context.Context, *grpc_health_v1.HealthListRequest) (*grpc_health_v1.HealthListResponse, error) {
	a.calls.Add(1)
	return &grpc_health_v1.HealthListResponse{Statuses: map[string]*grpc_health_v1.HealthCheckResponse{
		strings.Repeat("x", 5000): {Status: grpc_health_v1.HealthCheckResponse_SERVING},
	}}, nil
}

// overALine opens a line to a served service and gives a way to call it.
func overALine(t *testing.T) (*demo.Line, *answering, func(...grpc.CallOption) error) {
	t.Helper()
	service, server := &answering{}, grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, service)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ended by Stop
	l, err := demo.OpenLine(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("passthrough:///"+l.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry(),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Minute, Backoff: backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1, MaxDelay: time.Millisecond}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close() // The line may have ended it already.
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	client := grpc_health_v1.NewHealthClient(conn)
	return l, service, func(options ...grpc.CallOption) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := client.List(ctx, &grpc_health_v1.HealthListRequest{}, options...)
		return err
	}
}

func TestLine_CutsWhereTheFaultSays(t *testing.T) {
	for fault, reached := range map[demo.Fault]int64{demo.FaultRequestLost: 0, demo.FaultReplyLost: 1, demo.FaultReplyCut: 1} {
		line, service, call := overALine(t)
		line.SetOnline(true)
		if err := call(); err != nil {
			t.Fatalf("without a fault: %v", err)
		}
		line.SetFault(fault)
		if call() == nil {
			t.Errorf("%s: the call went through", fault)
		}
		if got := service.calls.Load() - 1; got != reached {
			t.Errorf("%s: %d calls reached the server, want %d", fault, got, reached)
		}
		line.SetFault(demo.FaultNone)
		if err := call(); err != nil {
			t.Errorf("after %s: %v", fault, err)
		}
	}
}

func TestLine_HasSignalOrNot(t *testing.T) {
	line, service, call := overALine(t)
	if call() == nil {
		t.Error("a call went through before there was signal")
	}
	for round := range 3 {
		line.SetOnline(true)
		if err := call(grpc.WaitForReady(true)); err != nil {
			t.Errorf("round %d: no call goes through although there is signal: %v", round, err)
		}
		before := service.calls.Load()
		line.SetOnline(false)
		if call() == nil || service.calls.Load() != before {
			t.Errorf("round %d: a call went through without signal", round)
		}
	}
}
