package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server"
)

// receiver is a system outside that pages are posted to.
type receiver struct {
	t      *testing.T
	server *httptest.Server
	// mu guards the fields below.
	mu     sync.Mutex
	secret string
	// answers are given one after the other, then 200.
	answers []int
	ids     []string
	taken   []posted
	got     chan struct{}
}

// posted is the body of a post as a receiver reads it.
type posted struct {
	Type string `json:"type"`
	Data struct {
		Events []struct {
			Type   string         `json:"type"`
			Record map[string]any `json:"record"`
		} `json:"events"`
		Restart  bool `json:"restart"`
		CaughtUp bool `json:"caught_up"`
	} `json:"data"`
}

func receiving(t *testing.T, answers ...int) *receiver {
	r := &receiver{t: t, answers: answers, got: make(chan struct{}, 100)}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.got <- struct{}{} }()
	id := req.Header.Get("webhook-id")
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + req.Header.Get("webhook-timestamp") + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)); len(key) < 24 || req.Header.Get("webhook-signature") != want {
		r.t.Errorf("signature %q, want %q by the secret %q", req.Header.Get("webhook-signature"), want, r.secret)
	}
	r.ids = append(r.ids, id)
	if len(r.answers) > 0 {
		code := r.answers[0]
		r.answers = r.answers[1:]
		if code >= 300 && code < 400 {
			w.Header().Set("Location", r.server.URL+"/elsewhere")
		}
		w.WriteHeader(code)
		return
	}
	var m posted
	if err := json.Unmarshal(body, &m); err != nil {
		r.t.Errorf("%s: %v", body, err)
	}
	r.taken = append(r.taken, m)
}

// addresses lists the doors that were taken, and how many pages began from the start.
func (r *receiver) addresses() (out []string, restarts int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.taken {
		if m.Type != "onedoor.feed.page" {
			r.t.Errorf("a post of type %q", m.Type)
		}
		if m.Data.Restart {
			restarts++
		}
		for _, e := range m.Data.Events {
			address, _ := e.Record["address"].(string)
			out = append(out, address)
		}
	}
	return out, restarts
}

// posts makes a feed whose pages go to a receiver.
func (w *world) posts(r *receiver) (feed string) {
	w.t.Helper()
	user, _ := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	r.mu.Lock() // The first post waits until the secret is known.
	defer r.mu.Unlock()
	m, err := w.feeds().PutFeed(w.ctx, &feedv1.PutFeedRequest{
		Name: "城市平台", UserId: id(user), Kinds: []string{"premises"}, Purpose: "平台协同", Url: r.server.URL + "/hook?key=8",
	})
	w.must(err)
	r.secret = m.GetSecret()
	return m.GetFeed().GetId()
}

