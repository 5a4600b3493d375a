package adminrpc

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/csvfile"
	"onedoor/internal/importer"
	"onedoor/internal/territoryfile"
	"onedoor/server/accessledger"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/privacy"
	"onedoor/server/refusal"
	"onedoor/server/signin"
	"onedoor/server/throttle"
)

// Errors of this package, wrapped with what the call asked for.
var (
	errNotPermitted  = errors.New("the token's role may not do this")
	errOutOfReach    = errors.New("the record is outside of the user's territory, or of a kind the role does not read")
	errInvalid       = errors.New("not valid")
	errNoRecord      = errors.New("no such record")
	errNoToken       = errors.New("no such token")
	errFileTooLarge  = errors.New("the file is larger than an import may be")
	errImportRunning = errors.New("another import is running")
)

// refusals is the table; of two that fit the first counts.
var refusals = refusal.Table{
	{Err: errNotPermitted, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "use the token of somebody whose role may"},
	{Err: errOutOfReach, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "use the token of somebody who works where the record is"},
	{Err: signin.ErrProvider, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_PROVIDER, Hint: "try again when it answers; nothing was changed", Retry: true},
	{Err: signin.ErrNoProvider, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_PROVIDER, Hint: "serve with --oidc-issuer and --oidc-client-id, or use a password"},
	{Err: signin.ErrRefused, Code: codes.Unauthenticated, Reason: adminv1.Reason_REASON_SIGN_IN, Hint: "check all three, and that the phone's clock is right; who has lost one asks the operator for an invitation"},
	{Err: signin.ErrWeak, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_PASSWORD, Hint: "nothing was changed"},
	{Err: signin.ErrNothingPending, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_INVITATION, Hint: "choose the password first"},
	{Err: signin.ErrBusy, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_SLOW_DOWN, Hint: "try again in a moment", Retry: true},
	{Err: identity.ErrAccountUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the accounts with `onedoor signin list`"},
	{Err: identity.ErrAccountTaken, Code: codes.AlreadyExists, Reason: adminv1.Reason_REASON_INVALID, Hint: "choose another; nothing was changed"},
	{Err: identity.ErrCodeMistyped, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVITATION, Hint: "compare the code with the one shown"},
	{Err: identity.ErrCodeUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_INVITATION, Hint: "an invitation works once; ask the operator for a new one"},
	{Err: identity.ErrCodeExpired, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_INVITATION, Hint: "ask the operator for a new one"},
	{Err: identity.ErrUserClosed, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_USER_CLOSED, Hint: "set the user active first"},
	{Err: identity.ErrUserUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the users"},
	{Err: identity.ErrDeviceUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the devices"},
	{Err: identity.ErrTerritoryUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "import the territory first"},
	{Err: identity.ErrTeamUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the teams"},
	{Err: casework.ErrNoCase, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "check the id, and that the case is in your area; a phone's new case appears when it has synced"},
	{Err: casework.ErrNoStep, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "the steps stand in docs/casework.md"},
	{Err: errNoRecord, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "check the id; a phone's new record appears when it has synced"},
	{Err: errNoToken, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the tokens"},
	{Err: identity.ErrInvalid, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "correct the value; nothing was changed"},
	{Err: identity.ErrRoleUnknown, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "give a role that this server knows"},
	{Err: identity.ErrCodeTaken, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "a territory code names one territory"},
	{Err: identity.ErrTreeBroken, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "territories form a tree"},
	{Err: privacy.ErrRefused, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "write it otherwise; nothing was changed"},
	{Err: privacy.ErrUnknown, Code: codes.NotFound, Reason: adminv1.Reason_REASON_NOT_FOUND, Hint: "list the requests with `onedoor privacy requests`"},
	{Err: privacy.ErrDecided, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_INVALID, Hint: "a decision stands; take a new request down"},
	{Err: accessledger.ErrRefused, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "write it otherwise; nothing was changed"},
	{Err: errInvalid, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "correct the value; nothing was changed"},
	{Err: exchange.ErrBadRequest, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_INVALID, Hint: "correct the value; nothing was changed"},
	{Err: exchange.ErrLookRefused, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "nothing was shown"},
	{Err: exchange.ErrNotWaiting, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_NOT_WAITING, Hint: "list the quarantine again"},
	{Err: exchange.ErrNoConflict, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_NO_CONFLICT, Hint: "list the conflicts again"},
	{Err: exchange.ErrMayNotSettle, Code: codes.PermissionDenied, Reason: adminv1.Reason_REASON_NOT_PERMITTED, Hint: "somebody whose role writes this field decides"},
	{Err: exchange.ErrChangedSince, Code: codes.Aborted, Reason: adminv1.Reason_REASON_CHANGED, Hint: "look at the record again, then decide; nothing was changed"},
	{Err: exchange.ErrNotReleasable, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_NOT_RELEASABLE, Hint: "release what it depends on first, or reject it"},
	{Err: errFileTooLarge, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_TOO_LARGE, Hint: "split the file"},
	{Err: csvfile.ErrTooLarge, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_TOO_LARGE, Hint: "split the file"},
	{Err: csvfile.ErrNotCSV, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "export the file as CSV in UTF-8"},
	{Err: csvfile.ErrEncoding, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "export the file as CSV in UTF-8"},
	{Err: csvfile.ErrHeader, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "give the columns that docs/cli.md names, or a map"},
	{Err: importer.ErrMap, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "correct the column map"},
	{Err: importer.ErrNoRows, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "export the file again"},
	{Err: territoryfile.ErrNoRows, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "export the file again"},
	{Err: territoryfile.ErrRealmAbsent, Code: codes.InvalidArgument, Reason: adminv1.Reason_REASON_FILE_REFUSED, Hint: "give a file with the realm's county"},
	{Err: importer.ErrTooManyMissing, Code: codes.FailedPrecondition, Reason: adminv1.Reason_REASON_TOO_MANY_MISSING, Hint: "import it without --register, or export the whole register"},
	{Err: errImportRunning, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_IMPORT_RUNNING, Hint: "call again when it is done", Retry: true},
}.And(refusal.Realm)

// Refusals are the errors that the service tells, for the page that lists them.
func Refusals() refusal.Table { return refusals.And(refusal.Table{slow}) }

// status turns an error of the rooms below into a status with a reason and a hint.
func (s *Service) status(ctx context.Context, err error) error {
	var slow *throttle.SlowDown
	if errors.As(err, &slow) {
		return slowDown(slow)
	}
	var refused *casework.Refusal
	if errors.As(err, &refused) {
		return refusal.Step(refused.Error(), refused.ZH())
	}
	return refusals.Status(ctx, s.log, err)
}

// slow stands for too many failures: each says how long to wait.
var slow = refusal.Row{Code: codes.ResourceExhausted, Reason: adminv1.Reason_REASON_SLOW_DOWN, Hint: "wait; what was typed was not looked at", Retry: true}

// slowDown tells a caller when to come again.
func slowDown(err *throttle.SlowDown) error {
	r := slow
	r.After = err.Wait
	return r.Status(err.Error())
}

// ReasonOf reads the reason back out of a status; unspecified when it has none.
func ReasonOf(err error) adminv1.Reason {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == refusal.Domain {
			return adminv1.Reason(adminv1.Reason_value["REASON_"+info.GetReason()])
		}
	}
	return adminv1.Reason_REASON_UNSPECIFIED
}
