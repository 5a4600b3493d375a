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
	t := telling{answering: a, checkpoint: wireCoordinate(a.call.body.GetStatus().GetCheckpoint())}
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
	// doubts are read when they are needed.
	doubts *doubts
	// checkpoint is where the phone's records are from; zero for none.
	checkpoint syncengine.Coordinate
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
	at := syncengine.Coordinate{Epoch: syncengine.Epoch(cmp.Or(body.GetBarrierEpoch(), body.GetEpoch())), Seq: syncengine.Seq(body.GetBarrierSeq())}
	if from = at.Seq; at.Epoch != t.history.Epoch || at.Seq > t.r.Head().Seq {
		if err := t.doubt(); err != nil {
			return 0, false, err
		}
		from = t.doubts.told(at, t.r.Head().Seq)
	}
	t.lineage, err = identity.Lineage(t.r)
	return from, false, err
}

// doubt reads what is doubtful for the phone, once.
func (t *telling) doubt() (err error) {
	if t.doubts == nil {
		t.doubts, err = readDoubts(t.r, t.call.push.device.Incarnation)
	}
	return err
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
		at := syncengine.Coordinate{Epoch: t.history.EpochAt(seq), Seq: seq}
		var concerned bool
		if concerned, failed = t.concerns(m, at); failed != nil {
			return false
		}
		if concerned {
			failed = t.tellErasure(m, at)
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

// tell signs one barrier into the reply, once, with those of its places that the log has lost and what counts of bases in
// epochs that have two histories.
func (t *telling) tell(record syncengine.ID, cells syncengine.Cells, at syncengine.Coordinate, places []syncengine.Coordinate) error {
	b := &syncv1.Barrier{
		RecordId: record[:], Field: uint32(cells.Field), Key: []byte(cells.Key), Coordinate: wireCoordinateOf(at),
	}
	if slices.ContainsFunc(t.reply.Barriers, func(told *syncv1.Barrier) bool {
		return string(wire.BarrierMessage(told)) == string(wire.BarrierMessage(b))
	}) {
		return nil
	}
	if err := t.doubt(); err != nil {
		return err
	}
	lost := t.lost(places)
	for _, c := range lost {
		b.Earlier = append(b.Earlier, wireCoordinateOf(c))
	}
	for _, c := range t.doubts.counted(append(lost, at)) {
		b.Counted = append(b.Counted, wireCoordinateOf(c))
	}
	b.Signature = ed25519.Sign(t.svc.secrets.ReceiptKey(), wire.BarrierMessage(b))
	t.reply.Barriers = append(t.reply.Barriers, b)
	return nil
}

// wireCoordinateOf gives a place as it travels.
func wireCoordinateOf(c syncengine.Coordinate) *syncv1.Coordinate {
	return &syncv1.Coordinate{Epoch: uint32(c.Epoch), Seq: uint64(c.Seq)}
}

// lost gives the places of an erasure in histories that this log has lost: what the phone wrote from behind one of them, and
// has not sent, is no stale edit. Where the number is the name of two histories the phone could not tell which one it stood
// in, and such a change would be dropped on arrival, too.
func (t *telling) lost(places []syncengine.Coordinate) (out []syncengine.Coordinate) {
	for _, c := range places {
		if _, here := t.history.Current(c); !here && !t.doubts.about(c.Epoch) {
			out = append(out, c)
		}
	}
	return out
}

// concerns reports that the phone may hold something of what was erased at a place: it, or a
// database that it is a copy of, wrote to the record, or one of the user's grants of any
// time covers a key that the record was under. Who held it in the other history of an epoch
// that has two this log does not know: everybody is told. Nor does it know what a phone holds whose records are those of a
// history that is lost: it is told of all that was erased since, until it has been filled from this log.
func (t *telling) concerns(m *storedv1.Erasure, at syncengine.Coordinate) (bool, error) {
	if err := t.doubt(); err != nil || t.doubts.about(at.Epoch) || t.heldInLost(at) {
		return true, err
	}
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

// heldInLost reports that the phone's records are those of a history that is lost, and branched off before an erasure.
func (t *telling) heldInLost(at syncengine.Coordinate) bool {
	shared := t.doubts.told(t.checkpoint, t.r.Head().Seq)
	return shared < t.checkpoint.Seq && shared < at.Seq
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
	contact, err := identity.GetContact(r, d.Incarnation)
	if err != nil {
		return false, err
	}
	t := telling{answering: &answering{svc: s, r: r, call: &call{push: push{device: d}}}, checkpoint: contact.Checkpoint}
	if err := t.doubt(); err != nil {
		return false, err
	}
	if t.lineage, err = identity.Lineage(r); err != nil {
		return false, err
	}
	return t.concerns(m, syncengine.Coordinate{Epoch: t.doubts.history.EpochAt(seq), Seq: seq})
}

// Confirms reports that a device has said that it applied an erasure. What it says of an epoch with two histories may be of the
// other one: there it counts as far as the device was proven to have seen this log.
func (s *Service) Confirms(r store.Reader, incarnation syncengine.ID, c identity.Contact, seq syncengine.Seq) (bool, error) {
	d, err := readDoubts(r, incarnation)
	if err != nil || c.Erased.IsZero() {
		return false, err
	}
	return d.told(c.Erased, r.Head().Seq) >= seq, nil
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
