package exchange_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// memoryLedger is a side ledger in memory that can refuse.
type memoryLedger struct {
	entries []exchange.LedgerEntry
	voided  []uint64
	refuses error
}

func (l *memoryLedger) Append(e exchange.LedgerEntry) error {
	if l.refuses == nil {
		l.entries = append(l.entries, e)
	}
	return l.refuses
}

func (l *memoryLedger) Void(n uint64) error {
	l.voided = append(l.voided, n)
	return nil
}

func (l *memoryLedger) Last() uint64 { return uint64(len(l.entries)) }

func (l *memoryLedger) After(n uint64, f func(exchange.LedgerEntry) error) error {
	for _, e := range l.entries[min(n, l.Last()):] {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// uncommitted is a store whose transactions fail at their end while it is told to.
type uncommitted struct {
	store.Store
	fails error
}

func (u *uncommitted) Update(ctx context.Context, f func(store.Writer) error) error {
	return u.Store.Update(ctx, func(w store.Writer) error {
		if err := f(w); err != nil {
			return err
		}
		return u.fails
	})
}

// keep serves the realm with a ledger from now on.
func (w *world) keep(st store.Store, l exchange.Ledger) {
	w.t.Helper()
	w.must(w.service.Close())
	w.store = st
	var err error
	w.service, err = exchange.Open(w.ctx, st, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Ledger: l,
	})
	w.must(err)
}

func (w *world) closeUser(user syncengine.ID) error {
	return w.service.Update(w.ctx, func(tx store.Writer) error {
		return identity.SetUserState(tx, user, identity.UserClosed, 2)
	})
}

func (w *world) state(user syncengine.ID) (state identity.UserState) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		u, err := identity.GetUser(r, user)
		state = u.State
		return err
	}))
	return state
}

func TestLedger_HasAnEntryBeforeAChangeOfIdentityIsDone(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	l := &memoryLedger{}
	w.keep(w.store, l)
	if len(l.entries) != 1 || !l.entries[0].Whole {
		t.Fatalf("a new ledger begins with %+v", l.entries)
	}
	p := w.phone(user)
	before := l.Last()
	p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	if l.Last() != before {
		t.Error("a phone's work stands in the ledger")
	}
	l.refuses = errors.New("the place is full")
	if err := w.closeUser(user); !errors.Is(err, exchange.ErrLedger) || w.state(user) != identity.UserActive {
		t.Errorf("a change that the ledger does not take: %v, state %d", err, w.state(user))
	}
	p.create(kindPremises, door(w.gridA, "2"))
	p.sync()
	l.refuses = nil
	w.must(w.closeUser(user))
	if l.Last() != before+1 {
		t.Errorf("%d entries for one change", l.Last()-before)
	}
}

func TestLedger_AnEntryWhoseTransactionFailedIsTakenBack(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	l, st := &memoryLedger{}, &uncommitted{Store: w.store}
	w.keep(st, l)
	st.fails = store.ErrFull
	if err := w.closeUser(user); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	st.fails = nil
	if n := l.Last(); len(l.voided) != 1 || l.voided[0] != n || w.state(user) != identity.UserActive {
		t.Errorf("taken back: %v of %d entries, state %d", l.voided, n, w.state(user))
	}
}

func TestLedger_RollsAnOlderStoreForwardAndKnowsItsEpochs(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	l := &memoryLedger{}
	w.keep(w.store, l)
	old := w.copied()
	w.must(w.closeUser(user))
	w.must(w.service.Close())
	between := w.copied()
	_, err := exchange.BeginEpoch(w.ctx, between, exchange.Renewal{Doubtful: []syncengine.Epoch{1}})
	w.must(err)
	w.open(nil)
	w.keep(between, l)
	known, err := exchange.LedgerEpochs(l)
	if err != nil || len(known) != 1 || known[0].Epoch != 2 {
		t.Errorf("the ledger knows %v, %v", known, err)
	}
	w.keep(old, l)
	if w.state(user) != identity.UserClosed {
		t.Error("an older store was not rolled forward")
	}
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		if doubtful, err := exchange.Doubtful(r); err != nil || !slices.Equal(doubtful, []syncengine.Epoch{1}) {
			t.Errorf("of the epochs %v are doubtful, %v", doubtful, err)
		}
		return nil
	}))
	w.verify()
}

