package exchange

import (
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// fork gives a copied database its own identity: two databases have written
// different changes under one number. The new incarnation inherits what both
// share as its past and sends what is pending again. lastCommon 0 means that
// nothing is known to be shared: false conflicts, never loss. The group's own
// lineage does not need the branch: the new incarnation can only speak after
// this commit. What both share and this copy has no outcome of, as the other copy
// sent it, is answered here: under its new name nobody else could.
func (k *work) fork(p *push, lastCommon syncengine.DeviceSeq) error {
	chain, err := k.chainAfter(p.device.Incarnation, lastCommon)
	if err != nil {
		return err
	}
	child := p.device
	child.Parent, child.LastCommon, child.Chain = p.device.Incarnation, lastCommon, chain
	child.EnrolledAt = k.now
	k.svc.random(child.Incarnation[:])
	if err := k.enrolFork(p, child, chain); err != nil {
		return err
	}
	word, err := k.wordOf(child)
	if err != nil {
		return err
	}
	p.result = pushed{outcomes: p.result.outcomes, epoch: k.world.History.Epoch, fork: &syncv1.Fork{
		Incarnation: child.Incarnation[:], LastCommon: uint64(lastCommon), Chain: chain[:], Enrolment: word,
	}}
	if lastCommon == 0 || len(p.result.outcomes.GetResults()) == 0 {
		p.result.outcomes = nil
	}
	return nil
}

// wordOf signs that a new incarnation is its user's; nothing for one that is trusted no more.
func (k *work) wordOf(child identity.Device) (*syncv1.Enrolment, error) {
	if child.State != identity.DeviceActive {
		return nil, nil
	}
	return k.svc.enrolmentOf(k.w, child)
}

// enrolFork registers the new incarnation. Of what is known of its parent it
// inherits what this very copy knows too: what it was served, its leases and the grant
// versions to which it had switched before the copies parted.
func (k *work) enrolFork(p *push, child identity.Device, chain syncengine.Chain) error {
	parent, err := k.progressOf(child.Parent)
	if err != nil {
		return err
	}
	if err := identity.PutDevice(k.w, child); err != nil {
		return err
	}
	k.note(enrolled(child, k.now, "a copy of another database"))
	if err := raiseRevision(k.w); err != nil {
		return err
	}
	progress, err := k.progressOf(child.Incarnation)
	if err != nil {
		return err
	}
	progress.Mark, progress.Chain = uint64(child.LastCommon), chain[:]
	if err := k.inheritServed(progress, parent, child); err != nil {
		return err
	}
	progress.Doubtful = slices.Clone(parent.GetDoubtful())
	for _, l := range parent.GetLeases() {
		// One that was given behind what both share may be the other copy's; which is its own the copy shows.
		if l.GetAfter() < uint64(child.LastCommon) {
			noteLease(progress, l.GetAfter(), syncengine.UnixMilli(l.GetUntilMs()))
		}
	}
	for _, s := range parent.GetSwitches() {
		if s.GetVersion() <= p.body.GetStatus().GetGrantVersion() && s.GetAfter() <= uint64(child.LastCommon) {
			progress.Switches = append(progress.Switches, s)
		}
	}
	if err := k.noteStatus(p, progress); err != nil {
		return err
	}
	k.setProgress(child.Incarnation, progress)
	return nil
}

// inheritServed gives a copy what its parent was proven to have seen, as far as that
// was before the two parted: up to the base of the last change that they share, and in
// the epochs before that one. What the copy itself has seen since, its own cursor shows.
func (k *work) inheritServed(progress, parent *storedv1.Progress, child identity.Device) error {
	if child.LastCommon == 0 {
		return nil
	}
	e, ok, err := k.entryOf(child.Parent, child.LastCommon)
	if err != nil || !ok || len(e.Body) == 0 {
		return err
	}
	c, err := wire.DecodeChange(e.Body)
	if err != nil {
		return nil // Nobody can read what its author stood on.
	}
	for _, m := range append([]*storedv1.Coordinate{parent.GetServed()}, parent.GetServedBefore()...) {
		switch at := coordinate(m); {
		case at.Epoch < c.Base.Epoch:
			noteServed(progress, at)
		case at.Epoch == c.Base.Epoch && c.Base.Seq > 0:
			noteServed(progress, syncengine.Coordinate{Epoch: at.Epoch, Seq: min(at.Seq, c.Base.Seq)})
		}
	}
	return nil
}

// orphaned finds a copy whose shared past this log lacks, as after a restore from
// before it, and gives the copy a new name that shares only what the log has: then
// it brings the rest itself. The copy that wrote it first may be gone; where it
// comes back too, its changes stand twice, with equal values.
func (k *work) orphaned(p *push, progress *storedv1.Progress) (bool, error) {
	d := p.device
	if d.Parent.IsZero() || syncengine.DeviceSeq(progress.GetMark()) != d.LastCommon {
		return false, nil
	}
	has, err := k.shared(d.Parent, d.LastCommon)
	if err != nil || has >= d.LastCommon {
		return false, err
	}
	return true, k.fork(p, has)
}

// shared gives the last of a copy's inherited changes that the log has.
func (k *work) shared(parent syncengine.ID, last syncengine.DeviceSeq) (syncengine.DeviceSeq, error) {
	progress, err := k.progressOf(parent)
	if err != nil {
		return 0, err
	}
	last = min(last, syncengine.DeviceSeq(progress.GetMark()))
	if older, common, forked := k.parentOf(parent); forked && last <= common {
		return k.shared(older, last)
	}
	return last, nil
}

// chainAfter recomputes the chain after a change from the log.
func (k *work) chainAfter(incarnation syncengine.ID, seq syncengine.DeviceSeq) (chain syncengine.Chain, err error) {
	if seq == 0 {
		return chain, nil
	}
	if parent, last, forked := k.parentOf(incarnation); forked && seq <= last {
		return k.chainAfter(parent, seq)
	}
	first, b, err := k.batchOf(incarnation, seq)
	if err != nil || b == nil {
		return chain, err
	}
	copy(chain[:], b.GetChainBefore())
	for n := first; n <= seq && !b.GetAbsent(); n++ {
		e, _, err := k.entryOf(incarnation, n)
		if err != nil {
			return chain, err
		}
		chain = chain.Next(InnerDigest(e))
	}
	return chain, nil
}

// parentOf gives the incarnation that another branched off.
func (k *work) parentOf(incarnation syncengine.ID) (parent syncengine.ID, last syncengine.DeviceSeq, forked bool) {
	if k.world.Lineage == nil {
		return parent, 0, false
	}
	return k.world.Lineage(incarnation)
}
