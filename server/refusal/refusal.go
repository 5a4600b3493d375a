// Package refusal gives errors of the rooms below as gRPC statuses: a code, a reason for programs and a hint for people.
// Each service has its own table of errors; this is what they share. It never puts what a fault says on the wire, since
// that may hold anything.
package refusal

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// Domain names this software in error details.
const Domain = "onedoor"

// retryAfter is what a caller is asked to wait when waiting helps: a restart takes about this long.
const retryAfter = 3 * time.Second

// Row is one row of a table of errors: what an error is called on the wire, under which code, and what its receiver can do.
type Row struct {
	Err    error
	Code   codes.Code
	Reason adminv1.Reason
	Hint   string
	// Retry asks the caller to call again after a while; After is another one than a restart takes.
	Retry bool
	After time.Duration
}

// Table is a service's errors; of two rows that fit the first counts.
type Table []Row

// fault stands for every error that a table does not name.
var fault = Row{Code: codes.Internal, Reason: adminv1.Reason_REASON_FAULT, Hint: "nothing was changed; the cause stands in the server's log"}

// Status turns the error of a call into a status; nil for none. What the table does not name goes into the log.
func (t Table) Status(ctx context.Context, log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	if _, ok := status.FromError(err); ok {
		return err // The stream itself failed.
	}
	for _, r := range t {
		if errors.Is(err, r.Err) {
			return r.Status(err.Error())
		}
	}
	method, _ := grpc.Method(ctx)
	log.Error("call failed", "method", method, "error", err)
	return fault.Status("internal fault")
}

// Status is the row's, with what is told of the error.
func (r Row) Status(message string) error {
	details := []protoadapt.MessageV1{English(r.Hint)}
	if r.Retry {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(cmp.Or(r.After, retryAfter))})
	}
	return New(r.Code, strings.TrimPrefix(r.Reason.String(), "REASON_"), message, details...)
}

// English is a hint for people.
func English(hint string) protoadapt.MessageV1 {
	return &errdetails.LocalizedMessage{Locale: "en", Message: hint}
}

// New makes a status with a reason and further details.
func New(code codes.Code, reason, message string, details ...protoadapt.MessageV1) error {
	st := status.New(code, message)
	info := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: reason, Domain: Domain}}
	if detailed, err := st.WithDetails(append(info, details...)...); err == nil {
		st = detailed
	}
	return st.Err()
}
