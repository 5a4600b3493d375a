package model

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// step is what one commit has done so far.
type step struct {
	from     syncengine.Seq
	touched  map[syncengine.ID]bool
	appeared []syncengine.ID
	telling  telling
}

// committed takes the entries of one commit, each against its prediction.
func (m *Model) committed(head store.Head, entries []store.Entry) {
	f := m.at(0, syncengine.ID{})
	m.step = step{from: m.now.head(), touched: map[syncengine.ID]bool{}}
	// The time of the commit is that of its head.
	m.now.commits = append(m.now.commits, commit{m.now.head() + syncengine.Seq(len(entries)), head.Committed})
	m.beginActs(entries)
	for _, e := range entries {
		if !f.want(e.Seq == m.now.head()+1, I5, "seq %d follows seq %d", e.Seq, m.now.head()) {
			return
		}
		m.beforeEntry(e)
		m.now.log = append(m.now.log, e)
		m.entry(e)
	}
	m.endBatch()
	f.want(head.Seq == m.now.head(), I5, "the head says %d, the log ends at %d", head.Seq, m.now.head())
	f.want(head.Epoch == m.now.history.Epoch, I20, "the commit is of epoch %d, the epoch in force is %d", head.Epoch, m.now.history.Epoch)
	m.settlePlaces()
	m.settleAwaiting()
}

// entry takes one entry of the log.
func (m *Model) entry(e store.Entry) {
	switch e.Type {
	case store.EntryApplied, store.EntryMerged, store.EntryQuarantined:
		m.decide(e)
	case store.EntryReleased:
		m.release(e)
	case store.EntryRejected:
		m.reject(e)
	case store.EntryMoved:
		m.move(e)
	case store.EntryHeld:
		m.mergeHeld(e)
	case store.EntryAbsent:
		m.absent(e)
	case store.EntryErased:
		m.erased(e)
	default:
		m.at(0, e.RecordID).want(false, I2, "seq %d is an entry of type %d, which nobody makes yet", e.Seq, e.Type)
	}
}

// decide takes the entry that decides a change for the first time.
func (m *Model) decide(e store.Entry) {
	dot, f := syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}, m.at(0, e.RecordID)
	before := m.mark(dot.Incarnation)
	f.want(dot.Seq == before.seq+1, I1, "seq %d decides change %s, the one before it was %d", e.Seq, named(dot), before.seq)
	if !f.want(m.now.decided[dot] == nil, I18, "seq %d decides change %s a second time", e.Seq, named(dot)) {
		return
	}
	r, c := m.source(e)
	if !f.want(r != nil, I2, "seq %d holds change %s, which nobody sent", e.Seq, named(dot)) {
		return
	}
	m.now.marks[dot.Incarnation] = mark{dot.Seq, chained(before.chain, digestKept(e))}
	f.want(r.change.RecordID == e.RecordID && (r.change.Kind == e.Kind || sentErased(e)), I1, "seq %d names another record than change %s", e.Seq, named(dot))
	m.wantGroup(r, dot)
	switch {
	case m.told(e):
		m.wantDue(r, e)
	case m.imports(e):
		m.wantImported(r, e)
	}
	d := &decision{change: m.changeOf(dot, r), entry: e, last: e}
	m.now.decided[dot] = d
	m.believe(d.change, e, c)
	m.learnPlaces(d.change, e)
	v := m.judgeEntry(r, dot, e, c)
	if r.server {
		v = m.serverVerdict(r)
	}
	m.wantStamp(d, c)
	m.wantRedacted(d.change, e)
	if e.Type == store.EntryQuarantined {
		f.want(v.why == reason(e.Reason), I21, "change %s is quarantined as %s, the rules say %s", named(dot), reason(e.Reason), v.why)
		if v.why != syncv1.QuarantineReason_QUARANTINE_REASON_ERASED {
			m.now.waiting[dot] = true
		}
		d.outcome = outcome{entry: e}
		return
	}
	if f.want(v.why == none, I21, "change %s is merged, the rules say %s", named(dot), v.why) || v.kind != nil {
		m.accept(d, &v)
	}
}

