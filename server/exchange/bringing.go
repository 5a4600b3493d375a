package exchange

import (
	"slices"

	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A store that was put back lacks entries that its ledgers have. Which of them became part of it is told by their ids; the others are
// brought back, but for what the store has changed since.

// lineage is what the store tells of the entries that became of it.
type lineage struct {
	list   []queued
	newest uint64
}

// known reports that the store has this entry in its list.
func (h lineage) known(number uint64, id syncengine.ID) bool {
	for _, q := range h.list {
		if q.Number == number && q.ID == id {
			return true
		}
	}
	return false
}

// has reports that an entry became one of the store: in its list, brought back by one in it, or older than all of it.
func (h lineage) has(number uint64, id syncengine.ID) bool {
	if number > h.newest && len(h.list) == 0 {
		return false
	}
	if len(h.list) == 0 || number < h.list[0].Number {
		return number <= h.newest
	}
	for _, q := range h.list {
		if q.Number == number && q.ID == id {
			return true
		}
		for _, took := range q.Took {
			if took == id {
				return true
			}
		}
	}
	return false
}

func (h lineage) idOf(number uint64) (id syncengine.ID) {
	for _, q := range h.list {
		if q.Number == number {
			id = q.ID
		}
	}
	return id
}

// bringing brings entries back that a store lacks.
type bringing struct {
	lineage
	w store.Writer
	// took are the entries that were brought back, kept counts documents that were left as they are.
	took []syncengine.ID
	kept int
	last syncengine.UnixMilli
	// file are the ledger's entries by their ids.
	file map[syncengine.ID]LedgerEntry
}

// all brings back every entry of a ledger that the store lacks.
func (b *bringing) all(l CommonLedger) error {
	b.file = map[syncengine.ID]LedgerEntry{}
	if err := l.After(0, func(e LedgerEntry) error { b.file[e.ID] = e; return nil }); err != nil {
		return err
	}
	before := uint64(0) // The last entry before it that both have.
	return l.After(0, func(e LedgerEntry) error {
		if b.has(e.Number, e.ID) {
			before = max(before, e.Number)
			return nil
		}
		b.took, b.last = append(b.took, e.ID), e.At
		return b.bring(e, before)
	})
}

// bring brings one entry back, but for what the store has changed behind the last entry that both have.
func (b *bringing) bring(e LedgerEntry, before uint64) error {
	changed, alone, unknown := b.changedSince(e, before)
	if e.Whole && alone {
		if err := dropOthers(b.w, e.Documents); err != nil {
			return err
		}
	}
	var back []LedgerDocument
	for _, d := range e.Documents {
		// The access ledger has gone on by itself: its numbers are taken.
		gone := !alone && slices.Contains(accessledger.Buckets(), d.Bucket)
		if gone || unknown || changed[documentKey{d.Bucket, string(d.Key)}] {
			b.kept++
			continue
		}
		back = append(back, d)
	}
	return replay(b.w, back)
}

// changedSince gives the documents that the store has from entries behind an entry and the last one that both have. alone tells
// that there are none, unknown that nobody can tell: everything was written down after changes without a ledger.
func (b *bringing) changedSince(e LedgerEntry, before uint64) (changed map[documentKey]bool, alone, unknown bool) {
	changed, alone = map[documentKey]bool{}, true
	mark := func(list []LedgerDocument) {
		for _, d := range list {
			changed[documentKey{d.Bucket, string(d.Key)}] = true
		}
	}
	for _, q := range b.list {
		if q.Number <= before {
			continue
		}
		alone = false
		unknown = unknown || q.Whole && len(q.Took) == 0
		mark(q.Documents)
		for _, id := range q.Took {
			if took := b.file[id]; took.Number > e.Number {
				mark(took.Documents)
			}
		}
	}
	return changed, alone, unknown
}
