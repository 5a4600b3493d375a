package tenure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// What must not be done beside a running server, such as changing the keys, calls the roll first. A server signs in when it
// opens the realm and signs out when it stops; one that was killed cannot, so whoever calls waits until each that is signed in
// has answered or has been silent for as long as a holder may. Nothing is written meanwhile but by who answers.

const (
	// signedIn begins the keys of servers that have the realm open; the server's id follows.
	signedIn = "serving/"
	// rollCall is the key of the newest call; its term counts the calls.
	rollCall = "roll-call"
	// rollLook is how often it is looked for answers.
	rollLook = time.Second
	// signedInMax bounds the servers that are signed in: those that were killed stay until the next call, and far fewer
	// serve one realm.
	signedInMax = 1000
)

// ErrServed: a server has the realm open.
var ErrServed = errors.New("a server has the realm open")

// Presence is a server's word that it has the realm open. A nil one is that of a server that has the realm to itself.
type Presence struct {
	server syncengine.ID
	// answered is the newest call that was answered; it is one goroutine's.
	answered uint64
}

// SignIn says that a server has the realm open.
func SignIn(ctx context.Context, realm Realm, server syncengine.ID) (*Presence, error) {
	p := &Presence{server: server}
	err := realm.Put(ctx, func(w store.Writer) error {
		here, err := present(w)
		if err == nil && len(here) >= signedInMax {
			err = fmt.Errorf("%d servers are signed in to the realm, as many as may be; `onedoor keys rotate` on a stopped realm clears those that were killed", len(here))
		}
		if err != nil {
			return err
		}
		return p.answer(w)
	})
	return p, err
}

// Answer answers a call that is new. It is to be called every [RenewEvery].
func (p *Presence) Answer(ctx context.Context, realm Realm) error {
	if p == nil {
		return nil
	}
	var call *storedv1.Post
	err := realm.View(ctx, func(r store.Reader) (err error) {
		call, err = read(r, rollCall)
		return err
	})
	if err != nil || call.GetTerm() == p.answered {
		return err
	}
	return realm.Put(ctx, p.answer)
}

func (p *Presence) answer(w store.Writer) error {
	call, err := read(w, rollCall)
	if err != nil {
		return err
	}
	p.answered = call.GetTerm()
	return put(w, p.key(), &storedv1.Post{Holder: p.server[:], Term: call.GetTerm()})
}

// SignOut says that the server has the realm open no more.
func (p *Presence) SignOut(ctx context.Context, realm Realm) error {
	if p == nil {
		return nil
	}
	return realm.Put(ctx, func(w store.Writer) error { return w.DeleteDocument(bucket, []byte(p.key())) })
}

func (p *Presence) key() string { return signedIn + p.server.String() }

// Roll is a call that nobody answered.
type Roll struct {
	term uint64
	// posts are the posts as they stood when it began: servers of older software sign in nowhere, and renew theirs.
	posts map[string]*storedv1.Post
}

// CallRoll asks which servers have the realm open, and gives [ErrServed] as soon as one answers. It waits for answers only
// where a server is signed in or holds a post. pause waits.
func CallRoll(ctx context.Context, realm Realm, pause func(context.Context, time.Duration) error) (*Roll, error) {
	c := &Roll{}
	var asked int
	err := realm.Put(ctx, func(w store.Writer) error {
		call, err := read(w, rollCall)
		if err != nil {
			return err
		}
		c.term = call.GetTerm() + 1
		here, err := present(w)
		if err != nil {
			return err
		}
		if c.posts, err = held(w); err != nil {
			return err
		}
		asked = len(here) + len(c.posts)
		return put(w, rollCall, &storedv1.Post{Term: c.term})
	})
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); asked > 0 && waited < SilentMax; waited += rollLook {
		if err := pause(ctx, rollLook); err != nil {
			return nil, err
		}
		if err := realm.View(ctx, c.unanswered); err != nil {
			return nil, err
		}
	}
	return c, realm.Put(ctx, c.clear)
}

// unanswered gives ErrServed where a server has shown since the call that it is there.
func (c *Roll) unanswered(r store.Reader) error {
	here, err := present(r)
	if err != nil {
		return err
	}
	for _, m := range here {
		if m.GetTerm() >= c.term {
			return ErrServed
		}
	}
	now, err := held(r)
	for name, m := range now {
		if !proto.Equal(m, c.posts[name]) {
			return errors.Join(ErrServed, err)
		}
	}
	return err
}

// clear signs out those that were silent.
func (c *Roll) clear(w store.Writer) error {
	if err := c.unanswered(w); err != nil {
		return err
	}
	here, err := present(w)
	for key := range here {
		err = errors.Join(err, w.DeleteDocument(bucket, []byte(key)))
	}
	return err
}

// Stands gives ErrServed where a server has come since the call. It is asked in the transaction that must stand alone.
func (c *Roll) Stands(r store.Reader) error {
	if c == nil {
		return nil
	}
	here, err := present(r)
	if err == nil && len(here) > 0 {
		err = ErrServed
	}
	return errors.Join(err, c.unanswered(r))
}

// present gives the servers that are signed in, by their keys.
func present(r store.Reader) (map[string]*storedv1.Post, error) {
	return posts(r, func(key string, _ *storedv1.Post) bool { return strings.HasPrefix(key, signedIn) })
}

// held gives the posts that somebody holds.
func held(r store.Reader) (map[string]*storedv1.Post, error) {
	return posts(r, func(key string, m *storedv1.Post) bool {
		return !strings.HasPrefix(key, signedIn) && key != rollCall && len(m.GetHolder()) > 0
	})
}

func posts(r store.Reader, which func(string, *storedv1.Post) bool) (map[string]*storedv1.Post, error) {
	out := map[string]*storedv1.Post{}
	var wrong error
	err := r.Documents(bucket, nil, nil, func(d store.Document) bool {
		m := &storedv1.Post{}
		if wrong = proto.Unmarshal(d.Value, m); wrong != nil {
			wrong = fmt.Errorf("post %s: %w: %w", d.Key, store.ErrDamaged, wrong)
			return false
		}
		if which(string(d.Key), m) {
			out[string(d.Key)] = m
		}
		return true
	})
	return out, errors.Join(err, wrong)
}
