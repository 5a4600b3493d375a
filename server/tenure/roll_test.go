package tenure_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// pausing counts pauses and does something in one of them.
type pausing struct {
	n  int
	at int
	do func()
}

func (p *pausing) pause(ctx context.Context, _ time.Duration) error {
	if p.n++; p.n == p.at {
		p.do()
	}
	return ctx.Err()
}

// arrived is a server that has the realm open.
func arrived(t *testing.T, r realm, name byte) *tenure.Roster {
	t.Helper()
	server := tenure.NewRoster(syncengine.ID{name}, 5, tenure.RenewEvery)
	renewed(t, r, server)
	return server
}

func renewed(t *testing.T, r realm, server *tenure.Roster) {
	t.Helper()
	_, err := server.Renew(t.Context(), r, time.Now())
	must(t, err)
}

// fromBefore is a server of software from before the list, which stands among the posts and answers calls there.
type fromBefore struct {
	t  *testing.T
	in realm
}

func (f fromBefore) says(key string, m *storedv1.Post) {
	f.t.Helper()
	body, err := proto.Marshal(m)
	must(f.t, err)
	must(f.t, f.in.Put(f.t.Context(), func(w store.Writer) error { return w.PutDocument("posts", []byte(key), body) }))
}

// answers writes down the number of the newest call, 0 for none.
func (f fromBefore) answers() {
	f.t.Helper()
	call := &storedv1.Post{}
	must(f.t, f.in.View(f.t.Context(), func(r store.Reader) error {
		body, _, err := r.Document("posts", []byte("roll-call"))
		return errors.Join(err, proto.Unmarshal(body, call))
	}))
	f.says("serving/"+syncengine.ID{9}.String(), &storedv1.Post{Holder: make([]byte, 16), Term: call.GetTerm()})
}

func TestCallRoll_NoticesAServerThatRuns(t *testing.T) {
	r := realm{memstore.New()}
	server := arrived(t, r, 1)
	p := &pausing{at: 3, do: func() { renewed(t, r, server) }}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) || p.n != 3 {
		t.Errorf("after %d pauses: %v", p.n, err)
	}
	must(t, server.Leave(t.Context(), r))
	p = &pausing{}
	roll, err := tenure.CallRoll(t.Context(), r, p.pause)
	must(t, err)
	if p.n != 0 {
		t.Errorf("nobody is listed, and it waited %d times", p.n)
	}
	must(t, r.View(t.Context(), roll.Stands))
}

func TestCallRoll_WaitsForOneThatWasKilledAndStrikesItOff(t *testing.T) {
	r := realm{memstore.New()}
	arrived(t, r, 1)
	fromBefore{t, r}.answers()
	p := &pausing{}
	roll, err := tenure.CallRoll(t.Context(), r, p.pause)
	must(t, err)
	if p.n == 0 {
		t.Error("it did not wait for those that are listed")
	}
	must(t, r.View(t.Context(), roll.Stands))
	p = &pausing{}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); err != nil || p.n != 0 {
		t.Errorf("the second call waited %d times: %v", p.n, err)
	}
}

func TestCallRoll_NoticesAServerThatComesMeanwhile(t *testing.T) {
	r := realm{memstore.New()}
	arrived(t, r, 1)
	p := &pausing{at: 2, do: func() { arrived(t, r, 2) }}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) {
		t.Errorf("one came meanwhile: %v", err)
	}
}

func TestCallRoll_NoticesServersOfSoftwareFromBeforeTheList(t *testing.T) {
	r := realm{memstore.New()}
	older := fromBefore{t, r}
	older.answers()
	p := &pausing{at: 4, do: older.answers}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) || p.n != 4 {
		t.Errorf("one that answers calls, after %d pauses: %v", p.n, err)
	}

	r = realm{memstore.New()}
	holder := tenure.New("upkeep", syncengine.ID{3}, tenure.RenewEvery)
	_, err := holder.Renew(t.Context(), r, time.Now())
	must(t, err)
	p = &pausing{at: 5, do: func() {
		_, err := holder.Renew(t.Context(), r, time.Now())
		must(t, err)
	}}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) {
		t.Errorf("one that holds a post and stands nowhere: %v", err)
	}
}

func TestRoll_StandsNoMoreOnceAServerHasComeOrHasBeenThere(t *testing.T) {
	r := realm{memstore.New()}
	roll, err := tenure.CallRoll(t.Context(), r, (&pausing{}).pause)
	must(t, err)
	stands := func() error {
		return r.Put(t.Context(), func(w store.Writer) error { return roll.Stands(w) })
	}
	server := arrived(t, r, 1)
	if err := stands(); !errors.Is(err, tenure.ErrServed) {
		t.Errorf("a server came: %v", err)
	}
	must(t, server.Leave(t.Context(), r))
	must(t, stands())
	post := tenure.New("upkeep", syncengine.ID{1}, tenure.RenewEvery)
	_, err = post.Renew(t.Context(), r, time.Now())
	must(t, err)
	must(t, post.LayDown(t.Context(), r))
	if err := stands(); !errors.Is(err, tenure.ErrServed) {
		t.Errorf("a server has held the post and laid it down: %v", err)
	}
}

func TestVacate_LeavesNobodyToWaitForAndNoTermTwice(t *testing.T) {
	r := realm{memstore.New()}
	arrived(t, r, 1)
	fromBefore{t, r}.answers()
	dead := tenure.New("upkeep", syncengine.ID{1}, tenure.RenewEvery)
	_, err := dead.Renew(t.Context(), r, time.Now())
	must(t, err)
	must(t, r.Put(t.Context(), tenure.Vacate))
	p := &pausing{}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); err != nil || p.n != 0 {
		t.Errorf("it waited %d times: %v", p.n, err)
	}
	next := tenure.New("upkeep", syncengine.ID{2}, tenure.RenewEvery)
	if held, err := next.Renew(t.Context(), r, time.Now()); err != nil || !held {
		t.Errorf("the post is not free: %v", err)
	}
	if err := r.View(t.Context(), dead.Stands); !errors.Is(err, tenure.ErrLost) {
		t.Errorf("the holder of before holds it still: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
