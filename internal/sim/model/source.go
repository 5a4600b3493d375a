package model

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// call is one arrival of a request.
type call struct {
	body *syncBody
	at   syncengine.UnixMilli
	// rows are the changes it carries, nil where no phone wrote them.
	rows     []*row
	answered bool
	// what the server answered: in which history, for which view, up to where.
	branch   *branch
	view     rights
	position place
}

// source finds where the change of an entry comes from: a call that is being
// answered, or what is being done at the server.
func (m *Model) source(e store.Entry) (*row, *call) {
	if m.told(e) || m.imports(e) {
		return m.serverRow(e, syncengine.ID{}), nil
	}
	if m.act != nil && len(m.act.Writes) > 0 {
		return m.serverRow(e, m.act.By), nil
	}
	digest := digestKept(e)
	var found *row
	var from *call
	for _, c := range m.calls {
		if c.answered || string(c.body.GetIncarnation()) != string(e.Incarnation[:]) {
			continue
		}
		i := int(e.DeviceSeq) - int(c.body.GetBatch().GetFirstDeviceSeq())
		if i < 0 || i >= len(c.rows) || c.rows[i] == nil || c.rows[i].digest != digest {
			continue
		}
		// Of two copies in one group, the stamp tells which one was decided.
		if stamp, _ := m.stampOf(&change{row: c.rows[i]}, c); found == nil || stamp == e.Stamp {
			found, from = c.rows[i], c
		}
	}
	return found, from
}

// authorOf names the changes that the server makes for a user in the epoch in force; zero for nobody. It is spelled again.
func (m *Model) authorOf(user syncengine.ID) (id syncengine.ID) {
	name := append([]byte("onedoor author 1"), user[:]...)
	if epoch := m.now.history.Epoch; epoch > 1 {
		name = binary.BigEndian.AppendUint32(name, uint32(epoch))
	}
	sum := sha256.Sum256(name)
	copy(id[:], sum[:])
	return id
}

// serverRow makes a row of a change that was made at the server for a user, by somebody
// who sees all of the log.
func (m *Model) serverRow(e store.Entry, user syncengine.ID) *row {
	c, err := wire.DecodeChange(e.Body)
	if err != nil {
		return nil
	}
	digest := inner(e.Salt, e.Body)
	if known := m.rows[digest]; known != nil {
		return known
	}
	r := &row{
		seq: e.DeviceSeq, body: e.Body, salt: e.Salt, digest: digest, change: c, user: user, server: true, acked: true,
		whole: m.here(m.step.from),
	}
	if c.Base.Seq > m.step.from {
		// What the same act wrote before is in its past.
		r.whole.seq = c.Base.Seq
	}
	m.rows[digest] = r
	return r
}

// serverVerdict is that of what is made at the server: it is never refused.
func (m *Model) serverVerdict(r *row) (v verdict) {
	v.kind, _ = m.schema.Kind(r.change.Kind)
	v.cells, _ = wire.Cells(v.kind, r.change.Create, r.change.Patch)
	v.rank = m.schema.Access.RankOf(m.people.of(r.user).role)
	return v
}

// chained extends a chain by a change.
func chained(chain, digest [sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(append(append(make([]byte, 0, 2*sha256.Size), chain[:]...), digest[:]...))
}

// wantStamp predicts the stamp of a change and takes over the stored one.
func (m *Model) wantStamp(d *decision, c *call) {
	e, ch := d.entry, d.change
	f := m.at(0, e.RecordID)
	switch {
	case ch.row.server:
		f.want(e.Stamp == m.now.committedAt(e.Seq) && !e.Suspect, I12, "a write at the server has stamp %d at %d", e.Stamp, m.now.committedAt(e.Seq))
	case sentErased(e):
		// Nothing of it came that would tell a time.
	case len(m.provenFirst(ch, c)) > 0:
		first, _ := c.firstOf(ch.dot.Seq)
		f.want(int64(e.Stamp) == first.GetStampMs() && e.Suspect == first.GetSuspect() && slices.Contains(ch.row.stamps, stamped{e.Stamp, e.Suspect}), I13,
			"supplied again, change %s has stamp %d, suspect %v; its phone was told %d, %v", named(ch.dot), e.Stamp, e.Suspect, first.GetStampMs(), first.GetSuspect())
	default:
		stamp, suspect := m.stampOf(ch, c)
		f.want(e.Stamp == stamp && e.Suspect == suspect, I12, "change %s has stamp %d, suspect %v; it should be %d, %v",
			named(ch.dot), e.Stamp, e.Suspect, stamp, suspect)
	}
	ch.stamp, ch.suspect = e.Stamp, e.Suspect
	ch.row.stamps = append(ch.row.stamps, stamped{e.Stamp, e.Suspect})
}

// stampOf corrects the device's time by the offset measured in the call and
// bounds it by what is known.
func (m *Model) stampOf(ch *change, c *call) (stamp syncengine.UnixMilli, suspect bool) {
	stamp = ch.row.change.DeviceTime
	if clock := syncengine.UnixMilli(c.body.GetClockMs()); clock != 0 {
		stamp += c.at - clock
	}
	var least syncengine.UnixMilli
	if seq, ok := m.baseNow(ch); ok {
		least = m.now.committedAt(seq)
	}
	switch most := c.at + m.stampAhead; {
	case stamp > most:
		return most, true
	case stamp < least:
		return least, true
	}
	return stamp, false
}
