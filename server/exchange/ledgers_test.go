package exchange_test

import (
	"context"
	"sync"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/sideledger"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// exchanged is a store that can be put back beneath those who have it open.
type exchanged struct {
	mu sync.Mutex
	st *memstore.Store
	// fails is what every transaction ends with while it is set.
	fails error
}

func (x *exchanged) at() *memstore.Store {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.st
}

func (x *exchanged) View(ctx context.Context, f func(store.Reader) error) error {
	return x.at().View(ctx, f)
}

func (x *exchanged) Update(ctx context.Context, f func(store.Writer) error) error {
	return x.at().Update(ctx, func(w store.Writer) error {
		if err := f(w); err != nil {
			return err
		}
		return x.fails
	})
}
func (x *exchanged) Scrub(ctx context.Context) error             { return x.at().Scrub(ctx) }
func (x *exchanged) Check(ctx context.Context) ([]string, error) { return x.at().Check(ctx) }
func (x *exchanged) Close() error                                { return nil }

// kept are servers of one realm, each with a side ledger of its own.
type kept struct {
	*world
	store *exchanged
	dirs  []string
	all   []*exchange.Service
	files []*sideledger.Ledger
}

func keptBy(t *testing.T, servers int) *kept {
	w := newWorld(t)
	w.must(w.service.Close())
	k := &kept{world: w, store: &exchanged{st: w.store.(*memstore.Store)}}
	for range servers {
		k.dirs, k.all, k.files = append(k.dirs, t.TempDir()), append(k.all, nil), append(k.files, nil)
	}
	for i := range servers {
		k.start(i)
	}
	t.Cleanup(func() {
		for i := range servers {
			k.stop(i)
		}
	})
	return k.at(0)
}

func (k *kept) start(i int) {
	k.t.Helper()
	var err error
	k.files[i], err = sideledger.OpenOne(k.dirs[i], 530702, k.secrets.LedgerKey())
	k.must(err)
	k.all[i], err = exchange.Open(k.ctx, k.store, exchange.Options{
		Secrets: k.secrets, Random: k.random, Now: func() time.Time { return k.now }, Ledger: k.files[i], Shared: true,
	})
	k.must(err)
	k.service = k.all[i]
}

func (k *kept) stop(i int) {
	k.t.Helper()
	if k.all[i] == nil {
		return
	}
	k.must(k.all[i].Close())
	k.must(k.files[i].Close())
	k.all[i] = nil
}

func (k *kept) at(i int) *kept {
	k.service = k.all[i]
	return k
}

func (k *kept) named(user syncengine.ID) (name string) {
	k.t.Helper()
	k.must(k.store.View(k.ctx, func(r store.Reader) error {
		u, err := identity.GetUser(r, user)
		name = u.Name
		return err
	}))
	return name
}

func (k *kept) rename(user syncengine.ID, name string) error {
	return k.service.Update(k.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		u.Name = name
		if err == nil {
			err = identity.PutUser(tx, u)
		}
		return err
	})
}

func (k *kept) epoch() (epoch syncengine.Epoch) {
	k.must(k.store.View(k.ctx, func(r store.Reader) error { epoch = r.Head().Epoch; return nil }))
	return epoch
}

// replayed is what a backup comes to with the ledgers in some folders.
func (k *kept) replayed(backup *memstore.Store, user syncengine.ID, dirs ...string) (state identity.UserState) {
	k.t.Helper()
	l, err := sideledger.ReadAll(dirs, 530702, k.secrets.LedgerKey())
	k.must(err)
	k.must(backup.Update(k.ctx, func(w store.Writer) error {
		if _, err := exchange.Replay(w, l); err != nil {
			return err
		}
		u, err := identity.GetUser(w, user)
		state = u.State
		return err
	}))
	return state
}

func TestLedgers_EachServersFileHoldsWhatAllHaveDone(t *testing.T) {
	k := keptBy(t, 2)
	user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
	other := k.at(1).user(recordv1.Role_ROLE_GRID_WORKER, k.gridB)
	backup := k.store.at().Copy()
	k.must(k.at(0).closeUser(other))
	k.must(k.at(1).closeUser(user))
	for _, s := range k.all {
		k.must(s.FollowLedger(k.ctx))
	}
	for _, dirs := range [][]string{{k.dirs[0]}, {k.dirs[1]}, k.dirs} {
		for _, u := range []syncengine.ID{user, other} {
			if state := k.replayed(backup.Copy(), u, dirs...); state != identity.UserClosed {
				t.Errorf("from %d folders: a user who was closed is in state %d", len(dirs), state)
			}
		}
	}
	k.endAlike()
}

