package exchange

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// VerifyProblemsMax bounds the problems that are listed; a damaged store has
// many, and the first ones tell where it begins.
const VerifyProblemsMax = 100

// Verification is what a check of a realm found.
type Verification struct {
	Head     store.Head
	Entries  int
	Records  int
	Problems []string
	// Epochs tells how each epoch but the first began.
	Epochs []Begun
	// Access is what the check of the access ledger found; a bad entry is among the problems.
	Access *accessledger.Verification
}

// Verify reduces the whole log again and compares: the log is dense, it reduces
// to the records, chains and marks fit, digests add up, the access ledger is whole. progress is told the
// entries done; it may be nil. sc is the schema that the realm was merged by.
func Verify(r store.Reader, sc *schema.Schema, progress func(done, total syncengine.Seq)) (*Verification, error) {
	v := &verifying{r: r, out: &Verification{Head: r.Head()}, schema: sc, records: map[syncengine.ID]*syncengine.Record{},
		chains: map[syncengine.ID]*chainState{}, sums: map[digestKey]uint64{}, waiting: map[syncengine.Seq]bool{}, then: map[syncengine.Epoch]syncengine.World{}, progress: progress}
	var err error
	if v.history, err = historyDocument(r); err != nil {
		return nil, err
	}
	if v.world.Lineage, err = identity.Lineage(r); err != nil {
		return nil, err
	}
	v.world.History = historyOf(v.history, syncengine.Epoch(v.history.GetEpoch()))
	if v.out.Epochs, err = Epochs(r); err != nil {
		return nil, err
	}
	rules, err := placedBy(r)
	if err != nil {
		return nil, err
	}
	v.placed = rules >= placedRules
	v.epochs()
	for _, step := range []func() error{v.entries, v.compareRecords, v.compareChains, v.compareDigests, v.compareQuarantine, v.checkAccess} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return v.out, nil
}

// verifying is the state of one Verify.
type verifying struct {
	r      store.Reader
	out    *Verification
	schema *schema.Schema
	// history is the epochs as stored, world what the engine knows of them now, and then what it knew in each.
	history *storedv1.History
	world   syncengine.World
	then    map[syncengine.Epoch]syncengine.World

	// placed says that all records are placed by the rules of this software.
	placed bool

	records  map[syncengine.ID]*syncengine.Record
	chains   map[syncengine.ID]*chainState
	sums     map[digestKey]uint64
	waiting  map[syncengine.Seq]bool
	progress func(done, total syncengine.Seq)
}

// chainState is how far an incarnation's chain was recomputed.
type chainState struct {
	mark  syncengine.DeviceSeq
	chain syncengine.Chain
}

// worldIn gives what the engine knew when an epoch was in force: what was learned
// of others later must not change what the log reduces to.
func (v *verifying) worldIn(epoch syncengine.Epoch) syncengine.World {
	w, ok := v.then[epoch]
	if !ok {
		w = syncengine.World{History: historyOf(v.history, epoch), Lineage: v.world.Lineage}
		v.then[epoch] = w
	}
	return w
}

// epochs checks that the head and the epochs agree, and that no epoch begins above the log.
func (v *verifying) epochs() {
	if v.out.Head.Epoch != v.world.History.Epoch {
		v.problem("epochs: the head is of epoch %d, the history of %d", v.out.Head.Epoch, v.world.History.Epoch)
	}
	for _, f := range v.history.GetForks() {
		if f.GetLearned() == 0 && syncengine.Seq(f.GetAt()) > v.out.Head.Seq {
			v.problem("epochs: epoch %d begins at seq %d, the log ends at %d", f.GetEpoch(), f.GetAt(), v.out.Head.Seq)
		}
	}
}

func (v *verifying) problem(format string, args ...any) {
	if len(v.out.Problems) < VerifyProblemsMax {
		v.out.Problems = append(v.out.Problems, fmt.Sprintf(format, args...))
	} else if len(v.out.Problems) == VerifyProblemsMax {
		v.out.Problems = append(v.out.Problems, "more problems are not listed")
	}
}