// wantGroup wants the members of a group in one commit.
func (m *Model) wantGroup(r *row, dot syncengine.Dot) {
	if r.server || r.change.Group == r.seq {
		return
	}
	first := m.now.decided[syncengine.Dot{Incarnation: dot.Incarnation, Seq: r.change.Group}]
	m.at(0, r.change.RecordID).want(first != nil && first.entry.Seq > m.step.from, I7,
		"change %s came in another commit than the first of its group, %d", named(dot), r.change.Group)
}

// changeOf gives the change behind a row under a name; after a restore the same as before.
func (m *Model) changeOf(dot syncengine.Dot, r *row) *change {
	ch := m.changes[dot]
	if ch == nil || ch.row != r {
		ch = &change{dot: dot, row: r}
		m.changes[dot] = ch
	}
	return ch
}

// accept merges what a decision accepted and compares what the entry says of it.
func (m *Model) accept(d *decision, v *verdict) {
	e, f, ch := d.entry, m.at(0, d.entry.RecordID), d.change
	f.want(e.Rank == v.rank, I21, "change %s has rank %d, its author's is %d", named(ch.dot), e.Rank, v.rank)
	extra := m.said(e)
	f.want(ch.row.server || !m.meansOnePlace(ch) || v.blindAs(extra), I3, "change %s is merged as by an author blind to classes %b, the rules say %b", named(ch.dot), extra.GetUnreadable(), v.blind)
	ch.row.accepted = append(ch.row.accepted, m.here(e.Seq))
	ch.blind, ch.rank = v.blind, e.Rank
	d.credit = ch.credit
	rec := m.now.record(e.RecordID)
	f.want(e.Prev == seqOf(rec), I5, "seq %d names %d as the entry before it, it is %d", e.Seq, e.Prev, seqOf(rec))
	writes, held := m.writesOf(ch, v.cells, v.kind.Field)
	d.held = held
	g, next := m.mergeInto(rec, ch, writes, e.Seq, false)
	m.noteTouch(ch, rec, next)
	plain := g.applied && len(held) == 0 && !m.cameSealed(d) && !v.erased
	if rec == nil || g.writesScope() || ch.row.server {
		next.moveTo(m.keysOf(next), e.Seq)
		plain = plain && (ch.row.server || !m.outOfSight(next, ch) && !m.entered(rec, next, ch))
	}
	f.want((e.Type == store.EntryApplied) == plain, I3, "change %s is told as entry type %d, plainly applied is %v:%s", named(ch.dot), e.Type, plain, g.text())
	d.outcome = outcome{entry: e, late: v.late}
	if !g.applied {
		d.outcome.conflicts = g.conflictsOf()
	}
	f.want(ch.row.server || toldConflicts(extra) == fmt.Sprint(d.outcome.conflicts), I3, "change %s is told to be part of %s, it is of %v:%s", named(ch.dot), toldConflicts(extra), d.outcome.conflicts, g.text())
	m.put(next)
}

// toldConflicts writes the conflicts that an entry names as outcomes write them.
func toldConflicts(extra *storedv1.Extra) string {
	ids := []syncengine.ConflictID{}
	for _, b := range extra.GetConflicts() {
		ids = append(ids, syncengine.ConflictID(b))
	}
	return fmt.Sprint(ids)
}

func seqOf(rec *record) syncengine.Seq {
	if rec == nil {
		return 0
	}
	return rec.seq
}

// put makes a state the record's newest.
func (m *Model) put(next *record) {
	if m.now.record(next.id) == nil {
		m.step.appeared = append(m.step.appeared, next.id)
	}
	m.now.records[next.id] = append(m.now.records[next.id], next)
	m.dirty[next.id], m.step.touched[next.id] = true, true
	for _, parent := range parentsOf(next) {
		if !slices.Contains(m.now.followers[parent], next.id) {
			m.now.followers[parent] = append(m.now.followers[parent], next.id)
		}
	}
}

