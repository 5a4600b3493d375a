package adminrpc

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/csvfile"
	"onedoor/internal/importer"
	"onedoor/internal/territoryfile"
	"onedoor/server/accessledger"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/privacy"
	"onedoor/server/signin"
	"onedoor/server/store"
	"onedoor/server/throttle"
)

// Domain names the service in error details, as it does for phones.
const Domain = "onedoor"

// retryAfter is what a caller is asked to wait when waiting helps: a restart
// takes about this long.
const retryAfter = 3 * time.Second

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

// refusal is one row of the table of errors: what an error is called on the
// wire, under which code, and what its receiver can do.
type refusal struct {
	err    error
	code   codes.Code
	reason adminv1.Reason
	hint   string
	// retry asks the caller to call again after retryAfter.
	retry bool
	// after is another wait than retryAfter.
	after time.Duration
}

// refusals is the table; of two that fit the first counts.
var refusals = []refusal{
	{identity.ErrTokenUnknown, codes.Unauthenticated, adminv1.Reason_REASON_TOKEN, "give the token file that the operator made", false, 0},
	{identity.ErrTokenRevoked, codes.Unauthenticated, adminv1.Reason_REASON_TOKEN, "ask the operator for a new token", false, 0},
	{errNotPermitted, codes.PermissionDenied, adminv1.Reason_REASON_NOT_PERMITTED, "use the token of somebody whose role may", false, 0},
	{errOutOfReach, codes.PermissionDenied, adminv1.Reason_REASON_NOT_PERMITTED, "use the token of somebody who works where the record is", false, 0},
	{identity.ErrTokenExpired, codes.Unauthenticated, adminv1.Reason_REASON_TOKEN, "sign in again with `onedoor login`", false, 0},
	{signin.ErrProvider, codes.Unavailable, adminv1.Reason_REASON_PROVIDER, "try again when it answers; nothing was changed", true, 0},
	{signin.ErrNoProvider, codes.FailedPrecondition, adminv1.Reason_REASON_PROVIDER, "serve with --oidc-issuer and --oidc-client-id, or use a password", false, 0},
	{signin.ErrRefused, codes.Unauthenticated, adminv1.Reason_REASON_SIGN_IN, "check all three, and that the phone's clock is right; who has lost one asks the operator for an invitation", false, 0},
	{signin.ErrWeak, codes.InvalidArgument, adminv1.Reason_REASON_PASSWORD, "nothing was changed", false, 0},
	{signin.ErrNothingPending, codes.FailedPrecondition, adminv1.Reason_REASON_INVITATION, "choose the password first", false, 0},
	{signin.ErrBusy, codes.Unavailable, adminv1.Reason_REASON_SLOW_DOWN, "try again in a moment", true, 0},
	{identity.ErrAccountUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "list the accounts with `onedoor signin list`", false, 0},
	{identity.ErrAccountTaken, codes.AlreadyExists, adminv1.Reason_REASON_INVALID, "choose another; nothing was changed", false, 0},
	{identity.ErrCodeMistyped, codes.InvalidArgument, adminv1.Reason_REASON_INVITATION, "compare the code with the one shown", false, 0},
	{identity.ErrCodeUnknown, codes.NotFound, adminv1.Reason_REASON_INVITATION, "an invitation works once; ask the operator for a new one", false, 0},
	{identity.ErrCodeExpired, codes.FailedPrecondition, adminv1.Reason_REASON_INVITATION, "ask the operator for a new one", false, 0},
	{identity.ErrUserClosed, codes.FailedPrecondition, adminv1.Reason_REASON_USER_CLOSED, "set the user active first", false, 0},
	{identity.ErrUserUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "list the users", false, 0},
	{identity.ErrDeviceUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "list the devices", false, 0},
	{identity.ErrTerritoryUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "import the territory first", false, 0},
	{identity.ErrTeamUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "list the teams", false, 0},
	{casework.ErrNoCase, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "check the id, and that the case is in your area; a phone's new case appears when it has synced", false, 0},
	{casework.ErrNoStep, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "the steps stand in docs/casework.md", false, 0},
	{errNoRecord, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "check the id; a phone's new record appears when it has synced", false, 0},
	{errNoToken, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "list the tokens", false, 0},
	{identity.ErrInvalid, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "correct the value; nothing was changed", false, 0},
	{identity.ErrRoleUnknown, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "give a role that this server knows", false, 0},
	{identity.ErrCodeTaken, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "a territory code names one territory", false, 0},
	{identity.ErrTreeBroken, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "territories form a tree", false, 0},
	{privacy.ErrRefused, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "write it otherwise; nothing was changed", false, 0},
	{privacy.ErrUnknown, codes.NotFound, adminv1.Reason_REASON_NOT_FOUND, "list the requests with `onedoor privacy requests`", false, 0},
	{privacy.ErrDecided, codes.FailedPrecondition, adminv1.Reason_REASON_INVALID, "a decision stands; take a new request down", false, 0},
	{accessledger.ErrRefused, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "write it otherwise; nothing was changed", false, 0},
	{errInvalid, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "correct the value; nothing was changed", false, 0},
	{exchange.ErrBadRequest, codes.InvalidArgument, adminv1.Reason_REASON_INVALID, "correct the value; nothing was changed", false, 0},
	{exchange.ErrLookRefused, codes.PermissionDenied, adminv1.Reason_REASON_NOT_PERMITTED, "nothing was shown", false, 0},
	{exchange.ErrNotWaiting, codes.FailedPrecondition, adminv1.Reason_REASON_NOT_WAITING, "list the quarantine again", false, 0},
	{exchange.ErrNoConflict, codes.FailedPrecondition, adminv1.Reason_REASON_NO_CONFLICT, "list the conflicts again", false, 0},
	{exchange.ErrMayNotSettle, codes.PermissionDenied, adminv1.Reason_REASON_NOT_PERMITTED, "somebody whose role writes this field decides", false, 0},
	{exchange.ErrChangedSince, codes.Aborted, adminv1.Reason_REASON_CHANGED, "look at the record again, then decide; nothing was changed", false, 0},
	{exchange.ErrNotReleasable, codes.FailedPrecondition, adminv1.Reason_REASON_NOT_RELEASABLE, "release what it depends on first, or reject it", false, 0},
	{errFileTooLarge, codes.InvalidArgument, adminv1.Reason_REASON_FILE_TOO_LARGE, "split the file", false, 0},
	{csvfile.ErrTooLarge, codes.InvalidArgument, adminv1.Reason_REASON_FILE_TOO_LARGE, "split the file", false, 0},
	{csvfile.ErrNotCSV, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "export the file as CSV in UTF-8", false, 0},
	{csvfile.ErrEncoding, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "export the file as CSV in UTF-8", false, 0},
	{csvfile.ErrHeader, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "give the columns that docs/cli.md names, or a map", false, 0},
	{importer.ErrMap, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "correct the column map", false, 0},
	{importer.ErrNoRows, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "export the file again", false, 0},
	{territoryfile.ErrNoRows, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "export the file again", false, 0},
	{territoryfile.ErrRealmAbsent, codes.InvalidArgument, adminv1.Reason_REASON_FILE_REFUSED, "give a file with the realm's county", false, 0},
	{importer.ErrTooManyMissing, codes.FailedPrecondition, adminv1.Reason_REASON_TOO_MANY_MISSING, "import it without --register, or export the whole register", false, 0},
	{errImportRunning, codes.Unavailable, adminv1.Reason_REASON_IMPORT_RUNNING, "call again when it is done", true, 0},
	{exchange.ErrClosed, codes.Unavailable, adminv1.Reason_REASON_STOPPING, "call again in a moment", true, 0},
	{store.ErrClosed, codes.Unavailable, adminv1.Reason_REASON_STOPPING, "call again in a moment", true, 0},
	{exchange.ErrLedger, codes.Unavailable, adminv1.Reason_REASON_STORE_READ_ONLY, "nothing was changed; give the side ledger's folder space and make it writable", false, 0},
	{store.ErrFull, codes.ResourceExhausted, adminv1.Reason_REASON_STORE_FULL, "nothing was changed; free disk space", false, 0},
	{store.ErrReadOnly, codes.Unavailable, adminv1.Reason_REASON_STORE_READ_ONLY, "nothing was changed; make the data folder writable", false, 0},
	{store.ErrDamaged, codes.DataLoss, adminv1.Reason_REASON_STORE_DAMAGED, "restore a backup; phones bring back what is newer", false, 0},
	{identity.ErrDamaged, codes.DataLoss, adminv1.Reason_REASON_STORE_DAMAGED, "restore a backup; phones bring back what is newer", false, 0},
}

