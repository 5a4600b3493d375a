package exchange

import (
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// judging decides one change: allowed, valid, merged, or kept whole for a person.
type judging struct {
	work     *work
	push     *push
	progress *storedv1.Progress
	in       *supplied
	seq      syncengine.DeviceSeq

	kind  *schema.Kind
	cells []syncengine.CellWrite
	// roles cover the record's scope now or at the author's base; classes are
	// what they may read.
	roles schema.Roles
	// sawAs are the roles whose reading at the base counts as what the author saw.
	sawAs         schema.Roles
	rank          syncengine.Rank
	afterHandover bool
	incoming      syncengine.Incoming
	merged        syncengine.Merged
	// unplaced tells that the author's phone cannot work out where the record
	// stands, so that it must be sent the record or told that it is gone.
	unplaced bool
	extra    storedv1.Extra
	// base is the base that counts.
	base    syncengine.Coordinate
	stamp   syncengine.UnixMilli
	suspect bool
	// gone tells that nothing is left of the change since its cells were erased.
	gone bool
	// restamped tells that the stamp is the one from before a restore.
	restamped bool
	// follow lists records whose scope keys may change because of this change.
	follow []syncengine.ID
}

// reason is a quarantine reason; none when the change may be merged.
type reason = syncv1.QuarantineReason

const none = syncv1.QuarantineReason_QUARANTINE_REASON_UNSPECIFIED

// decide takes a change to its outcome and log entry.
func (j *judging) decide() (*syncv1.Outcome, error) {
	j.countBase()
	j.resupplied()
	if err := j.bar(); err != nil {
		return nil, err
	}
	why, err := j.judge()
	if err != nil {
		return nil, err
	}
	if why != none {
		return j.quarantine(why)
	}
	return j.accept()
}

func (j *judging) judge() (reason, error) {
	if why := j.readable(); why != none {
		return why, nil
	}
	c := j.in.change
	rec, err := j.work.record(c.RecordID)
	if err != nil {
		return none, err
	}
	if why, err := j.known(rec); why != none || err != nil {
		return why, err
	}
	if err := j.time(); err != nil {
		return none, err
	}
	view, err := j.grants()
	if err != nil {
		return none, err
	}
	lasting := view.Lasting(j.push.received - lateMax)
	if rec != nil {
		_, j.roles = j.work.rolesNowOrAt(lasting, rec, j.base)
		j.sawAs = j.work.rolesAtBase(lasting, rec, j.base)
		err = j.late(lasting, rec.CurrentKeys())
	}
	if err == nil {
		err = j.merge(rec)
	}
	if err == nil && rec == nil {
		err = j.grounded(lasting)
	}
	if err != nil {
		return none, err
	}
	return j.lapsed(view, rec, j.permitted(rec))
}

// grounded finds the roles on whose right the change makes its record.
func (j *judging) grounded(view identity.View) error {
	grounds, err := j.work.grounds(j.kind, j.merged.Record)
	if err != nil {
		return err
	}
	j.roles = view.Over(grounds)
	return j.late(view, grounds)
}

// late notes work that only the grants of when it was made allow, or where the
// record was then: another has the doors by now.
func (j *judging) late(then identity.View, keys []syncengine.ScopeKey) error {
	current, err := j.work.view(j.push.device, 0)
	j.afterHandover = j.roles != 0 && (current.Over(keys) == 0 || then.Over(keys) == 0)
	return err
}

// readable checks what needs nothing but the change itself.
func (j *judging) readable() reason {
	c := j.in.change
	switch {
	case j.gone:
		return syncv1.QuarantineReason_QUARANTINE_REASON_ERASED
	case j.push.faulty[j.seq]:
		return syncv1.QuarantineReason_QUARANTINE_REASON_FAULT
	case j.push.device.State != identity.DeviceActive && j.progress.GetKeptRevoked() >= RevokedKeptMax:
		return syncv1.QuarantineReason_QUARANTINE_REASON_ABOVE_CAP
	case j.push.device.State != identity.DeviceActive:
		return syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED
	case j.tooLate():
		return syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED
	case c == nil:
		return syncv1.QuarantineReason_QUARANTINE_REASON_INVALID
	}
	var ok bool
	if j.kind, ok = j.work.kind(c.Kind); !ok {
		return syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_KIND
	}
	if j.baseAhead() {
		return syncv1.QuarantineReason_QUARANTINE_REASON_BASE_AHEAD
	}
	cells, err := wire.AppendCells(j.work.cells[:0], j.kind, c.Create, c.Patch)
	j.work.cells = cells
	// A creation that lost what it needs to an erasure had it when its author made it.
	if err != nil || c.Create && j.extra.InnerDigest == nil && !j.complete(cells) || tooMany(j.kind, cells) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_INVALID
	}
	if salted := len(j.in.salt) > 0; j.extra.InnerDigest == nil && (c.Salted != salted || !salted && wire.NeedsSalt(j.kind, cells)) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_INVALID
	}
	if !wire.CheckSteps(j.kind, c, cells) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_UNDECLARED_STEP
	}
	j.cells = cells
	return none
}

