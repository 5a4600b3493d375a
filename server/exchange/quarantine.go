package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Errors of decisions about quarantined changes.
var (
	// ErrNotWaiting: the entry is not a quarantined change, or was decided already.
	ErrNotWaiting = errors.New("no change waits at this seq")
	// ErrNotReleasable: the change cannot be merged as things stand, for instance because its record is not known.
	ErrNotReleasable = errors.New("the change cannot be released as things stand")
)

// decisionCharsMax bounds the reason of a decision: two sentences on a phone's screen.
const decisionCharsMax = 300

// list puts a quarantined change before those who may decide.
func (k *work) list(e store.Entry, create bool) {
	k.put(bucketQuarantine, seqKey(e.Seq), &storedv1.Quarantined{
		RecordId: e.RecordID[:], Kind: uint32(e.Kind), Incarnation: e.Incarnation[:], DeviceSeq: uint64(e.DeviceSeq),
		Reason: uint32(e.Reason), AtMs: int64(k.now), Create: create,
	})
	k.putBytes(bucketAside, numberedKey(e.RecordID, uint64(e.Seq)), []byte{1})
	switch {
	case create, reason(e.Reason) == syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD,
		reason(e.Reason) == syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED:
		k.putBytes(bucketAwaiting, numberedKey(e.RecordID, uint64(e.Seq)), []byte{1})
		k.awaiting = true
	}
}

// waiting lists the quarantined changes of a record that wait for it, in log order.
func (k *work) waiting(record syncengine.ID) ([]syncengine.Seq, error) {
	if !k.awaiting {
		return nil, nil
	}
	return k.listWaiting(record)
}

func (k *work) listWaiting(record syncengine.ID) ([]syncengine.Seq, error) {
	var out []syncengine.Seq
	err := k.w.Documents(bucketAwaiting, record[:], numberedKey(record, 1<<64-1), func(d store.Document) bool {
		if _, pending := k.documents[documentKey{bucketAwaiting, string(d.Key)}]; !pending {
			out = append(out, seqOfKey(d.Key[16:]))
		}
		return true
	})
	for dk, value := range k.documents {
		if dk.bucket == bucketAwaiting && dk.key[:16] == string(record[:]) && value != nil {
			out = append(out, seqOfKey([]byte(dk.key[16:])))
		}
	}
	slices.Sort(out)
	return out, err
}

// createWaits reports that this incarnation's own creation of a record waits for a decision.
func (k *work) createWaits(record, incarnation syncengine.ID) (bool, error) {
	seqs, err := k.waiting(record)
	for _, seq := range seqs {
		q := &storedv1.Quarantined{}
		if _, err := k.read(bucketQuarantine, seqKey(seq), q); err != nil {
			return false, err
		}
		if q.GetCreate() && string(q.GetIncarnation()) == string(incarnation[:]) {
			return true, nil
		}
	}
	return false, err
}

// releaseAwaiting releases what waited for a record that has appeared.
func (k *work) releaseAwaiting(record syncengine.ID) error {
	seqs, err := k.waiting(record)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		q := &storedv1.Quarantined{}
		if _, err := k.read(bucketQuarantine, seqKey(seq), q); err != nil {
			return err
		}
		if reason(q.GetReason()) != syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD {
			continue
		}
		if err := k.release(seq, decision{}); err != nil && !errors.Is(err, ErrNotReleasable) {
			return err
		}
	}
	return nil
}

// decision is who decided and why; the zero value is the server itself.
type decision struct {
	by     syncengine.ID
	reason string
}

// Release applies a quarantined change with its own base and device_seq; if it
// creates a record, the author's later changes to it are released with it.
func (s *Service) Release(ctx context.Context, seq syncengine.Seq, by syncengine.ID, why string) error {
	return s.decide(ctx, seq, why, accessledger.QuarantineRelease, by, func(k *work) error { return k.releaseAll(seq, decision{by, why}) })
}

// Reject refuses a quarantined change for good; its author is told the reason.
func (s *Service) Reject(ctx context.Context, seq syncengine.Seq, by syncengine.ID, why string) error {
	return s.decide(ctx, seq, why, accessledger.QuarantineReject, by, func(k *work) error { return k.reject(seq, decision{by, why}) })
}

// decide runs a person's decision about the change that waits at a seq and notes it.
func (s *Service) decide(ctx context.Context, seq syncengine.Seq, why string, action accessledger.Action, by syncengine.ID, f func(*work) error) error {
	if n := len([]rune(why)); n > decisionCharsMax {
		return fmt.Errorf("reason of %d characters, %d are allowed: %w", n, decisionCharsMax, ErrBadRequest)
	}
	return s.inGroup(ctx, func(k *work) error {
		waited, _, err := k.entry(seq)
		if err == nil {
			err = f(k)
		}
		if err == nil {
			k.note(decided(action, by, waited))
		}
		return err
	})
}