// fault stands for every error that the table does not name.
var fault = refusal{code: codes.Internal, reason: adminv1.Reason_REASON_FAULT, hint: "nothing was changed; the cause stands in the server's log"}

// status turns an error of the rooms below into a status with a reason and a
// hint. What a fault says stays in the server's log, since it may hold anything.
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
	var slow *throttle.SlowDown
	if errors.As(err, &slow) {
		return slowDown(slow)
	}
	var refused *casework.Refusal
	if errors.As(err, &refused) {
		return stepRefused(refused)
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

// stepRefused tells why a step is not taken, in both languages.
func stepRefused(err *casework.Refusal) error {
	st := status.New(codes.FailedPrecondition, err.Error())
	detailed, detailErr := st.WithDetails(
		&errdetails.ErrorInfo{Reason: strings.TrimPrefix(adminv1.Reason_REASON_STEP.String(), "REASON_"), Domain: Domain},
		&errdetails.LocalizedMessage{Locale: "zh-CN", Message: err.ZH()},
		&errdetails.LocalizedMessage{Locale: "en", Message: "nothing was changed"},
	)
	if detailErr != nil {
		return st.Err()
	}
	return detailed.Err()
}

// slowDown tells a caller when to come again.
func slowDown(err *throttle.SlowDown) error {
	r := refusal{code: codes.ResourceExhausted, reason: adminv1.Reason_REASON_SLOW_DOWN, hint: "wait; what was typed was not looked at", retry: true, after: err.Wait}
	return r.status(err.Error())
}

func (r refusal) status(message string) error {
	details := []protoadapt.MessageV1{
		&errdetails.ErrorInfo{Reason: strings.TrimPrefix(r.reason.String(), "REASON_"), Domain: Domain},
		&errdetails.LocalizedMessage{Locale: "en", Message: r.hint},
	}
	if r.retry {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(cmp.Or(r.after, retryAfter))})
	}
	st := status.New(r.code, message)
	if detailed, err := st.WithDetails(details...); err == nil {
		st = detailed
	}
	return st.Err()
}

// ReasonOf reads the reason back out of a status; unspecified when it has none.
func ReasonOf(err error) adminv1.Reason {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return adminv1.Reason(adminv1.Reason_value["REASON_"+info.GetReason()])
		}
	}
	return adminv1.Reason_REASON_UNSPECIFIED
}
