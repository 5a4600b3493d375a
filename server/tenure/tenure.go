// Package tenure has what is to be done once in a realm be done by one of its servers at a time: looking at deadlines, retention,
// freezing months. A post is a document in the realm's store: who holds it, in which term, and how often the holder has said that it
// is there.
//
// No server's clock is compared with another's. Who waits for a post watches the document by its own clock: where nothing in it has
// changed for as long as a holder may be silent, the post is taken, and its term grows. So servers whose clocks differ by days agree.
//
// A holder that was asleep, or cut off, may believe that it holds a post that is another's by now. Work that must not be done twice
// therefore asks [Post.Stands] in the transaction that does it: the term in the store is the one that counts.
//
// Beside the posts stands the list of servers that have the realm open, with what each of them knows ([Roster]): newer software
// waits by it until no older one is left, and what must not be done beside a running server looks at it ([Roll]).
//
// It knows nothing of what a holder does, and keeps no goroutine.
//
// Read Post first, then Roster, then Roll.
package tenure

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// RenewEvery is how often a holder says that it is there.
	RenewEvery = 10 * time.Second
	// SilentMax is how long a post stands still before another server takes it: a holder whose store is slow for two renewals
	// keeps it, and what is done once a minute waits for one.
	SilentMax = silentRenewals * RenewEvery
	// silentRenewals is how many renewals may be missing.
	silentRenewals = 3
	// bucket holds the posts by name.
	bucket = "posts"
)

// silentFor is how long a server may say nothing that is to say that it is there at an interval.
func silentFor(every time.Duration) time.Duration { return silentRenewals * every }

// ErrLost: the post is another's by now; nothing was done.
var ErrLost = errors.New("the post is another server's")

// Realm is where posts are kept. Put runs f in a transaction of its own.
type Realm interface {
	View(context.Context, func(store.Reader) error) error
	Put(context.Context, func(store.Writer) error) error
}

// Post is a server's side of one post: it holds it or waits for it. Its methods may be called from many goroutines. A nil one is
// that of a server beside which there is no other: it is always held.
type Post struct {
	name   string
	server syncengine.ID
	silent time.Duration
	// mu guards what follows.
	mu sync.Mutex
	// term is that in which this server holds the post; 0 while it does not.
	term uint64
	// seen is what the document said last, since when it says so by this server's clock.
	seen  *storedv1.Post
	since time.Time
}

// New makes a server's side of a post that it does not hold yet; every is how often it is renewed, the same at all servers.
func New(name string, server syncengine.ID, every time.Duration) *Post {
	return &Post{name: name, server: server, silent: silentFor(every)}
}

// Held reports that this server held the post when it last looked.
func (p *Post) Held() bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.term != 0
}

// Renew says that the holder is there, or takes the post where nobody does. It is to be called at the interval of the post, with a clock
// that only goes forward.
func (p *Post) Renew(ctx context.Context, realm Realm, now time.Time) (held bool, err error) {
	var m *storedv1.Post
	err = realm.View(ctx, func(r store.Reader) (err error) {
		m, err = read(r, p.name)
		return err
	})
	if err != nil {
		return p.Held(), err
	}
	if !p.mayTake(m, now) {
		return false, nil
	}
	err = realm.Put(ctx, func(w store.Writer) error {
		standing, err := read(w, p.name)
		if err != nil {
			return err
		}
		if !proto.Equal(standing, m) {
			return ErrLost
		}
		return put(w, p.name, p.next(standing))
	})
	return p.renewed(m, now, err)
}

// mayTake reports that the post is this server's, free, or has stood still for so long that its holder is gone.
func (p *Post) mayTake(m *storedv1.Post, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || !proto.Equal(p.seen, m) {
		p.seen, p.since = m, now
	}
	mine := len(m.GetHolder()) > 0 && string(m.GetHolder()) == string(p.server[:])
	if !mine {
		p.term = 0
	}
	return mine || len(m.GetHolder()) == 0 || now.Sub(p.since) >= p.silent
}

// next is the document after a renewal, or after the post was taken.
func (p *Post) next(m *storedv1.Post) *storedv1.Post {
	if string(m.GetHolder()) == string(p.server[:]) {
		return &storedv1.Post{Holder: p.server[:], Term: m.GetTerm(), Renewed: m.GetRenewed() + 1}
	}
	return &storedv1.Post{Holder: p.server[:], Term: m.GetTerm() + 1}
}

func (p *Post) renewed(before *storedv1.Post, now time.Time, err error) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(err, ErrLost):
		p.term, p.seen = 0, nil
		return false, nil
	case err != nil:
		return p.term != 0, err
	}
	p.seen, p.since = p.next(before), now
	p.term = p.seen.GetTerm()
	return true, nil
}

// Stands gives ErrLost where the post is another's by now. It is asked in the transaction that does what is to be done once.
func (p *Post) Stands(r store.Reader) error {
	if p == nil {
		return nil
	}
	m, err := read(r, p.name)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.term == 0 || m.GetTerm() != p.term || string(m.GetHolder()) != string(p.server[:]) {
		p.term = 0
		return fmt.Errorf("%s: %w", p.name, ErrLost)
	}
	return nil
}

// LayDown leaves the post to whoever asks next, as a server does that is stopped in order.
func (p *Post) LayDown(ctx context.Context, realm Realm) error {
	if !p.Held() {
		return nil
	}
	err := realm.Put(ctx, func(w store.Writer) error {
		if err := p.Stands(w); err != nil {
			return err
		}
		m, err := read(w, p.name)
		if err != nil {
			return err
		}
		return put(w, p.name, &storedv1.Post{Term: m.GetTerm()})
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.term, p.seen = 0, nil
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

func read(r store.Reader, name string) (*storedv1.Post, error) {
	m := &storedv1.Post{}
	value, ok, err := r.Document(bucket, []byte(name))
	if err != nil || !ok {
		return m, err
	}
	if err := proto.Unmarshal(value, m); err != nil {
		return nil, fmt.Errorf("post %s: %w: %w", name, store.ErrDamaged, err)
	}
	return m, nil
}

func put(w store.Writer, name string, m *storedv1.Post) error {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err
	}
	return w.PutDocument(bucket, []byte(name), b)
}
