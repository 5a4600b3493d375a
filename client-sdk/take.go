package client

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// taken is what one answer came to.
type taken struct {
	Report
	// more tells that another exchange is called for, progress that this one moved something.
	more, progress bool
	// revoked tells that the server gives this device nothing any more.
	revoked bool
	// handsOn tells that this answer decided changes and the outbox holds more of them: a
	// revoked phone hands in all that it has.
	handsOn bool
}

// take writes one answer in one transaction: outcomes into the journal, the page
// into staging, cursor and nonce on; and where the phone has caught up, base,
// checkpoint and views move at once. A crash leaves all of it or nothing. spent is
// the traffic since the last answer that was taken.
func (r *Replica) take(a *answer, spent traffic) (*taken, error) {
	out := &taken{}
	var changed bool
	err := r.update(func(tx *localdb.Tx, s *state) error {
		*out = taken{}
		s.pos.count(spent)
		t := &taking{r: r, tx: tx, s: s, a: a, out: out}
		if err := t.all(); err != nil {
			return err
		}
		changed = t.changed
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("take the server's answer: %w", err)
	}
	if r.o.Taken != nil {
		r.o.Taken(a.ExchangeResponse)
	}
	if changed {
		r.watchers.changed()
	}
	return out, nil
}

// taking is one answer on its way into the database.
type taking struct {
	r   *Replica
	tx  *localdb.Tx
	s   *state
	a   *answer
	out *taken
	// changed tells that what a screen shows may have changed.
	changed bool
	// renewed tells that this answer is the first one of another epoch, rewound that
	// base moved over own changes that the server does not have.
	renewed, rewound bool
	// viewMoved tells that base moves to other keys. Then the pages leave nothing of
	// the phone's own out, and nothing is folded in.
	viewMoved bool
	// placed are the records that the phone placed by itself, orphaned tells that one
	// of them follows something unknown.
	placed   []syncengine.ID
	orphaned bool
	// again tells that the pull has to begin anew.
	again bool
	// parents remembers the records that others follow, gone those that left in this pull.
	parents map[syncengine.ID]parent
	gone    []syncengine.ID
	// made is room for reading changes that make a record.
	made pagerecord.Made
	// placing is room for placing them.
	placing placing
	// scope is room for the keys of one record.
	scope []syncengine.ScopeKey
	// rows and glance are room for records that are staged.
	rows   [localdb.StagedAtOnce]localdb.Record
	glance pagerecord.Glance
}

// parent is a record that others follow.
type parent struct {
	keys   []syncengine.ScopeKey
	inBase bool
}

func (t *taking) all() error {
	before := t.s.pos
	t.clock()
	if f := t.a.GetFork(); f != nil {
		if err := t.fork(f); err != nil {
			return err
		}
	} else if err := t.body(); err != nil {
		return err
	}
	t.s.pos.VersionSent = t.r.o.AppVersion
	t.out.more, t.out.revoked = t.a.more(t.s) || t.again || t.asksLease(), t.s.pos.Revoked
	t.out.handsOn = len(t.a.outcomes) > 0 && t.s.pos.Mark < t.s.end.Seq
	t.out.progress = t.out.progress || len(t.a.outcomes) > 0 || t.s.pos.Mark != before.Mark ||
		!slices.Equal(t.s.pos.Cursor, before.Cursor)
	return t.s.savePosition(t.tx)
}

// body takes everything but a fork.
func (t *taking) body() error {
	acknowledged := t.s.pos.Mark
	t.a.advance(&t.s.pos)
	if err := t.forks(); err != nil {
		return err
	}
	if err := t.barriers(); err != nil {
		return err
	}
	if err := t.epoch(acknowledged); err != nil {
		return err
	}
	t.s.pos.Revoked = t.a.revoked()
	t.ordered()
	if err := t.journal(); err != nil {
		return err
	}
	if err := t.grants(); err != nil {
		return err
	}
	if err := t.enrolment(); err != nil {
		return err
	}
	if err := t.rulebook(); err != nil {
		return err
	}
	if t.a.sent.digests && t.a.fresh() {
		t.s.pos.DigestsAt = t.r.now()
	}
	if !t.a.fresh() || t.a.revoked() {
		return nil
	}
	if t.a.sent.destructions != t.s.pos.Destructions || t.a.appliedSealed() {
		return t.fillAnew()
	}
	var err error
	if t.again, err = t.stage(); err != nil || t.again {
		return err
	}
	if !t.a.GetCaughtUp() {
		t.s.pos.Pulling = true
		return nil
	}
	return t.settle()
}

// fillAnew has the next exchange begin from nothing, whatever this answer brings:
// it is for another base, or leaves out what the phone cannot work out.
func (t *taking) fillAnew() error {
	t.s.letCursorGo()
	t.s.pos.Pulling, t.s.pos.Gone, t.again = false, nil, true
	return t.tx.ClearStaging()
}

// clock remembers how far the server's clock is ahead. The server's time is the
// greatest seen from here on: what a wrong clock has said before is forgotten.
func (t *taking) clock() {
	if at := syncengine.UnixMilli(t.a.GetClockMs()); at != 0 {
		t.s.pos.ClockOffset, t.s.pos.ClockMost = at-t.r.now(), at
	}
}

// journal writes down what the server said of the batch.
func (t *taking) journal() error {
	if err := t.receipt(); err != nil {
		return err
	}
	if len(t.a.outcomes) == 0 {
		return nil
	}
	t.s.pos.TakesAhead = t.a.GetTakesAhead()
	segment, err := t.a.segment()
	if err != nil {
		return err
	}
	if err := t.tx.AppendOutcomes(segment); err != nil {
		return err
	}
	var quarantined []syncengine.ID
	for i, o := range t.a.outcomes {
		t.count(o.GetCode())
		row := &t.a.sent.batch[i]
		if o.GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
			if err := t.judgedAnew(row); err != nil {
				return err
			}
			continue
		}
		err := t.tx.PutQuarantined(localdb.Quarantined{
			DeviceSeq: row.DeviceSeq, RecordID: row.RecordID, Reason: int32(o.GetReason()),
			State: localdb.QuarantineWaiting, Seq: syncengine.Seq(o.GetSeq()),
		})
		if err != nil {
			return err
		}
		quarantined = append(quarantined, row.RecordID)
	}
	return t.uncover(quarantined)
}

