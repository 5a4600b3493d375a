package exchange

import (
	"context"
	"fmt"
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ErasuresMax bounds the erasures of one transaction: each walks its record's
// history, and phones wait meanwhile.
const ErasuresMax = 200

// Erasing is what is to be erased of one record.
type Erasing struct {
	RecordID syncengine.ID
	// Cells names what goes; they may overlap.
	Cells []syncengine.Cells
	// Earlier holds the places of the same erasure in histories that this log has lost it of.
	Earlier []syncengine.Coordinate
}

// Erase destroys cells of records, all or none: values, those that lost and those
// that are kept, and the payloads and salts of the changes that wrote them, in the
// log and in quarantine. What else such a change says stays, and the chain goes on
// over the digest of what it was. Each erasure is one entry of the log and a
// barrier: by is the user who asked, why their words; zero for the server itself.
// What was erased may be read in the store's files until Scrub has run.
func (s *Service) Erase(ctx context.Context, by syncengine.ID, why string, list []Erasing) ([]syncengine.Coordinate, error) {
	return s.EraseAnd(ctx, by, why, list, nil)
}

// EraseAnd is Erase with what and writes beside it in the same transaction: a
// request that is done with it, an entry of the access ledger.
func (s *Service) EraseAnd(ctx context.Context, by syncengine.ID, why string, list []Erasing,
	and func(w store.Writer, at []syncengine.Coordinate) error) (at []syncengine.Coordinate, err error) {
	if len(list) > ErasuresMax {
		return nil, badRequest("%d erasures at once, %d are allowed", len(list), ErasuresMax)
	}
	if n := len([]rune(why)); n > decisionCharsMax {
		return nil, badRequest("a reason of %d characters, %d are allowed", n, decisionCharsMax)
	}
	err = s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error {
		at = at[:0]
		for i := range list {
			e := erasing{work: k, Erasing: &list[i], by: decision{by, why}}
			if err := e.erase(); err != nil {
				return fmt.Errorf("erase record %s: %w", list[i].RecordID, err)
			}
			at = append(at, e.at)
		}
		k.putBytes(bucketUnclean, historyKey, seqKey(k.next))
		if and != nil {
			if err := and(k.w, at); err != nil {
				return err
			}
		}
		return raiseRevision(k.w)
	}})
	return at, err
}

// Scrub makes what was erased unreadable in the store's files, where it may not be yet.
func (s *Service) Scrub(ctx context.Context) error {
	unclean := false
	var since []byte
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		since, unclean, err = r.Document(bucketUnclean, historyKey)
		return err
	})
	if err != nil || !unclean {
		return err
	}
	if err := s.store.Scrub(ctx); err != nil {
		return fmt.Errorf("overwrite what was erased: %w", err)
	}
	return s.inGroup(ctx, func(k *work) error {
		// What was erased meanwhile is seen to by the next call.
		now, _, err := k.w.Document(bucketUnclean, historyKey)
		if err == nil && slices.Equal(now, since) {
			k.drop(bucketUnclean, historyKey)
		}
		return err
	})
}

// erasing is one erasure in the making. It reads and writes the store itself, so
// its transaction holds no other work.
type erasing struct {
	*Erasing
	work *work
	by   decision

	kind    syncengine.KindNumber
	authors []syncengine.ID
	at      syncengine.Coordinate
}

func (e *erasing) erase() error {
	k := e.work
	rec, err := k.record(e.RecordID)
	if err != nil {
		return err
	}
	e.at = k.here()
	if rec != nil {
		e.kind = rec.Kind
	}
	if err := e.raise(); err != nil {
		return err
	}
	if err := e.history(rec); err != nil {
		return err
	}
	if err := e.setAside(); err != nil {
		return err
	}
	return e.enter(rec)
}

