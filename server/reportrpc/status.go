package reportrpc

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
)

// Domain names the service in error details, as it does elsewhere.
const Domain = "onedoor"

// refusal is one row of the table of errors.
type refusal struct {
	err    error
	code   codes.Code
	reason adminv1.Reason
	hint   string
}

// refusals is the table; of two that fit the first counts.
var refusals = []refusal{
	{identity.ErrTokenUnknown, codes.Unauthenticated, adminv1.Reason_REASON_TOKEN, "give the token file of a district, street or community user"},
	{identity.ErrTokenRevoked, codes.Unauthenticated, adminv1.Reason_REASON_TOKEN, "ask the operator for a new token"},
	{identity.ErrTokenExpired, codes.Unauthenticated, adminv1.Reason_REASON_TOKEN, "sign in again with `onedoor login`"},
	{report.ErrNotPermitted, codes.PermissionDenied, adminv1.Reason_REASON_NOT_PERMITTED, "use the token of a district, street or community user whose territory it is"},
	{report.ErrTooFine, codes.PermissionDenied, adminv1.Reason_REASON_NOT_PERMITTED, "pull it by community"},
	{report.ErrUnknownFigure, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "list the figures with `onedoor report list`"},
	{identity.ErrTerritoryUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "give the code of a territory of the realm"},
	{report.ErrAhead, codes.OutOfRange, adminv1.Reason_REASON_INVALID, "leave --as-of out for the newest"},
	{report.ErrPast, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "leave --as-of out"},
	{report.ErrInvalid, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "correct the question; nothing was changed"},
	{exchange.ErrClosed, codes.Unavailable, adminv1.Reason_REASON_STOPPING, "call again in a moment"},
	{store.ErrClosed, codes.Unavailable, adminv1.Reason_REASON_STOPPING, "call again in a moment"},
	{store.ErrFull, codes.ResourceExhausted, adminv1.Reason_REASON_STORE_FULL, "free disk space: a pull is noted before it is shown"},
	{store.ErrReadOnly, codes.Unavailable, adminv1.Reason_REASON_STORE_READ_ONLY, "make the data folder writable: a pull is noted before it is shown"},
	{store.ErrDamaged, codes.DataLoss, adminv1.Reason_REASON_STORE_DAMAGED, "restore a backup; phones bring back what is newer"},
}

// fault stands for every error that the table does not name.
var fault = refusal{code: codes.Internal, reason: adminv1.Reason_REASON_FAULT, hint: "nothing was changed; the cause stands in the server's log"}

// status turns an error of the rooms below into a status with a reason and a hint.
func (s *Service) status(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	if _, ok := status.FromError(err); ok {
		return err // The stream itself failed.
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.status(err.Error())
		}
	}
	method, _ := grpc.Method(ctx)
	s.log.Error("call failed", "method", method, "error", err)
	return fault.status("internal fault")
}

func (r refusal) status(message string) error {
	st := status.New(r.code, message)
	detailed, err := st.WithDetails(
		&errdetails.ErrorInfo{Reason: strings.TrimPrefix(r.reason.String(), "REASON_"), Domain: Domain},
		&errdetails.LocalizedMessage{Locale: "en", Message: r.hint},
	)
	if err != nil {
		return st.Err()
	}
	return detailed.Err()
}
