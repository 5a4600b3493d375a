package observe

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// LogText and LogJSON are the forms of a log.
const (
	LogText = "text"
	LogJSON = "json"
)

// ErrLogForm: no such form of a log.
var ErrLogForm = errors.New("a log is text or json")

// NewLog makes a log in a form; verbose takes debugging too. A line that belongs to a traced call names its trace.
func NewLog(w io.Writer, form string, verbose bool) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: withUnit}
	if verbose {
		o.Level = slog.LevelDebug
	}
	switch form {
	case LogText:
		return slog.New(traced{slog.NewTextHandler(w, o)}), nil
	case LogJSON:
		return slog.New(traced{slog.NewJSONHandler(w, o)}), nil
	}
	return nil, ErrLogForm
}

// withUnit writes a duration as text, 1.5s, in every form: as JSON it would be a number of nanoseconds that names no unit.
func withUnit(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// traced names the trace of a line.
type traced struct{ slog.Handler }

// Handle writes a line.
func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if at := trace.SpanContextFromContext(ctx); at.IsSampled() {
		r.AddAttrs(slog.String("trace", at.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the naming of traces.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps it too.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
