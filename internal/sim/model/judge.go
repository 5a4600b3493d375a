package model

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// reason is why a change waits; none when it is to be merged.
type reason = syncv1.QuarantineReason

const none = syncv1.QuarantineReason_QUARANTINE_REASON_UNSPECIFIED

// verdict is what rule 4 of the protocol says of a change.
type verdict struct {
	why   reason
	kind  *schema.Kind
	cells []syncengine.CellWrite
	roles schema.Roles
	// erased tells that cells of the change were erased.
	erased bool
	// late tells that the record had left the author's scope.
	late bool
	// blind are the classes the author could not read at base.
	blind schema.Classes
	rank  syncengine.Rank
}

// judgeEntry predicts what the server decides about a row. Where a restore has lost
// when its phone switched to the version of grants that it was made under, an older
// one counts, the one in force, or one that a phone of that name has confirmed.
func (m *Model) judgeEntry(r *row, dot syncengine.Dot, e store.Entry, c *call) verdict {
	if sentErased(e) && m.nothingLeft(r) {
		return verdict{why: syncv1.QuarantineReason_QUARANTINE_REASON_ERASED}
	}
	overdue := m.overdue(r, dot, e, c)
	v := m.judge(r, dot, overdue)
	if v.fits(e) {
		return v
	}
	m.underOthers(r, dot, func() bool {
		other := m.judge(r, dot, overdue)
		if !other.fits(e) {
			return false
		}
		v = other
		return other.blindAs(m.said(e))
	})
	return v
}

// underOthers takes a row for one made under each of the other versions of grants that
// may count for it where a restore has lost when its phone switched, until one is right.
func (m *Model) underOthers(r *row, dot syncengine.Dot, right func() bool) {
	u, made := m.people.of(r.user), r.grant
	if r.server || len(m.branches) == 1 {
		return
	}
	defer func() { r.grant = made }()
	for _, version := range slices.Backward(slices.Sorted(maps.Keys(u.grants))) {
		if version > made && version != u.current && !slices.Contains(m.now.word[dot.Incarnation].confirmed, version) {
			continue
		}
		if r.grant = version; right() {
			return
		}
	}
}

// fits reports that an entry says what the verdict says.
func (v *verdict) fits(e store.Entry) bool {
	if e.Type == store.EntryQuarantined {
		return v.why == reason(e.Reason)
	}
	extra := &storedv1.Extra{}
	return v.why == none && v.rank == e.Rank && proto.Unmarshal(e.Extra, extra) == nil && v.late == extra.GetAfterHandover()
}

// meansOnePlace reports that the server looks at a record where the author of a change did: something stood at its base, and
// no epoch from there to the one in force has had two histories.
func (m *Model) meansOnePlace(ch *change) bool {
	base := m.placeNamed(ch)
	_, way := m.shared(base.epoch, m.now.history.Epoch)
	return !base.isZero() && !m.anyTwice(way)
}

// blindAs reports that what an entry says its author could not read is what the verdict says.
func (v *verdict) blindAs(extra *storedv1.Extra) bool {
	return v.blind&(1<<syncengine.ClassMax-1) == schema.Classes(extra.GetUnreadable())
}

// judge predicts what the server decides about a row that arrives now, and whether that is long after the end of its lease.
func (m *Model) judge(r *row, dot syncengine.Dot, overdue bool) verdict {
	ch := m.changeOf(dot, r)
	if m.emptied(ch) {
		return verdict{why: syncv1.QuarantineReason_QUARANTINE_REASON_ERASED}
	}
	v := verdict{why: m.judgeAlone(r, dot, overdue)}
	if v.why != none {
		return v
	}
	v.kind, _ = m.schema.Kind(r.change.Kind)
	v.cells, _ = wire.Cells(v.kind, r.change.Create, r.change.Patch)
	v.cells, _ = m.leftOf(ch, v.cells)
	v.erased = m.erasedIn(ch)
	rec := m.now.record(r.change.RecordID)
	switch {
	case rec != nil && rec.kind.Number != r.change.Kind:
		v.why = syncv1.QuarantineReason_QUARANTINE_REASON_INVALID
	case m.createWaits(r.change.RecordID, dot.Incarnation):
		v.why = syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED
	case rec == nil && !r.change.Create:
		v.why = syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD
	case m.poisoned(&v):
		v.why = syncv1.QuarantineReason_QUARANTINE_REASON_FAULT
	default:
		m.judgeRights(&v, r, dot, rec)
	}
	return v
}

