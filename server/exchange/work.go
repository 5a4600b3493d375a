package exchange

import (
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// work is one group's transaction in the making. Reads go through it, writes
// gather in it and reach the store in flush, so that a batch that fails can be
// taken back without the store knowing of it.
type work struct {
	svc *Service
	// w is the transaction, turn the same by its type.
	w    store.Writer
	turn *inTurn
	// schema is what the group merges by.
	schema *schema.Schema
	now    syncengine.UnixMilli
	// judged is when everything was handed to the store.
	judged time.Time
	world  syncengine.World
	// doubts lists the epochs in which two histories share numbers.
	doubts []uint32
	tree   *identity.Tree

	next    syncengine.Seq
	entries []store.Entry
	records map[syncengine.ID]*standing
	// absent are ranges of ids in which the store has no record, unfollowed those of which nothing in it follows any.
	absent, unfollowed idRanges
	// documents holds what flush writes; a nil value deletes.
	documents map[documentKey][]byte
	rows      []store.ScopeRow
	progress  map[syncengine.ID]*storedv1.Progress
	commits   map[syncengine.Seq]syncengine.UnixMilli
	// appeared lists records that came into being, whose waiting changes may be released.
	appeared []syncengine.ID
	// voids tells whether any door is void, touches are the changes of the batch in hand that may have met one.
	voids   bool
	touches []touch
	// parents holds the keys of records that the group looked up and left alone.
	parents map[syncengine.ID]parentPlace
	// followers are the records of this group that name another as a parent.
	followers followers
	// views and ranks are what the group has looked up of identity, which does
	// not change within it.
	views map[viewOf]identity.View
	ranks map[syncengine.ID]syncengine.Rank
	// awaiting tells whether any quarantined change waits for a record, erasures
	// whether anything was ever erased.
	awaiting, erasures bool
	// notes are entries of the access ledger that the group adds.
	notes []accessledger.Entry
	// undo takes back what the batch in hand did, newest last; replaced does so for records.
	undo     []func()
	replaced []replacement
	// store writes what the group hands over; ahead tells that a batch may be handed over while it is judged, handed
	// how much was.
	store  *storing
	ahead  bool
	handed handed
	// sums are what the records handed over change in the digests.
	sums map[digestKey]uint64
	// again is the run of changes that was found last.
	again foundRun
	// cells is room to cut a patch in, ids to list records in.
	cells []syncengine.CellWrite
	ids   []syncengine.ID
}

// viewOf names a grant version of a device's user; version 0 is the one in force.
type viewOf struct {
	incarnation syncengine.ID
	version     uint64
}

// replacement is a record's state before the batch in hand touched it.
type replacement struct {
	standing *standing
	was      *syncengine.Record
}

// standing is a record as the store has it, or was handed it, and as the group leaves it.
type standing struct {
	before, after *syncengine.Record
	// written tells that the group has handed it over.
	written bool
	// prev is the entry before a release in the making.
	prev syncengine.Seq
}

type documentKey struct{ bucket, key string }

// newWork begins a group of about so many changes.
func newWork(svc *Service, w store.Writer, changes int, lifts bool) (*work, error) {
	history, err := historyDocument(w)
	if err != nil {
		return nil, err
	}
	lineage, err := identity.Lineage(w)
	if err != nil {
		return nil, err
	}
	if err := svc.places.follow(w); err != nil {
		return nil, err
	}
	tree, err := svc.caches.treeOf(w)
	if err != nil {
		return nil, err
	}
	awaiting, err := anyDocument(w, bucketAwaiting)
	if err != nil {
		return nil, err
	}
	erasures, err := anyDocument(w, bucketBarrier)
	if err != nil {
		return nil, err
	}
	voids, err := anyVoid(w)
	if err != nil {
		return nil, err
	}
	k := &work{
		voids: voids, svc: svc, awaiting: awaiting, erasures: erasures, parents: map[syncengine.ID]parentPlace{}, now: svc.now(), tree: tree,
		world:     syncengine.World{History: historyOf(history, syncengine.Epoch(history.GetEpoch())), Lineage: lineage},
		doubts:    history.GetDoubtful(),
		next:      w.Head().Seq + 1,
		entries:   make([]store.Entry, 0, changes),
		records:   make(map[syncengine.ID]*standing, changes),
		views:     map[viewOf]identity.View{},
		ranks:     map[syncengine.ID]syncengine.Rank{},
		documents: map[documentKey][]byte{},
		progress:  map[syncengine.ID]*storedv1.Progress{},
		commits:   map[syncengine.Seq]syncengine.UnixMilli{},
		sums:      map[digestKey]uint64{},
	}
	k.store = newStoring(w, k.world, svc.inline)
	k.turn = &inTurn{storing: k.store}
	k.w = k.turn
	if lifts {
		return k, k.lifting()
	}
	// A realm that newer software has taken over is refused before anything is decided.
	set, err := svc.caches.at(k.w)
	if err == nil {
		k.schema = set.schema
	}
	return k, err
}

// attempt runs one batch and takes back everything it did when it fails or
// panics; fault is what it panicked with.
func (k *work) attempt(f func() error) (fault any, err error) {
	k.undo, k.replaced = k.undo[:0], k.replaced[:0]
	k.appeared, k.touches = k.appeared[:0], k.touches[:0]
	entries, rows, notes, next, awaiting := len(k.entries), len(k.rows), len(k.notes), k.next, k.awaiting
	done := false
	defer func() {
		if done && err == nil {
			return
		}
		if !done {
			fault = recover()
		}
		k.takeBack()
		k.entries, k.rows, k.notes, k.next = k.entries[:entries], k.rows[:rows], k.notes[:notes], next
		k.awaiting = awaiting
	}()
	if err = f(); err == nil {
		err = k.tellOfVoid()
	}
	done = true
	return nil, err
}

// takeBack undoes what the batch in hand did to records and documents.
func (k *work) takeBack() {
	for i := len(k.undo) - 1; i >= 0; i-- {
		k.undo[i]()
	}
	for i := len(k.replaced) - 1; i >= 0; i-- {
		k.replaced[i].standing.after = k.replaced[i].was
	}
}

// record gives a record as the group has left it so far; nil when there is none.
func (k *work) record(id syncengine.ID) (*syncengine.Record, error) {
	if s, ok := k.records[id]; ok {
		return s.after, nil
	}
	s := &standing{}
	if k.absent.holds(id) {
		k.records[id] = s
		return nil, nil
	}
	row, ok, err := k.w.Record(id)
	if err != nil {
		return nil, err
	}
	if ok {
		if s.before, err = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body); err != nil {
			return nil, err
		}
		s.after = s.before
	}
	k.records[id] = s
	return s.after, nil
}

