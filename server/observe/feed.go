package observe

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// feedsMax bounds the feeds that are counted each by itself in a realm, twice as many as may be open: those that were closed
// since the server started keep their numbers. Further ones share a name.
const feedsMax = 64

// otherFeed names them.
const otherFeed = "other"

// The ends of a post.
const (
	postTaken   = "taken"
	postRefused = "refused"
)

// feedCounts counts what is posted.
type feedCounts struct {
	posts, again, bytes *prometheus.CounterVec
	// mu guards known.
	mu sync.Mutex
	// known are the feeds that are counted by themselves, by realm.
	known map[string]map[string]bool
}

func newFeedCounts(m *Metrics) *feedCounts {
	return &feedCounts{
		posts: m.counter("feed_posts_total", "Pages that were posted to a system outside, by whether it took them.", "feed", "result"),
		again: m.counter("feed_retries_total", "Posts of a page that was posted before and not taken.", "feed"),
		bytes: m.counter("feed_bytes_total", "Bytes that were posted, refused ones too.", "feed"),
		known: map[string]map[string]bool{},
	}
}

// name is the label of a feed.
func (c *feedCounts) name(realm, feed string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.known[realm]
	if of == nil {
		of = map[string]bool{}
		c.known[realm] = of
	}
	if !of[feed] && len(of) >= feedsMax {
		return otherFeed
	}
	of[feed] = true
	return feed
}

// FeedPost counts a page that was posted to a system outside. again tells that it had been posted before.
func (r *Realm) FeedPost(feed string, taken, again bool, bytes int) {
	c := r.m.feeds
	feed = c.name(r.code, feed)
	result := postRefused
	if taken {
		result = postTaken
	}
	for _, known := range []string{postTaken, postRefused} { // What may happen stands at 0: an alert on a rise sees the first time too.
		c.posts.WithLabelValues(r.code, feed, known)
	}
	c.posts.WithLabelValues(r.code, feed, result).Inc()
	c.bytes.WithLabelValues(r.code, feed).Add(float64(bytes))
	retries := c.again.WithLabelValues(r.code, feed)
	if again {
		retries.Inc()
	}
}

// FeedState is how an open feed stands.
type FeedState struct {
	// ID names it.
	ID string
	// Waiting is since when its oldest page that was not taken waits; zero for none.
	Waiting time.Time
	// Behind counts the entries of the log above what was taken.
	Behind uint64
	// Stopped says that something keeps it from being sent anything.
	Stopped bool
}

// feeds gives a number of each feed that has one.
func feeds(of func(FeedState) (float64, bool)) func(State) map[string]float64 {
	return func(s State) map[string]float64 {
		out := map[string]float64{}
		for _, f := range s.Feeds {
			if v, ok := of(f); ok {
				out[f.ID] = v
			}
		}
		return out
	}
}

// feedGauges are the numbers of feeds in a realm's state.
var feedGauges = []gauge{
	{"feed_waiting_timestamp_seconds", "Since when a feed's oldest page that was not taken waits.", "feed", feeds(func(f FeedState) (float64, bool) {
		return since(f.Waiting)[""], !f.Waiting.IsZero()
	})},
	{"feed_behind_entries", "Entries of the log above what a posted feed's receiver has taken; it may be told of none of them.", "feed", feeds(func(f FeedState) (float64, bool) { return float64(f.Behind), true })},
	{"feed_stopped", "Whether something keeps an open feed from being sent anything: its user, its sharing.", "feed", feeds(func(f FeedState) (float64, bool) { return truth(f.Stopped)[""], true })},
	{"feed_readers", "Systems that follow a feed by a stream.", "", func(s State) map[string]float64 { return one(float64(s.FeedReaders)) }},
}