func (t *taking) count(code syncv1.OutcomeCode) {
	t.out.Pushed++
	switch code {
	case syncv1.OutcomeCode_OUTCOME_CODE_APPLIED:
		t.out.Applied++
	case syncv1.OutcomeCode_OUTCOME_CODE_MERGED:
		t.out.Merged++
	case syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED:
		t.out.Quarantined++
	}
}

// uncover takes quarantined changes off the records they lay over.
func (t *taking) uncover(ids []syncengine.ID) error {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		t.changed = true
		if err := t.rebuild(id, nil, true); err != nil {
			return err
		}
	}
	return nil
}

// receipt keeps the server's proof, if it is genuine; one that is not proves
// nothing and is no reason to refuse the outcomes.
func (t *taking) receipt() error {
	m := t.a.GetReceipt()
	if m == nil || string(m.GetIncarnation()) != string(t.s.self.Incarnation[:]) ||
		!wire.VerifyReceipt(ed25519.PublicKey(t.s.self.ReceiptKey), m) {
		return nil
	}
	body, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return t.tx.PutReceipt(localdb.Receipt{
		DeviceSeq: syncengine.DeviceSeq(m.GetDeviceSeq()), Time: syncengine.UnixMilli(m.GetTimeMs()), Body: body,
	})
}

// asksLease reports that only now, by the server's clock, the phone learns that its
// lease is to be renewed: one more exchange brings a new one.
func (t *taking) asksLease() bool {
	return !t.a.sent.asksLease && !t.s.pos.Revoked && t.s.grants.GetLeaseUntilMs() != 0 && t.s.wantsLease(t.r.now())
}

// grants takes over a newer version, or a newer lease on the same one. In another
// epoch any version counts, once the phone has shown the newer one that it has
// signed by the realm. What was made so far was made under the old one. A lease that
// the realm has not signed is none.
func (t *taking) grants() error {
	m, had := t.a.GetGrants(), t.s.grants
	last := t.a.sent.past || t.renewed && len(had.GetSignature()) == 0
	renews := m.GetVersion() == had.GetVersion() && m.GetLeaseUntilMs() != 0
	if m == nil || !last && !renews && m.GetVersion() <= had.GetVersion() {
		return nil
	}
	if m.GetLeaseUntilMs() != 0 && !wire.VerifyGrants(ed25519.PublicKey(t.s.self.ReceiptKey), t.s.self.User[:], m) {
		return fmt.Errorf("%w: grants that the realm has not signed", ErrReply)
	}
	if m.GetVersion() != t.s.grants.GetVersion() {
		t.s.pos.switchGrants(t.s.grants.GetVersion(), m.GetVersion(), t.s.end.Seq)
	}
	t.s.grants = m
	t.s.rights = rightsOf(t.s.grants, t.s.view)
	return setProto(t.tx, metaGrants, m)
}

// enrolment keeps the realm's word that this phone is its user's, if it is genuine.
func (t *taking) enrolment() error { return t.s.keepEnrolment(t.tx, t.a.GetEnrolment()) }

// keepEnrolment keeps a word of the realm, if it is genuine and about this phone.
func (s *state) keepEnrolment(tx *localdb.Tx, m *syncv1.Enrolment) error {
	if m == nil || string(m.GetIncarnation()) != string(s.self.Incarnation[:]) ||
		!wire.VerifyEnrolment(ed25519.PublicKey(s.self.ReceiptKey), m) {
		return nil
	}
	s.pos.Enrolment = true
	return setProto(tx, metaEnrolment, m)
}

// fork takes the identity that the server gave this copy of a database: what both
// copies share stays, with the outcomes that the other copy heard, and what came
// after is sent again under the new name.
func (t *taking) fork(m *syncv1.Fork) error {
	incarnation, ok := syncengine.IDFromBytes(m.GetIncarnation())
	last := syncengine.DeviceSeq(m.GetLastCommon())
	if !ok || last > t.s.end.Seq {
		return fmt.Errorf("%w: a fork at change %d of %d", ErrReply, last, t.s.end.Seq)
	}
	if err := t.journal(); err != nil {
		return err
	}
	t.s.letCursorGo()
	t.s.self.Incarnation = incarnation
	t.s.pos.Mark, t.s.pos.Shared, t.s.pos.Supplied, t.s.pos.Enrolment = last, last, 0, false
	t.s.pos.rewind()
	// What was proven under the old name may have been the other copy's.
	t.s.pos.Proving = true
	t.s.pos.Nonce = t.a.GetNonce()
	t.out.progress = true
	if err := t.s.keepEnrolment(t.tx, m.GetEnrolment()); err != nil {
		return err
	}
	if err := t.forgetOutcomes(last); err != nil {
		return err
	}
	if err := setJSON(t.tx, metaSelf, &t.s.self); err != nil {
		return err
	}
	return t.s.internAuthor(t.tx)
}
