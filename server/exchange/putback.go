package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// A database may be put back to an earlier state without `onedoor restore`: a file
// copied back, a stale replica promoted. What the log then says differs from what
// phones were told, under the same epoch. A phone's genuine cursor or receipt
// reveals it: nobody else could have made one that does not fit the log. Then a new
// epoch begins at once, and in the one before it nothing counts that is not proven
// to be of this log.

// proof is what this realm once gave out about a place in its log.
type proof struct {
	at syncengine.Coordinate
	// fits tells whether the entry at the place is the one that was spoken of.
	fits func(store.Reader) (bool, error)
}

// proofs lists what the call carries; each was found to be genuine.
func (c *call) proofs() (out []proof) {
	for _, given := range []cursor{c.from, c.stood} {
		if given.at.Seq > 0 {
			out = append(out, proof{given.at, func(r store.Reader) (bool, error) { return hasTag(r, given.at.Seq, given.tag) }})
		}
	}
	if r := c.push.trusted; r.GetCoordinate().GetSeq() > 0 {
		at := wireCoordinate(r.GetCoordinate())
		out = append(out, proof{at, func(read store.Reader) (bool, error) {
			return decidedHere(read, at.Seq, c.push.device.Incarnation, syncengine.DeviceSeq(r.GetDeviceSeq()))
		}})
	}
	return out
}

// openStood reads the cursor that a phone has let go. It proves what this realm told, under whichever name: that somebody has
// seen of this log what stands there is taken from cursors of their own name alone.
func (s *Service) openStood(m *syncv1.Stood) cursor {
	incarnation, ok := syncengine.IDFromBytes(m.GetIncarnation())
	if !ok {
		return cursor{}
	}
	c, _ := openCursor(m.GetCursor(), s.secrets.CursorKey, incarnation)
	return c
}

func hasTag(r store.Reader, seq syncengine.Seq, want store.Tag) (bool, error) {
	tag, ok, err := tagAt(r, seq)
	return ok && tag == want, err
}

// decidedHere reports that the entry at seq decided that very change.
func decidedHere(r store.Reader, seq syncengine.Seq, incarnation syncengine.ID, change syncengine.DeviceSeq) (bool, error) {
	e, ok, err := r.Entry(seq)
	if err != nil || !ok || e.Incarnation != incarnation {
		return false, err
	}
	if e.Type != store.EntryAbsent {
		return e.DeviceSeq == change, nil
	}
	extra, err := Extra(e)
	return syncengine.DeviceSeq(extra.GetAbsentUntil()) == change, err
}

// finding is what a proof says of the log.
type finding uint8

const (
	// consistent: the log is the one that the proof was given out in, or one that a restore made of it.
	consistent finding = iota
	// ambiguous: an earlier epoch has had two histories.
	ambiguous
	// putBack: the epoch in force has had two histories, or is an old one.
	putBack
)

// find holds a proof against the log.
func (p proof) find(r store.Reader, m *storedv1.History) (finding, error) {
	h := historyOf(m, syncengine.Epoch(m.GetEpoch()))
	seq, shared := h.Current(p.at)
	switch {
	case p.at.Epoch > h.Epoch:
		return putBack, nil
	case !shared:
		return consistent, nil
	case p.at.Epoch < h.Epoch && slices.Contains(m.GetDoubtful(), uint32(p.at.Epoch)):
		return consistent, nil
	}
	fits := false
	var err error
	if seq <= r.Head().Seq {
		fits, err = p.fits(r)
	}
	switch {
	case err != nil || fits:
		return consistent, err
	case p.at.Epoch < h.Epoch:
		return ambiguous, nil
	}
	return putBack, nil
}

// worst is the gravest finding of some proofs, with the proof.
func worst(r store.Reader, proofs []proof) (f finding, by proof, err error) {
	if len(proofs) == 0 {
		return consistent, by, nil
	}
	m, err := historyDocument(r)
	for _, p := range proofs {
		if err != nil {
			return f, by, err
		}
		var found finding
		if found, err = p.find(r, m); found > f {
			f, by = found, p
		}
	}
	return f, by, err
}

// looking is what holding a call's proofs against the log needs and finds.
type looking struct {
	proofs []proof
	// remembered is the newest head that this server had seen durable before.
	remembered store.Head
	// head is the store's, found the gravest finding.
	head  store.Head
	found finding
}

// look holds the phone's proofs, and what this server remembers, against the log. It fixes whether the phone's cursor names a
// place of this log.
func (l *looking) look(r store.Reader, c *call) (err error) {
	l.head, l.found = r.Head(), consistent
	if len(l.proofs) == 0 && !c.genuine {
		return nil
	}
	l.found, _, err = worst(r, append(l.proofs[:len(l.proofs):len(l.proofs)], proofOf(r, l.remembered)...))
	if err != nil || l.found != consistent || !c.genuine {
		return err
	}
	history, err := readHistory(r)
	if err != nil {
		return err
	}
	seq, ok := history.Current(c.from.at)
	if c.valid = c.from.at.Seq == 0 || ok && seq <= r.Head().Seq; c.valid {
		c.valid, err = hasTag(r, seq, c.from.tag)
	}
	if c.valid {
		c.push.served = c.from.at
		c.valid = c.from.at.Epoch == history.Epoch || c.caughtUp()
	}
	return err
}

