package exchange

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// upgradeEntriesMax bounds the held entries of one transaction, so that phones
// are served between two of them.
const upgradeEntriesMax = 1000

// Lift brings the realm to the newest schema that this software knows: it merges what was held, in log order and under new
// seqs, and from then on servers that do not know that schema refuse every call. Those that do, and held it back, go by it with
// the next state that they read. What is begun by one server and cut off is ended by the next that calls Lift.
func (s *Service) Lift(ctx context.Context) error {
	stage, err := s.Stage(ctx)
	if err != nil || stage == Lifted {
		return err
	}
	for after, done := syncengine.Seq(0), false; !done; {
		err := s.submit(&job{ctx: ctx, alone: true, lifts: true, size: 1, run: func(k *work) (err error) {
			if after, done, err = k.mergeHeld(after); err != nil {
				return err
			}
			return k.raiseSchema(done)
		}})
		if err != nil {
			return err
		}
	}
	s.caches.schemaOf(s.schema.Engine.Version)
	return nil
}

// Stage says how far a realm is on its way to the newest schema that a server knows.
type Stage int

// The stages.
const (
	// HeldBack goes by an older schema.
	HeldBack Stage = iota
	// Merging is in the middle of a lift: nobody is answered until it is done.
	Merging
	// Lifted goes by the newest.
	Lifted
)

// Stage reads how far the realm is.
func (s *Service) Stage(ctx context.Context) (at Stage, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		switch {
		case realm.Merging:
			at = Merging
		case realm.SchemaVersion >= s.schema.Engine.Version:
			at = Lifted
		}
		return err
	})
	return at, err
}

// lifting has the group merge by this software's newest schema, whatever is in force. What it reads of identity is nobody
// else's: it reads while nobody is to be answered.
func (k *work) lifting() error {
	v, err := versionIn(k.w)
	if err != nil {
		return err
	}
	realm, err := identity.GetRealm(k.w)
	if err != nil {
		return err
	}
	if err := k.svc.caches.opens(k.w, realm); err != nil {
		return err
	}
	k.schema, k.turn.raised = k.svc.schema, true
	k.turn.set = emptySet(v)
	k.turn.set.lease, k.turn.set.schema = realm.LeaseLength(), k.schema
	return nil
}

// raiseSchema has the realm be one of this software's schema, in the transaction that merged the first of what was held: from
// then on older software that serves the realm too refuses every call, so that nothing is held by it any more, merged without
// the fields that it does not know, or shown without them. Until all is merged nobody is answered: who was shown a record
// without what is already merged would write above it.
func (k *work) raiseSchema(done bool) error {
	realm, err := identity.GetRealm(k.w)
	if err != nil {
		return err
	}
	before := realm
	if newest := k.schema.Engine.Version; realm.SchemaVersion < newest {
		realm.SchemaVersion, realm.Merging = newest, true
	}
	if realm.Merging = realm.Merging && !done; realm == before {
		return nil
	}
	if err := errors.Join(identity.PutRealm(k.w, realm), raiseRevision(k.w)); err != nil {
		return err
	}
	k.turn.set.version, err = versionIn(k.w) // What was read of identity has not changed.
	return err
}

// mergeHeld takes a run of held entries above after.
func (k *work) mergeHeld(after syncengine.Seq) (last syncengine.Seq, done bool, err error) {
	var held []syncengine.Seq
	err = k.w.Documents(bucketHeld, seqKey(after+1), nil, func(d store.Document) bool {
		held = append(held, seqOfKey(d.Key))
		return len(held) < upgradeEntriesMax
	})
	for _, seq := range held {
		if err == nil {
			err = k.mergeHeldEntry(seq)
		}
		after = seq
	}
	return after, len(held) < upgradeEntriesMax, err
}

