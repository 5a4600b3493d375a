package exchange

import (
	"cmp"
	"crypto/ed25519"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// erasuresLookedAtMax bounds the erasures that one reply looks through for those
// that concern its phone: some tens of milliseconds. A phone that was away longer
// calls again.
const erasuresLookedAtMax = 10_000

// barriers tells the phone the erasures that concern it and that it has not
// applied: of records that it wrote to, or that its user's grants ever covered.
func (a *answering) barriers() error {
	t := telling{answering: a}
	from, fresh, err := t.from()
	if err != nil {
		return err
	}
	through := from
	if fresh {
		through, err = t.newest()
	} else {
		through, err = t.since(from)
	}
	if err != nil {
		return err
	}
	if through != syncengine.Seq(a.call.body.GetBarrierSeq()) || a.call.body.GetBarrierEpoch() != 0 || a.call.push.elsewhere(a.r.Head().Epoch) {
		a.reply.BarrierSeq = uint64(through)
	}
	return nil
}

// telling gathers the barriers of one reply.
type telling struct {
	*answering
	history syncengine.History
	lineage syncengine.Lineage
	// grants are all that the phone's user was ever granted; nil until they are needed.
	grants []identity.Grant
	asked  bool
	// doubts lists the epochs in which only what is proven counts for the phone; nil until they are needed.
	doubts  []uint32
	doubted bool
}

// from gives the seq of this log up to which the phone has applied what it was
// told. A phone that never synced has nothing that could be erased but what it
// sends, so it is told of nothing else: fresh.
func (t *telling) from() (from syncengine.Seq, fresh bool, err error) {
	if t.history, err = readHistory(t.r); err != nil {
		return 0, false, err
	}
	body := t.call.body
	if body.GetEpoch() == 0 {
		return 0, true, nil
	}
	epoch := cmp.Or(body.GetBarrierEpoch(), body.GetEpoch())
	from = min(syncengine.Seq(body.GetBarrierSeq()), t.history.Shared(syncengine.Epoch(epoch)), t.r.Head().Seq)
	t.lineage, err = identity.Lineage(t.r)
	return from, false, err
}

// newestErasure is at or above the key of every erasure.
var newestErasure = seqKey(1<<63 - 1)

// newest gives the seq of the newest erasure.
func (t *telling) newest() (syncengine.Seq, error) {
	d, ok, err := t.r.LastDocument(bucketErasure, newestErasure)
	if err != nil || !ok {
		return 0, err
	}
	return seqOfKey(d.Key), nil
}

// since tells what concerns the phone above a seq, as far as there is room, and
// gives the seq up to which it has looked.
func (t *telling) since(from syncengine.Seq) (through syncengine.Seq, err error) {
	through = from
	var failed error
	looked := 0
	err = t.r.Documents(bucketErasure, seqKey(from+1), nil, func(d store.Document) bool {
		if looked++; looked > erasuresLookedAtMax || len(t.reply.Barriers) >= wire.BarriersMax {
			t.reply.MoreBarriers = true
			return false
		}
		m, seq := &storedv1.Erasure{}, seqOfKey(d.Key)
		if failed = proto.Unmarshal(d.Value, m); failed != nil {
			return false
		}
		var concerned bool
		if concerned, failed = t.concerns(m); failed != nil {
			return false
		}
		if concerned {
			failed = t.tellErasure(m, syncengine.Coordinate{Epoch: t.history.EpochAt(seq), Seq: seq})
		}
		through = seq
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return through, err
}

// tellErasure tells the barriers that an erasure raised.
func (t *telling) tellErasure(m *storedv1.Erasure, at syncengine.Coordinate) error {
	record, _ := syncengine.IDFromBytes(m.GetRecordId())
	for _, cells := range cellsOf(m.GetCells()) {
		b := &storedv1.Barrier{}
		if _, err := read(t.r, bucketBarrier, barrierKey(record, cells), b); err != nil {
			return err
		}
		places := make([]syncengine.Coordinate, len(b.GetAt()))
		for i, c := range b.GetAt() {
			places[i] = coordinate(c)
		}
		if err := t.tell(record, cells, at, places); err != nil {
			return err
		}
	}
	return nil
}

// barred tells the barriers of records that the phone just sent erased changes of,
// with their outcomes and so also where the nonce was not fresh: that the record is
// one of its own request is nothing that a captured one would not say itself.
func (a *answering) barred() error {
	if len(a.call.push.result.barred) == 0 {
		return nil
	}
	t := telling{answering: a}
	var err error
	if t.history, err = readHistory(a.r); err != nil {
		return err
	}
	for _, id := range a.call.push.result.barred {
		barriers, err := Barriers(a.r, id)
		if err != nil {
			return err
		}
		for _, b := range barriers {
			at, stands := newestIn(t.history, b.At)
			if !stands {
				continue
			}
			if err := t.tell(id, b.Cells, at, b.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// newestIn gives the newest of an erasure's places that the log in force has: phones
// hold what they are told against places of this log.
func newestIn(history syncengine.History, at []syncengine.Coordinate) (newest syncengine.Coordinate, stands bool) {
	var most syncengine.Seq
	for _, c := range at {
		if seq, ok := history.Current(c); ok && seq > most {
			newest, most, stands = c, seq, true
		}
	}
	return newest, stands
}

// tell signs one barrier into the reply, once, with those of its places that the log has lost.
func (t *telling) tell(record syncengine.ID, cells syncengine.Cells, at syncengine.Coordinate, places []syncengine.Coordinate) error {
	b := &syncv1.Barrier{
		RecordId: record[:], Field: uint32(cells.Field), Key: []byte(cells.Key),
		Coordinate: &syncv1.Coordinate{Epoch: uint32(at.Epoch), Seq: uint64(at.Seq)},
	}
	if slices.ContainsFunc(t.reply.Barriers, func(told *syncv1.Barrier) bool {
		return string(wire.BarrierMessage(told)) == string(wire.BarrierMessage(b))
	}) {
		return nil
	}
	var err error
	if b.Earlier, err = t.lost(places); err != nil {
		return err
	}
	b.Signature = ed25519.Sign(t.svc.secrets.ReceiptKey(), wire.BarrierMessage(b))
	t.reply.Barriers = append(t.reply.Barriers, b)
	return nil
}

// lost gives the places of an erasure in histories that this log has lost: what the phone wrote from behind one of them, and
// has not sent, is no stale edit. Where the number is the name of two histories the phone could not tell which one it stood
// in, and such a change would be dropped on arrival, too.
func (t *telling) lost(places []syncengine.Coordinate) (out []*syncv1.Coordinate, err error) {
	for _, c := range places {
		if _, here := t.history.Current(c); here {
			continue
		}
		if err := t.readDoubts(); err != nil {
			return nil, err
		}
		if !slices.Contains(t.doubts, uint32(c.Epoch)) {
			out = append(out, &syncv1.Coordinate{Epoch: uint32(c.Epoch), Seq: uint64(c.Seq)})
		}
	}
	return out, nil
}

// readDoubts reads the epochs that are doubtful for everybody and those that are for the phone, once.
func (t *telling) readDoubts() error {
	if t.doubted {
		return nil
	}
	h, err := historyDocument(t.r)
	if err != nil {
		return err
	}
	p := &storedv1.Progress{}
	if _, err := read(t.r, bucketProgress, t.call.push.device.Incarnation[:], p); err != nil {
		return err
	}
	t.doubts, t.doubted = slices.Concat(h.GetDoubtful(), p.GetDoubtful()), true
	return nil
}

// concerns reports that the phone may hold something of an erased record: it, or a
// database that it is a copy of, wrote to it, or one of the user's grants of any
// time covers a key that the record was under.
func (t *telling) concerns(m *storedv1.Erasure) (bool, error) {
	for _, b := range m.GetAuthors() {
		if author, ok := syncengine.IDFromBytes(b); ok && t.descends(author) {
			return true, nil
		}
	}
	if err := t.allGrants(); err != nil {
		return false, err
	}
	tree, err := t.svc.caches.treeOf(t.r)
	if err != nil {
		return false, err
	}
	device := t.call.push.device
	return slices.ContainsFunc(m.GetKeys(), func(b []byte) bool {
		key := syncengine.ScopeKey(b)
		switch {
		case key == syncengine.RealmKey, key == syncengine.EscalatedKey, key.IsDepartment():
			return true // Who was at the district or in a department once is not asked: these are few.
		case key == syncengine.UserKey(device.UserID), key == syncengine.DeviceKey(device.Incarnation):
			return true
		}
		return slices.ContainsFunc(t.grants, func(g identity.Grant) bool { return covers(tree, g, key) })
	}), nil
}

// covers reports that a grant names a key, or a territory that it lies in.
func covers(tree *identity.Tree, g identity.Grant, key syncengine.ScopeKey) bool {
	if key.IsTerritory() {
		return !g.Territory.IsZero() && tree.Covers(g.Territory, key.ID())
	}
	return slices.ContainsFunc(g.Records, func(id syncengine.ID) bool { return key == syncengine.RecordKey(id) })
}

// NewestErasure gives the seq of the newest erasure of a record; 0 for none.
func (s *Service) NewestErasure(r store.Reader, record syncengine.ID) (seq syncengine.Seq, err error) {
	history, err := readHistory(r)
	if err != nil {
		return 0, err
	}
	barriers, err := Barriers(r, record)
	for _, b := range barriers {
		for _, at := range b.At {
			if here, ok := history.Current(at); ok {
				seq = max(seq, here)
			}
		}
	}
	return seq, err
}

// ErasureConcerns reports that a device may hold something of what an erasure destroyed.
func (s *Service) ErasureConcerns(r store.Reader, seq syncengine.Seq, d identity.Device) (bool, error) {
	m := &storedv1.Erasure{}
	if _, err := read(r, bucketErasure, seqKey(seq), m); err != nil {
		return false, err
	}
	t := telling{answering: &answering{svc: s, r: r, call: &call{push: push{device: d}}}}
	var err error
	if t.lineage, err = identity.Lineage(r); err != nil {
		return false, err
	}
	return t.concerns(m)
}

// Confirms reports that a device has said that it applied an erasure.
func (s *Service) Confirms(r store.Reader, c identity.Contact, seq syncengine.Seq) bool {
	history, err := readHistory(r)
	if err != nil || c.Erased.IsZero() {
		return false
	}
	return min(c.Erased.Seq, history.Shared(c.Erased.Epoch)) >= seq
}

// descends reports that the phone is the author, or a copy of its database.
func (t *telling) descends(author syncengine.ID) bool {
	for id, ok := t.call.push.device.Incarnation, true; ok; {
		if id == author {
			return true
		}
		if t.lineage == nil {
			return false
		}
		id, _, ok = t.lineage(id)
	}
	return false
}

// allGrants reads what the user was ever granted, once.
func (t *telling) allGrants() error {
	if t.asked {
		return nil
	}
	t.asked = true
	user := t.call.push.device.UserID
	for version := uint64(1<<64 - 1); version > 0; {
		v, err := identity.GrantsAsOf(t.r, user, version)
		if err != nil {
			return err
		}
		t.grants = append(t.grants, v.Grants...)
		if v.Version == 0 {
			return nil
		}
		version = v.Version - 1
	}
	return nil
}