// saw takes note of the head that was looked at, if any was.
func (l *looking) saw(s *Service, c *call) {
	if c.genuine || len(l.proofs) > 0 {
		s.saw(l.head)
	}
}

// checkLog begins a new epoch where the proofs show that the database was put back, and looks again.
func (s *Service) checkLog(ctx context.Context, c *call, l looking) error {
	if l.found != consistent {
		if err := s.settleLog(ctx, c, l.proofs); err != nil {
			return fmt.Errorf("the log was put back: %w", err)
		}
		l.proofs, l.remembered = nil, s.witness.head()
		if err := s.store.View(ctx, func(r store.Reader) error { return l.look(r, c) }); err != nil {
			return err
		}
	}
	if l.found == consistent {
		l.saw(s, c)
	}
	if s.epoch() != c.epoch {
		// The nonce of this call was given out in an epoch that has ended.
		c.nonce = syncv1.NonceState_NONCE_STATE_UNKNOWN
	}
	return nil
}

// caughtUp reports that the phone's cursor is the one that its checkpoint stands at. In the middle of a pull a cursor is no
// exact place: its pages left out what had gone to a newer row when they were cut, and a restore may have lost that row. Then
// nothing would ever send the record.
func (c *call) caughtUp() bool {
	return !c.from.filling && wireCoordinate(c.body.GetStatus().GetCheckpoint()) == c.from.at
}

// settleLog decides in a transaction of its own, after reading everything again:
// nothing is written between what it reads and what it begins.
func (s *Service) settleLog(ctx context.Context, c *call, proofs []proof) error {
	return s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error {
		found, by, err := worst(k.w, proofs)
		if err != nil || found == consistent {
			return err
		}
		if err := doubt(k.w, min(by.at.Epoch, k.world.History.Epoch)); err != nil || found == ambiguous {
			return err
		}
		h, err := beginEpoch(k.w, Renewal{Now: k.now, revealed: c.push.device.Incarnation, beyond: by.at.Epoch})
		s.log.Error("the database was put back to an earlier state without `onedoor restore`: a new epoch begins and phones bring back what is missing",
			"epoch", h.Epoch, "head", k.w.Head().Seq, "revealed_by", c.push.device.Incarnation, "device_was_at", by.at.String())
		return err
	}})
}

// doubt marks an epoch in which two histories share numbers.
func doubt(w store.Writer, epoch syncengine.Epoch) error {
	m, err := historyDocument(w)
	if err != nil || slices.Contains(m.GetDoubtful(), uint32(epoch)) {
		return err
	}
	m.Doubtful = append(m.Doubtful, uint32(epoch))
	return w.PutDocument(bucketHistory, historyKey, encode(m))
}

// doubtful reports an epoch in which only what is proven counts.
func (k *work) doubtful(epoch syncengine.Epoch) bool {
	return epoch < k.world.History.Epoch && slices.Contains(k.doubts, uint32(epoch))
}

// noteServed remembers the greatest place of an epoch that a phone was proven to
// have seen of this log.
func noteServed(progress *storedv1.Progress, at syncengine.Coordinate) {
	served := coordinate(progress.GetServed())
	switch {
	case at.IsZero():
	case at.Epoch > served.Epoch:
		if !served.IsZero() {
			progress.ServedBefore = append(progress.ServedBefore, progress.GetServed())
		}
		progress.Served = storedCoordinate(at)
	case at.Epoch == served.Epoch:
		if at.Seq > served.Seq {
			progress.Served = storedCoordinate(at)
		}
	default:
		noteServedBefore(progress, at)
	}
}

func noteServedBefore(progress *storedv1.Progress, at syncengine.Coordinate) {
	for i, m := range progress.GetServedBefore() {
		if m.GetEpoch() == uint32(at.Epoch) {
			if m.GetSeq() < uint64(at.Seq) {
				progress.ServedBefore[i] = storedCoordinate(at)
			}
			return
		}
	}
	progress.ServedBefore = append(progress.ServedBefore, storedCoordinate(at))
}

