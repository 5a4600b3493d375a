package feedrpc

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/feed"
	"onedoor/server/identity"
	"onedoor/server/refusal"
)

// refusals is the table; of two that fit the first counts.
var refusals = refusal.Table{
	{Err: identity.ErrTokenUnknown, Code: codes.Unauthenticated, Reason: adminv1.Reason_REASON_TOKEN, Hint: "give the token file of the feed's user, or the operator's to manage feeds"},
	{Err: errNotPermitted, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "an operator manages feeds; a feed's user reads it and submits cases"},
	{Err: feed.ErrUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the feeds with `onedoor feed list`"},
	{Err: feed.ErrSharing, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_SHARING, Hint: "the privacy desk files a sharing with `onedoor privacy share add`; then give its number to the feed"},
	{Err: feed.ErrTaken, Code: codes.AlreadyExists, Reason: adminv1.Reason_REASON_INVALID, Hint: "choose another name; nothing was changed"},
	{Err: feed.ErrClosed, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_FEED_CLOSED, Hint: "make a new feed"},
	{Err: feed.ErrPosted, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_INVALID, Hint: "take the url off the feed to read it"},
	{Err: feed.ErrNoRecord, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "check the id, and that the record is where the feed's user works"},
	{Err: feed.ErrNotWritable, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "use a user whose role writes it"},
	{Err: feed.ErrReference, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "nothing was changed"},
	{Err: feed.ErrInvalid, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "correct the value; nothing was changed"},
	{Err: identity.ErrUserUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the users with `onedoor user list`"},
	{Err: identity.ErrUserClosed, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_USER_CLOSED, Hint: "choose an active user"},
	{Err: exchange.ErrBadRequest, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "correct the value; nothing was changed"},
}.And(refusal.Realm)

// Refusals are the errors that the service tells, for the page that lists them.
func Refusals() refusal.Table { return refusals }

// status turns an error of the rooms below into a status with a reason and a hint.
func (s *Service) status(ctx context.Context, err error) error {
	var refused *casework.Refusal
	if errors.As(err, &refused) {
		return refusal.Step(refused.Error(), refused.ZH())
	}
	return refusals.Status(ctx, s.log, err)
}
