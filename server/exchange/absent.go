package exchange

import (
	"math"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A phone that no longer has what a restored server expects declares it absent: it was
// in two backups once, and both are lost. Another copy of its database may still have
// it. What was declared is final under its name, since receipts and the chain stand on
// it; so the copy is told that the log lacks it, and brings it under a name of its own,
// which shares with the old one what stands before.

// standsOtherwise reports that the log has another content under a change's number, or none though the phone brings one.
func standsOtherwise(e store.Entry, s *supplied) bool {
	if e.Type == store.EntryAbsent {
		return len(s.body) > 0
	}
	return InnerDigest(e) != s.inner
}

// noteAbsent remembers from where to where an incarnation's changes were declared absent, the first of them to the last.
func noteAbsent(progress *storedv1.Progress, a *syncv1.Absent) {
	if progress.GetAbsentTo() == 0 {
		progress.AbsentFrom = a.GetFrom()
	}
	progress.AbsentTo = a.GetTo()
}

// common gives the last change before the i-th that the log and the phone are known
// to share: the one just before it when their chains agree there, none otherwise,
// since after a restore another copy may have written what the phone does not send.
// Behind a run that was declared absent nothing is known to be shared: what stands
// before it may be another copy's than the one that declared it.
func (k *work) common(p *push, i int) (syncengine.DeviceSeq, error) {
	before := p.first + syncengine.DeviceSeq(i) - 1
	chain, err := k.chainAfter(p.device.Incarnation, before)
	if err != nil || chain != p.chainBefore(i) {
		return 0, err
	}
	return before, nil
}

// tellAbsent tells a phone that speaks of another epoch which of its changes the log
// lacks since another copy of its database has declared them absent, from the first to
// the last: what it still has of them it brings again.
func (a *answering) tellAbsent() error {
	lineage, err := identity.Lineage(a.r)
	if err != nil {
		return err
	}
	name, last := a.call.push.device.Incarnation, uint64(math.MaxUint64)
	for {
		progress := &storedv1.Progress{}
		if _, err := read(a.r, bucketProgress, name[:], progress); err != nil {
			return err
		}
		if from, to := progress.GetAbsentFrom(), min(progress.GetAbsentTo(), last); from <= to && to > 0 {
			a.reply.Absent = &syncv1.Absent{From: from, To: max(to, a.reply.GetAbsent().GetTo())}
		}
		if lineage == nil {
			return nil
		}
		parent, common, copied := lineage(name)
		if !copied {
			return nil
		}
		name, last = parent, min(last, uint64(common))
	}
}