// endAlike wants both servers' files to end at one number.
func (k *kept) endAlike() {
	k.t.Helper()
	if a, b := k.files[0].Last(), k.files[1].Last(); a != b {
		k.t.Errorf("one file ends at %d, the other at %d", a, b)
	}
}

func TestLedgers_NewestEntriesOfEachFileAreMergedByARestore(t *testing.T) {
	k := keptBy(t, 2)
	user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
	backup := k.store.at().Copy()
	k.must(k.at(1).closeUser(user)) // The other server has not looked since.
	if state := k.replayed(backup.Copy(), user, k.dirs...); state != identity.UserClosed {
		t.Errorf("a user whom one server's file closes is in state %d", state)
	}
}

func TestLedgers_AStoreThatIsPutBackBeneathTheServersIsRolledForwardOnce(t *testing.T) {
	k := keptBy(t, 2)
	user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
	other := k.at(1).user(recordv1.Role_ROLE_GRID_WORKER, k.gridB)
	for _, s := range k.all {
		k.must(s.FollowLedger(k.ctx))
	}
	old, before := k.store.at().Copy(), k.epoch()
	k.must(k.at(0).closeUser(user))
	k.must(k.at(1).closeUser(other)) // The newest one, which stands in one file alone.
	k.store.mu.Lock()
	k.store.st = old
	k.store.mu.Unlock()
	for range 2 {
		for _, s := range k.all {
			k.must(s.FollowLedger(k.ctx))
		}
	}
	for i := range k.all {
		for _, u := range []syncengine.ID{user, other} {
			if k.at(i).state(u) != identity.UserClosed {
				t.Errorf("server %d: a user who was closed is in state %d", i, k.state(u))
			}
		}
	}
	if k.epoch() <= before {
		t.Errorf("the epoch is %d, it was %d", k.epoch(), before)
	}
	k.must(k.rename(user, "改名"))
	for i, s := range k.all {
		k.must(s.FollowLedger(k.ctx))
		if state := k.replayed(old.Copy(), other, k.dirs[i]); state != identity.UserClosed {
			t.Errorf("by the file of server %d the user is in state %d", i, state)
		}
	}
}

func TestLedgers_WhatWasNotCommittedDoesNotCountOverWhatWasDoneSince(t *testing.T) {
	k := keptBy(t, 2)
	user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
	other := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridB)
	k.must(k.all[1].FollowLedger(k.ctx))
	// A server is ended between its ledger and its commit: it renames one user and closes another.
	k.store.fails = store.ErrUnknown
	err := k.at(0).service.Update(k.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		u.Name = "旧名"
		if err == nil {
			err = identity.PutUser(tx, u)
		}
		if err == nil {
			err = identity.SetUserState(tx, other, identity.UserClosed, 2)
		}
		return err
	})
	if err == nil {
		t.Fatal("a transaction whose commit is in doubt succeeded")
	}
	k.store.fails = nil
	k.stop(0)
	k.must(k.at(1).closeUser(user)) // Another server goes on, under the same number.
	k.start(0)
	if k.state(user) != identity.UserClosed || k.named(user) == "旧名" {
		t.Errorf("what was acknowledged is undone: %s is in state %d", k.named(user), k.state(user))
	}
	if k.state(other) != identity.UserClosed {
		t.Error("what nobody touched since does not stand, as it does with one server")
	}
	k.must(k.all[1].FollowLedger(k.ctx))
	k.endAlike()
}

func TestLedgers_WhatAServerWithoutOneChangedIsTakenUp(t *testing.T) {
	k := keptBy(t, 1)
	user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
	backup := k.store.at().Copy()
	without, err := exchange.Open(k.ctx, k.store, exchange.Options{Secrets: k.secrets, Random: k.random, Now: func() time.Time { return k.now }, Shared: true})
	k.must(err)
	k.service = without
	k.must(k.closeUser(user))
	k.must(without.Close())
	k.at(0).user(recordv1.Role_ROLE_GRID_WORKER, k.gridB)
	if state := k.replayed(backup, user, k.dirs[0]); state != identity.UserClosed {
		t.Errorf("the user is in state %d", state)
	}
}
