package exchange

import (
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// runChanges is how many changes or records are handed to the store at a time: enough that handing them
	// over costs nothing beside writing them.
	runChanges = 64
	// runsAhead bounds the runs that wait for the store.
	runsAhead = 4
)

// run is a stretch of what a group made, encoded and ready to be written.
type run struct {
	entries []store.Entry
	bodies  []byte
	records []encodedRecord
}

// encodedRecord is a record as it stood before and as it is written, with the end of its body in the run's bytes.
type encodedRecord struct {
	before, after *syncengine.Record
	kind          *syncengine.Kind
	end           int
	// again tells that the group has handed it over before.
	again bool
}

// handAhead hands what a batch has made so far to the store while the rest of it is judged, a run at a time.
func (k *work) handAhead() {
	if k.ahead && len(k.entries)-k.handed.entries >= k.svc.run {
		k.handEntries()
		k.handRecords(k.touchedSince())
	}
}

// handed is how much of a group the store was given.
type handed struct{ entries, replaced int }

// touchedSince lists the records that were set since records were last handed over.
func (k *work) touchedSince() (ids []syncengine.ID) {
	ids = k.ids[:0]
	for _, r := range k.replaced[k.handed.replaced:] {
		ids = append(ids, r.standing.after.ID)
	}
	k.ids, k.handed.replaced = ids, len(k.replaced)
	return ids
}

// handEntries hands over the log entries that the store was not given yet.
func (k *work) handEntries() {
	if fresh := k.entries[k.handed.entries:]; len(fresh) > 0 {
		r := k.store.blank()
		r.entries = fresh
		k.store.hand(r)
	}
	k.handed.entries = len(k.entries)
}

// handRecords encodes records, adds to the sums what they change in the digests, and hands them over. From then on
// they stand as they were handed over. A record that stands already is passed over.
func (k *work) handRecords(ids []syncengine.ID) {
	for len(ids) > 0 {
		n := min(runChanges, len(ids))
		r := k.store.blank()
		for _, id := range ids[:n] {
			k.encode(r, k.records[id])
		}
		k.store.hand(r)
		ids = ids[n:]
	}
}

func (k *work) encode(r *run, s *standing) {
	if s.after == s.before {
		return
	}
	r.bodies = wire.AppendRecord(r.bodies, s.after)
	r.records = append(r.records, encodedRecord{
		before: s.before, after: s.after, kind: k.schema.Engine.Kinds[s.after.Kind], end: len(r.bodies), again: s.written,
	})
	k.sum(s.before, false)
	k.sum(s.after, true)
	s.before, s.written = s.after, true
}