func (v *verifying) entries() error {
	next := syncengine.Seq(1)
	var failed error
	err := v.r.Entries(0, func(e store.Entry) bool {
		if e.Seq != next {
			v.problem("log: after seq %d comes %d", next-1, e.Seq)
		}
		next = e.Seq + 1
		v.out.Entries++
		if v.progress != nil && e.Seq%1000 == 0 {
			v.progress(e.Seq, v.out.Head.Seq)
		}
		failed = v.entry(e)
		return failed == nil
	})
	if failed != nil {
		err = failed
	}
	if next != v.out.Head.Seq+1 {
		v.problem("log: ends at seq %d, the head says %d", next-1, v.out.Head.Seq)
	}
	return err
}

func (v *verifying) entry(e store.Entry) error {
	extra := &storedv1.Extra{}
	if err := proto.Unmarshal(e.Extra, extra); err != nil {
		v.problem("seq %d: extra: %v", e.Seq, err)
		return nil
	}
	switch e.Type {
	case store.EntryApplied, store.EntryMerged:
		v.follow(e)
		v.merge(e, e.Body, extra)
	case store.EntryHeld:
		original, ok, err := v.r.Entry(e.Ref)
		if err == nil && original.Type == store.EntryReleased {
			original, ok, err = v.r.Entry(original.Ref)
		}
		if err != nil {
			return err
		}
		if !ok || len(original.Body) == 0 {
			v.problem("seq %d merges held cells of %d, which has none", e.Seq, e.Ref)
			return nil
		}
		v.merge(e, original.Body, extra)
	case store.EntryQuarantined:
		v.follow(e)
		v.waiting[e.Seq] = e.Body != nil
	case store.EntryAbsent:
		v.skip(e, extra)
	case store.EntryReleased:
		delete(v.waiting, e.Ref)
		original, ok, err := v.r.Entry(e.Ref)
		if err != nil {
			return err
		}
		if !ok || original.Type != store.EntryQuarantined {
			v.problem("seq %d releases %d, which is no quarantined change", e.Seq, e.Ref)
			return nil
		}
		v.merge(e, original.Body, extra)
	case store.EntryRejected:
		delete(v.waiting, e.Ref)
	case store.EntryMoved:
		v.move(e)
	case store.EntryErased:
		v.erase(e, extra)
	}
	return nil
}

// follow extends the author's chain by an entry.
func (v *verifying) follow(e store.Entry) {
	c := v.chain(e.Incarnation)
	if e.DeviceSeq != c.mark+1 {
		v.problem("seq %d: change %d of %s comes after %d", e.Seq, e.DeviceSeq, e.Incarnation, c.mark)
	}
	c.mark = e.DeviceSeq
	c.chain = c.chain.Next(InnerDigest(e))
}

func (v *verifying) chain(incarnation syncengine.ID) *chainState {
	c, ok := v.chains[incarnation]
	if ok {
		return c
	}
	c = &chainState{}
	if last, chain, ok, err := identity.Branched(v.r, incarnation); err == nil && ok {
		// What the parent wrote up to there may not be back yet.
		c.mark, c.chain = last, chain
	} else if parent, last, forked := v.lineage(incarnation); forked {
		c.mark, c.chain = last, v.chainAfter(parent, last)
	}
	v.chains[incarnation] = c
	return c
}

func (v *verifying) lineage(incarnation syncengine.ID) (syncengine.ID, syncengine.DeviceSeq, bool) {
	if v.world.Lineage == nil {
		return syncengine.ID{}, 0, false
	}
	return v.world.Lineage(incarnation)
}

// chainAfter recomputes the chain of a copied database's parent, which may have
// been copied itself.
func (v *verifying) chainAfter(incarnation syncengine.ID, seq syncengine.DeviceSeq) (chain syncengine.Chain) {
	if parent, last, forked := v.lineage(incarnation); forked {
		chain = v.chainAfter(parent, min(last, seq))
	}
	err := v.r.Entries(0, func(e store.Entry) bool {
		if e.Incarnation != incarnation || e.DeviceSeq > seq {
			return true
		}
		switch e.Type {
		case store.EntryApplied, store.EntryMerged, store.EntryQuarantined:
			chain = chain.Next(InnerDigest(e))
		case store.EntryAbsent:
			if extra, err := Extra(e); err == nil && syncengine.DeviceSeq(extra.GetAbsentUntil()) <= seq {
				copy(chain[:], extra.GetAbsentChain())
			}
		}
		return true
	})
	if err != nil {
		v.problem("the chain of device %s cannot be read: %v", incarnation, err)
	}
	return chain
}

