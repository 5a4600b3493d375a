package model

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// An erasure as the auditor sees it: from its place in the true log on, no value
// of its cells stands but what was written by somebody who stood on that place or
// behind it. A phone loses its own when it takes the barrier in.

// erasure is one act, known by its cells; places are those at which it stands, the
// newest of each history.
type erasure struct {
	cells  syncengine.Cells
	places []place
}

// names reports that the erasure destroys a cell.
func (e *erasure) names(kind *schema.Kind, key syncengine.CellKey) bool {
	if kind == nil {
		return e.cells.Names(nil, key)
	}
	return e.cells.Names(kind.Engine, key)
}

// bars reports that a value written from a place is destroyed.
func (e *erasure) bars(kind *schema.Kind, from place, key syncengine.CellKey) bool {
	return e.names(kind, key) && (from.isZero() || !from.holds(e.places))
}

// erased takes the entry of an erasure.
func (m *Model) erased(e store.Entry) {
	f, extra := m.at(0, e.RecordID), &storedv1.Extra{}
	f.want(proto.Unmarshal(e.Extra, extra) == nil && len(extra.GetErased()) > 0, I19, "seq %d erases nothing", e.Seq)
	f.want(m.act != nil && slices.Contains(m.act.Erase, e.RecordID) || len(m.branches) > 1, I19, "seq %d erases though nobody asked for it", e.Seq)
	for _, a := range extra.GetErased() {
		m.raise(e, syncengine.Cells{Field: syncengine.FieldNumber(a.GetField()), Key: string(a.GetKey())}, extra.GetFirst())
	}
	m.eraseWaiting(e.RecordID)
	m.eraseHeld(e.RecordID, e.Seq)
	rec := m.now.record(e.RecordID)
	f.want(e.Prev == seqOf(rec), I5, "seq %d names %d as the entry before it, it is %d", e.Seq, e.Prev, seqOf(rec))
	if rec == nil {
		return
	}
	next := rec.next(e.Seq)
	next.cells = slices.DeleteFunc(next.cells, func(c *cell) bool { return m.namedBy(rec.kind, m.now.erasures[e.RecordID], c.key, e.Seq) })
	m.put(next)
}

// raise notes where an erasure stands in the history in force. One that is raised
// again names the places at which it stood in histories that were lost.
func (m *Model) raise(e store.Entry, cells syncengine.Cells, first []*storedv1.Coordinate) {
	at := m.here(e.Seq)
	defer m.carryOver(e.RecordID, cells, first)
	for _, known := range m.now.erasures[e.RecordID] {
		if known.cells == cells {
			known.places = append(slices.DeleteFunc(slices.Clone(known.places), func(p place) bool { return at.holds([]place{p}) }), at)
			return
		}
	}
	m.now.erasures[e.RecordID] = append(m.now.erasures[e.RecordID], &erasure{cells: cells, places: []place{at}})
}

// carryOver adds the places that an erasure had in other histories.
func (m *Model) carryOver(record syncengine.ID, cells syncengine.Cells, first []*storedv1.Coordinate) {
	for _, known := range m.now.erasures[record] {
		if known.cells == cells {
			for _, p := range placesNamed(m, record, cells, first) {
				if !slices.Contains(known.places, p) {
					known.places = append(known.places, p)
				}
			}
		}
	}
}

// numbered is a place as it is stored or travels.
type numbered interface {
	GetEpoch() uint32
	GetSeq() uint64
}