// setRecord replaces a record that was read before.
func (k *work) setRecord(rec *syncengine.Record) {
	s := k.records[rec.ID]
	if s == nil { // Said only when it fails: naming the record costs an allocation.
		assert(false, "record %s written unread", rec.ID)
	}
	k.replaced = append(k.replaced, replacement{s, s.after})
	s.after = rec
}

// append adds a log entry and returns its coordinate.
func (k *work) append(e store.Entry) syncengine.Coordinate {
	e.Seq = k.next
	k.next++
	k.entries = append(k.entries, e)
	return syncengine.Coordinate{Epoch: k.world.History.Epoch, Seq: e.Seq}
}

// here is the coordinate the next entry will have.
func (k *work) here() syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: k.world.History.Epoch, Seq: k.next}
}

func (k *work) entry(seq syncengine.Seq) (store.Entry, bool, error) {
	if n := len(k.entries); n > 0 && seq >= k.entries[0].Seq && seq < k.next {
		return k.entries[seq-k.entries[0].Seq], true, nil
	}
	return k.w.Entry(seq)
}

func (k *work) put(bucket string, key []byte, m proto.Message) {
	k.putBytes(bucket, key, encode(m))
}

func (k *work) putBytes(bucket string, key, value []byte) {
	dk := documentKey{bucket, string(key)}
	was, had := k.documents[dk]
	k.undo = append(k.undo, func() {
		if had {
			k.documents[dk] = was
		} else {
			delete(k.documents, dk)
		}
	})
	k.documents[dk] = value
}

func (k *work) drop(bucket string, key []byte) { k.putBytes(bucket, key, nil) }

// read decodes a document as the group has left it.
func (k *work) read(bucket string, key []byte, m proto.Message) (bool, error) {
	value, pending := k.documents[documentKey{bucket, string(key)}]
	if !pending {
		return read(k.w, bucket, key, m)
	}
	if value == nil {
		return false, nil
	}
	return true, proto.Unmarshal(value, m)
}

// progressOf gives what is decided of an incarnation; the caller may change it
// through setProgress only.
func (k *work) progressOf(incarnation syncengine.ID) (*storedv1.Progress, error) {
	if p, ok := k.progress[incarnation]; ok {
		return p, nil
	}
	p := &storedv1.Progress{}
	known, err := k.read(bucketProgress, incarnation[:], p)
	if err != nil {
		return nil, err
	}
	if !known {
		if err := k.beginAtBranch(incarnation, p); err != nil {
			return nil, err
		}
	}
	if len(p.GetChain()) == 0 {
		p.Chain = make([]byte, 32)
	}
	k.progress[incarnation] = p
	return p, nil
}

// beginAtBranch has a copied database that a restore has lost, and whose name was
// brought back, begin where it left its parent's chain.
func (k *work) beginAtBranch(incarnation syncengine.ID, p *storedv1.Progress) error {
	last, chain, ok, err := identity.Branched(k.w, incarnation)
	if ok {
		p.Mark, p.Chain = uint64(last), chain[:]
	}
	return err
}

func (k *work) setProgress(incarnation syncengine.ID, p *storedv1.Progress) {
	was := k.progress[incarnation]
	k.undo = append(k.undo, func() { k.progress[incarnation] = was })
	k.progress[incarnation] = p
	k.put(bucketProgress, incarnation[:], p)
}

// committedAt gives the commit time of a coordinate of this epoch's log; the
// time of this commit for what is in it, 0 for none.
func (k *work) committedAt(c syncengine.Coordinate) (syncengine.UnixMilli, error) {
	seq, ok := k.world.History.Current(c)
	if !ok || seq == 0 {
		return 0, nil
	}
	if seq > k.w.Head().Seq {
		return k.now, nil
	}
	if at, ok := k.commits[seq]; ok {
		return at, nil
	}
	commit, err := commitAt(k.w, seq)
	if err != nil || commit == nil {
		return 0, err
	}
	k.commits[seq] = syncengine.UnixMilli(commit.GetTimeMs())
	return k.commits[seq], nil
}

func (k *work) kind(n syncengine.KindNumber) (*schema.Kind, bool) { return k.schema.Kind(n) }
