package tenure_test

import (
	"context"
	"errors"
	"testing"
	"time"

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

func TestCallRoll_IsAnsweredByAServerThatRuns(t *testing.T) {
	r := realm{memstore.New()}
	server, err := tenure.SignIn(t.Context(), r, syncengine.ID{1})
	must(t, err)
	p := &pausing{at: 3, do: func() { must(t, server.Answer(t.Context(), r)) }}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) || p.n != 3 {
		t.Errorf("after %d pauses: %v", p.n, err)
	}
	must(t, server.SignOut(t.Context(), r))
	p = &pausing{}
	roll, err := tenure.CallRoll(t.Context(), r, p.pause)
	must(t, err)
	if p.n != 0 {
		t.Errorf("nobody is signed in, and it waited %d times", p.n)
	}
	must(t, r.View(t.Context(), roll.Stands))
}

func TestCallRoll_WaitsForOneThatWasKilledAndSignsItOut(t *testing.T) {
	r := realm{memstore.New()}
	_, err := tenure.SignIn(t.Context(), r, syncengine.ID{1})
	must(t, err)
	p := &pausing{}
	roll, err := tenure.CallRoll(t.Context(), r, p.pause)
	must(t, err)
	if p.n == 0 {
		t.Error("it did not wait for the one that is signed in")
	}
	must(t, r.View(t.Context(), roll.Stands))
	p = &pausing{}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); err != nil || p.n != 0 {
		t.Errorf("the second call waited %d times: %v", p.n, err)
	}
}

func TestCallRoll_NoticesAServerThatComesAndOneThatSignsInNowhere(t *testing.T) {
	r := realm{memstore.New()}
	_, err := tenure.SignIn(t.Context(), r, syncengine.ID{1})
	must(t, err)
	p := &pausing{at: 2, do: func() {
		_, err := tenure.SignIn(t.Context(), r, syncengine.ID{2})
		must(t, err)
	}}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) {
		t.Errorf("one came meanwhile: %v", err)
	}

	r = realm{memstore.New()}
	older := tenure.New("upkeep", syncengine.ID{3}, tenure.RenewEvery)
	_, err = older.Renew(t.Context(), r, time.Now())
	must(t, err)
	p = &pausing{at: 5, do: func() {
		_, err := older.Renew(t.Context(), r, time.Now())
		must(t, err)
	}}
	if _, err := tenure.CallRoll(t.Context(), r, p.pause); !errors.Is(err, tenure.ErrServed) {
		t.Errorf("one holds a post and is signed in nowhere: %v", err)
	}
}

func TestRoll_StandsNoMoreOnceAServerHasCome(t *testing.T) {
	r := realm{memstore.New()}
	roll, err := tenure.CallRoll(t.Context(), r, (&pausing{}).pause)
	must(t, err)
	_, err = tenure.SignIn(t.Context(), r, syncengine.ID{1})
	must(t, err)
	err = r.Put(t.Context(), func(w store.Writer) error { return roll.Stands(w) })
	if !errors.Is(err, tenure.ErrServed) {
		t.Errorf("a server came: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
