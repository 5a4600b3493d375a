package observe

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/metadata"

	"onedoor/server/exchange"
)

// TraceOptions say where traces go.
type TraceOptions struct {
	// To is the collector's URL, http://HOST:4317 in plain text or https://HOST:4317; empty for no traces. Credentials that it
	// asks for stand in OTEL_EXPORTER_OTLP_HEADERS, as everywhere.
	To string
	// Share is which part of the calls is traced, 0 to 1.
	Share float64
	// Build names the software.
	Build Build
	// Log takes what the exporter cannot send; silent when nil.
	Log *slog.Logger
}

// Traces makes spans of calls, groups, commits and pages. Its zero value makes none.
type Traces struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
}

// OpenTraces makes the traces of a server. The collector need not be there: what cannot be sent is dropped and logged.
func OpenTraces(ctx context.Context, o TraceOptions) (*Traces, error) {
	if o.To == "" {
		return &Traces{tracer: noop.NewTracerProvider().Tracer(namespace)}, nil
	}
	exporter, err := otlptrace.New(ctx, otlptracegrpc.NewClient(
		otlptracegrpc.WithEndpointURL(o.To), otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: false})))
	if err != nil {
		return nil, fmt.Errorf("send traces to %s: %w", o.To, err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&telling{SpanExporter: exporter, log: o.Log}),
		// A caller's own wish to be traced is not followed: a stranger could have every call written down.
		sdktrace.WithSampler(sdktrace.TraceIDRatioBased(o.Share)),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", namespace), attribute.String("service.version", o.Build.Version))),
	)
	return &Traces{tracer: provider.Tracer(namespace), provider: provider}, nil
}

// telling says in the log when spans could not be sent.
type telling struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans sends spans.
func (t *telling) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := t.SpanExporter.ExportSpans(ctx, spans)
	if err != nil && t.log != nil {
		t.log.Warn("traces could not be sent and are dropped", "spans", len(spans), "error", err)
	}
	return nil // It is told.
}

// Close sends what has not been sent yet, as long as ctx allows.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil || t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// carrier reads a trace's context out of a call's metadata.
type carrier metadata.MD

// Get gives the first value of a key.
func (c carrier) Get(key string) string {
	if v := metadata.MD(c).Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Set is part of the interface; nothing is written into what a caller sent.
func (c carrier) Set(string, string) {}

// Keys lists the keys.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}

// Call begins the span of a call, in the trace that the caller names where it names one.
func (t *Traces) Call(ctx context.Context, realm, method string) (context.Context, func(code string, failed bool)) {
	if t.provider == nil {
		return ctx, func(string, bool) {}
	}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = propagation.TraceContext{}.Extract(ctx, carrier(md))
	}
	ctx, span := t.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("rpc.system", "grpc"), attribute.String("rpc.method", method), attribute.String("onedoor.realm", realm)))
	return ctx, func(code string, failed bool) {
		span.SetAttributes(attribute.String("rpc.response.status_code", code))
		if failed {
			span.SetStatus(codes.Error, code)
		}
		span.End()
	}
}

// sampled tells whether a call is being traced.
func sampled(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsSampled() }

// Group makes the span of a group with that of its commit, under the first of its calls that is traced; the others are
// linked with it.
func (t *Traces) Group(realm string, g exchange.Group) {
	if t.provider == nil {
		return
	}
	first := -1
	for i, call := range g.Calls {
		if call != nil && sampled(call) {
			first = i
			break
		}
	}
	if first < 0 {
		return
	}
	ctx, span := t.tracer.Start(g.Calls[first], "group", trace.WithTimestamp(g.Began), trace.WithAttributes(
		attribute.String("onedoor.realm", realm), attribute.Int("onedoor.calls", len(g.Calls)), attribute.Int("onedoor.changes", g.Changes)))
	link := trace.Link{SpanContext: span.SpanContext()}
	for _, call := range g.Calls[first+1:] {
		if other := trace.SpanFromContext(call); other.SpanContext().IsSampled() {
			span.AddLink(trace.Link{SpanContext: other.SpanContext()})
			other.AddLink(link)
		}
	}
	if !g.Judged.IsZero() {
		t.between(ctx, "commit", g.Judged, g.Ended)
	}
	if g.Err != nil {
		span.SetStatus(codes.Error, "nothing of it stands") // The error may quote what was sent.
	}
	span.End(trace.WithTimestamp(g.Ended))
}

// Page makes the span of a page.
func (t *Traces) Page(p exchange.Page) {
	if t.provider == nil || !sampled(p.Call) {
		return
	}
	t.between(p.Call, "page", p.Began, p.Ended, attribute.Int("onedoor.records", p.Records), attribute.Int("onedoor.bytes", p.Bytes))
}

// between makes a span of something that is over.
func (t *Traces) between(ctx context.Context, name string, from, to time.Time, attributes ...attribute.KeyValue) {
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(from), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(to))
}
