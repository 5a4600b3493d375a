package exchange

import (
	"cmp"
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"google.golang.org/protobuf/proto"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// push is one phone's batch on its way through the group.
type push struct {
	device identity.Device
	body   *syncv1.ExchangeBody
	// first is the device_seq of the first change, changes follow densely.
	first   syncengine.DeviceSeq
	changes []supplied
	// carried tells that there were changes, also when they are forgotten.
	carried bool
	// sealed tells that some of them came sealed.
	sealed bool
	// received and offset are the server's time of arrival and the clock difference measured by it.
	received, offset syncengine.UnixMilli
	// lent is the end of the lease that the reply brings, shown that of one which the phone shows; 0 for none.
	lent, shown syncengine.UnixMilli
	// served is what a cursor that fits this log says this incarnation was given.
	served syncengine.Coordinate
	// trusted bounds the first coordinates that are believed: those a genuine receipt covers.
	trusted *syncv1.Receipt
	// faulty names changes that the engine failed on; they go to quarantine unmerged.
	faulty map[syncengine.DeviceSeq]bool
	// current is the change being worked on, for blaming a fault.
	current syncengine.DeviceSeq
	result  pushed
}

// forget lets go of the changes once they are decided: hundreds of calls may wait to be answered.
func (p *push) forget() {
	p.changes = nil
	if b := p.body.GetBatch(); b != nil {
		b.Changes = nil
	}
}

// pushed is what a batch came to.
type pushed struct {
	outcomes *syncv1.Outcomes
	expected syncengine.DeviceSeq
	receipt  *syncv1.Receipt
	fork     *syncv1.Fork
	// epoch is the one in force when the batch was decided.
	epoch syncengine.Epoch
	// barred lists records of the batch with changes that are erased in part or whole.
	barred []syncengine.ID
}

// supplied is one change of a batch.
type supplied struct {
	body, salt []byte
	inner      [32]byte
	first      *syncv1.First
	// sealed tells that the phone could not read the change any more.
	sealed bool
	erased *syncv1.ErasedChange
	// change is nil when the body cannot be read; it is quarantined whole. Of an erased change it is what is left.
	change *wire.Change
}

// decodeBatch reads the changes of a request, or takes those that came ahead and were read then.
func decodeBatch(b *syncv1.Batch, ahead *aheadBatch, keys keyring) ([]supplied, error) {
	if len(b.GetChanges()) > 0 && (b.GetFirstDeviceSeq() == 0 || len(b.GetChainBefore()) != 32) {
		return nil, badRequest("a batch without its place in the chain")
	}
	if ahead != nil {
		return ahead.decoded, nil
	}
	return decodeChanges(syncengine.DeviceSeq(b.GetFirstDeviceSeq()), b.GetChanges(), keys)
}

// decodeChanges reads the changes of a batch. One that is not contiguous is malformed.
func decodeChanges(first syncengine.DeviceSeq, changes []*syncv1.BatchChange, keys keyring) ([]supplied, error) {
	if n := len(changes); n > wire.BatchChangesMax {
		return nil, badRequest("a batch of %d changes, %d are allowed", n, wire.BatchChangesMax)
	}
	var reader wire.ChangeReader
	out := make([]supplied, len(changes))
	for i, c := range changes {
		seq := first + syncengine.DeviceSeq(i)
		if err := out[i].open(c, seq, keys); err != nil {
			return nil, err
		}
		if err := out[i].decode(c, seq, &reader); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *supplied) decode(c *syncv1.BatchChange, seq syncengine.DeviceSeq, reader *wire.ChangeReader) error {
	s.first, s.erased = c.GetFirst(), c.GetErased()
	if n := len(s.salt); n != 0 && n != wire.SaltBytes {
		return badRequest("change %d: a salt of %d bytes", seq, n)
	}
	if len(s.body) > wire.ChangeBytesMax {
		return badRequest("change %d of %d bytes, %d are allowed", seq, len(s.body), wire.ChangeBytesMax)
	}
	s.inner = syncengine.InnerDigest(s.salt, s.body)
	if s.erased != nil {
		if len(s.erased.GetInnerDigest()) != len(s.inner) || len(s.salt) > 0 || syncengine.DeviceSeq(s.erased.GetDeviceSeq()) != seq {
			return badRequest("change %d: not a well-formed erased change", seq)
		}
		copy(s.inner[:], s.erased.GetInnerDigest())
		if len(s.body) == 0 {
			return nil
		}
	}
	change, err := reader.Decode(s.body)
	if err != nil {
		return nil
	}
	if change.DeviceSeq != seq {
		return badRequest("change %d stands at place %d of the batch", change.DeviceSeq, seq)
	}
	s.change = change
	return nil
}

// push decides a batch in device order.
func (k *work) push(p *push) error {
	p.result = pushed{epoch: k.world.History.Epoch}
	progress, err := k.progressOf(p.device.Incarnation)
	if err != nil {
		return err
	}
	progress = proto.CloneOf(progress)
	if err := k.noteStatus(p, progress); err != nil {
		return err
	}
	if a := p.body.GetAbsent(); a != nil {
		k.declareAbsent(p, progress, a)
	}
	if orphaned, err := k.orphaned(p, progress); orphaned || err != nil {
		return err
	}
	if err := k.pushChanges(p, progress); err != nil || p.result.fork != nil {
		return err
	}
	k.setProgress(p.device.Incarnation, progress)
	return nil
}

// elsewhere reports that the phone speaks of another epoch than the one in force:
// it must be told which of its changes the log has.
func (p *push) elsewhere(epoch syncengine.Epoch) bool {
	return p.body.GetEpoch() != 0 && syncengine.Epoch(p.body.GetEpoch()) != epoch
}

func (k *work) pushChanges(p *push, progress *storedv1.Progress) error {
	mark := syncengine.DeviceSeq(progress.GetMark())
	switch {
	case len(p.changes) == 0:
		return nil
	case k.unheard(p):
		// First the phone must say how much of this log it has seen.
		p.result.expected = mark + 1
		return nil
	case p.first > mark+1:
		p.result.expected = mark + 1
		return nil
	}
	p.result.outcomes = &syncv1.Outcomes{FirstDeviceSeq: uint64(p.first)}
	replayed := min(len(p.changes), int(mark+1-p.first))
	for i := range replayed {
		if done, err := k.replay(p, i); err != nil || done {
			return err
		}
	}
	fresh := p.changes[replayed:]
	if len(fresh) == 0 {
		// The reply that brought the proof may be lost; a proof of changes that this batch lacks is of no use to it.
		if last := p.first + syncengine.DeviceSeq(replayed) - 1; last == mark {
			p.result.receipt = k.svc.receipt(p.device.Incarnation, progress, k.now)
		}
		return nil
	}
	if chain := p.chainBefore(replayed); !slices.Equal(chain[:], progress.GetChain()) {
		return k.fork(p, 0)
	}
	return k.takeFresh(p, progress, fresh)
}

// replay answers a change seen before with its stored outcome; done is true
// when it turned out to be another change under the same number.
func (k *work) replay(p *push, i int) (done bool, err error) {
	seq := p.first + syncengine.DeviceSeq(i)
	e, ok, err := k.entryOf(p.device.Incarnation, seq)
	if err != nil {
		return true, err
	}
	if !ok || standsOtherwise(e, &p.changes[i]) {
		common, err := k.common(p, i)
		if err != nil {
			return true, err
		}
		return true, k.fork(p, common)
	}
	outcome, err := k.outcomeOf(e, timeOf(&p.changes[i], e))
	if err != nil {
		return true, err
	}
	p.result.noteErased(e)
	p.result.outcomes.Results = append(p.result.outcomes.Results, outcome)
	return false, nil
}

// chainBefore gives the chain before the i-th change, from what the phone sent.
func (p *push) chainBefore(i int) syncengine.Chain {
	var chain syncengine.Chain
	copy(chain[:], p.body.GetBatch().GetChainBefore())
	for _, c := range p.changes[:i] {
		chain = chain.Next(c.inner)
	}
	return chain
}

func (s *supplied) deviceTime() syncengine.UnixMilli {
	if s.change == nil {
		return 0
	}
	return s.change.DeviceTime
}

// takeFresh decides the changes that were never seen. Their entries stand
// densely one after another; what follows from them comes behind.
func (k *work) takeFresh(p *push, progress *storedv1.Progress, fresh []supplied) error {
	first := syncengine.DeviceSeq(progress.GetMark()) + 1
	k.put(bucketBatch, numberedKey(p.device.Incarnation, uint64(first)), &storedv1.Batch{
		Count: uint64(len(fresh)), First: storedCoordinate(k.here()), ChainBefore: progress.GetChain(),
	})
	if err := k.lookAhead(fresh); err != nil {
		return err
	}
	var chain syncengine.Chain
	copy(chain[:], progress.GetChain())
	var follow []syncengine.ID
	p.result.outcomes.Results = slices.Grow(p.result.outcomes.Results, len(fresh))
	k.entries, k.replaced = slices.Grow(k.entries, len(fresh)), slices.Grow(k.replaced, len(fresh))
	j := &judging{}
	for i := range fresh {
		p.current = first + syncengine.DeviceSeq(i)
		*j = judging{work: k, push: p, progress: progress, in: &fresh[i], seq: p.current, follow: j.follow[:0]}
		outcome, err := j.decide()
		if err != nil {
			return err
		}
		p.current = 0
		p.result.outcomes.Results = append(p.result.outcomes.Results, outcome)
		follow = append(follow, j.follow...)
		chain = chain.Next(fresh[i].inner)
		k.handAhead()
	}
	at := syncengine.Coordinate{Epoch: k.world.History.Epoch, Seq: k.next - 1}
	progress.Mark += uint64(len(fresh))
	progress.Chain, progress.At = slices.Clone(chain[:]), storedCoordinate(at)
	p.result.receipt = k.svc.receipt(p.device.Incarnation, progress, k.now)
	return k.followUp(follow)
}

// noteStatus takes over what the phone says of itself; it only ever advances. A
// grant version that this history has not reached is one that a restore has lost.
func (k *work) noteStatus(p *push, progress *storedv1.Progress) error {
	noteServed(progress, p.served)
	if err := k.notePast(p, progress); err != nil {
		return err
	}
	k.noteLent(p, progress)
	s := p.body.GetStatus()
	if len(p.body.GetGrantSwitches()) == 0 && s.GetGrantVersion() <= lastSwitch(progress).GetVersion() {
		return nil
	}
	current, err := k.svc.caches.grants(k.w, p.device.UserID)
	if err != nil {
		return err
	}
	for _, earlier := range p.body.GetGrantSwitches() {
		noteSwitch(progress, earlier.GetVersion(), earlier.GetAfter(), current.Version)
	}
	noteSwitch(progress, s.GetGrantVersion(), s.GetGrantSwitchDeviceSeq(), current.Version)
	return nil
}

func lastSwitch(progress *storedv1.Progress) *storedv1.GrantSwitch {
	if n := len(progress.GetSwitches()); n > 0 {
		return progress.GetSwitches()[n-1]
	}
	return nil
}

// noteSwitch notes that a phone has switched to a version; most is the one in force. An
// earlier one than the last may be told later: the first request after a restore says
// what the phone works under now, the next brings changes of before.
func noteSwitch(progress *storedv1.Progress, version, after, most uint64) {
	known := progress.GetSwitches()
	at, told := slices.BinarySearchFunc(known, version, func(s *storedv1.GrantSwitch, v uint64) int { return cmp.Compare(s.GetVersion(), v) })
	if told || version == 0 || version > most {
		return
	}
	if at > 0 {
		after = max(after, known[at-1].GetAfter())
	}
	if at < len(known) && after >= known[at].GetAfter() {
		return // Nothing was made under it.
	}
	progress.Switches = slices.Insert(known, at, &storedv1.GrantSwitch{Version: version, After: after})
}

// declareAbsent counts changes that the phone no longer has as lost, by name.
func (k *work) declareAbsent(p *push, progress *storedv1.Progress, a *syncv1.Absent) {
	if a.GetFrom() != progress.GetMark()+1 || a.GetTo() < a.GetFrom() {
		return
	}
	chain := progress.GetChain()
	if len(a.GetChain()) == len(chain) {
		chain = a.GetChain()
	}
	at := k.append(store.Entry{
		Type: store.EntryAbsent, Incarnation: p.device.Incarnation, DeviceSeq: syncengine.DeviceSeq(a.GetFrom()),
		Stamp: k.now, Extra: encode(&storedv1.Extra{AbsentUntil: a.GetTo(), AbsentChain: chain}),
	})
	k.put(bucketBatch, numberedKey(p.device.Incarnation, a.GetFrom()), &storedv1.Batch{
		Count: a.GetTo() - a.GetFrom() + 1, First: storedCoordinate(at), ChainBefore: progress.GetChain(), Absent: true,
	})
	noteAbsent(progress, a)
	progress.Mark, progress.At, progress.Chain = a.GetTo(), storedCoordinate(at), chain
	p.result.receipt = k.svc.receipt(p.device.Incarnation, progress, k.now)
}

// foundRun is a stored run of changes.
type foundRun struct {
	incarnation syncengine.ID
	first       syncengine.DeviceSeq
	batch       *storedv1.Batch
}

func (f *foundRun) holds(incarnation syncengine.ID, seq syncengine.DeviceSeq) bool {
	return f.incarnation == incarnation && f.batch != nil && f.first <= seq && uint64(seq-f.first) < f.batch.GetCount()
}

// batchOf finds the run of changes that holds device_seq.
func (k *work) batchOf(incarnation syncengine.ID, seq syncengine.DeviceSeq) (first syncengine.DeviceSeq, b *storedv1.Batch, err error) {
	for dk, value := range k.documents {
		if dk.bucket != bucketBatch || dk.key[:16] != string(incarnation[:]) {
			continue
		}
		m, from := &storedv1.Batch{}, syncengine.DeviceSeq(seqOfKey([]byte(dk.key[16:])))
		if err := proto.Unmarshal(value, m); err != nil {
			return 0, nil, err
		}
		if from <= seq && uint64(seq-from) < m.GetCount() {
			return from, m, nil
		}
	}
	if k.again.holds(incarnation, seq) {
		return k.again.first, k.again.batch, nil
	}
	doc, ok, err := k.w.LastDocument(bucketBatch, numberedKey(incarnation, uint64(seq)))
	if err != nil || !ok || string(doc.Key[:16]) != string(incarnation[:]) {
		return 0, nil, err
	}
	b = &storedv1.Batch{}
	if err := proto.Unmarshal(doc.Value, b); err != nil {
		return 0, nil, err
	}
	first = syncengine.DeviceSeq(seqOfKey(doc.Key[16:]))
	if uint64(seq-first) >= b.GetCount() {
		return 0, nil, nil
	}
	k.again = foundRun{incarnation, first, b}
	if at := syncengine.Seq(b.GetFirst().GetSeq()); !b.GetAbsent() {
		err = k.askReplayed(at+syncengine.Seq(seq-first), at+syncengine.Seq(b.GetCount())-1)
	}
	return first, b, err
}

// entryOf finds the log entry that first decided a change.
func (k *work) entryOf(incarnation syncengine.ID, seq syncengine.DeviceSeq) (store.Entry, bool, error) {
	first, b, err := k.batchOf(incarnation, seq)
	if err != nil || b == nil {
		return store.Entry{}, false, err
	}
	at := syncengine.Seq(b.GetFirst().GetSeq())
	if !b.GetAbsent() {
		at += syncengine.Seq(seq - first)
	}
	return k.entry(at)
}

// outcomeOf rebuilds a change's outcome from its log entry: the same for ever.
func (k *work) outcomeOf(e store.Entry, deviceTime syncengine.UnixMilli) (*syncv1.Outcome, error) {
	extra, err := Extra(e)
	if err != nil {
		return nil, err
	}
	o := &syncv1.Outcome{
		Code: syncv1.OutcomeCode(e.Type), Reason: syncv1.QuarantineReason(e.Reason), Seq: uint64(e.Seq),
		AfterHandover: extra.GetAfterHandover(), Conflicts: extra.GetConflicts(),
	}
	if at := k.world.History.EpochAt(e.Seq); at != k.world.History.Epoch {
		o.Epoch = uint32(at)
	}
	if e.Type == store.EntryApplied || e.Type == store.EntryMerged {
		o.StampDiffMs, o.Suspect = int64(e.Stamp-deviceTime), e.Suspect
	}
	return o, nil
}
