// Package refusal gives errors of the rooms below as gRPC statuses: a code, a reason for programs and a hint for people.
// Each service has its own table of errors; this is what they share. It never puts what a fault says on the wire, since
// that may hold anything: a fault has a number, under which the log tells it.
package refusal

import (
	"cmp"
	"context"
	"crypto/rand"
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
var fault = Row{Code: codes.Internal, Reason: adminv1.Reason_REASON_FAULT, Hint: "nothing was changed; the cause stands in the server's log under the number in the message"}

// faultDigits is how long a fault's number is: enough that two of one log differ, short enough to be read out.
const faultDigits = 8

// Fault writes into the log what went wrong inside, under a number, and gives a status that tells the number alone: what a
// fault says may quote anything. Its log line has more to it where more is given, as slog takes it.
func Fault(ctx context.Context, log *slog.Logger, cause any, more ...any) error {
	number := strings.ToLower(rand.Text()[:faultDigits])
	method, _ := grpc.Method(ctx)
	log.ErrorContext(ctx, "call failed", append([]any{"fault", number, "method", method, "error", cause}, more...)...)
	return fault.Status("internal fault " + number)
}

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
	return Fault(ctx, log, err)
}

// Status is the row's, with what is told of the error.
func (r Row) Status(message string) error {
	details := []protoadapt.MessageV1{English(r.Hint)}
	if r.Retry {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(cmp.Or(r.After, retryAfter))})
	}
	return New(r.Code, r.name(), message, details...)
}

// name is the reason on the wire.
func (r Row) name() string { return strings.TrimPrefix(r.Reason.String(), "REASON_") }

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

// step stands for the steps of cases that are not taken: each says why in its own words.
var step = Row{Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_STEP, Hint: "do what the message says; nothing was changed"}

// Step tells why a step is not taken, in both languages.
func Step(en, zh string) error {
	return New(step.Code, step.name(), en, &errdetails.LocalizedMessage{Locale: "zh-CN", Message: zh}, English(step.Hint))
}
