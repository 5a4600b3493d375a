package client

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// An erasure reaches a phone as a barrier with the realm's signature. It is applied
// before anything else of the reply, in the reply's own transaction: what the phone
// holds of the cells goes from base, staging, outbox, journal, drafts and indexes.
// An own change keeps its place in the chain, and what else it says.

// barriers applies the erasures of an answer. One without the realm's signature is
// nobody's word.
func (t *taking) barriers() error {
	if t.a.sent.handedTo > 0 || t.a.sent.lastHanded {
		t.s.pos.Handed = max(t.s.pos.Handed, t.a.sent.handedTo)
		t.s.pos.Handing = t.s.pos.Handing && !t.a.sent.lastHanded
		t.out.progress = true
	}
	for _, m := range t.a.GetBarriers() {
		id, ok := syncengine.IDFromBytes(m.GetRecordId())
		if !ok || !wire.VerifyBarrier(ed25519.PublicKey(t.s.self.ReceiptKey), m) {
			continue
		}
		e := &erasing{taking: t, record: id, telling: tellingOf(m), at: barrierPlace(m)}
		if err := e.apply(m); err != nil {
			return fmt.Errorf("erase of record %s: %w", id, err)
		}
		t.s.pos.Barred, t.out.progress = true, true
	}
	return nil
}

// erasing is one barrier on its way through the database.
type erasing struct {
	*taking
	record syncengine.ID
	telling
	// at is where the erasure stands in the log in force.
	at syncengine.Coordinate
	// before holds the earlier tellings of the same erasure.
	before []telling
	// history is what the phone was told of the epochs.
	history syncengine.History
	// touched tells that an own change lost something.
	touched bool
}

