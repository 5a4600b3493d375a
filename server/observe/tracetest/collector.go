// Package tracetest is an OpenTelemetry collector in memory, for tests of who sends traces. Only tests import it.
package tracetest

import (
	"context"
	"net"
	"sync"
	"testing"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Collector takes spans over the network as a real one does.
type Collector struct {
	collectorv1.UnimplementedTraceServiceServer
	// URL is where it listens.
	URL string
	// mu guards spans.
	mu    sync.Mutex
	spans []*tracev1.Span
}

// Start starts a collector that the test's end stops.
func Start(t *testing.T) *Collector {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, s := &Collector{URL: "http://" + l.Addr().String()}, grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(s, c)
	go func() { _ = s.Serve(l) }() // ended by Stop
	t.Cleanup(s.Stop)
	return c
}

// Export takes spans.
func (c *Collector) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range req.GetResourceSpans() {
		for _, s := range r.GetScopeSpans() {
			c.spans = append(c.spans, s.GetSpans()...)
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// Spans gives all that came.
func (c *Collector) Spans() []*tracev1.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*tracev1.Span(nil), c.spans...)
}

// Named gives the spans of a name.
func (c *Collector) Named(name string) (out []*tracev1.Span) {
	for _, s := range c.Spans() {
		if s.GetName() == name {
			out = append(out, s)
		}
	}
	return out
}
