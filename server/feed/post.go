package feed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// RoundEvery is how long a round waits for a hint at most: feeds that failed are tried again then, and what another
	// server wrote is seen.
	RoundEvery = 5 * time.Second
	// roundGap keeps rounds apart, so that a busy log is not cut once a commit.
	roundGap = time.Second
	// roundPages bounds the pages that one feed posts in a round; the others have their turn then.
	roundPages = 50
	// postTimeout bounds one post, to the end of its answer.
	postTimeout = 30 * time.Second
	// answerBytesMax bounds what is read of an answer.
	answerBytesMax = 4 << 10
	// retryFirst is how long the second attempt waits; each further one waits twice as long, retryMost at most. There is no
	// last one: a page that is not taken is posted until it is, or the feed is closed.
	retryFirst = 5 * time.Second
	retryMost  = time.Hour
	// messageType says what a post holds.
	messageType = "onedoor.feed.page"
)

// standing is where a feed has looked to without having anything to tell.
type standing struct{ from, to string }

// Run posts pages until ctx ends.
func (s *Service) Run(ctx context.Context) {
	hints := s.hub.Listen()
	defer hints.Close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := s.Round(ctx); errors.Is(err, exchange.ErrClosed) || errors.Is(err, store.ErrClosed) {
			return
		} else if err != nil && ctx.Err() == nil {
			s.log.Warn("feeds could not be posted", "error", err)
		}
		timer.Reset(roundGap)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(s.wait)
		select {
		case <-ctx.Done():
			return
		case <-hints.Wake():
		case <-timer.C:
		}
	}
}