// mergeHeldEntry merges those held cells of one entry that are known by now.
func (k *work) mergeHeldEntry(seq syncengine.Seq) error {
	e, _, err := k.entry(seq)
	if err != nil {
		return err
	}
	extra, err := Extra(e)
	if err != nil {
		return err
	}
	body, later, err := k.heldBody(e)
	if err != nil {
		return err
	}
	c, err := wire.DecodeChange(body)
	if err != nil {
		return err
	}
	kind, ok := k.kind(e.Kind)
	rec, err := k.record(e.RecordID)
	if err != nil || !ok || rec == nil {
		return err
	}
	all, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		// What the field's rules refuse now stays held for a person to look at.
		return nil
	}
	fieldKnown := func(n syncengine.FieldNumber) bool { _, ok := kind.Field(n); return ok }
	known := slices.DeleteFunc(withoutHeld(all, true, extra), func(w syncengine.CellWrite) bool { return !fieldKnown(w.Key.Field) })
	if len(known) == 0 {
		return nil
	}
	at := k.here()
	in := &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}, Base: countedBase(c.Base, extra), Cut: extra.GetCountedBase() != nil, Create: c.Create, At: at,
		Stamp: e.Stamp, Suspect: e.Suspect, Rank: e.Rank, Cells: known, OwnLater: later.has,
	}
	in.First, in.Since = firstOf(extra)
	m := k.world.Merge(kind.Engine, rec, rec.ID, in)
	m.Record.Tail, m.Record.TailSince = syncengine.ID{}, at.Seq
	moved, err := k.place(kind, m.Record, at.Seq)
	if err != nil {
		return err
	}
	added := &storedv1.Extra{Held: addressesOf(known), First: extra.GetFirst(), CountedBase: extra.GetCountedBase()}
	later.note(added)
	k.append(store.Entry{
		Type: store.EntryHeld, Incarnation: e.Incarnation, DeviceSeq: e.DeviceSeq, RecordID: rec.ID, Kind: rec.Kind,
		Prev: rec.Seq, Ref: seq, Stamp: e.Stamp, Suspect: e.Suspect, Rank: e.Rank, Extra: encode(added),
	})
	k.setRecord(m.Record)
	if !slices.ContainsFunc(extra.GetHeld(), func(a *storedv1.CellAddress) bool { return !fieldKnown(syncengine.FieldNumber(a.GetField())) }) {
		k.drop(bucketHeld, seqKey(seq))
	}
	if !moved {
		return nil
	}
	// A seal, a recusal or a handler that was held reaches what follows the record too.
	return k.followOne(rec.ID)
}

// hold notes the cells of a change that the entry to be appended next does not merge.
func (k *work) hold(extra *storedv1.Extra, held []syncengine.CellWrite) {
	if len(held) == 0 {
		return
	}
	extra.Held = addressesOf(held)
	k.putBytes(bucketHeld, seqKey(k.next), []byte{1})
}

// heldBody gives the change whose cells an entry holds: its own, or the one that
// it released, with what that change's author has written later.
func (k *work) heldBody(e store.Entry) (body []byte, later laterCells, err error) {
	if e.Type != store.EntryReleased {
		return e.Body, nil, nil
	}
	original, _, err := k.entry(e.Ref)
	if err != nil {
		return nil, nil, err
	}
	rec, err := k.record(e.RecordID)
	if err != nil {
		return nil, nil, err
	}
	later, err = k.ownLater(rec, original)
	return original.Body, later, err
}

func addressesOf(cells []syncengine.CellWrite) []*storedv1.CellAddress {
	out := make([]*storedv1.CellAddress, len(cells))
	for i, c := range cells {
		out[i] = &storedv1.CellAddress{Field: uint32(c.Key.Field), Key: []byte(c.Key.Key)}
	}
	return out
}

// withoutHeld gives the cells of a change that its own entry merged, or, with
// only, those of an entry that merges held ones. A held field is one cell under
// software that does not know it, and may be several under software that does.
func withoutHeld(cells []syncengine.CellWrite, only bool, extra *storedv1.Extra) []syncengine.CellWrite {
	if len(extra.GetHeld()) == 0 && !only {
		return cells
	}
	held := map[syncengine.FieldNumber]bool{}
	for _, a := range extra.GetHeld() {
		held[syncengine.FieldNumber(a.GetField())] = true
	}
	return slices.DeleteFunc(slices.Clone(cells), func(w syncengine.CellWrite) bool { return held[w.Key.Field] != only })
}

// Extra reads what few entries have; nil for the others.
func Extra(e store.Entry) (*storedv1.Extra, error) {
	if len(e.Extra) == 0 {
		return nil, nil
	}
	m := &storedv1.Extra{}
	return m, proto.Unmarshal(e.Extra, m)
}
