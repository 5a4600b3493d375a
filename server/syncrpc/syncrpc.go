// Package syncrpc is the gRPC face of the sync service: decode, call, encode,
// and one table from errors to statuses. It holds no rule and touches no store.
package syncrpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/notify"
	"onedoor/server/refusal"
	"onedoor/server/store"
	"onedoor/server/throttle"
)

// Service answers phones.
type Service struct {
	syncv1.UnimplementedSyncServiceServer
	realm *exchange.Service
	hub   *notify.Hub
	log   *slog.Logger
	// minimum is the oldest app that phones may have.
	minimum Minimum
	// enrolments slows down who guesses join codes.
	enrolments *Enrolments
	// guesses are what the realm's servers count together; nil for a server that is alone.
	guesses *throttle.Shared
	// stopping is closed when the server begins to stop, so that watches end.
	stopping <-chan struct{}
}

// Options are what a service needs from outside.
type Options struct {
	// Stopping ends watches when it is closed.
	Stopping <-chan struct{}
	// BehindGateway says that callers come through a gateway, which tells their addresses.
	BehindGateway bool
	// Guesses are what the realm's servers count together; nil for a server that is alone.
	Guesses *throttle.Shared
	// Now is the server's clock; the system's when nil.
	Now func() time.Time
	// Minimum is the oldest app that phones may have.
	Minimum Minimum
	// Enrolments are counted with those of the process's other realms; by themselves when nil.
	Enrolments *Enrolments
	// Log takes faults; silent when nil.
	Log *slog.Logger
}

// New makes the service.
func New(realm *exchange.Service, hub *notify.Hub, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Enrolments == nil {
		o.Enrolments = NewEnrolments(o.BehindGateway, o.Now)
	}
	return &Service{realm: realm, hub: hub, log: o.Log, minimum: o.Minimum, stopping: o.Stopping, enrolments: o.Enrolments, guesses: o.Guesses}
}

// Exchange takes changes and gives the next page.
func (s *Service) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	if err := s.admit(ctx, req); err != nil {
		return nil, s.status(ctx, err)
	}
	resp, err := s.realm.ExchangeEncoded(ctx, req)
	return resp, s.status(ctx, err)
}

// SendAhead takes the changes of a batch before the exchange that names them.
func (s *Service) SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) (*syncv1.SendAheadResponse, error) {
	resp, err := s.realm.SendAhead(ctx, req)
	return resp, s.status(ctx, err)
}

// LookUp shows one door outside of the user's area.
func (s *Service) LookUp(ctx context.Context, req *syncv1.LookUpRequest) (*syncv1.LookUpResponse, error) {
	resp, err := s.realm.LookUpSigned(ctx, req)
	return resp, s.status(ctx, err)
}