// poisoned reports a change on which the server's engine fails.
func (m *Model) poisoned(v *verdict) bool {
	return !m.poison.IsZero() && slices.ContainsFunc(v.cells, func(c syncengine.CellWrite) bool {
		f, ok := v.kind.Field(c.Key.Field)
		return ok && f.Engine.Scope == syncengine.ScopeParent && slices.Contains(idsIn(c.Data), m.poison)
	})
}

// judgeAlone looks at the change and immutable facts alone.
func (m *Model) judgeAlone(r *row, dot syncengine.Dot, overdue bool) reason {
	if m.people.revoked[dot.Incarnation] {
		return syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED
	}
	if overdue {
		return syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED
	}
	kind, known := m.schema.Kind(r.change.Kind)
	if !known {
		return syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_KIND
	}
	cells, err := wire.Cells(kind, r.change.Create, r.change.Patch)
	over, _ := wire.CountOver(kind, cells)
	if err != nil || over != nil || r.change.Create && !complete(kind, cells) || saltWrong(kind, r, cells) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_INVALID
	}
	if !stepsDeclared(kind, r, cells) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_UNDECLARED_STEP
	}
	return none
}

func complete(kind *schema.Kind, cells []syncengine.CellWrite) bool {
	anyOf := len(kind.RequireAny) == 0
	for _, f := range kind.Fields {
		written := slices.ContainsFunc(cells, func(c syncengine.CellWrite) bool { return c.Key.Field == f.Engine.Number && !c.Cleared })
		if f.Rules.GetRequired() && !written {
			return false
		}
		anyOf = anyOf || written && slices.Contains(kind.RequireAny, f.Name)
	}
	return anyOf
}

// saltWrong reports person data without a salt, or a salt that the body does not tell of.
func saltWrong(kind *schema.Kind, r *row, cells []syncengine.CellWrite) bool {
	if r.change.Salted != (len(r.salt) > 0) {
		return true
	}
	return !r.change.Salted && slices.ContainsFunc(cells, func(c syncengine.CellWrite) bool {
		f, ok := kind.Field(c.Key.Field)
		return ok && f.Salted()
	})
}

// stepsDeclared wants every written state to be a declared step from the state
// it names, unless it settles the conflict of its own cell.
func stepsDeclared(kind *schema.Kind, r *row, cells []syncengine.CellWrite) bool {
	for _, c := range cells {
		f, ok := kind.Field(c.Key.Field)
		if !ok || f.Engine.Policy != syncengine.States || r.closes(c.Key) {
			continue
		}
		named, from := r.change.Create, int32(0)
		for _, s := range r.change.Patch.GetFrom() {
			if s.GetField() == uint32(c.Key.Field) {
				named, from = true, s.GetState()
				break
			}
		}
		if !named || c.Cleared || !slices.Contains(f.Engine.States.From[int32(numberIn(c.Data))], from) {
			return false
		}
	}
	return true
}

// createWaits reports that this incarnation's own creation of the record waits.
func (m *Model) createWaits(record, incarnation syncengine.ID) bool {
	for dot := range m.now.waiting {
		c := m.now.decided[dot].change.row.change
		if dot.Incarnation == incarnation && c.Create && c.RecordID == record {
			return true
		}
	}
	return false
}

