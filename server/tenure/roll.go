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

// What must not be done beside a running server, such as changing the keys, calls the roll first: it watches the list of servers for as
// long as one may be silent. Each says there that it is there before it reads anything of the realm, and again and again while it has
// it open, so whoever is there shows in it; one that was killed does not, and is struck off.
//
// Servers of software from before the list stand in it nowhere. They answer a call that is written down, or renew a post.

const (
	// signedIn begins the keys of servers of software from before the list; the server's id follows. The term is that of the newest
	// call that it has answered.
	signedIn = "serving/"
	// rollCall is the key of the newest call; its term counts the calls.
	rollCall = "roll-call"
	// rollLook is how often it is looked for signs of life.
	rollLook = time.Second
)

// ErrServed: a server has the realm open.
var ErrServed = errors.New("a server has the realm open")

// Roll is a call that nobody answered.
type Roll struct {
	term uint64
	// list and posts are the list of servers and the posts as they stood when it began.
	list  map[syncengine.ID]*storedv1.Present
	posts map[string]*storedv1.Post
}

// CallRoll asks which servers have the realm open, and gives [ErrServed] as soon as one shows that it is there. It waits only
// where a server is listed or holds a post, and strikes off those that were silent. pause waits.
func CallRoll(ctx context.Context, realm Realm, pause func(context.Context, time.Duration) error) (*Roll, error) {
	var c *Roll
	alone := false
	err := realm.Put(ctx, func(w store.Writer) (err error) {
		c, alone, err = call(w)
		return err
	})
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); !alone && waited < SilentMax; waited += rollLook {
		if err := pause(ctx, rollLook); err != nil {
			return nil, err
		}
		if err := realm.View(ctx, c.unanswered); err != nil {
			return nil, err
		}
	}
	return c, realm.Put(ctx, c.strikeOff)
}

// call writes a call down and notes what stands. alone tells that nobody is there whom it might concern.
func call(w store.Writer) (c *Roll, alone bool, err error) {
	last, err := read(w, rollCall)
	if err != nil {
		return nil, false, err
	}
	c = &Roll{term: last.GetTerm() + 1}
	if c.list, err = listed(w); err != nil {
		return nil, false, err
	}
	older, err := fromBefore(w)
	if err != nil {
		return nil, false, err
	}
	if c.posts, err = posts(w); err != nil {
		return nil, false, err
	}
	alone = len(c.list)+len(older) == 0
	for _, m := range c.posts {
		alone = alone && len(m.GetHolder()) == 0
	}
	return c, alone, put(w, rollCall, &storedv1.Post{Term: c.term})
}

// unanswered gives ErrServed where a server has shown since the call that it is there, or was.
func (c *Roll) unanswered(r store.Reader) error {
	list, err := listed(r)
	if err != nil {
		return err
	}
	for id, m := range list {
		if !proto.Equal(m, c.list[id]) {
			return ErrServed
		}
	}
	older, err := fromBefore(r)
	if err != nil {
		return err
	}
	for _, m := range older {
		if m.GetTerm() >= c.term {
			return ErrServed
		}
	}
	now, err := posts(r)
	for name, m := range now {
		if !proto.Equal(m, c.posts[name]) {
			return errors.Join(ErrServed, err)
		}
	}
	return err
}

// strikeOff takes those off the list that were silent.
func (c *Roll) strikeOff(w store.Writer) error {
	if err := c.unanswered(w); err != nil {
		return err
	}
	return strikeOffAll(w)
}

// Stands gives ErrServed where a server has come since the call. It is asked in the transaction that must stand alone.
func (c *Roll) Stands(r store.Reader) error {
	if c == nil {
		return nil
	}
	list, err := listed(r)
	if err != nil {
		return err
	}
	older, err := fromBefore(r)
	if err == nil && len(list)+len(older) > 0 {
		err = ErrServed
	}
	return errors.Join(err, c.unanswered(r))
}

// Vacate strikes off every server and lays every post down: those of a backup are of servers that were there when it was made.
func Vacate(w store.Writer) error {
	if err := strikeOffAll(w); err != nil {
		return err
	}
	all, err := posts(w)
	for name, m := range all {
		err = errors.Join(err, put(w, name, &storedv1.Post{Term: m.GetTerm()}))
	}
	return err
}

// strikeOffAll empties the list of servers, and that of software from before it.
func strikeOffAll(w store.Writer) error {
	list, err := listed(w)
	for id := range list {
		err = errors.Join(err, w.DeleteDocument(rosterBucket, id[:]))
	}
	older, failed := fromBefore(w)
	err = errors.Join(err, failed)
	for key := range older {
		err = errors.Join(err, w.DeleteDocument(bucket, []byte(key)))
	}
	return err
}

// fromBefore gives the servers of software from before the list, by their keys.
func fromBefore(r store.Reader) (map[string]*storedv1.Post, error) {
	return postsWith(r, func(key string) bool { return strings.HasPrefix(key, signedIn) })
}

// posts gives the posts by name.
func posts(r store.Reader) (map[string]*storedv1.Post, error) {
	return postsWith(r, func(key string) bool { return !strings.HasPrefix(key, signedIn) && key != rollCall })
}

func postsWith(r store.Reader, which func(string) bool) (map[string]*storedv1.Post, error) {
	out := map[string]*storedv1.Post{}
	var wrong error
	err := r.Documents(bucket, nil, nil, func(d store.Document) bool {
		if !which(string(d.Key)) {
			return true
		}
		m := &storedv1.Post{}
		if wrong = proto.Unmarshal(d.Value, m); wrong != nil {
			wrong = fmt.Errorf("post %s: %w: %w", d.Key, store.ErrDamaged, wrong)
			return false
		}
		out[string(d.Key)] = m
		return true
	})
	return out, errors.Join(err, wrong)
}