func (e *erasing) apply(m *syncv1.Barrier) error {
	known, err := barriersOf(e.tx, e.record)
	if err != nil {
		return err
	}
	if e.history, err = historyOf(e.tx, e.s); err != nil {
		return err
	}
	for _, b := range known {
		// What was written between two erasures of one log is destroyed by the second.
		if b.Cells == e.Cells && (b.At[0] == e.at || !e.history.Reaches(e.at, b.At[0])) {
			e.before = append(e.before, b)
		}
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err
	}
	if err := e.tx.PutBarrier(localdb.Barrier{RecordID: e.record, At: e.at, Body: body}); err != nil {
		return err
	}
	for _, step := range []func() error{e.changes, e.staged, e.shown, e.drafts} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// passed reports that a change from base was written by who had seen the erasure.
// The server speaks of places of the log in force, in which seqs are those of base
// where base is of it; where base is of another history, what the phone was told of
// that says what the two share.
func (e *erasing) passed(base syncengine.Coordinate) bool {
	now := e.counts(base)
	return now.Epoch == syncengine.Epoch(e.a.GetEpoch()) && now.Seq >= e.at.Seq ||
		e.seen(e.history, base, e.At) || e.seenBefore(base)
}

// seenBefore reports that who stood at base had seen the erasure at a place that was told before.
func (e *erasing) seenBefore(base syncengine.Coordinate) bool {
	return slices.ContainsFunc(e.before, func(b telling) bool { return b.seen(e.history, base, b.At) })
}

func (e *erasing) names(kind *schema.Kind) func(syncengine.CellKey) bool {
	var engine *syncengine.Kind
	if kind != nil {
		engine = kind.Engine
	}
	return func(key syncengine.CellKey) bool { return e.Cells.Names(engine, key) }
}

// changes takes the cells out of own changes, sent or not.
func (e *erasing) changes() error {
	rows, err := collect(e.tx.ChangesOf(e.record, 0))
	if err != nil {
		return err
	}
	for i := range rows {
		if err := e.change(&rows[i]); err != nil {
			return err
		}
	}
	if e.touched {
		return e.readAgain()
	}
	return nil
}

func (e *erasing) change(row *localdb.Change) error {
	if len(row.Body) == 0 {
		return nil
	}
	c, err := wire.DecodeChange(row.Body)
	if err != nil {
		return fmt.Errorf("change %d: %w: %w", row.DeviceSeq, ErrDamaged, err)
	}
	if e.passed(c.Base) {
		return nil
	}
	kind, _ := e.r.schema.Kind(row.Kind)
	left, err := wire.Redact(kind, c, e.names(kind))
	if err != nil {
		return fmt.Errorf("change %d: %w: %w", row.DeviceSeq, ErrDamaged, err)
	}
	if !left.Erased {
		return nil
	}
	e.touched = true
	if len(row.Inner) == 0 {
		inner := syncengine.InnerDigest(row.Salt, row.Body)
		row.Inner = inner[:]
	}
	row.Body = nil
	if !left.Empty {
		if row.Body, err = wire.EncodeChange(left.Change); err != nil {
			return err
		}
	} else if err := e.quarantined(row.DeviceSeq); err != nil {
		return err
	}
	return e.tx.EraseChange(*row)
}

// quarantined says of a change that waited for a decision why there will be none.
func (e *erasing) quarantined(seq syncengine.DeviceSeq) error {
	q, ok, err := e.tx.QuarantinedChange(seq)
	if err != nil || !ok || q.State != localdb.QuarantineWaiting {
		return err
	}
	q.Reason = int32(syncv1.QuarantineReason_QUARANTINE_REASON_ERASED)
	return e.tx.PutQuarantined(q)
}

// readAgain has the batch that was answered say what the database says now.
func (e *erasing) readAgain() error {
	for i := range e.a.sent.batch {
		row := &e.a.sent.batch[i]
		if row.RecordID != e.record {
			continue
		}
		now, ok, err := e.tx.Change(row.DeviceSeq)
		if err != nil || !ok {
			return err
		}
		*row = now
	}
	return nil
}

// staged takes the cells out of what waits for the next switch, unless that was
// read after the erasure.
func (e *erasing) staged() error {
	row, ok, err := e.tx.Staged(e.record)
	if err != nil || !ok || row.Seq >= e.at.Seq {
		return err
	}
	kind, _ := e.r.schema.Kind(row.Kind)
	rec, err := pagerecord.Decode(kind, row.ID, row.Kind, row.Seq, row.Base)
	if err != nil {
		return fmt.Errorf("staged: %w: %w", ErrDamaged, err)
	}
	if !rec.Erase(e.names(kind)) {
		return nil
	}
	row.Base, row.Search = pagerecord.Encode(rec), kind != nil && hasText(kind)
	if kind != nil {
		if err := e.r.columns(e.tx, e.s, &row, &e.glance, kind, rec.Fields(), rec.Dead()); err != nil {
			return err
		}
	}
	return e.tx.EraseStaged(row)
}

// shown takes the cells out of the record as it is held and shown.
func (e *erasing) shown() error {
	row, ok, err := e.tx.Record(e.record)
	if err != nil || !ok {
		return err
	}
	kind, known := e.r.schema.Kind(row.Kind)
	base := pagerecord.New(row.ID, row.Kind)
	lost := false
	if row.Base != nil {
		if base, err = pagerecord.Decode(kind, row.ID, row.Kind, row.Seq, row.Base); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if lost = !e.reflects(&row) && base.Erase(e.names(kind)); lost {
			row.Base = pagerecord.Encode(base)
		}
	}
	if !lost && !e.touched {
		return nil
	}
	e.taking.changed = true
	if !known {
		return e.tx.EraseRecord(row)
	}
	above, err := e.r.ownAbove(e.tx, e.s, e.record, e.s.pos.Settled)
	if err != nil {
		return err
	}
	if row.Base == nil && len(above) == 0 {
		return e.tx.DeleteRecord(e.record)
	}
	// The row is forgotten by the index first; putting it builds everything anew.
	if err := e.tx.EraseRecord(row); err != nil {
		return err
	}
	return e.put(&row, kind, base, above, true)
}

// reflects reports that base is of after the erasure, or after it stood in the history
// that base is of: a restored log that raises it once more takes nothing off the screen
// that was written since. There only where it stood in that history counts: a place of
// the log in force may be a number of it that is another entry's.
func (e *erasing) reflects(row *localdb.Record) bool {
	base := syncengine.Coordinate{Epoch: e.s.pos.Checkpoint.Epoch, Seq: row.Seq}
	if base.Epoch == syncengine.Epoch(e.a.GetEpoch()) && base.Seq >= e.at.Seq {
		return true
	}
	return e.seen(e.history, base, e.At[1:]) || e.seenBefore(base)
}

// drafts takes the field out of what the user has begun to write about the record.
// A draft whose text is none that names its fields goes whole: nobody can say what
// it quotes.
func (e *erasing) drafts() error {
	rows, err := collect(e.tx.Drafts())
	if err != nil {
		return err
	}
	for _, d := range rows {
		if d.RecordID != e.record {
			continue
		}
		kind, _ := e.r.schema.Kind(d.Kind)
		left, ok := e.draft(kind, d.Body)
		switch {
		case !ok:
			err = e.tx.EraseDraft(d.ID)
		case left != nil:
			d.Body = left
			err = e.tx.ReplaceDraft(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// draft gives a draft's text without the erased fields, nil when it has none of
// them; ok is false where its text is no JSON object of fields.
func (e *erasing) draft(kind *schema.Kind, body []byte) (left []byte, ok bool) {
	fields := map[string]json.RawMessage{}
	if kind == nil || json.Unmarshal(body, &fields) != nil {
		return nil, false
	}
	names, lost := e.names(kind), false
	for _, f := range kind.Fields {
		if _, written := fields[f.Name]; written && (f.Engine.Number == e.Cells.Field || names(syncengine.CellKey{Field: f.Engine.Number})) {
			delete(fields, f.Name)
			lost = true
		}
	}
	if !lost {
		return nil, true
	}
	left, err := json.Marshal(fields)
	return left, err == nil
}

// erasedChange tells of a change that lost cells what the chain holds of it; nil
// for one that stands whole.
func erasedChange(row *localdb.Change) *syncv1.ErasedChange {
	if len(row.Inner) == 0 {
		return nil
	}
	return &syncv1.ErasedChange{DeviceSeq: uint64(row.DeviceSeq), RecordId: row.RecordID[:], InnerDigest: row.Inner}
}
