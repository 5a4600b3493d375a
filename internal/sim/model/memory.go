package model

import (
	"cmp"
	"maps"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// memory is what a phone was told of its changes: where they were accepted, an epoch
// each, with the stamp, and the proofs of it.
type memory struct {
	told     map[syncengine.DeviceSeq][]toldPlace
	receipts []*syncv1.Receipt
	// said holds the last word of each change, also of one that was quarantined.
	said map[syncengine.DeviceSeq]syncengine.Coordinate
	// forks are where it was told that epochs branched off, the last word of each.
	forks map[syncengine.Epoch]syncengine.Fork
	// nonce is that of the last reply it took: a request that bears it was made after.
	nonce string
}

// toldPlace is an outcome as a phone was told it.
type toldPlace struct {
	at      syncengine.Coordinate
	stamp   syncengine.UnixMilli
	suspect bool
}

func newMemory() memory {
	return memory{
		told: map[syncengine.DeviceSeq][]toldPlace{}, said: map[syncengine.DeviceSeq]syncengine.Coordinate{},
		forks: map[syncengine.Epoch]syncengine.Fork{},
	}
}

func (y *memory) copied() memory {
	return memory{told: maps.Clone(y.told), said: maps.Clone(y.said), forks: maps.Clone(y.forks), receipts: slices.Clip(y.receipts), nonce: y.nonce}
}

// remember takes in what a reply says of the changes of the request c.
func (ph *phone) remember(c *call, reply *syncv1.ExchangeResponse) {
	y := &ph.memory
	y.nonce = string(reply.GetNonce())
	for i, o := range reply.GetOutcomes().GetResults() {
		y.outcome(c.dot(i).Seq, c.rows[i], o, reply.GetEpoch())
		y.said[c.dot(i).Seq] = syncengine.Coordinate{Epoch: syncengine.Epoch(cmp.Or(o.GetEpoch(), reply.GetEpoch())), Seq: syncengine.Seq(o.GetSeq())}
	}
	if f := reply.GetFork(); f != nil {
		// From there on they are those of another incarnation.
		maps.DeleteFunc(y.told, func(seq syncengine.DeviceSeq, _ []toldPlace) bool { return uint64(seq) > f.GetLastCommon() })
		maps.DeleteFunc(y.said, func(seq syncengine.DeviceSeq, _ syncengine.Coordinate) bool { return uint64(seq) > f.GetLastCommon() })
		y.receipts = nil
		return
	}
	if r := reply.GetReceipt(); r != nil {
		y.receipts = append(slices.Clip(y.receipts), r)
	}
}

// outcome takes in one outcome: only what was accepted has a place, the first of an
// epoch counts.
func (y *memory) outcome(seq syncengine.DeviceSeq, r *row, o *syncv1.Outcome, epoch uint32) {
	if code := o.GetCode(); r == nil || code != syncv1.OutcomeCode_OUTCOME_CODE_APPLIED && code != syncv1.OutcomeCode_OUTCOME_CODE_MERGED {
		return
	}
	if o.GetEpoch() != 0 {
		epoch = o.GetEpoch()
	}
	known, at := y.told[seq], syncengine.Coordinate{Epoch: syncengine.Epoch(epoch), Seq: syncengine.Seq(o.GetSeq())}
	if len(known) == 0 || known[len(known)-1].at.Epoch < at.Epoch {
		y.told[seq] = append(slices.Clip(known), toldPlace{at, r.change.DeviceTime + syncengine.UnixMilli(o.GetStampDiffMs()), o.GetSuspect()})
	}
}

// wantMemory wants a phone that sends changes again to tell all the places that it was
// told of in epochs before, with the first stamp, under a receipt that covers them.
func (m *Model) wantMemory(c *call) {
	for _, p := range m.phoneIDs() {
		ph := m.phones[p]
		if ph.incarnation != c.incarnation() || ph.memory.nonce == "" || ph.memory.nonce != string(c.body.GetNonce()) {
			continue
		}
		for i, r := range c.rows {
			if r != nil && ph.has(r) && r.seq == c.dot(i).Seq && !c.emptied(i) {
				m.wantRemembered(ph, c, r)
			}
		}
	}
}

func (m *Model) wantRemembered(ph *phone, c *call, r *row) {
	var before []toldPlace
	for _, t := range ph.memory.told[r.seq] {
		if t.at.Epoch < ph.epoch {
			before = append(before, t)
		}
	}
	if len(before) == 0 || !slices.ContainsFunc(ph.memory.receipts, func(x *syncv1.Receipt) bool { return x.GetDeviceSeq() >= uint64(r.seq) }) {
		return
	}
	f := m.at(ph.id, r.change.RecordID)
	first, receipt := c.firstOf(r.seq)
	f.want(receipt.GetDeviceSeq() >= uint64(r.seq), I13, "row %d is sent again and no receipt that covers it", r.seq)
	f.want(slices.EqualFunc(first.GetCoordinates(), before, func(a *syncv1.Coordinate, b toldPlace) bool { return coordinate(a) == b.at }), I13,
		"row %d is sent again as having stood at %v, it was told %v", r.seq, first.GetCoordinates(), before)
	f.want(first.GetStampMs() == int64(before[0].stamp) && first.GetSuspect() == before[0].suspect, I13,
		"row %d is sent again with stamp %d, suspect %v, it was told %d, %v", r.seq, first.GetStampMs(), first.GetSuspect(), before[0].stamp, before[0].suspect)
}

// emptied reports a change of which an erasure has left its phone nothing to send but
// its number, record and digest: it has no value that stood anywhere.
func (c *call) emptied(i int) bool {
	b := c.body.GetBatch().GetChanges()[i]
	return b.GetErased() != nil && len(b.GetBody()) == 0 && b.GetSealed() == nil
}
