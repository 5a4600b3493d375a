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

// realm keeps posts in a store in memory.
type realm struct{ *memstore.Store }

func (r realm) Put(ctx context.Context, f func(store.Writer) error) error { return r.Update(ctx, f) }

// office is a post with two servers, each with a clock of its own.
type office struct {
	t    *testing.T
	st   realm
	a, b *tenure.Post
	// now is the true time; b's clock is a year ahead.
	now time.Time
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, st: realm{memstore.New()}, now: time.UnixMilli(1_780_000_000_000)}
	o.a, o.b = tenure.New("upkeep", syncengine.ID{1}, tenure.RenewEvery), tenure.New("upkeep", syncengine.ID{2}, tenure.RenewEvery)
	return o
}

func (o *office) renew(p *tenure.Post) bool {
	o.t.Helper()
	now := o.now
	if p == o.b {
		now = now.AddDate(1, 0, 0)
	}
	held, err := p.Renew(o.t.Context(), o.st, now)
	if err != nil || held != p.Held() {
		o.t.Fatalf("renewed: %v, held %v: %v", held, p.Held(), err)
	}
	return held
}

// stands does something in a transaction that the post is asked for.
func (o *office) stands(p *tenure.Post) bool {
	o.t.Helper()
	err := o.st.Update(o.t.Context(), func(w store.Writer) error { return p.Stands(w) })
	if err != nil && !errors.Is(err, tenure.ErrLost) {
		o.t.Fatal(err)
	}
	return err == nil
}

func TestPost_OneServerHoldsItWhileItRenewsWhateverTheClocksSay(t *testing.T) {
	o := newOffice(t)
	if !o.renew(o.a) || o.renew(o.b) {
		t.Fatal("the first who asks does not hold the post alone")
	}
	for range 100 {
		o.now = o.now.Add(tenure.RenewEvery)
		if !o.renew(o.a) || o.renew(o.b) || !o.stands(o.a) || o.stands(o.b) {
			t.Fatal("a holder that renews has lost the post")
		}
	}
}

func TestPost_AHolderThatFallsSilentIsFollowedAndItsWorkIsRefused(t *testing.T) {
	o := newOffice(t)
	o.renew(o.a)
	o.renew(o.b)
	o.now = o.now.Add(tenure.SilentMax - 1)
	if o.renew(o.b) {
		t.Fatal("the post was taken from a holder that may be there")
	}
	o.now = o.now.Add(1)
	if !o.renew(o.b) || !o.stands(o.b) {
		t.Fatal("a post that stood still was not taken")
	}
	if !o.a.Held() {
		t.Fatal("the holder before could not know")
	}
	if o.stands(o.a) || o.a.Held() {
		t.Error("work of the holder before was let through")
	}
	if o.renew(o.a) {
		t.Error("the holder before took the post back at once")
	}
}

func TestPost_LaidDownItIsTakenAtOnceInANewTerm(t *testing.T) {
	o := newOffice(t)
	o.renew(o.a)
	if err := o.a.LayDown(t.Context(), o.st); err != nil || o.a.Held() {
		t.Fatal(err)
	}
	if !o.renew(o.b) || !o.stands(o.b) || o.stands(o.a) {
		t.Error("the next one does not hold it")
	}
	if err := o.a.LayDown(t.Context(), o.st); err != nil || !o.stands(o.b) {
		t.Error("one who does not hold it laid it down")
	}
}