// raise puts the barriers up.
func (e *erasing) raise() error {
	for _, cells := range e.Cells {
		key, m := barrierKey(e.RecordID, cells), &storedv1.Barrier{}
		if _, err := read(e.work.w, bucketBarrier, key, m); err != nil {
			return err
		}
		var at []syncengine.Coordinate
		for _, m := range m.GetAt() {
			// What was written between two erasures of one log is destroyed by the second.
			if c := coordinate(m); !e.work.world.History.Reaches(e.at, c) {
				at = append(at, c)
			}
		}
		for _, c := range append(slices.Clone(e.Earlier), e.at) {
			at = syncengine.Raise(at, c)
		}
		m.At = nil
		for _, c := range at {
			m.At = append(m.At, storedCoordinate(c))
		}
		// Written at once: a batch that is decided next must find it.
		if err := e.work.w.PutDocument(bucketBarrier, key, encode(m)); err != nil {
			return err
		}
	}
	e.work.erasures = true
	return nil
}

// history walks the entries that made the record.
func (e *erasing) history(rec *syncengine.Record) error {
	if rec == nil {
		return nil
	}
	for seq := rec.Seq; seq != 0; {
		entry, ok, err := e.work.entry(seq)
		if err != nil || !ok {
			return err
		}
		seq = entry.Prev
		if !entry.Incarnation.IsZero() && !slices.Contains(e.authors, entry.Incarnation) {
			e.authors = append(e.authors, entry.Incarnation)
		}
		if err := e.rewrite(entry); err != nil {
			return err
		}
	}
	return nil
}

// setAside walks the changes of the record that were ever quarantined: those that
// wait, those that were rejected, and those that a release has merged.
func (e *erasing) setAside() error {
	var seqs []syncengine.Seq
	err := e.work.w.Documents(bucketAside, e.RecordID[:], afterID(e.RecordID), func(d store.Document) bool {
		seqs = append(seqs, seqOfKey(d.Key[16:]))
		return true
	})
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		entry, ok, err := e.work.w.Entry(seq)
		if err != nil || !ok {
			return err
		}
		if !slices.Contains(e.authors, entry.Incarnation) {
			e.authors = append(e.authors, entry.Incarnation)
		}
		if err := e.rewrite(entry); err != nil {
			return err
		}
	}
	return nil
}

// rewrite takes the erased cells out of one entry's change, and destroys its salt.
func (e *erasing) rewrite(entry store.Entry) error {
	if len(entry.Body) == 0 {
		return nil
	}
	c, err := wire.DecodeChange(entry.Body)
	if err != nil {
		return fmt.Errorf("seq %d: %w", entry.Seq, err)
	}
	kind, _ := e.work.kind(entry.Kind)
	names := func(key syncengine.CellKey) bool {
		return slices.ContainsFunc(e.Cells, func(c syncengine.Cells) bool { return c.Names(engineOf(kind), key) })
	}
	waits, err := e.work.read(bucketQuarantine, seqKey(entry.Seq), &storedv1.Quarantined{})
	if err != nil {
		return err
	}
	if seen, err := e.seenBefore(entry, c); err != nil || waits && seen {
		return err
	}
	// Of a change that a release has merged what is left stands, however little: the release merges it again for whoever
	// reads the log.
	left, err := wire.Redact(kind, c, names)
	whole := waits && left.Empty
	if err != nil {
		// A quarantined patch that cannot be told apart goes whole; no release has merged one.
		left, whole = wire.Redacted{Change: c, Erased: true}, entry.Type == store.EntryQuarantined
	}
	if !left.Erased {
		return nil
	}
	extra, err := Extra(entry)
	if err != nil {
		return err
	}
	if extra == nil {
		extra = &storedv1.Extra{}
	}
	inner := InnerDigest(entry)
	extra.InnerDigest = inner[:]
	e.unhold(entry.Seq, extra, names)
	entry.Salt, entry.Extra = nil, encode(extra)
	if whole {
		entry.Body = nil
		e.unlist(entry)
	} else if entry.Body, err = wire.EncodeChange(left.Change); err != nil {
		return fmt.Errorf("what is left of seq %d: %w", entry.Seq, err)
	}
	return e.work.w.RewriteEntry(entry)
}