// baseAhead reports a base above what this incarnation was ever served. One of another
// history, of which the phone has shown that it is, counts as far as it is proven.
func (j *judging) baseAhead() bool {
	if j.extra.CountedBase != nil {
		return false
	}
	base := j.in.change.Base
	if base.Epoch > j.work.world.History.Epoch {
		return true
	}
	served := coordinate(j.progress.GetServed())
	return base.Epoch == j.work.world.History.Epoch && (served.Epoch < base.Epoch || served.Seq < base.Seq)
}

// tooMany reports more elements of one field than a change may write.
func tooMany(kind *schema.Kind, cells []syncengine.CellWrite) bool {
	over, _ := wire.CountOver(kind, cells)
	return over != nil
}

// complete reports that a create brings the least that its kind needs.
func (j *judging) complete(cells []syncengine.CellWrite) bool {
	return j.kind.Complete(func(n syncengine.FieldNumber) bool {
		return slices.ContainsFunc(cells, func(w syncengine.CellWrite) bool { return w.Key.Field == n && !w.Cleared })
	})
}

// known handles changes of records that are not here, or whose creation waits.
func (j *judging) known(rec *syncengine.Record) (reason, error) {
	c := j.in.change
	if rec != nil && rec.Kind != c.Kind {
		return syncv1.QuarantineReason_QUARANTINE_REASON_INVALID, nil
	}
	waits, err := j.work.createWaits(c.RecordID, j.push.device.Incarnation)
	if err != nil {
		return none, err
	}
	switch {
	case waits:
		return syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED, nil
	case rec == nil && !c.Create:
		return syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD, nil
	}
	return none, nil
}

// time fixes the change's stamp: at first receipt, or as it was before a restore.
func (j *judging) time() error {
	if j.restamped {
		return nil
	}
	least, err := j.work.committedAt(j.base)
	j.stamp, j.suspect = syncengine.Stamp(j.in.change.DeviceTime, j.push.offset, least, j.push.received)
	return err
}

// resupplied takes over the coordinates and the stamp that the change had before
// restores, as far as a genuine receipt that covers it proves them: coordinates of
// the receipt's epoch up to its own and of epochs before, never of the epoch in
// force, and a stamp that was possible when the receipt was written. What is not
// proven is late work.
func (j *judging) resupplied() {
	f, r := j.in.first, j.push.trusted
	if f == nil || r == nil || uint64(j.seq) > r.GetDeviceSeq() || f.GetStampMs() > r.GetTimeMs()+int64(syncengine.StampAheadMax) {
		return
	}
	proven := wireCoordinate(r.GetCoordinate())
	var before syncengine.Epoch
	for _, m := range f.GetCoordinates() {
		at := wireCoordinate(m)
		if at.Seq == 0 || at.Epoch <= before || at.Epoch >= j.work.world.History.Epoch ||
			at.Epoch > proven.Epoch || at.Epoch == proven.Epoch && at.Seq > proven.Seq {
			break
		}
		before, j.restamped = at.Epoch, true
		// Numbers of an epoch with two histories may name what others have never seen.
		if !j.doubtful(at.Epoch) {
			j.extra.First = append(j.extra.First, storedCoordinate(at))
		}
	}
	if j.restamped {
		j.stamp, j.suspect = syncengine.UnixMilli(f.GetStampMs()), f.GetSuspect()
	}
}

// grants gives the expansion of the grants in force for this device_seq.
func (j *judging) grants() (identity.View, error) {
	return j.work.view(j.push.device, j.push.madeUnder(j.progress, j.seq))
}

