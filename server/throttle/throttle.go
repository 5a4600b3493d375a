// Package throttle slows down who guesses. It counts failures and enrolments
// by key: an address, a user, a name for signing in. What succeeds in the
// ordinary course of work is never counted, since a whole street of phones may
// share one address of its carrier.
//
// It holds token buckets in memory and starts no goroutine; time comes in as a
// value. A restart forgets the counts, which gives a guesser one more burst a
// restart and nothing else. Where several servers serve a realm, shared.go counts
// in its store as well, so that they give no more tries than one.
//
// Read Throttle first; shared.go counts for several servers, address.go tells who calls.
package throttle

import (
	"container/list"
	"fmt"
	"sync"
	"time"
)

// KeysMax bounds the memory of a throttle to some ten megabytes. Whoever fails under more names than that shares one
// bucket with the others.
const KeysMax = 50_000

// Rule says how often something may happen.
type Rule struct {
	// Burst is how often at once.
	Burst int
	// Every is how long it takes until one more may happen.
	Every time.Duration
}

// SlowDown is the error of a key that has used up its burst.
type SlowDown struct {
	// Wait is how long until the next try is looked at.
	Wait time.Duration
}

// Error names the wait.
func (e *SlowDown) Error() string {
	return fmt.Sprintf("too many failures: try again in %v", e.Wait.Round(time.Second))
}

// Throttle counts one kind of thing by key. Its methods may be called at the same time.
type Throttle struct {
	rule Rule
	// name tells counts of several throttles apart where servers count together; empty for what each counts by itself.
	name string
	// mu guards what follows.
	mu     sync.Mutex
	keys   map[string]*list.Element
	recent *list.List
	shared bucket
}

// bucket is what is left of one key's burst.
type bucket struct {
	key  string
	left float64
	at   time.Time
}

// New makes a throttle that has counted nothing.
func New(rule Rule) *Throttle {
	return &Throttle{rule: rule, keys: map[string]*list.Element{}, recent: list.New(), shared: bucket{left: float64(rule.Burst)}}
}

// Common makes a throttle that the servers of a realm count together under a name, where they do.
func Common(name string, rule Rule) *Throttle {
	t := New(rule)
	t.name = name
	return t
}

// Take counts one try under the key, or gives a [SlowDown] and counts nothing. Tries that are made at the same time cannot all
// get through: each is counted before it is known how it ends. GiveBack takes one that ended well back.
func (t *Throttle) Take(key string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.of(key, now)
	t.refill(b, now)
	if b.left < 1 {
		return &SlowDown{Wait: time.Duration((1 - b.left) * float64(t.rule.Every))}
	}
	b.left--
	return nil
}

// GiveBack uncounts a try that was taken.
func (t *Throttle) GiveBack(key string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.of(key, now)
	b.left = min(b.left+1, float64(t.rule.Burst))
}

// refill adds what has grown back since the bucket was last looked at. A clock that was set back adds nothing.
func (t *Throttle) refill(b *bucket, now time.Time) {
	if passed := now.Sub(b.at); passed > 0 && !b.at.IsZero() {
		b.left = min(b.left+float64(passed)/float64(t.rule.Every), float64(t.rule.Burst))
	}
	b.at = now
}

// of gives the key's bucket, or the shared one when there is no room for it.
func (t *Throttle) of(key string, now time.Time) *bucket {
	if at, ok := t.keys[key]; ok {
		t.recent.MoveToBack(at)
		return at.Value.(*bucket)
	}
	if len(t.keys) >= KeysMax && !t.dropOldest(now) {
		return &t.shared
	}
	b := &bucket{key: key, left: float64(t.rule.Burst), at: now}
	t.keys[key] = t.recent.PushBack(b)
	return b
}

// dropOldest forgets the key that was used longest ago, if it is as good as new.
func (t *Throttle) dropOldest(now time.Time) bool {
	oldest := t.recent.Front()
	b := oldest.Value.(*bucket)
	if t.refill(b, now); b.left < float64(t.rule.Burst) {
		return false
	}
	t.recent.Remove(oldest)
	delete(t.keys, b.key)
	return true
}

// All is several throttles that one try has to pass, each with its key; an empty key is passed over.
type All []Counted

// Counted is one of them.
type Counted struct {
	Throttle *Throttle
	Key      string
}

// Take takes from all or from none.
func (a All) Take(now time.Time) error {
	for i, each := range a {
		if each.Key == "" {
			continue
		}
		if err := each.Throttle.Take(each.Key, now); err != nil {
			a[:i].GiveBack(now)
			return err
		}
	}
	return nil
}

// GiveBack gives back to all.
func (a All) GiveBack(now time.Time) {
	for _, each := range a {
		if each.Key != "" {
			each.Throttle.GiveBack(each.Key, now)
		}
	}
}