// seenBefore reports a change whose author had seen the erasure where it stood before, in a history that the log has lost.
// By a number that two histories have it is nobody's word, also where that was not known when the change was decided.
func (e *erasing) seenBefore(entry store.Entry, c *wire.Change) (bool, error) {
	if len(e.Earlier) == 0 {
		return false, nil
	}
	extra, err := Extra(entry)
	if err != nil {
		return false, err
	}
	doubts, err := readDoubts(e.work.w, entry.Incarnation)
	if err != nil {
		return false, err
	}
	base := doubts.counts(countedBase(c.Base, extra))
	return slices.ContainsFunc(e.Earlier, func(at syncengine.Coordinate) bool { return e.work.world.History.Reaches(base, at) }), nil
}

// unhold forgets erased cells that an entry holds for software that knows them.
func (e *erasing) unhold(seq syncengine.Seq, extra *storedv1.Extra, names func(syncengine.CellKey) bool) {
	held := len(extra.GetHeld())
	extra.Held = slices.DeleteFunc(extra.GetHeld(), func(a *storedv1.CellAddress) bool {
		return names(syncengine.CellKey{Field: syncengine.FieldNumber(a.GetField()), Key: string(a.GetKey())})
	})
	if held > 0 && len(extra.Held) == 0 {
		e.work.drop(bucketHeld, seqKey(seq))
	}
}

// unlist takes a quarantined change of which nothing is left off the lists.
func (e *erasing) unlist(entry store.Entry) {
	k := e.work
	k.drop(bucketQuarantine, seqKey(entry.Seq))
	k.drop(bucketAwaiting, numberedKey(entry.RecordID, uint64(entry.Seq)))
	k.drop(bucketAside, numberedKey(entry.RecordID, uint64(entry.Seq)))
}

// enter writes the record without the cells, and the erasure's own entry.
func (e *erasing) enter(rec *syncengine.Record) error {
	k := e.work
	extra := &storedv1.Extra{Erased: addressesOfCells(e.Cells), Decision: e.by.reason}
	if !e.by.by.IsZero() {
		extra.DecidedBy = e.by.by[:]
	}
	for _, c := range e.Earlier {
		extra.First = append(extra.First, storedCoordinate(c))
	}
	entry := store.Entry{Type: store.EntryErased, RecordID: e.RecordID, Kind: e.kind, Stamp: k.now, Extra: encode(extra)}
	m := &storedv1.Erasure{RecordId: e.RecordID[:], Cells: extra.Erased}
	for _, id := range e.authors {
		m.Authors = append(m.Authors, slices.Clone(id[:]))
	}
	if rec == nil && len(k.world.History.Forks) > 0 || len(e.Earlier) > 0 {
		// Who held the record in a history that is lost this log does not know: everybody is told.
		m.Keys = append(m.Keys, []byte(syncengine.RealmKey))
	}
	if rec != nil {
		kind, known := k.kind(rec.Kind)
		if !known {
			return badRequest("kind %d is not known to this software", rec.Kind)
		}
		entry.Prev = rec.Seq
		for _, s := range rec.Keys {
			if key := []byte(s.Key); !slices.ContainsFunc(m.Keys, func(have []byte) bool { return slices.Equal(have, key) }) {
				m.Keys = append(m.Keys, key)
			}
		}
		k.setRecord(syncengine.Erase(kind.Engine, rec, e.Cells, e.at.Seq))
	}
	k.append(entry)
	k.put(bucketErasure, seqKey(e.at.Seq), m)
	return k.dropDerivedKeys()
}

// dropDerivedKeys makes unreadable what readers of the log have derived from it into files.
func (k *work) dropDerivedKeys() error {
	return k.w.Documents(BucketDerivedKeys, nil, nil, func(d store.Document) bool {
		k.drop(BucketDerivedKeys, d.Key)
		return true
	})
}
