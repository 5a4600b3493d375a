// Package feedrpc is the gRPC face of feeds: decode, call, encode, and a table from errors to statuses. It cuts no page and
// posts none itself. Read this file first.
package feedrpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/accessledger"
	"onedoor/server/bearer"
	"onedoor/server/exchange"
	"onedoor/server/feed"
	"onedoor/server/identity"
	"onedoor/server/notify"
	"onedoor/syncengine"
)

// Options are what a service needs from outside.
type Options struct {
	// Hub tells that the log has grown.
	Hub *notify.Hub
	// Stopping ends streams when it is closed.
	Stopping <-chan struct{}
	// Log takes faults, never record content; silent when nil.
	Log *slog.Logger
}

// Service answers systems outside and the operators who let them in.
type Service struct {
	feedv1.UnimplementedFeedServiceServer
	realm    *exchange.Service
	feeds    *feed.Service
	hub      *notify.Hub
	stopping <-chan struct{}
	log      *slog.Logger
}

// New makes the service.
func New(realm *exchange.Service, feeds *feed.Service, o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{realm: realm, feeds: feeds, hub: o.Hub, stopping: o.Stopping, log: o.Log}
}

// lookAgain is how long a stream rests without a hint at most: a feed that was closed, and a token that was revoked, end it then.
const lookAgain = time.Minute

// errNotPermitted is a call that the token's role may not make.
var errNotPermitted = errors.New("the token's role may not do this")

// admit finds out who calls.
func (s *Service) admit(ctx context.Context) (identity.Principal, error) {
	return bearer.Admit(ctx, s.realm, s.realm.Time())
}

func operator(who identity.Principal) bool {
	return who.Operator || recordv1.Role(who.Role) == recordv1.Role_ROLE_OPERATOR
}

// manages lets in who lets systems in.
func (s *Service) manages(ctx context.Context) (accessledger.Actor, error) {
	who, err := s.admit(ctx)
	if err == nil && !operator(who) {
		err = fmt.Errorf("role %s: %w", domain.Role(who.Role), errNotPermitted)
	}
	return accessledger.Actor{User: who.UserID, Operator: true}, err
}

// PutFeed makes or replaces a feed.
func (s *Service) PutFeed(ctx context.Context, req *feedv1.PutFeedRequest) (*feedv1.PutFeedResponse, error) {
	out, err := s.put(ctx, req)
	return out, s.status(ctx, err)
}

func (s *Service) put(ctx context.Context, req *feedv1.PutFeedRequest) (*feedv1.PutFeedResponse, error) {
	by, err := s.manages(ctx)
	if err != nil {
		return nil, err
	}
	f := feed.Feed{Name: strings.TrimSpace(req.GetName()), Sharing: req.GetSharing(), Purpose: strings.TrimSpace(req.GetPurpose()), URL: req.GetUrl()}
	if f.Kinds, err = feed.KindsOf(req.GetKinds()); err != nil {
		return nil, err
	}
	var secret string
	if req.GetId() == "" {
		if f.User, err = idOf("user", req.GetUserId()); err == nil {
			f, secret, err = s.feeds.Make(ctx, by, f)
		}
	} else if f.ID, err = idOf("feed", req.GetId()); err == nil {
		if req.GetName() != "" || req.GetUserId() != "" {
			return nil, fmt.Errorf("%w: name and user of a feed stay; close it and make another", feed.ErrInvalid)
		}
		f, secret, err = s.feeds.Change(ctx, by, f, req.GetRenewSecret())
	}
	if err != nil {
		return nil, err
	}
	m, err := s.told(ctx, f.ID)
	return &feedv1.PutFeedResponse{Feed: m, Secret: secret}, err
}

// told tells how one feed stands.
func (s *Service) told(ctx context.Context, id syncengine.ID) (*feedv1.Feed, error) {
	stands, err := s.feeds.Stands(ctx, syncengine.ID{})
	for i := range stands {
		if stands[i].ID == id {
			return wireFeed(&stands[i]), err
		}
	}
	return nil, err
}

// ListFeeds tells of all feeds; a user who is no operator sees their own.
func (s *Service) ListFeeds(ctx context.Context, _ *feedv1.ListFeedsRequest) (*feedv1.ListFeedsResponse, error) {
	who, err := s.admit(ctx)
	if err != nil {
		return nil, s.status(ctx, err)
	}
	var only syncengine.ID
	if !operator(who) {
		only = who.UserID
	}
	stands, err := s.feeds.Stands(ctx, only)
	out := &feedv1.ListFeedsResponse{}
	for i := range stands {
		out.Feeds = append(out.Feeds, wireFeed(&stands[i]))
	}
	return out, s.status(ctx, err)
}

