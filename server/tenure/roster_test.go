package tenure_test

import (
	"testing"
	"time"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// town is a list of servers, each with a clock of its own.
type town struct {
	t   *testing.T
	st  realm
	now time.Time
}

func newTown(t *testing.T) *town {
	return &town{t: t, st: realm{memstore.New()}, now: time.UnixMilli(1_780_000_000_000)}
}

func (o *town) renew(r *tenure.Roster, want uint32) {
	o.t.Helper()
	if oldest, err := r.Renew(o.t.Context(), o.st, o.now); err != nil || oldest != want {
		o.t.Fatalf("the oldest schema is %d, %v; want %d", oldest, err, want)
	}
}

// listed gives the oldest schema in the list, 0 for an empty one.
func (o *town) listed() (oldest uint32) {
	o.t.Helper()
	err := o.st.View(o.t.Context(), func(r store.Reader) (err error) {
		oldest, _, err = tenure.Oldest(r)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return oldest
}

func TestRoster_NewerSoftwareKnowsOfOlderAsLongAsItIsThere(t *testing.T) {
	o := newTown(t)
	older, newer := tenure.NewRoster(syncengine.ID{1}, 4, tenure.RenewEvery), tenure.NewRoster(syncengine.ID{2}, 5, tenure.RenewEvery)
	if o.listed() != 0 {
		t.Error("somebody is in an empty list")
	}
	o.renew(older, 4)
	for range 5 {
		o.renew(newer, 4)
		o.renew(older, 4)
		o.now = o.now.Add(tenure.RenewEvery)
	}
	if err := older.Leave(t.Context(), o.st); err != nil {
		t.Fatal(err)
	}
	o.renew(newer, 5)
	if o.listed() != 5 {
		t.Errorf("in the list stands schema %d", o.listed())
	}
	var none *tenure.Roster
	if err := none.Leave(t.Context(), o.st); err != nil {
		t.Errorf("a server that has no list: %v", err)
	}
}

func TestRoster_OneThatWasKilledIsStruckOffOnceItHasStoodStillForSomebody(t *testing.T) {
	o := newTown(t)
	older, newer := tenure.NewRoster(syncengine.ID{1}, 4, tenure.RenewEvery), tenure.NewRoster(syncengine.ID{2}, 5, tenure.RenewEvery)
	o.renew(older, 4)
	o.now = o.now.AddDate(1, 0, 0) // How long it was there before counts for nothing.
	o.renew(newer, 4)
	o.now = o.now.Add(tenure.SilentMax - 1)
	o.renew(newer, 4)
	o.now = o.now.Add(1)
	o.renew(newer, 5)
	o.renew(older, 4) // It was asleep, and is back.
	o.renew(newer, 4)
}
