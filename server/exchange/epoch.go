package exchange

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Renewal says what is known of a realm outside of the store that begins a new epoch.
type Renewal struct {
	// Known are epochs that the store may not know of, as when an earlier restore was
	// made from a newer backup. The new epoch is numbered above all of them.
	Known []syncengine.Fork
	// Doubtful are epochs that are known to have had two histories: a backup from before somebody noticed says nothing of it.
	Doubtful []syncengine.Epoch
	// Now is the time of the restore.
	Now syncengine.UnixMilli
	// revealed is the incarnation that showed that the database had been put back
	// without a restore, beyond an epoch that it knows; zero for a restore.
	revealed syncengine.ID
	beyond   syncengine.Epoch
	// byLedger tells that the side ledger showed it, byStore that the store did.
	byLedger, byStore bool
}

// BeginEpoch begins a new history of the log in a restored store, with the head
// as its fork point, and gives the epochs. No service may be open over the store.
// Every phone that comes back is told which of its changes are expected next; one
// that has seen more of the log than the store holds is filled from the start.
func BeginEpoch(ctx context.Context, st store.Store, o Renewal) (h syncengine.History, err error) {
	err = st.Update(ctx, func(w store.Writer) error {
		h, err = beginEpoch(w, o)
		return err
	})
	if err != nil {
		return h, fmt.Errorf("begin a new epoch: %w", err)
	}
	return h, nil
}

func beginEpoch(w store.Writer, o Renewal) (syncengine.History, error) {
	m, err := historyDocument(w)
	if err != nil {
		return syncengine.History{}, err
	}
	next := max(m.GetEpoch(), uint32(o.beyond)) + 1
	learn(m, o.Known, &next)
	for _, e := range o.Doubtful {
		if !slices.Contains(m.Doubtful, uint32(e)) {
			m.Doubtful = append(m.Doubtful, uint32(e))
		}
	}
	f := &storedv1.Fork{Epoch: next, At: uint64(w.Head().Seq), Parent: m.GetEpoch(), BegunMs: int64(o.Now), RevealedByLedger: o.byLedger, RevealedByStore: o.byStore}
	if !o.revealed.IsZero() {
		f.RevealedBy = o.revealed[:]
	}
	m.Forks, m.Epoch = append(m.Forks, f), next
	if err := w.PutDocument(bucketHistory, historyKey, encode(m)); err != nil {
		return syncengine.History{}, err
	}
	head := w.Head()
	head.Epoch = syncengine.Epoch(next)
	if err := w.SetHead(head); err != nil {
		return syncengine.History{}, err
	}
	return historyOf(m, head.Epoch), nil
}

// learn takes over forks that the document lacks, for the epoch that is to be
// next, and raises its number above all of them.
func learn(m *storedv1.History, known []syncengine.Fork, next *uint32) {
	for _, f := range known {
		*next = max(*next, uint32(f.Epoch)+1)
	}
	for _, f := range known {
		have := func(k *storedv1.Fork) bool { return k.GetEpoch() == uint32(f.Epoch) }
		if f.Epoch > 1 && !slices.ContainsFunc(m.Forks, have) {
			m.Forks = append(m.Forks, &storedv1.Fork{
				Epoch: uint32(f.Epoch), At: uint64(f.At), Parent: uint32(f.Parent), Learned: *next,
			})
		}
	}
	slices.SortFunc(m.Forks, func(a, b *storedv1.Fork) int { return cmp.Compare(a.GetEpoch(), b.GetEpoch()) })
}

// historyDocument reads the epochs as stored; a new realm is in epoch 1.
func historyDocument(r store.Reader) (*storedv1.History, error) {
	m := &storedv1.History{}
	ok, err := read(r, bucketHistory, historyKey, m)
	if !ok {
		m.Epoch = 1
	}
	return m, err
}

// historyOf gives the epochs as they were known when one of them was in force.
func historyOf(m *storedv1.History, epoch syncengine.Epoch) syncengine.History {
	h := syncengine.History{Epoch: epoch}
	for _, f := range m.GetForks() {
		if max(f.GetLearned(), f.GetEpoch()) > uint32(epoch) {
			continue
		}
		h.Forks = append(h.Forks, syncengine.Fork{
			Epoch: syncengine.Epoch(f.GetEpoch()), At: syncengine.Seq(f.GetAt()), Parent: syncengine.Epoch(f.GetParent()),
			Learned: syncengine.Epoch(f.GetLearned()),
		})
	}
	return h
}

// tellForks tells where the epochs branched off that the log knows, so that the phone can
// say so to a server that a restore has taken that from.
func (a *answering) tellForks() error {
	h, err := readHistory(a.r)
	for _, f := range h.Forks[max(0, len(h.Forks)-wire.EpochForksMax):] {
		a.reply.Forks = append(a.reply.Forks, &syncv1.EpochFork{Epoch: uint32(f.Epoch), Parent: uint32(f.From()), At: uint64(f.At)})
	}
	return err
}

// readHistory gives the epochs of the realm.
func readHistory(r store.Reader) (syncengine.History, error) {
	m, err := historyDocument(r)
	return historyOf(m, syncengine.Epoch(m.GetEpoch())), err
}

// Doubtful gives the epochs that a store knows to have had two histories.
func Doubtful(r store.Reader) ([]syncengine.Epoch, error) {
	m, err := historyDocument(r)
	return doubtfulIn(m), err
}

func doubtfulIn(m *storedv1.History) (out []syncengine.Epoch) {
	for _, e := range m.GetDoubtful() {
		out = append(out, syncengine.Epoch(e))
	}
	return out
}

// History gives the epochs of the realm that a store holds.
func History(r store.Reader) (syncengine.History, error) { return readHistory(r) }

// Begun is how an epoch began.
type Begun struct {
	syncengine.Fork
	// Time is when; 0 for one that this store was only told of.
	Time syncengine.UnixMilli
	// RevealedBy is the incarnation whose proof showed that the database had been put
	// back without a restore; zero for an epoch that a restore began.
	RevealedBy syncengine.ID
	// ByLedger tells that the side ledger showed it, ByStore that the store did.
	ByLedger, ByStore bool
}

// Epochs lists how each epoch but the first began, as far as it is known.
func Epochs(r store.Reader) ([]Begun, error) {
	m, err := historyDocument(r)
	out := make([]Begun, len(m.GetForks()))
	for i, f := range historyOf(m, syncengine.Epoch(m.GetEpoch())).Forks {
		stored := m.GetForks()[i]
		out[i] = Begun{Fork: f, Time: syncengine.UnixMilli(stored.GetBegunMs()), ByLedger: stored.GetRevealedByLedger(), ByStore: stored.GetRevealedByStore()}
		out[i].RevealedBy, _ = syncengine.IDFromBytes(stored.GetRevealedBy())
	}
	return out, err
}

// Holds reports that the log in force has a commit with a tag at a place.
func Holds(r store.Reader, at syncengine.Coordinate, tag store.Tag) (bool, error) {
	h, err := readHistory(r)
	if err != nil {
		return false, err
	}
	seq, ok := h.Current(at)
	if !ok || seq > r.Head().Seq {
		return false, nil
	}
	return hasTag(r, seq, tag)
}

// SetBackedUp tells the phones from now on up to which coordinate the newest
// verified backup of this realm reaches. It may be called at any time.
func (s *Service) SetBackedUp(at syncengine.Coordinate) { s.backedUp.Store(&at) }

// epoch gives the epoch in force, as this service knows it.
func (s *Service) epoch() syncengine.Epoch { return syncengine.Epoch(s.inForce.Load()) }
