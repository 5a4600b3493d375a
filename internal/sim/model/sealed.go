package model

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What leaves a phone's area is sealed there: it is handed in as before, and neither shown nor read by the phone. The auditor
// opens every box with the realm's key and wants the very change inside that the phone once made.

// Opener opens a sealed change.
type Opener func(number uint32, seq syncengine.DeviceSeq, box []byte) (body, salt []byte, err error)

// Sealing tells how the realm opens what phones have sealed.
func (m *Model) Sealing(open Opener) { m.opener = open }

// Sealed tells which of a phone's rows it can hand in and not read any more, all of
// them, and the first row that is still in its database.
func (m *Model) Sealed(p PhoneID, first syncengine.DeviceSeq, seqs []syncengine.DeviceSeq) {
	ph := m.phones[p]
	ph.first = first
	ph.sealed = make(map[syncengine.DeviceSeq]bool, len(seqs))
	for _, seq := range seqs {
		ph.sealed[seq] = true
	}
}

// Wiped tells that a phone has destroyed itself by order: whatever was ever written on
// it must have been handed in, or be lost by name.
func (m *Model) Wiped(p PhoneID) {
	ph := m.phones[p]
	f := m.at(p, syncengine.ID{})
	f.want(m.people.revoked[ph.incarnation], I20, "it is wiped, and nobody has ended the trust in it")
	for _, r := range ph.rows {
		d := m.now.decided[syncengine.Dot{Incarnation: ph.incarnation, Seq: r.seq}]
		m.at(p, r.change.RecordID).want(d != nil || r.lost || r.acked, I2, "row %d of it was not handed in before it was wiped", r.seq)
	}
	ph.gone = true
}

// Void tells that the phone has destroyed what it held while it waits for a reply,
// whose page is then for another base than it has.
func (m *Model) Void(p PhoneID, void bool) { m.phones[p].void = void }

// begunAnew reports a reply whose page the phone leaves aside, to be filled from the
// start: one to what it asked before it destroyed its base, and one that calls a
// change applied which was sent sealed, and so leaves it out.
func (m *Model) begunAnew(ph *phone, c *call, reply *syncv1.ExchangeResponse) bool {
	anew := ph.void
	for i, o := range reply.GetOutcomes().GetResults() {
		sealed := c.body.GetBatch().GetChanges()[i].GetSealed() != nil
		anew = anew || sealed && o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_APPLIED
	}
	fresh := reply.GetNonceState() == syncv1.NonceState_NONCE_STATE_UNSPECIFIED
	if !anew || !fresh || len(reply.GetCursor()) == 0 {
		return false
	}
	ph.void, ph.pulling = false, false
	return true
}

// rowSent finds the row that a change of a batch is; nil for one that nobody made.
func (m *Model) rowSent(b *syncv1.BatchChange, seq syncengine.DeviceSeq) *row {
	s := b.GetSealed()
	if s == nil {
		return m.rows[digestSent(b)]
	}
	f := m.at(0, syncengine.ID{})
	body, salt, err := m.opener(s.GetKey(), seq, s.GetBox())
	if !f.want(err == nil && len(b.GetBody())+len(b.GetSalt()) == 0, I2, "the sealed change %d does not open, or has a body beside it: %v", seq, err) {
		return nil
	}
	if b.GetErased() != nil {
		r := m.rows[digestSent(b)]
		f.want(r != nil && m.leaves(r, body, salt), I2, "the sealed change %d, of which cells are erased, holds what nobody wrote", seq)
		return r
	}
	r := m.rows[inner(salt, body)]
	f.want(r != nil, I2, "the sealed change %d holds what nobody wrote", seq)
	return r
}

// leaves reports that a body is what an erasure may leave of a row: cells of it, and no salt.
func (m *Model) leaves(r *row, body, salt []byte) bool {
	c, err := wire.DecodeChange(body)
	if err != nil || len(salt) > 0 || c.DeviceSeq != r.seq || c.RecordID != r.change.RecordID {
		return false
	}
	kind, _ := m.newest.Kind(c.Kind)
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	return err == nil && !slices.ContainsFunc(cells, func(w syncengine.CellWrite) bool {
		return !slices.ContainsFunc(r.cells, func(o syncengine.CellWrite) bool {
			return o.Key == w.Key && o.Cleared == w.Cleared && bytes.Equal(o.Data, w.Data)
		})
	})
}

// cameSealed reports that an entry's change was handed in sealed, which its phone
// cannot fold in, and wants it to have come so.
func (m *Model) cameSealed(d *decision) bool {
	extra := &storedv1.Extra{}
	f := m.at(0, d.entry.RecordID)
	f.want(proto.Unmarshal(d.entry.Extra, extra) == nil, I2, "seq %d: what it says besides cannot be read", d.entry.Seq)
	f.want(!extra.GetSealed() || m.sentSealed(d.change.dot), I2, "change %s counts as handed in sealed and never was", named(d.change.dot))
	return extra.GetSealed()
}

func (m *Model) sentSealed(dot syncengine.Dot) bool {
	for _, c := range m.calls {
		b := c.body.GetBatch()
		i := int64(dot.Seq) - int64(b.GetFirstDeviceSeq())
		if c.incarnation() == dot.Incarnation && i >= 0 && i < int64(len(b.GetChanges())) && b.GetChanges()[i].GetSealed() != nil {
			return true
		}
	}
	return false
}

// checkSealed wants what was accepted of a record that a phone does not hold, and what
// is left of it once cells are erased, to be sealed there, and no text of a sealed row to be in its files.
func (m *Model) checkSealed(ph *phone, held map[syncengine.ID]*heldRecord, plain []byte) {
	for _, r := range ph.rows[min(len(ph.rows), max(int(ph.first), 1)-1):] {
		if held[r.change.RecordID] != nil && !ph.sealed[r.seq] || m.goneFrom(ph, r) {
			continue
		}
		f := m.at(ph.id, r.change.RecordID)
		if !ph.sealed[r.seq] {
			f.want(!m.mustSeal(ph, r), I11, "row %d was accepted to a record that the phone does not hold, and can be read there", r.seq)
			continue
		}
		kind, _ := m.newest.Kind(r.change.Kind)
		for _, c := range r.cells {
			text := valueOf(c.Data)
			if !isText(&record{kind: kind}, c.Key.Field) || len(text) < valueBytesMin || m.mayHold(ph, held, text) {
				continue
			}
			f.want(!bytes.Contains(plain, text), I11, "a text of the sealed row %d, of field %d, is in its files", r.seq, c.Key.Field)
		}
	}
}

// mustSeal reports a row that is settled and was accepted in the history in force.
func (m *Model) mustSeal(ph *phone, r *row) bool {
	if _, waits := ph.quarantined[r.seq]; waits || len(m.branches) > 1 {
		// As far as the phone was told; a history that a restore began may judge what is settled otherwise.
		return false
	}
	if r.seq > ph.settled || r.seq > ph.mark || ph.revoked {
		return false
	}
	d := m.now.decided[syncengine.Dot{Incarnation: ph.incarnation, Seq: r.seq}]
	return d != nil && d.change != nil && d.change.row == r && (d.entry.Type == store.EntryApplied || d.entry.Type == store.EntryMerged)
}