func (k *work) quarantined(seq syncengine.Seq) (store.Entry, *storedv1.Quarantined, error) {
	q := &storedv1.Quarantined{}
	ok, err := k.read(bucketQuarantine, seqKey(seq), q)
	if err != nil {
		return store.Entry{}, nil, err
	}
	if !ok {
		return store.Entry{}, nil, fmt.Errorf("seq %d: %w", seq, ErrNotWaiting)
	}
	e, _, err := k.entry(seq)
	return e, q, err
}

func (k *work) releaseAll(seq syncengine.Seq, d decision) error {
	e, q, err := k.quarantined(seq)
	if err != nil {
		return err
	}
	if err := k.release(seq, d); err != nil || !q.GetCreate() {
		return err
	}
	seqs, err := k.waiting(e.RecordID)
	if err != nil {
		return err
	}
	for _, later := range seqs {
		_, l, err := k.quarantined(later)
		if err != nil {
			return err
		}
		if string(l.GetIncarnation()) == string(q.GetIncarnation()) && l.GetDeviceSeq() > q.GetDeviceSeq() {
			if err := k.release(later, d); err != nil {
				return err
			}
		}
	}
	return k.releaseAwaiting(e.RecordID)
}

// release merges one quarantined change under a new entry.
func (k *work) release(seq syncengine.Seq, d decision) error {
	e, _, err := k.quarantined(seq)
	if err != nil {
		return err
	}
	r := releasing{work: k, entry: e}
	if err := r.prepare(); err != nil {
		return err
	}
	moved, created, err := r.merge()
	if err != nil {
		return err
	}
	outcome := syncv1.OutcomeCode_OUTCOME_CODE_MERGED
	if r.merged.Applied {
		outcome = syncv1.OutcomeCode_OUTCOME_CODE_APPLIED
	}
	r.extra.Outcome = uint32(outcome)
	k.hold(&r.extra, r.merged.Held)
	k.setRecord(r.merged.Record)
	dot := syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}
	k.noteTouch(touch{dot: dot, user: r.device.UserID, base: r.base, kind: r.kind}, r.rec, r.merged.Record)
	k.noteMarks(accessledger.Actor{User: d.by}, r.kind, e.RecordID, r.cells)
	k.close(e, d, &r.extra, store.Entry{Type: store.EntryReleased, Stamp: e.Stamp, Suspect: e.Suspect, Rank: r.rank})
	if created {
		k.appeared = append(k.appeared, e.RecordID)
	}
	if moved {
		return k.followOne(e.RecordID)
	}
	return nil
}

func (k *work) reject(seq syncengine.Seq, d decision) error {
	e, _, err := k.quarantined(seq)
	if err != nil {
		return err
	}
	k.close(e, d, &storedv1.Extra{}, store.Entry{Type: store.EntryRejected, Stamp: k.now})
	return nil
}

// close writes the decision's entry, of which by has what differs by decision, takes the change off the list and leaves
// a row for its author's phone. The row names no record, since the record may
// have a row of its own at that seq.
func (k *work) close(e store.Entry, d decision, extra *storedv1.Extra, by store.Entry) {
	extra.Decision = d.reason
	if !d.by.IsZero() {
		extra.DecidedBy = d.by[:]
	}
	by.Incarnation, by.DeviceSeq, by.RecordID, by.Kind = e.Incarnation, e.DeviceSeq, e.RecordID, e.Kind
	by.Ref, by.Reason, by.Extra, by.Prev = e.Seq, e.Reason, encode(extra), k.releasedPrev(e, by.Type)
	at := k.append(by)
	k.drop(bucketQuarantine, seqKey(e.Seq))
	k.drop(bucketAwaiting, numberedKey(e.RecordID, uint64(e.Seq)))
	k.rows = append(k.rows, store.ScopeRow{
		Key: syncengine.DeviceKey(e.Incarnation), Seq: at.Seq, Type: store.RowDecision, Entered: at.Seq,
	})
}

// releasedPrev links a release into its record's history.
func (k *work) releasedPrev(e store.Entry, t store.EntryType) syncengine.Seq {
	s := k.records[e.RecordID]
	if t != store.EntryReleased || s == nil || s.after == nil {
		return 0
	}
	return s.prev
}

// releasing is the state of one release.
type releasing struct {
	work   *work
	entry  store.Entry
	kind   *schema.Kind
	change *wire.Change
	cells  []syncengine.CellWrite
	rec    *syncengine.Record
	merged syncengine.Merged
	extra  storedv1.Extra
	// base is the one that counts.
	base syncengine.Coordinate
	rank syncengine.Rank
	// device is the author's.
	device identity.Device
}

func (r *releasing) prepare() (err error) {
	fail := func(why string) error { return fmt.Errorf("seq %d: %s: %w", r.entry.Seq, why, ErrNotReleasable) }
	if r.change, err = wire.DecodeChange(r.entry.Body); err != nil {
		return fail("it cannot be read")
	}
	var ok bool
	if r.kind, ok = r.work.kind(r.change.Kind); !ok {
		return fail("its kind is not known")
	}
	if r.cells, err = wire.Cells(r.kind, r.change.Create, r.change.Patch); err != nil {
		return fail(err.Error())
	}
	if r.rec, err = r.work.record(r.change.RecordID); err != nil {
		return err
	}
	if r.rec == nil && !r.change.Create {
		return fail("its record is not known")
	}
	return nil
}