// accessCheck checks the access ledger of what is served.
func (w *world) accessCheck() (v *accessledger.Verification) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
		v, err = accessledger.Verify(r)
		return err
	}))
	return v
}

func (w *world) look(id syncengine.ID) error {
	return w.service.Note(w.ctx, accessledger.Entry{Action: accessledger.Explain, Records: accessledger.About(kindPremises, id)})
}

func TestLedger_WhoLookedAfterTheBackupIsKnownAfterTheRestore(t *testing.T) {
	w, l := newWorld(t), &memoryLedger{}
	w.keep(w.store, l)
	w.must(w.look(w.id()))
	older := w.copied()
	for range 5 {
		w.must(w.look(w.id()))
	}
	before := w.accessCheck()
	w.keep(older, l)
	if after := w.accessCheck(); after.Bad != 0 || after.Last != before.Last || len(after.Cuts) != 0 {
		t.Errorf("the restored ledger is %+v, want entries up to %d", after, before.Last)
	}
	w.verify()
}

func TestLedger_PhonesWorkOnWhileTheSideLedgerCannotBeWritten(t *testing.T) {
	w, l := newWorld(t), &memoryLedger{}
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	w.keep(w.store, l)
	w.must(w.look(w.id()))
	older, entries := w.copied(), l.Last()
	l.refuses = errors.New("read-only")
	w.must(w.look(w.id()))
	if err := w.closeUser(user); !errors.Is(err, exchange.ErrLedger) {
		t.Errorf("closing a user: %v", err)
	}
	l.refuses = nil
	w.must(w.closeUser(user))
	w.must(w.look(w.id()))
	if l.Last() != entries+2 {
		t.Fatalf("the side ledger has %d entries, want %d", l.Last(), entries+2)
	}
	last := w.accessCheck().Last
	w.keep(older, l)
	after := w.accessCheck()
	if after.Bad != 0 || after.Last != last || len(after.Cuts) != 1 || !after.Cuts[0].Lost {
		t.Errorf("the restored ledger is %+v, want one gap", after)
	}
	if w.state(user) != identity.UserClosed {
		t.Error("the user is open again")
	}
}

func TestLedger_AFileThatWasPutBackIsNoticedBeforeItServesAnybody(t *testing.T) {
	w, l := newWorld(t), &memoryLedger{}
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	w.keep(w.store, l)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	same, old := w.copied(), w.copied()
	w.keep(same, l)
	if h := w.history(); h.Epoch != 1 {
		t.Errorf("a file that lacks nothing is served in epoch %d", h.Epoch)
	}
	w.must(w.closeUser(user))
	p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	w.keep(old, l)
	if h := w.history(); h.Epoch != 2 || h.Forks[0] != (syncengine.Fork{Epoch: 2, At: w.head().Seq, Parent: 1}) {
		t.Errorf("a file that was put back is served in epochs %+v", h)
	}
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		begun, err := exchange.Epochs(r)
		if err == nil && !begun[0].ByLedger {
			t.Errorf("what showed it is not told: %+v", begun)
		}
		return err
	}))
	w.keep(old, l)
	if h := w.history(); h.Epoch != 2 {
		t.Errorf("opened once more it is served in epoch %d", h.Epoch)
	}
	p.mark = 0
	p.sync()
	if p.last.GetEpoch() != 2 || len(p.last.GetOutcomes().GetResults()) == 0 {
		t.Errorf("the phone is told epoch %d and outcomes %v", p.last.GetEpoch(), p.last.GetOutcomes())
	}
	w.verify()
}

// history gives the epochs of what is served.
func (w *world) history() (h syncengine.History) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
		h, err = exchange.History(r)
		return err
	}))
	return h
}

func TestLedger_AnEntryOfEverythingWhoseTransactionFailedIsTakenBack(t *testing.T) {
	w, l := newWorld(t), &memoryLedger{}
	w.must(w.service.Close())
	st := &uncommitted{Store: w.store, fails: errors.New("the disk is full")}
	_, err := exchange.Open(w.ctx, st, exchange.Options{Secrets: w.secrets, Random: w.random, Ledger: l})
	if err == nil || len(l.entries) != 1 || len(l.voided) != 1 || l.voided[0] != 1 {
		t.Errorf("%v: of the entries %+v those of numbers %v are taken back", err, l.entries, l.voided)
	}
	w.open(nil)
}
