package reportrpc

import (
	"context"

	"google.golang.org/grpc/codes"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/refusal"
	"onedoor/server/report"
)

// refusals is the table; of two that fit the first counts.
var refusals = refusal.Table{
	{Err: identity.ErrTokenUnknown, Code: codes.Unauthenticated, Reason: adminv1.Reason_REASON_TOKEN, Hint: "give the token file of a district, street or community user"},
	{Err: report.ErrNotPermitted, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "use the token of a district, street or community user whose territory it is"},
	{Err: report.ErrTooFine, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "pull it by community"},
	{Err: report.ErrUnknownFigure, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "list the figures with `onedoor report list`"},
	{Err: identity.ErrTerritoryUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "give the code of a territory of the realm"},
	{Err: report.ErrAhead, Code: codes.OutOfRange, Reason: adminv1.Reason_REASON_INVALID, Hint: "leave --as-of out for the newest"},
	{Err: report.ErrCounting, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_COUNTING, Hint: "ask again in a moment: the count goes on by itself", Retry: true},
	{Err: report.ErrEarly, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_TOO_EARLY, Hint: "wait until then; a month that is over is frozen now with `onedoor report freeze MONTH --early`, and what phones still bring is told as 补报"},
	{Err: exchange.ErrLedger, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STORE_READ_ONLY, Hint: "give the side ledger's folder space and make it writable: a month is frozen there before it is shown"},
	{Err: report.ErrPast, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "leave --as-of out"},
	{Err: report.ErrInvalid, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "correct the question; nothing was changed"},
}.And(refusal.Realm)

// Refusals are the errors that the service tells, for the page that lists them.
func Refusals() refusal.Table { return refusals }

// status turns an error of the rooms below into a status with a reason and a hint.
func (s *Service) status(ctx context.Context, err error) error {
	return refusals.Status(ctx, s.log, err)
}
