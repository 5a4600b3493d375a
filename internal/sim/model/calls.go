package model

import (
	"errors"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

type syncBody = syncv1.ExchangeBody

// arrived takes a request as it reached the server.
func (m *Model) arrived(body *syncBody, at syncengine.UnixMilli) CallID {
	c := &call{body: body, at: at, rows: make([]*row, len(body.GetBatch().GetChanges()))}
	for i, b := range body.GetBatch().GetChanges() {
		c.rows[i] = m.rowSent(b, syncengine.DeviceSeq(body.GetBatch().GetFirstDeviceSeq())+syncengine.DeviceSeq(i))
	}
	m.wantMemory(c)
	m.calls = append(m.calls, c)
	return CallID(len(m.calls) - 1)
}

func (c *call) incarnation() syncengine.ID {
	id, _ := syncengine.IDFromBytes(c.body.GetIncarnation())
	return id
}

// dot names the i-th change of the call's batch.
func (c *call) dot(i int) syncengine.Dot {
	return syncengine.Dot{Incarnation: c.incarnation(), Seq: syncengine.DeviceSeq(c.body.GetBatch().GetFirstDeviceSeq()) + syncengine.DeviceSeq(i)}
}

// answered holds a reply against what the log says.
func (m *Model) answered(id CallID, reply *syncv1.ExchangeResponse, err error) {
	c := m.calls[id]
	c.answered, c.branch = true, m.now
	m.strangers[c.incarnation()] = errors.Is(err, exchange.ErrUnknownDevice)
	m.lends(c, reply, err != nil)
	if err != nil {
		return
	}
	m.wantFork(c, reply)
	if reply.GetFork() == nil {
		m.noteProven(c)
	}
	if reply.GetFork() == nil {
		m.wantOutcomes(c, reply)
		m.wantReceipt(c, reply.GetReceipt())
	}
	for i, told := range reply.GetOutcomes().GetResults() {
		if i < len(c.rows) {
			m.wantOutcome(c, i, told)
		}
	}
	m.wantNonce(c, reply)
	m.wantCounted(c, reply)
	if len(reply.GetCursor()) > 0 {
		m.wantPage(c, reply)
	}
}

// wantOutcomes wants the outcome of every change of the batch, as the log has it.
func (m *Model) wantOutcomes(c *call, reply *syncv1.ExchangeResponse) {
	f, told := m.at(0, syncengine.ID{}), reply.GetOutcomes().GetResults()
	first := syncengine.DeviceSeq(c.body.GetBatch().GetFirstDeviceSeq())
	if e := reply.GetExpected(); e != 0 {
		next, elsewhere := m.mark(c.incarnation()).seq+1, c.body.GetEpoch() != 0 && c.body.GetEpoch() != uint32(m.now.history.Epoch)
		f.want(syncengine.DeviceSeq(e) == next && (first > next || elsewhere), I1, "change %d is expected, decided is up to %d and the batch begins at %d", e, next-1, first)
		return
	}
	f.want(len(told) == len(c.rows), I2, "%d outcomes for %d changes", len(told), len(c.rows))
}

func (m *Model) wantOutcome(c *call, i int, told *syncv1.Outcome) {
	dot := c.dot(i)
	d := m.now.decided[dot]
	if !m.at(0, syncengine.ID{}).want(d != nil, I2, "change %s is answered and stands nowhere in the log", named(dot)) {
		return
	}
	if d.change == nil {
		return
	}
	c.rows[i].acked = true
	f := m.at(0, d.entry.RecordID)
	f.want(d.change.row.digest == c.rows[i].digest, I18, "change %s is answered with the outcome of another content", named(dot))
	want := d.outcome.text(d.change.row)
	f.want(toldText(told) == want, I1, "change %s is told as %s; it is %s", named(dot), toldText(told), want)
}

// wantFork wants a copied database to be told apart, exactly when another content
// stands under one of its numbers.
func (m *Model) wantFork(c *call, reply *syncv1.ExchangeResponse) {
	f, fork := m.at(0, syncengine.ID{}), reply.GetFork()
	at, differs := m.differsAt(c)
	if fork == nil && reply.GetExpected() != 0 && reply.GetOutcomes() == nil {
		// The batch was not looked at; it comes again.
		return
	}
	differs = differs || m.orphaned(c, fork)
	f.want(differs == (fork != nil), I18, "another content under the numbers of %s is %v, a new name was given: %v", c.incarnation(), differs, fork != nil)
	if fork == nil {
		return
	}
	f.want(m.orphaned(c, fork) || syncengine.DeviceSeq(fork.GetLastCommon()) == at, I18, "the copies of %s part after change %d, told was %d", c.incarnation(), at, fork.GetLastCommon())
	child := syncengine.ID(fork.GetIncarnation())
	if m.people.revoked[c.incarnation()] {
		m.people.revoke(child)
	}
	after := mark{seq: syncengine.DeviceSeq(fork.GetLastCommon())}
	copy(after.chain[:], fork.GetChain())
	m.now.marks[child] = after
	// What the name's other copy has shown since they parted is no word of this one.
	m.now.word[child] = m.wordWith(word{confirmed: m.now.word[c.incarnation()].confirmed}, c, m.shownBy(c))
	m.forks[child] = forked{c.incarnation(), after.seq, after.chain}
}

// differsAt finds where a batch parts from what the log has under its numbers. Where
// a copy brings what another one has declared absent, the log has nothing there.
func (m *Model) differsAt(c *call) (last syncengine.DeviceSeq, differs bool) {
	marked := m.mark(c.incarnation())
	chain := [32]byte(c.chainBefore())
	for i, r := range c.rows {
		dot := c.dot(i)
		d := m.now.decided[dot]
		switch {
		case r == nil:
			return 0, false
		case m.ownerOf(dot) != dot.Incarnation:
			return m.commonBefore(r, dot), true
		case d == nil:
			return 0, dot.Seq == marked.seq+1 && chain != marked.chain
		case d.change == nil && !c.emptied(i), d.change != nil && d.change.row.digest != r.digest:
			return m.commonBefore(r, dot), true
		}
		chain = chained(chain, r.digest)
	}
	return 0, false
}

// ownerOf gives the name under which a change of an incarnation stands: its own, or that
// of the database that it was copied from.
func (m *Model) ownerOf(dot syncengine.Dot) syncengine.ID {
	for {
		f, copied := m.forks[dot.Incarnation]
		if !copied || dot.Seq > f.last {
			return dot.Incarnation
		}
		dot.Incarnation = f.parent
	}
}

// commonBefore gives the row before one that differs when all rows before it in its
// database are those of the log; otherwise nothing is known to be common. Behind rows that
// another copy has declared absent nothing is: the log has their chain from that copy, and
// what stands before them may be a third one's.
func (m *Model) commonBefore(r *row, dot syncengine.Dot) syncengine.DeviceSeq {
	before := syncengine.Dot{Incarnation: dot.Incarnation, Seq: dot.Seq - 1}
	before.Incarnation = m.ownerOf(before)
	if d := m.now.decided[before]; before.Seq == 0 || d == nil || d.change == nil {
		return 0
	}
	for _, q := range r.line {
		d := m.now.decided[syncengine.Dot{Incarnation: before.Incarnation, Seq: q.seq}]
		if d != nil && d.change != nil && d.change.row.digest != q.digest {
			return 0
		}
	}
	return before.Seq
}

// orphaned allows a new name for a copy that has nothing of its own in this log,
// whose shared past a restore has taken away: it brings that itself.
func (m *Model) orphaned(c *call, fork *syncv1.Fork) bool {
	f, copied := m.forks[c.incarnation()]
	return copied && fork != nil && len(m.branches) > 1 && syncengine.DeviceSeq(fork.GetLastCommon()) < f.last && m.mark(c.incarnation()).seq == f.last
}

func (c *call) chainBefore() (chain [32]byte) {
	copy(chain[:], c.body.GetBatch().GetChainBefore())
	return chain
}

// wantReceipt holds the server's proof against the chain that the log gives.
func (m *Model) wantReceipt(c *call, r *syncv1.Receipt) {
	if r == nil {
		return
	}
	f, marked := m.at(0, syncengine.ID{}), m.mark(c.incarnation())
	told := mark{syncengine.DeviceSeq(r.GetDeviceSeq()), [32]byte{}}
	copy(told.chain[:], r.GetChain())
	// Another batch of the phone may have been decided behind this one, in the same commit.
	f.want(told == marked || told == c.end(), I2, "the receipt is for change %d, decided with its chain is %d", told.seq, marked.seq)
}

// end gives the last change of the call's batch, with the chain after it.
func (c *call) end() mark {
	chain := c.chainBefore()
	for _, r := range c.rows {
		if r == nil {
			return mark{}
		}
		chain = chained(chain, r.digest)
	}
	return mark{c.dot(len(c.rows) - 1).Seq, chain}
}

// wantNonce wants no page for a nonce that was used before.
func (m *Model) wantNonce(c *call, reply *syncv1.ExchangeResponse) {
	key := string(c.body.GetIncarnation()) + string(c.body.GetNonce())
	used := m.nonces[key]
	m.nonces[key] = true
	m.at(0, syncengine.ID{}).want(!used || reply.GetPage() == nil && len(reply.GetCursor()) == 0, I10, "a request with a used nonce was answered with a page")
}

// userOf gives the user behind an incarnation, through forks.
func (m *Model) userOf(incarnation syncengine.ID) (syncengine.ID, bool) {
	for _, p := range m.phoneIDs() {
		if ph := m.phones[p]; ph.incarnation == incarnation || slices.Contains(ph.names, incarnation) {
			return ph.user, true
		}
	}
	if f, ok := m.forks[incarnation]; ok {
		return m.userOf(f.parent)
	}
	return syncengine.ID{}, false
}