// placesNamed gives the places, in whatever history, at which an erasure of a record stood that have one of some numbers.
func placesNamed[C numbered](m *Model, record syncengine.ID, cells syncengine.Cells, numbers []C) (out []place) {
	for _, b := range m.branches {
		for _, e := range b.erasures[record] {
			for _, p := range e.places {
				named := slices.ContainsFunc(numbers, func(c C) bool { return c.GetEpoch() == uint32(p.epoch) && c.GetSeq() == uint64(p.seq) })
				if e.cells == cells && named && !slices.Contains(out, p) {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// namedBy reports that one of the erasures at a seq names a cell.
func (m *Model) namedBy(kind *schema.Kind, list []*erasure, key syncengine.CellKey, seq syncengine.Seq) bool {
	at := m.here(seq)
	return slices.ContainsFunc(list, func(e *erasure) bool { return slices.Contains(e.places, at) && e.names(kind, key) })
}

// eraseHeld forgets what was held of the record for newer software, as far as the software of now would destroy it:
// it cannot tell an unknown field that figures are made of from one that holds a text.
func (m *Model) eraseHeld(record syncengine.ID, seq syncengine.Seq) {
	for dot, d := range m.now.decided {
		if d.change == nil || d.entry.RecordID != record || len(d.held) == 0 {
			continue
		}
		kind, _ := m.schema.Kind(d.change.row.change.Kind)
		after := *d
		after.held = slices.DeleteFunc(slices.Clone(d.held), func(n syncengine.FieldNumber) bool {
			return m.namedBy(kind, m.now.erasures[record], syncengine.CellKey{Field: n}, seq)
		})
		m.now.decided[dot] = &after
	}
}

// eraseWaiting takes quarantined changes of which nothing is left off the list.
func (m *Model) eraseWaiting(record syncengine.ID) {
	for dot := range m.now.waiting {
		if d := m.now.decided[dot]; d.entry.RecordID == record && m.emptied(d.change) {
			delete(m.now.waiting, dot)
		}
	}
}

// barred reports that a cell of a change is destroyed in the history in force.
func (m *Model) barred(ch *change, key syncengine.CellKey) bool {
	kind, _ := m.schema.Kind(ch.row.change.Kind)
	from := ch.limited(m.placeNamed(ch))
	return slices.ContainsFunc(m.now.erasures[ch.row.change.RecordID], func(e *erasure) bool { return e.bars(kind, from, key) })
}

// learnPlaces takes over where an erasure stood in a history that is lost, when the entry of a change shows that the server knows
// it: from the side ledger, or from a phone that handed the barrier back. The log may have the erasure at another place. Whoever
// stood behind the lost one has seen it all the same, and what they wrote may stand.
func (m *Model) learnPlaces(ch *change, e store.Entry) {
	if len(m.now.erasures[e.RecordID]) == 0 {
		return
	}
	kept := m.cellsKept(ch, e)
	kind, _ := m.schema.Kind(ch.row.change.Kind)
	from := ch.limited(m.placeNamed(ch))
	for _, known := range m.now.erasures[e.RecordID] {
		stands := slices.ContainsFunc(kept, func(c syncengine.CellWrite) bool { return known.bars(kind, from, c.Key) })
		for _, b := range m.branches {
			for _, other := range b.erasures[e.RecordID] {
				if stands && other.cells == known.cells && from.holds(other.places) {
					known.places = append(slices.Clip(known.places), other.places...)
				}
			}
		}
	}
}

// cellsKept gives the cells that an entry's change still writes.
func (m *Model) cellsKept(ch *change, e store.Entry) []syncengine.CellWrite {
	c, err := wire.DecodeChange(e.Body)
	kind, known := m.newest.Kind(ch.row.change.Kind)
	if err != nil || !known {
		return nil
	}
	cells, _ := wire.Cells(kind, c.Create, c.Patch)
	return cells
}

// leftOf gives what is left of a change's cells; touched tells that some are gone.
func (m *Model) leftOf(ch *change, cells []syncengine.CellWrite) (left []syncengine.CellWrite, touched bool) {
	if len(m.now.erasures[ch.row.change.RecordID]) == 0 {
		return cells, false
	}
	left = slices.DeleteFunc(slices.Clone(cells), func(c syncengine.CellWrite) bool { return m.barred(ch, c.Key) })
	return left, len(left) < len(cells)
}

// emptied reports that nothing is left of a change.
func (m *Model) emptied(ch *change) bool {
	c := ch.row.change
	kind, _ := m.newest.Kind(c.Kind)
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		return false
	}
	left, touched := m.leftOf(ch, cells)
	return touched && len(left) == 0 && len(c.Resolves) == 0
}

// erasedIn reports that some of a change's cells are gone.
func (m *Model) erasedIn(ch *change) bool {
	c := ch.row.change
	kind, _ := m.newest.Kind(c.Kind)
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		return false
	}
	_, touched := m.leftOf(ch, cells)
	return touched
}

// sentErased reports the entry of a change of which its phone had nothing left to send.
func sentErased(e store.Entry) bool {
	return e.Type == store.EntryQuarantined && e.Kind == 0 && reason(e.Reason) == syncv1.QuarantineReason_QUARANTINE_REASON_ERASED && len(e.Body) == 0
}

// wantRedacted wants no byte of an erased cell in the entry that a change is kept in.
func (m *Model) wantRedacted(ch *change, e store.Entry) {
	for _, c := range ch.row.cells {
		if text := valueOf(c.Data); m.barred(ch, c.Key) && len(text) >= valueBytesMin {
			m.at(0, e.RecordID).want(!bytes.Contains(e.Body, text) && len(e.Salt) == 0, I19, "seq %d keeps field %d of change %s, which is erased", e.Seq, c.Key.Field, named(ch.dot))
		}
	}
}

// digestSent gives what the chain holds of a change as it travels.
func digestSent(b *syncv1.BatchChange) (d [32]byte) {
	if erased := b.GetErased(); erased != nil {
		copy(d[:], erased.GetInnerDigest())
		return d
	}
	return inner(b.GetSalt(), b.GetBody())
}

// digestKept gives what the chain holds of a change as the log keeps it.
func digestKept(e store.Entry) (d [32]byte) {
	extra := &storedv1.Extra{}
	if proto.Unmarshal(e.Extra, extra) == nil && len(extra.GetInnerDigest()) == len(d) {
		copy(d[:], extra.GetInnerDigest())
		return d
	}
	return inner(e.Salt, e.Body)
}

// taken is an erasure that a phone has applied to the base it stands on, by what its software knew then: of a field that it does
// not know it cannot tell whether an erasure of every text spares it, takes it out, and has it back with the next base.
type taken struct {
	*erasure
	by *schema.Schema
}

// takes reports that a cell of a record is taken out of a base that stands at a place.
func (t *taken) takes(number syncengine.KindNumber, at place, key syncengine.CellKey) bool {
	kind, _ := t.by.Kind(number)
	return t.bars(kind, at, key)
}

// struck is an erasure that a phone has applied to its own rows up to one.
type struck struct {
	*erasure
	through syncengine.DeviceSeq
	// counted is what the telling says to count of places in epochs that have two histories.
	counted []*syncv1.Coordinate
}

// limited gives as much of a place as counts against the telling.
func (e *struck) limited(from place) place {
	for _, c := range e.counted {
		if syncengine.Epoch(c.GetEpoch()) != from.epoch || syncengine.Seq(c.GetSeq()) >= from.seq {
			continue
		}
		if from.seq = syncengine.Seq(c.GetSeq()); from.seq == 0 {
			return place{}
		}
	}
	return from
}

// takes reports that a phone loses a value written from a place to the telling: its author had not seen the erasure, or nothing
// proves it in an epoch that has two histories. The latter spares what an earlier telling of the same erasure, which the phone
// remembers, has spared.
func (e *struck) takes(remembered []struck, kind *schema.Kind, from place, key syncengine.CellKey) bool {
	if e.bars(kind, from, key) {
		return true
	}
	return e.bars(kind, e.limited(from), key) && !slices.ContainsFunc(remembered, func(was struck) bool {
		return was.cells == e.cells && !was.bars(kind, was.limited(from), key)
	})
}

// tookBarriers has a phone lose what the barriers of a reply name, before anything else of the reply: what it stands on
// and what it has written. The history that answered knows of them, whatever has become of the server since; of places that
// it has lost the reply tells, as far as the server knows them: who stood behind one of those has seen the erasure, too.
func (m *Model) tookBarriers(ph *phone, c *call, reply *syncv1.ExchangeResponse) {
	for _, b := range reply.GetBarriers() {
		id, cells := syncengine.ID(b.GetRecordId()), syncengine.Cells{Field: syncengine.FieldNumber(b.GetField()), Key: string(b.GetKey())}
		var known *erasure
		for _, e := range c.branch.erasures[id] {
			if e.cells == cells {
				known = e
			}
		}
		if !m.at(ph.id, id).want(known != nil, I19, "it is told of an erasure that nobody made") {
			continue
		}
		copied := *known
		copied.places = slices.Concat(known.places, placesNamed(m, id, cells, b.GetEarlier()))
		ph.lost, ph.struck, ph.cleaned = clipped(ph.lost), clipped(ph.struck), map[*record]*record{}
		ph.lost[id] = append(ph.lost[id], taken{&copied, ph.schema})
		ph.struck[id] = append(ph.struck[id], struck{&copied, ph.end(), b.GetCounted()})
		ph.checked = map[syncengine.ID]screenKey{}
	}
}

// wantCounted wants tellings to cut places in epochs that had two histories only, and to count no less of them than the phone
// has shown.
func (m *Model) wantCounted(c *call, reply *syncv1.ExchangeResponse) {
	for _, b := range reply.GetBarriers() {
		f := m.at(0, syncengine.ID(b.GetRecordId()))
		for _, counted := range b.GetCounted() {
			at := coordinate(counted)
			f.want(m.twice[at.Epoch], I19, "of epoch %d, which had one history, places up to %d are said to count", at.Epoch, at.Seq)
			least := m.provenIn(c.incarnation(), at.Epoch)
			f.want(at.Seq >= least, I19, "of epoch %d places up to %d are said to count, the phone has shown %d", at.Epoch, at.Seq, least)
		}
	}
}

// cellsLeft gives what is left on the phone of the cells of an own row.
func (m *Model) cellsLeft(ph *phone, r *row) []syncengine.CellWrite { return m.cellsWith(ph, r, true) }

// cellsWith is cellsLeft for a phone that remembers what it was told of erasures, or does not.
func (m *Model) cellsWith(ph *phone, r *row, remembers bool) []syncengine.CellWrite {
	list := ph.struck[r.change.RecordID]
	if len(list) == 0 {
		return r.cells
	}
	kind, _ := m.newest.Kind(r.change.Kind)
	from := m.placeNamed(&change{row: r, dot: syncengine.Dot{Incarnation: ph.incarnation, Seq: r.seq}})
	return slices.DeleteFunc(slices.Clone(r.cells), func(c syncengine.CellWrite) bool {
		for i := range list {
			before := list[:i]
			if !remembers {
				before = nil
			}
			if r.seq <= list[i].through && list[i].takes(before, kind, from, c.Key) {
				return true
			}
		}
		return false
	})
}

// mayBeGone reports that nothing may be left on the phone of an own row: what two verified backups hold of erasures it remembers
// no more.
func (m *Model) mayBeGone(ph *phone, r *row) bool { return gone(r, m.cellsWith(ph, r, false)) }

// goneFrom reports that nothing is left on the phone of an own row.
func (m *Model) goneFrom(ph *phone, r *row) bool { return gone(r, m.cellsLeft(ph, r)) }

func gone(r *row, left []syncengine.CellWrite) bool {
	return len(r.cells) > 0 && len(r.change.Resolves) == 0 && len(left) == 0
}

// cleanedBase gives a state of a record as a phone holds it that has applied erasures since.
func (m *Model) cleanedBase(ph *phone, rec *record) *record {
	list := ph.lost[rec.id]
	if len(list) == 0 {
		return rec
	}
	if known, ok := ph.cleaned[rec]; ok {
		return known
	}
	at := ph.checkpoint
	next := rec.next(rec.seq)
	next.cells = slices.DeleteFunc(next.cells, func(c *cell) bool {
		return slices.ContainsFunc(list, func(t taken) bool { return t.takes(rec.kind.Number, at, c.key) })
	})
	if len(next.cells) == len(rec.cells) {
		next = rec
	}
	ph.cleaned[rec] = next
	return next
}

// erasedTexts lists the texts that an erasure has destroyed and that stand nowhere by right.
func (m *Model) erasedTexts() (out map[string]syncengine.ID) {
	out = map[string]syncengine.ID{}
	for _, r := range m.rows {
		ch := &change{row: r, dot: syncengine.Dot{Seq: r.seq}}
		for _, c := range r.cells {
			if text := valueOf(c.Data); len(text) >= valueBytesMin && m.barred(ch, c.Key) {
				out[string(text)] = r.change.RecordID
			}
		}
	}
	for text := range out {
		if m.standsElsewhere(text) {
			delete(out, text)
		}
	}
	return out
}

// standsElsewhere reports a text that a change holds which no erasure has touched.
func (m *Model) standsElsewhere(text string) bool {
	for _, r := range m.rows {
		ch := &change{row: r, dot: syncengine.Dot{Seq: r.seq}}
		for _, c := range r.cells {
			if bytes.Contains(c.Data, []byte(text)) && !m.barred(ch, c.Key) {
				return true
			}
		}
		if r.server && bytes.Contains(r.body, []byte(text)) {
			return true
		}
	}
	return false
}

// checkErased looks for erased texts in the bytes of somebody's files; p is 0 for the server's.
func (m *Model) checkErased(p PhoneID, plain []byte) {
	for text, record := range m.erasedTexts() {
		m.at(p, record).want(!bytes.Contains(plain, []byte(text)), I19, "%q was erased and is still in the files", text)
	}
}

// CheckErased looks for what was erased in the bytes of the server's files, or in the decrypted bytes of those of a phone
// that has applied every erasure it was told of.
func (m *Model) CheckErased(p PhoneID, plain []byte) []Violation {
	m.checkErased(p, plain)
	return m.CheckStep()
}

// nothingLeft reports a row of which a phone has nothing left to send: it has applied an
// erasure that this history may not have.
func (m *Model) nothingLeft(r *row) bool {
	return slices.ContainsFunc(m.phoneIDs(), func(p PhoneID) bool { return m.phones[p].has(r) && m.mayBeGone(m.phones[p], r) })
}