// servedIn gives the greatest place of an epoch that a phone was proven to have seen, in
// that epoch or in the part that it shares with an earlier one, and the greatest that was
// proven in that epoch itself; 0 for none. What was proven in a later one was seen after
// whatever has a base in this.
func servedIn(h syncengine.History, progress *storedv1.Progress, epoch syncengine.Epoch) (most, itself syncengine.Seq) {
	for _, m := range append([]*storedv1.Coordinate{progress.GetServed()}, progress.GetServedBefore()...) {
		if at := coordinate(m); !at.IsZero() && at.Epoch <= epoch {
			most = max(most, min(at.Seq, h.SharedBy(at.Epoch, epoch)))
			if at.Epoch == epoch {
				itself = max(itself, at.Seq)
			}
		}
	}
	return most, itself
}

// notePast takes the places that a phone names after a change of epoch. One whose tag
// is that of this log proves what the phone has seen. One whose tag is another tells
// that the phone's numbers of that epoch are those of another history: a log that
// was put back and restored before anybody noticed, or a backup of one. Anybody could
// make such a tag up, so it counts against the phone alone.
func (k *work) notePast(p *push, progress *storedv1.Progress) error {
	for _, m := range p.body.GetPast() {
		at := wireCoordinate(m.GetAt())
		seq, ok := k.world.History.Current(at)
		if !ok || at.Seq == 0 || seq > k.w.Head().Seq || len(m.GetTag()) != len(store.Tag{}) {
			continue
		}
		fits, err := hasTag(k.w, seq, store.Tag(m.GetTag()))
		if err != nil {
			return err
		}
		switch {
		case fits:
			noteServed(progress, at)
		case !slices.Contains(progress.GetDoubtful(), uint32(at.Epoch)):
			progress.Doubtful = append(progress.Doubtful, uint32(at.Epoch))
		}
	}
	return nil
}

// doubtful reports an epoch in which only what is proven counts for the phone.
func (j *judging) doubtful(epoch syncengine.Epoch) bool {
	return j.work.doubtful(epoch) || slices.Contains(j.progress.GetDoubtful(), uint32(epoch))
}

// unheard reports a phone that has not heard of the epoch in force and whose numbers may
// be another history's: its epoch had two, or its cursor does not show that it stood in
// this one. It is asked for its past before any of its changes is looked at.
func (k *work) unheard(p *push) bool {
	return p.elsewhere(k.world.History.Epoch) && (p.served.IsZero() || k.doubtful(syncengine.Epoch(p.body.GetEpoch())))
}

// countBase fixes which base counts for the change: of an epoch with two histories
// only as much as the phone was proven to have seen of this one. What is left out
// makes false conflicts and loses nothing. Where that was proven in an earlier epoch
// only, all of it counts, but it may be the other history that was on the screen: the
// base is noted as counted, so that nothing it covers is taken to have been shown.
func (j *judging) countBase() {
	if j.in.change == nil {
		return
	}
	j.base = j.in.change.Base
	if !j.doubtful(j.base.Epoch) {
		return
	}
	if seen, itself := servedIn(j.work.world.History, j.progress, j.base.Epoch); itself < j.base.Seq {
		j.extra.CountedBase = &storedv1.Coordinate{Epoch: uint32(j.base.Epoch), Seq: uint64(min(seen, j.base.Seq))}
		j.base = countedBase(j.base, &j.extra)
	}
}

// countedBase gives the base by which an entry's change was merged.
func countedBase(own syncengine.Coordinate, extra *storedv1.Extra) syncengine.Coordinate {
	switch m := extra.GetCountedBase(); {
	case m == nil:
		return own
	case m.GetSeq() == 0:
		return syncengine.Coordinate{}
	default:
		return coordinate(m)
	}
}

// tellEpoch says, to a phone that speaks of another epoch, which change is expected
// next, and of outcomes that were decided before this epoch began which one it was.
func (a *answering) tellEpoch() error {
	epoch, p := a.r.Head().Epoch, &a.call.push
	a.reply.Epoch = uint32(epoch)
	for _, o := range a.reply.GetOutcomes().GetResults() {
		if o.GetEpoch() == 0 && p.result.epoch != epoch {
			o.Epoch = uint32(p.result.epoch)
		}
	}
	if p.body.GetEpoch() != uint32(epoch) {
		if err := a.tellForks(); err != nil {
			return err
		}
	}
	if !p.elsewhere(epoch) {
		return nil
	}
	progress := &storedv1.Progress{}
	_, err := read(a.r, bucketProgress, p.device.Incarnation[:], progress)
	a.reply.Expected = progress.GetMark() + 1
	return errors.Join(err, a.tellAbsent())
}

// waitingWith gives what a quarantined entry keeps of a change for its release. Under
// which grants it was made only this batch may tell: what was confirmed before may be
// lost, and what is confirmed later is of later changes.
func (j *judging) waitingWith() []byte {
	extra := &storedv1.Extra{
		First: j.extra.First, CountedBase: j.extra.CountedBase, InnerDigest: j.extra.InnerDigest, GrantVersion: j.push.madeUnder(j.progress, j.seq),
	}
	if proto.Size(extra) == 0 {
		return nil
	}
	return encode(extra)
}
