package exchange

import (
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// runRecords is how many records are encoded at a time while the store writes
	// others: enough that handing a run over costs nothing beside it.
	runRecords = 64
	// runsAhead bounds the runs that wait for the store.
	runsAhead = 2
)

// encodedRun is some records in a row, ready to be written.
type encodedRun struct {
	bodies  []byte
	records []encodedRecord
}

// encodedRecord is a record with the end of its body in the run's bytes.
type encodedRecord struct {
	standing *standing
	end      int
}

// flushRecords writes the records that changed and adds to sums what they change
// in the digests. Encoding and hashing need nothing of the store, so that a large
// group's are done on another processor while the store writes what is ready.
func (k *work) flushRecords(sums map[digestKey]uint64) error {
	ids := k.touched()
	if len(ids) <= runRecords {
		run := encodedRun{bodies: k.body[:0]}
		k.encodeRun(&run, ids, sums)
		k.body = run.bodies
		return k.writeRun(&run)
	}
	runs, free, stop := make(chan *encodedRun, runsAhead), make(chan *encodedRun, runsAhead+2), make(chan struct{})
	fault := make(chan any, 1)
	go func() { fault <- k.encodeAhead(ids, sums, runs, free, stop) }() // ends with the records, or stopped by stop
	defer close(stop)
	for run := range runs {
		if err := k.writeRun(run); err != nil {
			return err
		}
		free <- run
	}
	if f := <-fault; f != nil {
		panic(f) // As if it had been encoded here.
	}
	return nil
}

// encodeAhead encodes all records, a run at a time, and gives what it panicked with.
func (k *work) encodeAhead(ids []syncengine.ID, sums map[digestKey]uint64, runs chan<- *encodedRun, free <-chan *encodedRun, stop <-chan struct{}) (fault any) {
	defer close(runs)
	defer func() { fault = recover() }()
	for len(ids) > 0 {
		n := min(runRecords, len(ids))
		run := &encodedRun{}
		select {
		case run = <-free:
			run.bodies, run.records = run.bodies[:0], run.records[:0]
		default:
		}
		k.encodeRun(run, ids[:n], sums)
		ids = ids[n:]
		select {
		case runs <- run:
		case <-stop:
			return nil
		}
	}
	return nil
}

// encodeRun encodes records behind one another. It touches nothing of the group but sums.
func (k *work) encodeRun(run *encodedRun, ids []syncengine.ID, sums map[digestKey]uint64) {
	for _, id := range ids {
		s := k.records[id]
		run.bodies = wire.AppendRecord(run.bodies, s.after)
		run.records = append(run.records, encodedRecord{standing: s, end: len(run.bodies)})
		k.sum(s.before, sums, false)
		k.sum(s.after, sums, true)
	}
}

// writeRun writes encoded records with their rows.
func (k *work) writeRun(run *encodedRun) error {
	from := 0
	k.made = k.made[:0]
	for _, e := range run.records {
		if err := k.flushRecord(e.standing, run.bodies[from:e.end]); err != nil {
			return err
		}
		from = e.end
	}
	return k.w.PutRecord(k.made...)
}

// flushRecord writes one record with its rows; what is new waits in made and gridRows.
func (k *work) flushRecord(s *standing, body []byte) error {
	rec := s.after
	row := store.Record{ID: rec.ID, Kind: rec.Kind, Seq: rec.Seq, Body: body}
	if s.before == nil {
		k.made = append(k.made, row)
	} else if err := k.w.PutRecord(row); err != nil {
		return err
	}
	if err := k.flushScope(s.before, rec); err != nil {
		return err
	}
	return k.flushConflict(s)
}