// Watch sends a hint whenever the log has grown.
func (s *Service) Watch(req *syncv1.WatchRequest, stream grpc.ServerStreamingServer[syncv1.WatchResponse]) error {
	ctx := stream.Context()
	if err := s.realm.CheckWatch(ctx, req); err != nil {
		return s.status(ctx, err)
	}
	l := s.hub.Listen()
	defer l.Close()
	for {
		select {
		case <-l.Wake():
			if err := stream.Send(&syncv1.WatchResponse{Seq: uint64(l.Reached())}); err != nil {
				return err
			}
		case <-s.stopping:
			return status.Error(codes.Unavailable, "the server is stopping; watch again in a moment")
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// reason is one row of the table of errors: what it is called on the wire,
// under which code, and what its receiver can do.
type reason struct {
	err  error
	code codes.Code
	name string
	hint string
}

// ErrUnopened means that what a caller asks for may be of a realm that this server has and cannot open.
var ErrUnopened = errors.New("this server has realms that cannot be opened now")

var reasons = []reason{
	{exchange.ErrBadRequest, codes.InvalidArgument, "BAD_REQUEST", "update the app; nothing was changed"},
	{exchange.ErrWrongRealm, codes.FailedPrecondition, "WRONG_REALM", "enrol at the server of the phone's own district"},
	{ErrUnopened, codes.Unavailable, "REALM_UNOPENED", "try again in a while; the operator must look why a realm cannot be opened"},
	{exchange.ErrUnknownDevice, codes.Unauthenticated, "UNKNOWN_DEVICE", "ask the operator for a join code and enrol"},
	{exchange.ErrBadSignature, codes.Unauthenticated, "BAD_SIGNATURE", "the device's key does not fit; enrol again, unsent work stays on the phone"},
	{exchange.ErrAheadUnknown, codes.Aborted, "AHEAD_UNKNOWN", "send the changes themselves; nothing was changed"},
	{exchange.ErrLookReason, codes.InvalidArgument, "LOOK_REASON", "give a reason of 4 to 200 characters, without numbers of people"},
	{exchange.ErrLookDoor, codes.NotFound, "LOOK_DOOR", "give the id, or the whole address as the record has it"},
	{exchange.ErrLookRole, codes.PermissionDenied, "LOOK_ROLE", "ask an officer, a grid worker or community staff"},
	{exchange.ErrLookOwn, codes.FailedPrecondition, "LOOK_OWN", "sync, and look on the phone"},
	{exchange.ErrLookMany, codes.FailedPrecondition, "LOOK_MANY", "ask the operator to grant the doors"},
	{exchange.ErrLookRefused, codes.PermissionDenied, "LOOK_REFUSED", "nothing was shown"},
	{exchange.ErrStale, codes.FailedPrecondition, "STALE", "sync once, then try again"},
	{exchange.ErrClosed, codes.Unavailable, "STOPPING", "try again in a moment"},
	{identity.ErrCodeMistyped, codes.InvalidArgument, "CODE_MISTYPED", "compare the code with the one shown"},
	{identity.ErrCodeUnknown, codes.NotFound, "CODE_UNKNOWN", "ask the operator for a new code"},
	{identity.ErrCodeExpired, codes.FailedPrecondition, "CODE_EXPIRED", "ask the operator for a new code"},
	{identity.ErrCodeUsed, codes.AlreadyExists, "CODE_USED", "ask the operator for a new code"},
	{identity.ErrIncarnationTaken, codes.AlreadyExists, "INCARNATION_TAKEN", "start with an empty folder"},
	{identity.ErrUserClosed, codes.FailedPrecondition, "USER_CLOSED", "ask the operator to open the user again"},
	{identity.ErrInvalid, codes.InvalidArgument, "INVALID", "correct what the message names; nothing was changed"},
	{exchange.ErrLedger, codes.Unavailable, "LEDGER", "nothing was changed; the operator must make the side ledger writable"},
	{store.ErrUnavailable, codes.Unavailable, "STORE_UNAVAILABLE", "nothing was changed; try again in a moment"},
	{store.ErrWentBack, codes.Unavailable, "STORE_UNAVAILABLE", "nothing was changed; try again in a moment"},
	{store.ErrUnknown, codes.Unavailable, "STORE_UNAVAILABLE", "try again in a moment; what was done is answered as done"},
	{store.ErrFull, codes.ResourceExhausted, "STORE_FULL", "nothing was changed; the operator must free disk space"},
	{store.ErrReadOnly, codes.Unavailable, "STORE_READ_ONLY", "nothing was changed; the operator must make the data folder writable"},
	{store.ErrNewer, codes.Unavailable, "OUTDATED", "try again at another server of the realm; the operator must upgrade this one"},
	{store.ErrDamaged, codes.DataLoss, "STORE_DAMAGED", "the operator must restore a backup; phones bring back what is newer"},
}

// status is Status with the service's log.
func (s *Service) status(ctx context.Context, err error) error { return Status(ctx, s.log, err) }

// Status turns an error of the rooms below into a gRPC status with a reason and a hint; nil for none. What the table does not
// name goes into the log under a number, and that number alone on the wire.
func Status(ctx context.Context, log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	var slow *throttle.SlowDown
	if errors.As(err, &slow) {
		return slowDown(slow)
	}
	if _, refused := status.FromError(err); refused {
		return err
	}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.status(err)
		}
	}
	return refusal.Fault(ctx, log, err)
}

// slowHint is what one who guesses too often can do.
const slowHint = "wait, then compare the code with the one shown"

// slowDown tells a caller when to come again.
func slowDown(err *throttle.SlowDown) error {
	return refusal.New(codes.ResourceExhausted, "SLOW_DOWN", err.Error(),
		refusal.English(slowHint), &errdetails.RetryInfo{RetryDelay: durationpb.New(err.Wait)})
}

func (r reason) status(err error) error {
	return refusal.New(r.code, r.name, err.Error(), refusal.English(r.hint))
}