// CloseFeed ends a feed.
func (s *Service) CloseFeed(ctx context.Context, req *feedv1.CloseFeedRequest) (*feedv1.CloseFeedResponse, error) {
	out := &feedv1.CloseFeedResponse{}
	by, err := s.manages(ctx)
	if err != nil {
		return nil, s.status(ctx, err)
	}
	id, err := idOf("feed", req.GetId())
	if err == nil {
		if _, err = s.feeds.Close(ctx, by, id); err == nil {
			out.Feed, err = s.told(ctx, id)
		}
	}
	return out, s.status(ctx, err)
}

// reads lets in the user of a feed that is read.
func (s *Service) reads(ctx context.Context, text string) (*feed.Feed, error) {
	who, err := s.admit(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idOf("feed", text)
	if err != nil {
		return nil, err
	}
	f, err := s.feeds.Feed(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case f.User != who.UserID || who.UserID.IsZero():
		return nil, fmt.Errorf("%s: %w", id, feed.ErrUnknown)
	case f.URL != "":
		return nil, fmt.Errorf("%s: %w", f.Name, feed.ErrPosted)
	}
	return &f, nil
}

// ReadFeed gives one page.
func (s *Service) ReadFeed(ctx context.Context, req *feedv1.ReadFeedRequest) (*feedv1.ReadFeedResponse, error) {
	f, err := s.reads(ctx, req.GetId())
	if err != nil {
		return nil, s.status(ctx, err)
	}
	page, err := s.feeds.Page(ctx, f, req.GetCursor(), int(req.GetPageBytesMax()))
	return &feedv1.ReadFeedResponse{Page: page}, s.status(ctx, err)
}

// FollowFeed gives page after page. Rights are looked up anew for each, so that a feed which is closed ends.
func (s *Service) FollowFeed(req *feedv1.FollowFeedRequest, stream grpc.ServerStreamingServer[feedv1.FollowFeedResponse]) error {
	ctx := stream.Context()
	hints := s.hub.Listen()
	defer hints.Close()
	defer s.feeds.Follow()()
	cursor, told := req.GetCursor(), false // told: the receiver knows that it has everything.
	for {
		f, err := s.reads(ctx, req.GetId())
		if err != nil {
			return s.status(ctx, err)
		}
		page, err := s.feeds.Page(ctx, f, cursor, int(req.GetPageBytesMax()))
		if err != nil {
			return s.status(ctx, err)
		}
		cursor = page.GetCursor()
		if !told || len(page.GetEvents()) > 0 || page.GetRestart() {
			if err := stream.Send(&feedv1.FollowFeedResponse{Page: page}); err != nil {
				return err
			}
		}
		if told = page.GetCaughtUp(); !told {
			continue
		}
		select {
		case <-hints.Wake():
		case <-time.After(lookAgain):
		case <-s.stopping:
			return status.Error(codes.Unavailable, "the server is stopping; follow again from the last cursor in a moment")
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// SubmitCase registers a dispute that a system outside has taken in.
func (s *Service) SubmitCase(ctx context.Context, req *feedv1.SubmitCaseRequest) (*feedv1.SubmitCaseResponse, error) {
	out, err := s.submit(ctx, req)
	return out, s.status(ctx, err)
}

func (s *Service) submit(ctx context.Context, req *feedv1.SubmitCaseRequest) (*feedv1.SubmitCaseResponse, error) {
	who, err := s.writes(ctx)
	if err != nil {
		return nil, err
	}
	shown, created, err := s.feeds.Submit(ctx, accessledger.Actor{User: who.UserID}, strings.TrimSpace(req.GetReference()), req.GetRecord(), strings.TrimSpace(req.GetText()))
	if err != nil {
		return nil, err
	}
	out := &feedv1.SubmitCaseResponse{CaseId: shown.ID.String(), Created: created}
	if shown.State != 0 {
		out.State = strings.ToLower(strings.TrimPrefix(recordv1.DisputeState(shown.State).String(), "DISPUTE_STATE_"))
	}
	if shown.Timing != nil {
		out.DeadlineMs = int64(shown.Timing.Deadline.At)
	}
	return out, nil
}

// writes lets in who works with records: an operator writes none.
func (s *Service) writes(ctx context.Context) (identity.Principal, error) {
	who, err := s.admit(ctx)
	if err == nil && (who.UserID.IsZero() || operator(who)) {
		err = fmt.Errorf("role %s: %w", domain.Role(who.Role), errNotPermitted)
	}
	return who, err
}

// SetReference notes a system's own key on a record.
func (s *Service) SetReference(ctx context.Context, req *feedv1.SetReferenceRequest) (*feedv1.SetReferenceResponse, error) {
	who, err := s.writes(ctx)
	if err != nil {
		return nil, s.status(ctx, err)
	}
	id, err := idOf("record", req.GetRecordId())
	if err != nil {
		return nil, s.status(ctx, err)
	}
	noted, err := s.feeds.Refer(ctx, who.UserID, id, strings.TrimSpace(req.GetReference()))
	return &feedv1.SetReferenceResponse{Noted: noted}, s.status(ctx, err)
}
