package line_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"onedoor/internal/line"
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

// over opens a line with signal to a served service and gives a way to call it.
func over(t *testing.T, script line.Script) (*answering, func() error) {
	t.Helper()
	service, server := &answering{}, grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, service)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ended by Stop
	l, err := line.Open(line.To(listener.Addr().String()), script)
	if err != nil {
		t.Fatal(err)
	}
	l.SetOnline(true)
	quick := backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1, MaxDelay: time.Millisecond}
	conn, err := grpc.NewClient("passthrough:///"+l.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Minute, Backoff: quick}))
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
	health := grpc_health_v1.NewHealthClient(conn)
	return service, func() error {
		_, err := health.List(t.Context(), &grpc_health_v1.HealthListRequest{}, grpc.WaitForReady(true))
		return err
	}
}

// once gives a verdict to the first frame that fits, and lets all others pass.
func once(verdict line.Verdict, fits func(up bool, f line.Frame) bool) line.Script {
	var struck atomic.Bool
	return func(up bool, f line.Frame) line.Verdict {
		if fits(up, f) && struck.CompareAndSwap(false, true) {
			return verdict
		}
		return line.Pass
	}
}

func TestLine_CutsWhereItsScriptSays(t *testing.T) {
	for _, c := range []struct {
		name    string
		verdict line.Verdict
		fits    func(up bool, f line.Frame) bool
		calls   int64
	}{
		{"before the request", line.Cut, func(up bool, f line.Frame) bool { return up && f.IsHeaders() }, 0},
		{"inside the request", line.CutInside, func(up bool, f line.Frame) bool { return up && f.IsData() }, 0},
		{"before the reply", line.Cut, func(up bool, f line.Frame) bool { return !up && f.IsHeaders() }, 1},
		{"inside the reply", line.CutInside, func(up bool, f line.Frame) bool { return !up && f.IsData() }, 1},
		{"before the end of the reply", line.Cut, func(up bool, f line.Frame) bool { return !up && f.IsLast() }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			service, call := over(t, once(c.verdict, c.fits))
			if err := call(); err == nil {
				t.Error("the call was answered")
			}
			if got := service.calls.Load(); got != c.calls {
				t.Errorf("the service was called %d times, want %d", got, c.calls)
			}
			if err := call(); err != nil {
				t.Errorf("the call after the cut: %v", err)
			}
		})
	}
}

func TestLine_TellsCallsAndTheirEndsApart(t *testing.T) {
	ends := make(chan uint32, 10)
	_, call := over(t, func(up bool, f line.Frame) line.Verdict {
		if up && f.IsLast() {
			ends <- f.Call()
		}
		return line.Pass
	})
	if err := errors.Join(call(), call()); err != nil {
		t.Fatal(err)
	}
	if first, second := <-ends, <-ends; first == second || first == 0 || len(ends) > 0 {
		t.Errorf("the calls ended as %d and %d, and %d more", first, second, len(ends))
	}
}