// merge runs the engine and places what came out of it.
func (j *judging) merge(rec *syncengine.Record) error {
	c := j.in.change
	readable := j.work.schema.Access.ReadClasses(c.Kind, j.sawAs)
	in := &j.incoming
	*in = syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: j.push.device.Incarnation, Seq: j.seq}, Base: j.base, Cut: j.extra.CountedBase != nil, Create: c.Create,
		At: j.work.here(), Stamp: j.stamp, Suspect: j.suspect, Cells: j.cells, Resolves: c.Resolves,
	}
	in.First, in.Since = firstOf(&j.extra)
	if rec == nil {
		// Nothing of a new record was hidden from its author.
		in.Rank = j.work.rankOf(j.push.device.UserID)
	} else {
		in.Rank = j.rankOver()
		in.Unreadable = unreadable(j.kind, readable)
		j.extra.Unreadable = unreadableBits(readable)
	}
	j.rank = in.Rank
	j.merged = j.work.world.Merge(j.kind.Engine, rec, c.RecordID, in)
	return j.place(rec, in.At.Seq)
}

func (j *judging) rankOver() (rank syncengine.Rank) {
	for role := uint32(0); role < 64; role++ {
		if j.roles&(1<<role) != 0 {
			rank = max(rank, j.work.schema.Access.RankOf(role))
		}
	}
	return rank
}

// place gives the merged record its scope keys when the change could alter them.
func (j *judging) place(rec *syncengine.Record, at syncengine.Seq) error {
	if rec != nil && !j.writesScope() {
		return nil
	}
	look, err := j.outOfSight()
	if err != nil {
		return err
	}
	moved, err := j.work.placeSeen(j.kind, j.merged.Record, at, look)
	j.unplaced = j.unplaced || j.hidden()
	if err == nil && (rec == nil || moved) {
		j.follow = append(j.follow, j.in.change.RecordID)
	}
	if err == nil && rec != nil && moved {
		err = j.entered(rec)
	}
	return err
}

// entered notes a record of which the author's phone may read more than before, by the change that moved it: it has
// not been sent what it would fold the change into.
func (j *judging) entered(rec *syncengine.Record) error {
	view, err := j.work.view(j.push.device, 0)
	reads := func(r *syncengine.Record) schema.Classes {
		return j.work.schema.Access.ReadClasses(r.Kind, view.Over(r.CurrentKeys()))
	}
	j.unplaced = j.unplaced || reads(j.merged.Record)&^reads(rec) != 0
	return err
}

// outOfSight notes a record that this one follows, that is known here and that the author's phone may not read: it
// takes it for unknown, and places the record wrongly.
func (j *judging) outOfSight() (look func(parentPlace), err error) {
	if !follows(j.kind) {
		return func(parentPlace) {}, nil
	}
	view, err := j.work.view(j.push.device, 0)
	return func(p parentPlace) {
		j.unplaced = j.unplaced || j.work.schema.Access.ReadClasses(p.kind, view.Over(p.keys)) == 0
	}, err
}

// hidden reports a record under a seal, of which a phone does not know, or one that
// its author is recused from: the phone cannot tell where it stands.
func (j *judging) hidden() bool {
	return slices.ContainsFunc(j.merged.Record.Keys, func(s syncengine.ScopeSpan) bool {
		user, recusal := s.Key.IsRecusal()
		return s.Left == 0 && (s.Key == syncengine.SealKey || recusal && user == j.push.device.UserID)
	})
}

// writesScope reports that the record's place may change: by a field that places
// it, or by one more creator.
func (j *judging) writesScope() bool {
	return slices.ContainsFunc(j.cells, func(w syncengine.CellWrite) bool {
		f, ok := j.kind.Field(w.Key.Field)
		return w.Key.Field == syncengine.LifeField || ok && f.Engine.Scope != syncengine.NoScope
	})
}

// permitted checks the roles against what the change writes and closes.
func (j *judging) permitted(rec *syncengine.Record) reason {
	if j.roles == 0 {
		return syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE
	}
	writable := j.work.schema.Access.WriteClasses(j.kind.Number, j.roles)
	if writable == 0 {
		return syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED
	}
	for _, w := range j.cells {
		if class, ok := j.kind.Engine.Class(w.Key.Field); ok && !writable.Has(class) {
			return syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED
		}
		if rec != nil && !j.in.change.Create && j.movesRecord(w) {
			return syncv1.QuarantineReason_QUARANTINE_REASON_MOVE_BY_SERVER_ONLY
		}
	}
	if rec != nil && !j.mayResolve(rec, writable) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED
	}
	return none
}

func (j *judging) movesRecord(w syncengine.CellWrite) bool {
	f, ok := j.kind.Field(w.Key.Field)
	return ok && f.Engine.Scope == syncengine.ScopeTerritory
}

