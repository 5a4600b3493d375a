package exchange

import (
	"bytes"
	"errors"
	"slices"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// scopeScanRows is how many rows of a key are read at a time.
const scopeScanRows = 500

// place gives a record that the engine just made its scope keys and reports
// whether they changed. The record must be the caller's own copy.
func (k *work) place(kind *schema.Kind, rec *syncengine.Record, at syncengine.Seq) (moved bool, err error) {
	return k.placeSeen(kind, rec, at, func(parentPlace) {})
}

// placeSeen is place for somebody who looks at each record that this one follows and that is known here.
func (k *work) placeSeen(kind *schema.Kind, rec *syncengine.Record, at syncengine.Seq, look func(parentPlace)) (moved bool, err error) {
	var failed error
	keys := syncengine.Place(kind.Engine, rec, func(parent syncengine.ID) ([]syncengine.ScopeKey, bool) {
		k.followers.add(parent, rec.ID)
		p, ok, err := k.parent(parent)
		if err != nil {
			failed = err
		}
		if ok {
			look(p)
		}
		return p.keys, ok
	})
	if failed != nil {
		return false, failed
	}
	if slices.Equal(keys, rec.CurrentKeys()) {
		return false, nil
	}
	rec.Move(keys, at)
	return true, nil
}

// parentPlace is what placing a record looks at of one that it follows.
type parentPlace struct {
	kind syncengine.KindNumber
	keys []syncengine.ScopeKey
}

// parent gives the place of a record, as the group has left it; ok is false when there is no such record.
func (k *work) parent(id syncengine.ID) (p parentPlace, ok bool, err error) {
	if s, read := k.records[id]; read {
		if s.after == nil {
			return p, false, nil
		}
		return parentPlace{s.after.Kind, s.after.CurrentKeys()}, true, nil
	}
	if p, ok := k.parents[id]; ok {
		return p, true, nil
	}
	if p, ok := k.svc.places.keys[id]; ok {
		return p, true, nil
	}
	row, ok, err := k.w.Record(id)
	if err != nil || !ok {
		return p, false, err
	}
	p.kind = row.Kind
	if p.keys, err = wire.StoredKeys(row.Body); err == nil {
		k.parents[id] = p
	}
	return p, err == nil, err
}

// follows reports that records of a kind follow others.
func follows(kind *schema.Kind) bool {
	return slices.ContainsFunc(kind.Engine.ScopeFields, func(f *syncengine.Field) bool { return f.Scope == syncengine.ScopeParent })
}

// placesMax bounds the doors and cases whose keys are remembered: those of a
// large street, some 8 MB. Beyond it all are forgotten and read again.
const placesMax = 40_000

// followMax bounds the entries of others that places takes in: beyond it, reading
// anew what is still asked for costs less.
const followMax = 20_000

// places remembers, from one group to the next, the keys of records that others
// name as what they are about. It belongs to whoever commits.
type places struct {
	// at is the head at which they are true.
	at   store.Head
	keys map[syncengine.ID]parentPlace
}

// follow brings the places to the transaction's head: another server may have
// written since the last group of this one.
func (p *places) follow(w store.Reader) error {
	head := w.Head()
	if head == p.at {
		return nil
	}
	same, err := p.continued(w, head)
	if err != nil || !same {
		clear(p.keys)
	} else {
		err = w.Entries(p.at.Seq, func(e store.Entry) bool {
			delete(p.keys, e.RecordID)
			return true
		})
	}
	p.at = head
	return err
}

// continued reports that the log went on from where the places are true, and not too far.
func (p *places) continued(r store.Reader, head store.Head) (bool, error) {
	if len(p.keys) == 0 || head.Epoch != p.at.Epoch || head.Seq < p.at.Seq || head.Seq-p.at.Seq > followMax {
		return false, nil
	}
	return hasTag(r, p.at.Seq, p.at.Tag)
}

// committed takes over what a group has looked up, and the places of what it has changed where that follows nothing, as doors
// do: they are visited next. Of the rest of what changed it forgets the places.
func (p *places) committed(k *work, head store.Head) {
	p.at = head
	if len(p.keys)+len(k.parents) > placesMax {
		clear(p.keys)
	}
	for id, place := range k.parents {
		if len(p.keys) < placesMax {
			p.keys[id] = place
		}
	}
	for _, s := range k.records {
		if s.written {
			p.changed(k, s.after)
		}
	}
}

// changed takes over the place of a record that a group has changed, or forgets it.
func (p *places) changed(k *work, rec *syncengine.Record) {
	if kind, known := k.kind(rec.Kind); known && !follows(kind) && len(p.keys) < placesMax {
		p.keys[rec.ID] = parentPlace{rec.Kind, rec.CurrentKeys()}
		return
	}
	delete(p.keys, rec.ID)
}

// grounds are the keys on whose right a record that a change makes is made.
func (k *work) grounds(kind *schema.Kind, rec *syncengine.Record) (keys []syncengine.ScopeKey, err error) {
	keys = make([]syncengine.ScopeKey, 0, len(rec.Keys))
	for _, s := range rec.Keys {
		if s.Left == 0 && !s.Key.IsRecord(rec.ID) {
			keys = append(keys, s.Key)
		}
	}
	if syncengine.PlacedPlainly(keys) {
		return keys, nil
	}
	keys = syncengine.Grounds(kind.Engine, rec, func(id syncengine.ID) ([]syncengine.ScopeKey, bool) {
		p, ok, failed := k.parent(id)
		err = errors.Join(err, failed)
		return p.keys, ok
	})
	return keys, err
}

// followUp lets records follow what they are about: their keys are computed
// again after a door or case appeared or moved, and changes that waited for a
// record are released.
func (k *work) followUp(anchors []syncengine.ID) error {
	appeared := slices.Clone(k.appeared)
	k.appeared = k.appeared[:0]
	for _, id := range anchors {
		if err := k.followOne(id); err != nil {
			return err
		}
	}
	if !k.awaiting {
		return nil
	}
	for _, id := range appeared {
		if err := k.releaseAwaiting(id); err != nil {
			return err
		}
	}
	return nil
}

// followOne computes the keys of everything that follows a record, until
// nothing moves any more: an attachment follows a hazard that follows a door.
func (k *work) followOne(anchor syncengine.ID) error {
	dependents, err := k.dependents(anchor)
	if err != nil {
		return err
	}
	for again := true; again; {
		again = false
		for _, id := range dependents {
			moved, err := k.moveDependent(id)
			if err != nil {
				return err
			}
			again = again || moved
		}
	}
	return nil
}

// followers are pairs of a parent and a record that names it. They are put in order when somebody first asks for one that
// may be among the parents: a group of visits adds many, and asks for the visits alone, which are younger than their doors.
type followers struct {
	pairs    []following
	byParent map[syncengine.ID][]syncengine.ID
	// least and most are the parents' ids at the ends.
	least, most syncengine.ID
}

type following struct{ parent, record syncengine.ID }

func (f *followers) add(parent, record syncengine.ID) {
	if len(f.pairs)+len(f.byParent) == 0 {
		f.least, f.most = parent, parent
	}
	if bytes.Compare(parent[:], f.least[:]) < 0 {
		f.least = parent
	}
	if bytes.Compare(parent[:], f.most[:]) > 0 {
		f.most = parent
	}
	f.pairs = append(f.pairs, following{parent, record})
}

// of lists the records that name a parent.
func (f *followers) of(parent syncengine.ID) []syncengine.ID {
	if bytes.Compare(parent[:], f.least[:]) < 0 || bytes.Compare(parent[:], f.most[:]) > 0 {
		return nil
	}
	if f.byParent == nil {
		f.byParent = map[syncengine.ID][]syncengine.ID{}
	}
	for _, p := range f.pairs {
		f.byParent[p.parent] = append(f.byParent[p.parent], p.record)
	}
	f.pairs = f.pairs[:0]
	return f.byParent[parent]
}

// dependents lists the records that carry an anchor's key, as the group has left them.
func (k *work) dependents(anchor syncengine.ID) ([]syncengine.ID, error) {
	out := slices.Clone(k.followers.of(anchor))
	var rows []store.ScopeRow
	var err error
	for after := syncengine.Seq(0); !k.unfollowed.holds(anchor); {
		rows, err = k.w.Scope(rows[:0], syncengine.RecordKey(anchor), after, scopeScanRows)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			after = row.Seq
			if row.Type == store.RowPresent && row.RecordID != anchor {
				out = append(out, row.RecordID)
			}
		}
		if len(rows) < scopeScanRows {
			break
		}
	}
	slices.SortFunc(out, func(a, b syncengine.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out), nil
}

// moveDependent computes a record's keys again; a change of them is an entry of its own.
func (k *work) moveDependent(id syncengine.ID) (moved bool, err error) {
	rec, err := k.record(id)
	if err != nil || rec == nil {
		return false, err
	}
	kind, ok := k.kind(rec.Kind)
	if !ok {
		return false, nil
	}
	next := *rec
	next.Keys = slices.Clone(rec.Keys)
	at := k.here()
	if moved, err = k.place(kind, &next, at.Seq); err != nil || !moved {
		return false, err
	}
	k.append(store.Entry{Type: store.EntryMoved, RecordID: id, Kind: rec.Kind, Prev: rec.Seq, Stamp: k.now})
	next.Seq, next.Tail, next.TailSince = at.Seq, syncengine.ID{}, at.Seq
	k.setRecord(&next)
	return true, nil
}