// Round posts what every feed that is due has to tell, beside each other: a receiver that is slow holds up its own alone.
func (s *Service) Round(ctx context.Context) error {
	if !s.tenure.Held() {
		return nil // Another server posts.
	}
	stands, err := s.Stands(ctx, syncengine.ID{})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	failed := make([]error, len(stands))
	for i := range stands {
		st := &stands[i]
		if st.URL == "" || st.Closed != 0 || st.Stopped != nil || st.Delivery.GetNextMs() > int64(s.now()) {
			continue
		}
		all.Go(func() { failed[i] = s.post(ctx, st) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// post posts a feed's pages until everything is told, one is not taken, or its turn is over.
func (s *Service) post(ctx context.Context, st *Stand) error {
	for range roundPages {
		from := base64.RawURLEncoding.EncodeToString(st.Delivery.GetCursor())
		page, told, err := s.page(ctx, &st.Feed, s.lookedTo(st.ID, from), 0)
		if err != nil {
			return err
		}
		if len(page.GetEvents()) == 0 && !page.GetRestart() && page.GetCaughtUp() == st.Delivery.GetSettled() {
			s.lookTo(st.ID, from, page.GetCursor())
			return nil
		}
		failure := s.send(ctx, st, messageID(&st.Feed, from, page.GetCursor()), page)
		if ctx.Err() != nil {
			return nil // The server stops: the page is posted again.
		}
		if failure != nil {
			return s.failed(ctx, st, failure)
		}
		if err := s.taken(ctx, st, from, page, told); err != nil || page.GetCaughtUp() {
			return err
		}
	}
	return nil
}

func (s *Service) lookedTo(id syncengine.ID, from string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.looked[id]; ok && at.from == from {
		return at.to
	}
	return from
}

func (s *Service) lookTo(id syncengine.ID, from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked[id] = standing{from, to}
}

// message is the body of a post.
type message struct {
	Type string          `json:"type"`
	Time string          `json:"timestamp"`
	Data json.RawMessage `json:"data"`
}

// refused is a post that was not taken.
type refused struct {
	// what is told to people: a status or what the network said.
	what string
	// after is how long the receiver asked to wait; 0 where it did not say.
	after time.Duration
}

// send posts one page; nil when it was taken.
func (s *Service) send(ctx context.Context, st *Stand, id string, page *feedv1.FeedPage) *refused {
	data, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(page)
	if err != nil {
		return &refused{what: "the page could not be written as JSON"}
	}
	at := s.now()
	body, err := json.Marshal(message{messageType, time.UnixMilli(int64(at)).UTC().Format(time.RFC3339), data})
	if err != nil {
		return &refused{what: "the page could not be written as JSON"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, st.URL, bytes.NewReader(body))
	if err != nil {
		return &refused{what: "the url is not one"}
	}
	seconds, signature := s.sign(&st.Feed, id, at, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "onedoor")
	req.Header.Set(headerID, id)
	req.Header.Set(headerTime, seconds)
	req.Header.Set(headerSignature, signature)
	failure := s.answered(req)
	if ctx.Err() == nil {
		s.posted(Posted{Feed: st.ID, Taken: failure == nil, Again: st.Delivery.GetFailures() > 0, Bytes: len(body)})
	}
	return failure
}

func (s *Service) answered(req *http.Request) *refused {
	resp, err := s.client.Do(req)
	if err != nil {
		var told *url.Error
		if errors.As(err, &told) {
			err = told.Err // The address may hold a receiver's key.
		}
		return &refused{what: err.Error()}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, answerBytesMax) // So that the connection is used again; what it says does not count.
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	r := &refused{what: resp.Status}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		r.after = min(time.Duration(n)*time.Second, retryMost)
	}
	return r
}

// taken notes that a page was taken, unless another server was quicker.
func (s *Service) taken(ctx context.Context, st *Stand, from string, page *feedv1.FeedPage, told syncengine.Coordinate) error {
	return s.deliver(ctx, st, from, func(m *storedv1.FeedDelivery) {
		m.Cursor, _ = base64.RawURLEncoding.DecodeString(page.GetCursor())
		m.TakenMs, m.Pages, m.Settled = int64(s.now()), m.GetPages()+1, page.GetCaughtUp()
		m.Failures, m.FailingMs, m.Failure, m.NextMs = 0, 0, "", 0
		m.Epoch, m.Seq = uint32(told.Epoch), uint64(told.Seq)
	})
}

// failed notes an attempt that came to nothing and when the next one is.
func (s *Service) failed(ctx context.Context, st *Stand, r *refused) error {
	from := base64.RawURLEncoding.EncodeToString(st.Delivery.GetCursor())
	s.log.Warn("a feed's page was not taken", "feed", st.ID.String(), "attempts", st.Delivery.GetFailures()+1, "failure", r.what)
	return s.deliver(ctx, st, from, func(m *storedv1.FeedDelivery) {
		now := s.now()
		if m.Failures++; m.Failures == 1 {
			m.FailingMs = int64(now)
		}
		m.Failure, m.NextMs = clipped(r.what), int64(now)+max(r.after, retryAfter(m.Failures)).Milliseconds()
	})
}

// failureBytesMax bounds what is kept of a failure.
const failureBytesMax = 200

func clipped(text string) string {
	return string([]rune(text)[:min(len([]rune(text)), failureBytesMax)])
}

// retryAfter is how long to wait after so many failures, a quarter more or less: feeds of one receiver do not come back together.
func retryAfter(failures uint32) time.Duration {
	wait := retryMost
	if failures < 16 {
		wait = min(retryMost, retryFirst<<(failures-1))
	}
	return wait*3/4 + rand.N(wait/2+1) // #nosec G404 -- It spreads attempts and keeps no secret.
}

// deliver changes what is kept of the delivery, if it still stands where the page began.
func (s *Service) deliver(ctx context.Context, st *Stand, from string, f func(*storedv1.FeedDelivery)) error {
	return s.realm.Update(ctx, func(w store.Writer) error {
		m := &storedv1.FeedDelivery{}
		if _, err := read(w, bucketDelivery, st.ID[:], m); err != nil {
			return err
		}
		if base64.RawURLEncoding.EncodeToString(m.GetCursor()) != from {
			return fmt.Errorf("%s: another server posts it", st.Name)
		}
		f(m)
		st.Delivery = m
		return put(w, bucketDelivery, st.ID[:], m)
	})
}