// judgeRights asks whether the grant in force for the row covers the record now
// or at base, and whether its roles may write what it writes.
func (m *Model) judgeRights(v *verdict, r *row, dot syncengine.Dot, rec *record) {
	view := m.rightsOf(r.user, dot.Incarnation, r.grant)
	if rec == nil {
		v.rank = m.schema.Access.RankOf(view.role)
		v.roles, v.late = m.rolesAbove(&view, m.wouldBe(v, r, dot))
	} else {
		v.roles = m.overNow(&view, rec)
		sawAs := v.roles
		if base, ok := m.baseNow(m.changeOf(dot, r)); ok {
			sawAs = m.overAny(&view, rec, func(s stay) bool { return s.entered <= base && (s.left == 0 || base < s.left) })
			v.roles |= sawAs
		}
		v.late = v.roles != 0 && m.lateNow(&view, rec)
		v.blind = ^m.schema.Access.ReadClasses(rec.kind.Number, sawAs)
		v.rank = m.rankOf(v.roles)
	}
	v.why = m.permitted(v, r, rec)
}

// baseNow gives the seq that a change's base names in the history in force, as
// far as it counts; ok is false where it names none.
func (m *Model) baseNow(ch *change) (seq syncengine.Seq, ok bool) {
	return m.inForce(ch.limited(m.placeNamed(ch)))
}

// wouldBe gives the record that a creation makes, for its place.
func (m *Model) wouldBe(v *verdict, r *row, dot syncengine.Dot) *record {
	rec := &record{id: r.change.RecordID, kind: v.kind}
	ch := &change{dot: dot, row: r}
	for _, w := range v.cells {
		if _, known := v.kind.Field(w.Key.Field); known || w.Key.Field == syncengine.LifeField {
			rec.cells = append(rec.cells, &cell{key: w.Key, set: []value{{write: &write{by: ch, key: w.Key, data: w.Data, cleared: w.Cleared}}}})
		}
	}
	rec.moveTo(m.keysOf(rec), 1)
	return rec
}

func (m *Model) rankOf(roles schema.Roles) (rank syncengine.Rank) {
	for role := range uint32(64) {
		if roles&(1<<role) != 0 {
			rank = max(rank, m.schema.Access.RankOf(role))
		}
	}
	return rank
}

// permitted holds the roles against what the change writes and closes.
func (m *Model) permitted(v *verdict, r *row, rec *record) reason {
	if v.roles == 0 {
		return syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE
	}
	may := m.schema.Access.WriteClasses(v.kind.Number, v.roles)
	if may == 0 {
		return syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED
	}
	for _, c := range v.cells {
		if class, known := classOf(v.kind, c.Key.Field); known && !may.Has(class) {
			return syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED
		}
		if f, ok := v.kind.Field(c.Key.Field); ok && rec != nil && !r.change.Create && f.Engine.Scope == syncengine.ScopeTerritory {
			return syncv1.QuarantineReason_QUARANTINE_REASON_MOVE_BY_SERVER_ONLY
		}
	}
	if rec != nil && !m.mayResolve(v, r, rec, may&m.schema.Access.ReadClasses(rec.kind.Number, v.roles)) {
		return syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED
	}
	return none
}

func (m *Model) mayResolve(v *verdict, r *row, rec *record, may schema.Classes) bool {
	for _, c := range rec.cells {
		if class, known := classOf(v.kind, c.key.Field); known && !may.Has(class) && r.closes(c.key) {
			return false
		}
	}
	return true
}

// classOf gives the visibility class of a cell; who reads a record reads its life.
func classOf(kind *schema.Kind, field syncengine.FieldNumber) (syncengine.Class, bool) {
	if field == syncengine.LifeField {
		return openClass, true
	}
	f, ok := kind.Field(field)
	if !ok {
		return 0, false
	}
	return f.Engine.Class, true
}

// openClass is the class that whoever reads a record reads.
const openClass syncengine.Class = 1