// mayResolve asks for the right to read and write each cell whose conflict the change closes.
func (j *judging) mayResolve(rec *syncengine.Record, writable schema.Classes) bool {
	if len(j.in.change.Resolves) == 0 {
		return true
	}
	may := writable & j.work.schema.Access.ReadClasses(j.kind.Number, j.roles)
	for i := range rec.Cells {
		key := rec.Cells[i].Key
		class, ok := j.kind.Engine.Class(key.Field)
		if ok && !may.Has(class) && slices.Contains(j.in.change.Resolves, syncengine.ConflictIDOf(rec.ID, key)) {
			return false
		}
	}
	return true
}

// accept writes the merged record and its log entry.
func (j *judging) accept() (*syncv1.Outcome, error) {
	e := j.entry()
	e.Type = store.EntryMerged
	if j.merged.Applied && len(j.merged.Held) == 0 && !j.unplaced && j.extra.InnerDigest == nil && !j.in.sealed {
		e.Type = store.EntryApplied
	} else if j.merged.Applied {
		j.merged.Record.Tail, j.merged.Record.TailSince = syncengine.ID{}, j.work.next
	}
	e.Prev, e.Stamp, e.Suspect, e.Rank = j.previous(), j.stamp, j.suspect, j.rank
	j.extra.AfterHandover, j.extra.Sealed = j.afterHandover, j.in.sealed
	for _, id := range j.merged.Conflicts {
		j.extra.Conflicts = append(j.extra.Conflicts, id[:])
	}
	j.work.hold(&j.extra, j.merged.Held)
	e.Extra = encodeExtra(&j.extra)
	was := j.work.records[e.RecordID].after
	e.Seq = j.work.append(e).Seq
	j.work.setRecord(j.merged.Record)
	j.work.noteTouch(touch{dot: j.incoming.Dot, user: j.push.device.UserID, base: j.base, kind: j.kind}, was, j.merged.Record)
	if was == nil {
		j.work.appeared = append(j.work.appeared, e.RecordID)
	}
	by := accessledger.Actor{User: j.push.device.UserID, Device: j.push.device.Incarnation}
	j.work.noteMarks(by, j.kind, e.RecordID, j.cells)
	return j.work.outcomeOf(e, j.in.change.DeviceTime)
}

// encodeExtra encodes what few entries have; nothing for the others.
func encodeExtra(m *storedv1.Extra) []byte {
	if m.InnerDigest == nil && !m.Sealed && m.First == nil && m.CountedBase == nil && m.Unreadable == 0 && !m.AfterHandover && m.Conflicts == nil && m.Held == nil {
		return nil
	}
	return encode(m)
}

// quarantine keeps the change whole, lists it for whoever may decide and goes on.
func (j *judging) quarantine(why reason) (*syncv1.Outcome, error) {
	if err := j.timeUnmerged(); err != nil {
		return nil, err
	}
	e := j.entry()
	e.Type, e.Reason, e.Stamp, e.Suspect = store.EntryQuarantined, uint8(why), j.stamp, j.suspect
	switch why {
	case syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED:
		j.progress.KeptRevoked++
	case syncv1.QuarantineReason_QUARANTINE_REASON_ABOVE_CAP:
		// It is counted as lost by name: the chain goes on over what is not kept.
		e.Salt, e.Body, j.extra.InnerDigest = nil, nil, j.in.inner[:]
	case syncv1.QuarantineReason_QUARANTINE_REASON_ERASED:
		e.Salt, e.Body = nil, nil
	}
	e.Extra = j.waitingWith()
	e.Seq = j.work.append(e).Seq
	if e.Body != nil {
		j.work.list(e, j.in.change != nil && j.in.change.Create)
	}
	return j.work.outcomeOf(e, j.in.deviceTime())
}

// timeUnmerged fixes the stamp of a change that is not merged now: a release
// uses the stamp of first receipt. What cannot be read has the time of arrival.
func (j *judging) timeUnmerged() error {
	switch {
	case j.stamp != 0:
		return nil
	case j.in.change == nil:
		j.stamp = j.work.now
		return nil
	}
	return j.time()
}

// previous is the record's newest entry before this change.
func (j *judging) previous() syncengine.Seq {
	if rec := j.work.records[j.in.change.RecordID].after; rec != nil {
		return rec.Seq
	}
	return 0
}

func (j *judging) entry() store.Entry {
	e := store.Entry{Incarnation: j.push.device.Incarnation, DeviceSeq: j.seq, Salt: j.in.salt, Body: j.in.body}
	if c := j.in.change; c != nil {
		e.RecordID, e.Kind = c.RecordID, c.Kind
	} else if j.in.erased != nil {
		e.RecordID, _ = syncengine.IDFromBytes(j.in.erased.GetRecordId())
	}
	return e
}