func (v *verifying) skip(e store.Entry, extra *storedv1.Extra) {
	c := v.chain(e.Incarnation)
	if e.DeviceSeq != c.mark+1 {
		v.problem("seq %d: absent from %d after %d", e.Seq, e.DeviceSeq, c.mark)
	}
	c.mark = syncengine.DeviceSeq(extra.GetAbsentUntil())
	copy(c.chain[:], extra.GetAbsentChain())
}

func (v *verifying) merge(e store.Entry, body []byte, extra *storedv1.Extra) {
	c, err := wire.DecodeChange(body)
	if err != nil {
		v.problem("seq %d: change: %v", e.Seq, err)
		return
	}
	kind, ok := v.schema.Kind(c.Kind)
	if !ok {
		v.problem("seq %d: kind %d is not known to this software", e.Seq, c.Kind)
		return
	}
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		v.problem("seq %d: patch: %v", e.Seq, err)
		return
	}
	cells = withoutHeld(cells, e.Type == store.EntryHeld, extra)
	rec := v.records[c.RecordID]
	if rec != nil && rec.Seq != e.Prev || rec == nil && e.Prev != 0 {
		v.problem("seq %d: names %d as the entry before it in record %s", e.Seq, e.Prev, c.RecordID)
	}
	in := &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}, Base: countedBase(c.Base, extra), Cut: extra.GetCountedBase() != nil, Create: c.Create,
		At:    syncengine.Coordinate{Epoch: v.world.History.EpochAt(e.Seq), Seq: e.Seq},
		Stamp: e.Stamp, Suspect: e.Suspect, Rank: e.Rank, Cells: cells, Resolves: c.Resolves,
		Unreadable: v.unreadable(kind, extra), OwnLater: v.ownLater(extra),
	}
	in.First, in.Since = firstOf(extra)
	m := v.worldIn(in.At.Epoch).Merge(kind.Engine, rec, c.RecordID, in)
	if e.Type == store.EntryReleased || e.Type == store.EntryHeld {
		m.Record.Tail, m.Record.TailSince = syncengine.ID{}, e.Seq
	} else if wasApplied := e.Type == store.EntryApplied; wasApplied && !m.Applied {
		v.problem("seq %d: outcome applied, the log gives merged", e.Seq)
	} else if m.Applied && !wasApplied {
		// Its author's phone could not fold it in: it was held in part, or stands out of sight.
		m.Record.Tail, m.Record.TailSince = syncengine.ID{}, e.Seq
	}
	v.records[c.RecordID] = m.Record
}

func (v *verifying) unreadable(kind *schema.Kind, extra *storedv1.Extra) func(syncengine.FieldNumber) bool {
	if extra.GetUnreadable() == 0 {
		return nil
	}
	return unreadable(kind, ^schema.Classes(extra.GetUnreadable()))
}

func (v *verifying) ownLater(extra *storedv1.Extra) func(syncengine.CellKey) bool {
	cells := laterCells{}
	for _, a := range extra.GetOwnLater() {
		cells[syncengine.CellKey{Field: syncengine.FieldNumber(a.GetField()), Key: string(a.GetKey())}] = true
	}
	return cells.has
}

func (v *verifying) move(e store.Entry) {
	rec := v.records[e.RecordID]
	if rec == nil {
		v.problem("seq %d moves record %s, which is not there", e.Seq, e.RecordID)
		return
	}
	next := *rec
	next.Seq, next.Tail, next.TailSince = e.Seq, syncengine.ID{}, e.Seq
	v.records[e.RecordID] = &next
}

func (v *verifying) erase(e store.Entry, extra *storedv1.Extra) {
	kind, ok := v.schema.Kind(e.Kind)
	rec := v.records[e.RecordID]
	if rec == nil {
		return // Raised for a record that this log did not have.
	}
	if !ok || rec.Seq != e.Prev {
		v.problem("seq %d: names %d as the entry before it in record %s of kind %d", e.Seq, e.Prev, e.RecordID, e.Kind)
		return
	}
	v.records[e.RecordID] = syncengine.Erase(kind.Engine, rec, cellsOf(extra.GetErased()), e.Seq)
}