func TestFeed_PagesArePostedSignedInOrderAndAgainUntilTheyAreTaken(t *testing.T) {
	w := servingWith(t, func(c *server.Config) { c.Admin = "127.0.0.1:0" })
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	_, err := ann.AddJSON("premises", `{"address":"民主路1号","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	r := receiving(t, 500, 302)
	feed := w.posts(r)
	// Something is written that no feed tells of, so that the next round does not wait for its time.
	other := w.worker("木春")
	later := func() {
		w.later.Add(60 * 60_000)
		_, err := w.admin().MintToken(w.ctx, &adminv1.MintTokenRequest{UserId: other})
		w.must(err)
	}
	<-r.got
	w.state(feed, feedv1.FeedState_FEED_STATE_FAILING, "500")
	later()
	<-r.got
	w.state(feed, feedv1.FeedState_FEED_STATE_FAILING, "302")
	w.measured(map[string]float64{
		`onedoor_feed_posts_total{feed="` + feed + `",realm="530702",result="refused"}`: 2,
		`onedoor_feed_posts_total{feed="` + feed + `",realm="530702",result="taken"}`:   0,
		`onedoor_feed_retries_total{feed="` + feed + `",realm="530702"}`:                1,
		`onedoor_feed_stopped{feed="` + feed + `",realm="530702"}`:                      0,
		`onedoor_feed_waiting_timestamp_seconds{feed="` + feed + `",realm="530702"}`:    float64(clock().UnixMilli()) / 1000,
	})
	later()
	<-r.got
	_, err = ann.AddJSON("premises", `{"address":"民主路2号","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	<-r.got
	got, restarts := r.addresses()
	if !slices.Equal(got, []string{"民主路1号", "民主路2号"}) || restarts != 1 {
		t.Errorf("taken %v with %d restarts", got, restarts)
	}
	if r.ids[0] != r.ids[1] || r.ids[1] != r.ids[2] || r.ids[2] == r.ids[3] {
		t.Errorf("names of the posts: %v, want the same for the same page", r.ids)
	}
	w.state(feed, feedv1.FeedState_FEED_STATE_OPEN, "")
}

// measured wants numbers in the metrics.
func (w *world) measured(want map[string]float64) {
	w.t.Helper()
	resp, err := http.Get("http://" + w.server.AdminAddr().String() + "/metrics")
	w.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	w.must(err)
	for name, number := range want {
		_, after, found := strings.Cut(string(body), name+" ")
		line, _, _ := strings.Cut(after, "\n")
		if got, err := strconv.ParseFloat(line, 64); !found || err != nil || got != number {
			w.t.Errorf("%s is %q, want %v", name, line, number)
		}
	}
}

// state waits until the list says how a feed stands.
func (w *world) state(feed string, want feedv1.FeedState, failure string) {
	w.t.Helper()
	for {
		m, err := w.feeds().ListFeeds(w.ctx, &feedv1.ListFeedsRequest{})
		w.must(err)
		at := slices.IndexFunc(m.GetFeeds(), func(f *feedv1.Feed) bool { return f.GetId() == feed })
		if got := m.GetFeeds()[at]; got.GetState() == want && (want != feedv1.FeedState_FEED_STATE_OPEN || got.GetTakenSeq() > 0) && strings.Contains(got.GetFailure(), failure) {
			if strings.Contains(got.GetFailure(), "key=8") {
				w.t.Errorf("the failure tells the address: %s", got.GetFailure())
			}
			return
		}
	}
}

// postedTo is a realm whose one door so far has been posted to a receiver; add makes another.
func postedTo(t *testing.T) (w *world, add func(address string), r *receiver, feed string) {
	w = serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	add = func(address string) {
		_, err := ann.AddJSON("premises", `{"address":"`+address+`","territory":"530702001001"}`)
		w.must(err)
		w.sync(ann)
	}
	add("民主路1号")
	r = receiving(t)
	feed = w.posts(r)
	<-r.got
	w.state(feed, feedv1.FeedState_FEED_STATE_OPEN, "")
	return w, add, r, feed
}

func TestFeed_APostGoesOnBehindWhatWasTakenAfterAStopAndEndsWithTheFeed(t *testing.T) {
	w, add, r, feed := postedTo(t)
	w.stop()
	w.resume(w.dir)
	add("民主路2号")
	<-r.got
	got, restarts := r.addresses()
	if !slices.Equal(got, []string{"民主路1号", "民主路2号"}) || restarts != 1 {
		t.Errorf("taken %v with %d restarts", got, restarts)
	}
	_, err := w.feeds().CloseFeed(w.ctx, &feedv1.CloseFeedRequest{Id: feed})
	w.must(err)
	add("民主路3号")
	other := receiving(t)
	w.must(w.another(other))
	<-other.got
	if got, _ := r.addresses(); len(got) != 2 {
		t.Errorf("a closed feed was posted %v", got)
	}
}

// What was posted after the backup is known to its receiver alone: it is told to forget what is not told again.
func TestFeed_APostBeginsFromTheStartAfterARestore(t *testing.T) {
	w, add, r, _ := postedTo(t)
	out, dir := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	_, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	add("民主路2号")
	<-r.got
	w.stop()
	_, err = server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, ContactKey: w.dir + server.ContactKeySuffix, Now: w.now, Random: seeded(77)})
	w.must(err)
	w.resume(dir)
	<-r.got
	got, restarts := r.addresses()
	if !slices.Equal(got, []string{"民主路1号", "民主路2号", "民主路1号"}) || restarts != 2 {
		t.Errorf("taken %v with %d restarts", got, restarts)
	}
}

// another makes a second feed, so that a round has passed when it is posted.
func (w *world) another(r *receiver) error {
	user, _ := w.user("法院", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := w.feeds().PutFeed(w.ctx, &feedv1.PutFeedRequest{Name: "法院", UserId: id(user), Kinds: []string{"premises"}, Purpose: "诉调对接", Url: r.server.URL})
	r.secret = m.GetSecret()
	return err
}
