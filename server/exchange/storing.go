package exchange

import (
	"maps"
	"slices"
	"sync"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// storing writes what a group hands over, in that order, on a goroutine of its own: a group is judged, encoded and
// hashed on one processor while the store writes on another what is ready. It belongs to one transaction, which must
// not end before it, and touches nothing of the group but the runs that it was given.
type storing struct {
	w     store.Writer
	world syncengine.World
	// inline writes on the caller's goroutine, at the same places.
	inline bool

	runs, free chan *run
	// begun tells that something was handed over, head is the store's before that.
	begun bool
	head  store.Head
	// waiting counts the runs that are not written yet, ended is closed with the goroutine.
	waiting sync.WaitGroup
	ended   chan struct{}
	// err and fault are what a run failed or panicked with; nothing is written after it. They are read behind rest.
	err   error
	fault any
	// made are new records of a run, rows their rows but for those in territories, which gridRows gathers; each are
	// written together.
	made     []store.Record
	rows     []store.ScopeRow
	gridRows map[syncengine.ScopeKey][]store.ScopeRow
	// opened and settled count records that came to have a conflict, or have none any more.
	opened, settled int
}

func newStoring(w store.Writer, world syncengine.World, inline bool) *storing {
	return &storing{
		w: w, world: world, inline: inline, gridRows: map[syncengine.ScopeKey][]store.ScopeRow{},
		free: make(chan *run, runsAhead+2),
	}
}

// blank gives an empty run, with the room of one that is written where there is one.
func (s *storing) blank() *run {
	select {
	case r := <-s.free:
		return r
	default:
		return &run{}
	}
}

// here has what follows written on the caller's goroutine, where handing it over is not worth while.
func (s *storing) here() { s.inline = s.inline || s.runs == nil }

// hand gives a run to be written, and waits where too many wait already.
func (s *storing) hand(r *run) {
	if !s.begun {
		s.begun, s.head = true, s.w.Head()
	}
	if s.inline {
		s.take(r)
		return
	}
	if s.runs == nil {
		s.runs, s.ended = make(chan *run, runsAhead), make(chan struct{})
		go s.loop() // ended by end
	}
	s.waiting.Add(1)
	s.runs <- r
}

func (s *storing) loop() {
	defer close(s.ended)
	for r := range s.runs {
		s.take(r)
		s.waiting.Done()
	}
}

// rest waits until all that was handed over is written. Until more is, the store is the caller's.
func (s *storing) rest() { s.waiting.Wait() }

// end ends the goroutine.
func (s *storing) end() {
	if s.runs != nil {
		close(s.runs)
		<-s.ended
	}
}

// finish writes what was gathered and gives what any run failed with.
func (s *storing) finish() error {
	s.rest()
	if s.fault != nil {
		panic(s.fault) // As if it had been written here.
	}
	if s.err == nil {
		s.err = s.gathered()
	}
	return s.err
}

// gathered writes the rows that wait for others.
func (s *storing) gathered() error {
	for _, key := range slices.Sorted(maps.Keys(s.gridRows)) {
		if err := s.w.PutScope(s.gridRows[key]...); err != nil {
			return err
		}
		s.gridRows[key] = s.gridRows[key][:0]
	}
	return nil
}

// take writes a run unless one before it failed.
func (s *storing) take(r *run) {
	defer func() {
		if fault := recover(); fault != nil {
			s.fault = fault
		}
	}()
	if s.err == nil && s.fault == nil {
		s.err = s.write(r)
	}
	r.entries, r.bodies, r.records = nil, r.bodies[:0], r.records[:0]
	select {
	case s.free <- r:
	default:
	}
}

func (s *storing) write(r *run) error {
	if len(r.entries) > 0 {
		if err := s.w.Append(r.entries...); err != nil {
			return err
		}
	}
	from := 0
	s.made, s.rows = s.made[:0], s.rows[:0]
	for i := range r.records {
		e := &r.records[i]
		if err := s.record(e, r.bodies[from:e.end]); err != nil {
			return err
		}
		from = e.end
	}
	if err := s.w.PutRecord(s.made...); err != nil {
		return err
	}
	return s.w.PutScope(s.rows...)
}

// record writes one record with its rows; what is new waits in made and gridRows.
func (s *storing) record(e *encodedRecord, body []byte) error {
	rec := e.after
	if e.again {
		// Its rows may wait still.
		if err := s.gathered(); err != nil {
			return err
		}
	}
	row := store.Record{ID: rec.ID, Kind: rec.Kind, Seq: rec.Seq, Body: body}
	if e.before == nil {
		s.made = append(s.made, row)
	} else if err := s.w.PutRecord(row); err != nil {
		return err
	}
	if err := s.scope(e.before, rec); err != nil {
		return err
	}
	if err := s.conflict(e); err != nil {
		return err
	}
	return s.void(e)
}

// scope moves the record's rows in the scope index from its old seq to its new one.
func (s *storing) scope(before, after *syncengine.Record) error {
	if before != nil {
		for _, span := range before.Keys {
			if span.Left != 0 {
				continue
			}
			if err := s.w.DeleteScope(span.Key, before.Seq, before.ID); err != nil {
				return err
			}
		}
	}
	for _, span := range after.Keys {
		row := store.ScopeRow{Key: span.Key, Seq: after.Seq, RecordID: after.ID, Type: store.RowPresent, Entered: span.Entered}
		if span.Left != 0 {
			// A stay that ended within this group is told even if it began there: who
			// made the record has to hear that it is gone.
			if before != nil && span.Left <= before.Seq {
				continue
			}
			row.Seq, row.Type = span.Left, store.RowLeft
		}
		if err := s.scopeRow(row, before == nil); err != nil {
			return err
		}
	}
	return nil
}

// scopeRow writes a row. Those of new records wait for others and are written together; what a phone makes mostly stands
// in one grid.
func (s *storing) scopeRow(row store.ScopeRow, made bool) error {
	if !made {
		return s.w.PutScope(row)
	}
	if !summed(row.Key) {
		s.rows = append(s.rows, row)
		return nil
	}
	rows := append(s.gridRows[row.Key], row)
	if len(rows) < runChanges {
		s.gridRows[row.Key] = rows
		return nil
	}
	s.gridRows[row.Key] = rows[:0]
	return s.w.PutScope(rows...)
}

// conflict keeps the list of records with something open.
func (s *storing) conflict(e *encodedRecord) error {
	was := e.before != nil && s.world.AnyConflict(e.kind, e.before)
	is := s.world.AnyConflict(e.kind, e.after)
	switch {
	case is && !was:
		s.opened++
		return s.w.PutDocument(bucketConflict, e.after.ID[:], []byte{1})
	case was && !is:
		s.settled++
		return s.w.DeleteDocument(bucketConflict, e.after.ID[:])
	}
	return nil
}