// move takes an entry by which a record followed what it is about.
func (m *Model) move(e store.Entry) {
	f, rec := m.at(0, e.RecordID), m.now.record(e.RecordID)
	if !f.want(rec != nil, I5, "seq %d moves a record that is not there", e.Seq) {
		return
	}
	keys := m.keysOf(rec)
	f.want(!slices.Equal(keys, rec.keys()), I10, "seq %d moves a record that stands where it belongs", e.Seq)
	next := rec.next(e.Seq)
	next.moveTo(keys, e.Seq)
	m.put(next)
}

// absent takes a declaration that a phone no longer has a run of changes.
func (m *Model) absent(e store.Entry) {
	f := m.at(0, syncengine.ID{})
	extra := &storedv1.Extra{}
	f.want(proto.Unmarshal(e.Extra, extra) == nil, I2, "seq %d: what it says besides cannot be read", e.Seq)
	before := m.mark(e.Incarnation)
	f.want(e.DeviceSeq == before.seq+1, I1, "seq %d declares absent from %d, decided is %d", e.Seq, e.DeviceSeq, before.seq)
	after := mark{seq: syncengine.DeviceSeq(extra.GetAbsentUntil())}
	copy(after.chain[:], extra.GetAbsentChain())
	m.now.marks[e.Incarnation] = after
	wiped := m.sentWiped(e.Incarnation)
	for seq := e.DeviceSeq; seq <= after.seq; seq++ {
		dot := syncengine.Dot{Incarnation: e.Incarnation, Seq: seq}
		f.want(wiped || m.mayLack(dot), I13, "change %s is declared absent, and fewer than two backups ever held it", named(dot))
		m.now.decided[dot] = &decision{entry: e, last: e, outcome: outcome{entry: e}}
	}
}

// sentWiped reports that who declares changes absent has signed that it destroyed all it
// held, by order, after it had handed everything in. Who had that and lost it again is
// brought nothing by a phone that is no more. It was an order, and all was acknowledged.
func (m *Model) sentWiped(incarnation syncengine.ID) bool {
	for _, c := range m.calls {
		w := c.body.GetWiped()
		if c.answered || c.incarnation() != incarnation || c.body.GetAbsent() == nil || w == nil {
			continue
		}
		f := m.at(0, syncengine.ID{})
		f.want(m.people.revoked[incarnation], I20, "%s is wiped, and nobody has ended the trust in it", incarnation)
		f.want(w.GetHandedIn() == w.GetMade(), I2, "%s is wiped, and of its %d changes %d were handed in", incarnation, w.GetMade(), w.GetHandedIn())
		return true
	}
	return false
}

// mayLack reports that a phone may have dropped a change from its journal: two
// backups hold it, under its name or one that it was copied from, or the database
// that held it is no more.
func (m *Model) mayLack(dot syncengine.Dot) bool {
	holding := 0
	for _, b := range m.backups {
		if m.decidedUnderAnyName(b, dot) {
			holding++
		}
	}
	if holding >= 2 {
		return true
	}
	for _, p := range m.phoneIDs() {
		ph := m.phones[p]
		if ph.incarnation == dot.Incarnation && dot.Seq >= 1 && int(dot.Seq) <= len(ph.rows) {
			return ph.rows[dot.Seq-1].lost
		}
	}
	return true
}

// decidedUnderAnyName reports a change that a history decided, or that it decided
// before the database that made it was copied: a copy that shares nothing with the
// log any more sends the same changes under a new name.
func (m *Model) decidedUnderAnyName(b *branch, dot syncengine.Dot) bool {
	for {
		if b.decided[dot] != nil {
			return true
		}
		fork, copied := m.forks[dot.Incarnation]
		if !copied {
			return false
		}
		dot.Incarnation = fork.parent
	}
}

// named tells a change in words.
func named(d syncengine.Dot) string { return fmt.Sprintf("%s/%d", d.Incarnation.String()[:8], d.Seq) }
