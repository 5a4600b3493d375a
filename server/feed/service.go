package feed

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/accessledger"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/notify"
	"onedoor/server/store"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// Options are what a service needs from outside.
type Options struct {
	// Secrets are the realm's; a feed's secret is derived from them.
	Secrets *identity.Secrets
	// Cases registers what systems outside have taken in.
	Cases *casework.Service
	// Hub tells that the log has grown.
	Hub *notify.Hub
	// Now is the server's clock; the system's when nil.
	Now func() time.Time
	// Transport carries what is posted; the system's when nil.
	Transport http.RoundTripper
	// Wait bounds how long a round of posting waits for a hint; RoundEvery when 0.
	Wait time.Duration
	// Log takes what fails, never record content; silent when nil.
	Log *slog.Logger
	// Post is held by the one server that posts; nil where there is no other.
	Post *tenure.Post
	// Posted is told of every page that was posted, once its receiver has answered or has not; nil for nobody.
	Posted func(Posted)
}

// Posted is a page that was posted.
type Posted struct {
	Feed syncengine.ID
	// Taken says that the receiver took it, Again that it had been posted before.
	Taken, Again bool
	// Bytes is how long the post was.
	Bytes int
}

// Service keeps and serves the feeds of one realm.
type Service struct {
	realm   *exchange.Service
	secrets *identity.Secrets
	tenure  *tenure.Post
	cases   *casework.Service
	hub     *notify.Hub
	clock   func() time.Time
	client  *http.Client
	wait    time.Duration
	log     *slog.Logger
	posted  func(Posted)
	// readers counts the systems that follow a feed by a stream.
	readers atomic.Int64
	// mu guards looked.
	mu sync.Mutex
	// looked is where feeds stand that had nothing to be told of what came since; by feed.
	looked map[syncengine.ID]standing
}

// New makes the service.
func New(realm *exchange.Service, o Options) *Service {
	s := &Service{
		realm: realm, secrets: o.Secrets, tenure: o.Post, cases: o.Cases, hub: o.Hub, clock: o.Now, wait: o.Wait, log: o.Log,
		looked: map[syncengine.ID]standing{}, posted: o.Posted,
	}
	if s.posted == nil {
		s.posted = func(Posted) {}
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.wait == 0 {
		s.wait = RoundEvery
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.client = &http.Client{
		Transport: o.Transport, Timeout: postTimeout,
		// Records go where the operator said, and nowhere that a receiver sends them on to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

func (s *Service) now() syncengine.UnixMilli { return syncengine.UnixMilli(s.clock().UnixMilli()) }

// Make makes a feed and gives it with its secret, which is told this once; a feed that is read has none.
func (s *Service) Make(ctx context.Context, by accessledger.Actor, f Feed) (Feed, string, error) {
	f.ID, f.Made, f.Closed, f.Secret = s.realm.NewID(), s.now(), 0, 0
	err := s.write(ctx, by, &f)
	return f, s.secretText(&f), err
}

// Change replaces what stands of a feed; its name, user and time of making stay. The secret is told when it is drawn anew, and
// when the feed has an address for the first time.
func (s *Service) Change(ctx context.Context, by accessledger.Actor, f Feed, renew bool) (Feed, string, error) {
	old, err := s.Feed(ctx, f.ID)
	if err != nil {
		return f, "", err
	}
	if old.Closed != 0 {
		return old, "", fmt.Errorf("%s: %w", old.Name, ErrClosed)
	}
	f.Name, f.User, f.Made, f.Secret, f.Closed = old.Name, old.User, old.Made, old.Secret, 0
	if renew {
		f.Secret++
	}
	if err := s.write(ctx, by, &f); err != nil || !renew && old.URL != "" {
		return f, "", err
	}
	return f, s.secretText(&f), nil
}

func (s *Service) write(ctx context.Context, by accessledger.Actor, f *Feed) error {
	return s.realm.Update(ctx, func(w store.Writer) error {
		if err := Put(w, *f, s.now()); err != nil {
			return err
		}
		return s.note(w, by, accessledger.FeedPut, f)
	})
}

// Close ends a feed for good; closing it again changes nothing.
func (s *Service) Close(ctx context.Context, by accessledger.Actor, id syncengine.ID) (f Feed, err error) {
	err = s.realm.Update(ctx, func(w store.Writer) (err error) {
		if f, err = Get(w, id); err != nil || f.Closed != 0 {
			return err
		}
		f.Closed = s.now()
		if err := put(w, exchange.BucketFeeds, f.ID[:], f.stored()); err != nil {
			return err
		}
		return s.note(w, by, accessledger.FeedClose, &f)
	})
	return f, err
}

func (s *Service) note(w store.Writer, by accessledger.Actor, action accessledger.Action, f *Feed) error {
	_, err := accessledger.Append(w, accessledger.Entry{
		At: s.now(), Action: action, Actor: by, Users: []syncengine.ID{f.User}, Place: f.Name, Reason: f.Purpose,
	})
	return err
}

// Feed reads a feed.
func (s *Service) Feed(ctx context.Context, id syncengine.ID) (f Feed, err error) {
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		f, err = Get(r, id)
		return err
	})
	return f, err
}

// Stand is a feed with how far it has come.
type Stand struct {
	Feed
	// Stopped says what keeps an open feed from being sent anything; nil for nothing.
	Stopped error
	// Delivery is how far the posting of its pages has come.
	Delivery *storedv1.FeedDelivery
	// Behind counts the entries of the log above what was taken.
	Behind uint64
}

// Stands tells of all feeds, of one user's when user is not zero.
func (s *Service) Stands(ctx context.Context, user syncengine.ID) (out []Stand, err error) {
	err = s.realm.View(ctx, func(r store.Reader) error {
		out, err = s.StandsIn(r, user)
		return err
	})
	return out, err
}

// StandsIn is Stands by what a transaction reads.
func (s *Service) StandsIn(r store.Reader, user syncengine.ID) (out []Stand, err error) {
	all, err := List(r)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if !user.IsZero() && f.User != user {
			continue
		}
		st := Stand{Feed: f, Stopped: f.check(r, s.now()), Delivery: &storedv1.FeedDelivery{}}
		if _, err := read(r, bucketDelivery, f.ID[:], st.Delivery); err != nil {
			return out, err
		}
		if head := uint64(r.Head().Seq); f.URL != "" && f.Closed == 0 {
			st.Behind = head - min(head, st.Delivery.GetSeq())
		}
		out = append(out, st)
	}
	return out, nil
}

// Follow counts a system that follows a feed by a stream, until end.
func (s *Service) Follow() (end func()) {
	s.readers.Add(1)
	return func() { s.readers.Add(-1) }
}

// Readers counts the systems that follow a feed by a stream.
func (s *Service) Readers() int { return int(s.readers.Load()) }