// merge applies the change with its own base and device_seq, and the stamp of its first receipt. A write of the same
// author that is older in the chain but merged meanwhile stands over it.
func (r *releasing) merge() (moved, created bool, err error) {
	k := r.work
	device, err := k.svc.caches.device(k.w, r.entry.Incarnation)
	if err != nil {
		return false, false, err
	}
	r.device = device
	r.rank = k.rankOf(device.UserID)
	later, err := k.ownLater(r.rec, r.entry)
	if err != nil {
		return false, false, err
	}
	at := k.here()
	if s := k.records[r.change.RecordID]; r.rec != nil {
		s.prev = r.rec.Seq
	}
	in, err := r.incoming(device)
	if err != nil {
		return false, false, err
	}
	in.At, in.OwnLater = at, later.has
	r.merged = k.world.Merge(r.kind.Engine, r.rec, r.change.RecordID, in)
	// The author's phone does not fold a release in by itself.
	r.merged.Record.Tail, r.merged.Record.TailSince = syncengine.ID{}, at.Seq
	later.note(&r.extra)
	moved, err = k.place(r.kind, r.merged.Record, at.Seq)
	return moved, r.rec == nil, err
}

// incoming is the change as it arrived: with the stamp and the places it had
// then, and without a sight of what its author could not read, whoever releases it.
func (r *releasing) incoming(device identity.Device) (*syncengine.Incoming, error) {
	e := &r.entry
	waited, err := Extra(*e)
	if err != nil {
		return nil, err
	}
	r.base = countedBase(r.change.Base, waited)
	in := &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}, Base: r.base, Cut: waited.GetCountedBase() != nil, Create: r.change.Create,
		Stamp: e.Stamp, Suspect: e.Suspect, Rank: r.rank, Cells: r.cells, Resolves: r.change.Resolves,
	}
	r.extra.First, r.extra.CountedBase = waited.GetFirst(), waited.GetCountedBase()
	in.First, in.Since = firstOf(&r.extra)
	if r.rec == nil {
		return in, nil
	}
	readable, err := r.work.readableBy(r.rec, device, e.DeviceSeq, waited.GetGrantVersion(), r.base)
	in.Unreadable, r.extra.Unreadable = unreadable(r.kind, readable), unreadableBits(readable)
	return in, err
}

// laterCells are the cells that an author wrote after a change that is being released.
type laterCells map[syncengine.CellKey]bool

func (l laterCells) has(key syncengine.CellKey) bool { return l[key] }

func (l laterCells) note(extra *storedv1.Extra) {
	for key := range l {
		extra.OwnLater = append(extra.OwnLater, &storedv1.CellAddress{Field: uint32(key.Field), Key: []byte(key.Key)})
	}
	slices.SortFunc(extra.OwnLater, func(a, b *storedv1.CellAddress) int {
		x := syncengine.CellKey{Field: syncengine.FieldNumber(a.GetField()), Key: string(a.GetKey())}
		return x.Compare(syncengine.CellKey{Field: syncengine.FieldNumber(b.GetField()), Key: string(b.GetKey())})
	})
}

// ownLater walks the record's history for later writes of the same chain.
func (k *work) ownLater(rec *syncengine.Record, e store.Entry) (laterCells, error) {
	out := laterCells{}
	if rec == nil {
		return out, nil
	}
	kind, _ := k.kind(rec.Kind)
	mine := syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}
	for seq := rec.Seq; seq != 0; {
		h, ok, err := k.entry(seq)
		if err != nil || !ok {
			return out, err
		}
		seq = h.Prev
		body := h.Body
		if h.Ref != 0 {
			original, _, err := k.entry(h.Ref)
			if err == nil && original.Type == store.EntryReleased {
				original, _, err = k.entry(original.Ref)
			}
			if err != nil {
				return out, err
			}
			body = original.Body
		}
		if len(body) == 0 || !k.world.Lineage.InPast(syncengine.Dot{Incarnation: h.Incarnation, Seq: h.DeviceSeq}, mine) {
			continue
		}
		if err := out.add(kind, body); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (l laterCells) add(kind *schema.Kind, body []byte) error {
	c, err := wire.DecodeChange(body)
	if err != nil {
		return err
	}
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	for _, w := range cells {
		l[w.Key] = true
	}
	return err
}

// decisionOf tells an author what became of a quarantined change.
func decisionOf(r store.Reader, seq syncengine.Seq) (*syncv1.Decision, error) {
	e, ok, err := r.Entry(seq)
	if err != nil || !ok {
		return nil, err
	}
	extra := &storedv1.Extra{}
	if err := proto.Unmarshal(e.Extra, extra); err != nil {
		return nil, err
	}
	d := &syncv1.Decision{
		DeviceSeq: uint64(e.DeviceSeq), Released: e.Type == store.EntryReleased, Seq: uint64(seq), Reason: extra.GetDecision(),
	}
	if d.Released {
		d.Outcome = &syncv1.Outcome{Code: syncv1.OutcomeCode(extra.GetOutcome()), Seq: uint64(seq)}
	}
	return d, nil
}
