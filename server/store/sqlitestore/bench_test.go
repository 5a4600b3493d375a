package sqlitestore_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// roundChanges is the size of one round: one phone's upload of W1.
	roundChanges = 10_000
	// singlesMany is the size of a round of batches of one, which wait for the disk each time.
	singlesMany = 500
	// A visit as it came, and the record it becomes, in bytes.
	visitBytes, recordBytes = 270, 330
	gridsMany, doorsMany    = 10, 1000
)

// load is the changes of one round, the same for the store and the plain statements.
type load struct {
	entries []store.Entry
	records []store.Record
	grids   []syncengine.ScopeKey
	doors   []syncengine.ScopeKey
}

// newLoad makes time-ordered ids, bodies that are not all alike, and keys in no order.
func newLoad(seed uint64, changes int) *load {
	random := rand.New(rand.NewPCG(seed, 1))
	id := func() (id syncengine.ID) {
		binary.BigEndian.PutUint64(id[:], random.Uint64())
		binary.BigEndian.PutUint64(id[8:], random.Uint64())
		return id
	}
	noise := make([]byte, 1<<16)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	body := func(length int) []byte {
		at := random.IntN(len(noise) - length)
		return noise[at : at+length]
	}
	grids, doors := make([]syncengine.ScopeKey, gridsMany), make([]syncengine.ScopeKey, doorsMany)
	for i := range grids {
		grids[i] = syncengine.TerritoryKey(id())
	}
	for i := range doors {
		doors[i] = syncengine.RecordKey(id())
	}
	l := &load{}
	phone, at := id(), uint64(1_700_000_000_000)
	for seq := syncengine.Seq(1); int(seq) <= changes; seq++ {
		record := id()
		at += uint64(random.IntN(1000))
		binary.BigEndian.PutUint64(record[:8], at<<16|random.Uint64()&0xffff)
		l.entries = append(l.entries, store.Entry{
			Seq: seq, Type: store.EntryApplied, Incarnation: phone, DeviceSeq: syncengine.DeviceSeq(seq), RecordID: record,
			Kind: 2, Stamp: syncengine.UnixMilli(at), Rank: 2, Salt: body(16), Body: body(visitBytes),
		})
		l.records = append(l.records, store.Record{ID: record, Kind: 2, Seq: seq, Body: body(recordBytes)})
		l.grids = append(l.grids, grids[random.IntN(gridsMany)])
		l.doors = append(l.doors, doors[random.IntN(doorsMany)])
	}
	return l
}

// applyToStore writes the load as the write path does: look the record up,
// append, write the record and two scope rows; the head once a batch.
func applyToStore(b *testing.B, s store.Store, l *load, batch int) {
	for first := 0; first < len(l.entries); first += batch {
		err := s.Update(context.Background(), func(w store.Writer) error {
			for i := first; i < first+batch; i++ {
				if err := l.put(w, i); err != nil {
					return err
				}
			}
			return w.SetHead(store.Head{Epoch: 1, Seq: w.Head().Seq, Tag: store.Tag{byte(first)}, Committed: 1})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func (l *load) put(w store.Writer, i int) error {
	rec := l.records[i]
	if _, _, err := w.Record(rec.ID); err != nil {
		return err
	}
	if err := w.Append(l.entries[i]); err != nil {
		return err
	}
	if err := w.PutRecord(rec); err != nil {
		return err
	}
	row := store.ScopeRow{Key: l.grids[i], Seq: rec.Seq, RecordID: rec.ID, Type: store.RowPresent, Entered: rec.Seq}
	if err := w.PutScope(row); err != nil {
		return err
	}
	row.Key = l.doors[i]
	return w.PutScope(row)
}

// plain is the least that plain statements can do with the same bytes: read the
// record, append a log row, write the record with an index on (grid, seq).
var plain = []string{
	"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -32768",
	"CREATE TABLE log (seq INTEGER PRIMARY KEY, record_id BLOB NOT NULL, salt BLOB NOT NULL, body BLOB NOT NULL)",
	"CREATE TABLE records (id BLOB PRIMARY KEY, grid BLOB NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID",
	"CREATE INDEX records_by_grid ON records (grid, seq)",
}

func openPlain(b *testing.B) *sqlite.Conn {
	conn, err := sqlite.OpenConn(b.TempDir()+"/plain.db", sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		b.Fatal(err)
	}
	for _, statement := range plain {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			b.Fatal(err)
		}
	}
	return conn
}

func applyPlain(b *testing.B, conn *sqlite.Conn, l *load, batch int) {
	step := func(stmt *sqlite.Stmt) {
		if _, err := stmt.Step(); err != nil {
			b.Fatal(err)
		}
		if err := stmt.Reset(); err != nil {
			b.Fatal(err)
		}
	}
	start, commit := conn.Prep("BEGIN IMMEDIATE"), conn.Prep("COMMIT")
	read := conn.Prep("SELECT grid, seq, body FROM records WHERE id = ?")
	append := conn.Prep("INSERT INTO log (seq, record_id, salt, body) VALUES (?, ?, ?, ?)")
	put := conn.Prep("INSERT INTO records (id, grid, seq, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET grid = excluded.grid, seq = excluded.seq, body = excluded.body")
	for first := 0; first < len(l.entries); first += batch {
		step(start)
		for i := first; i < first+batch; i++ {
			e, rec := &l.entries[i], &l.records[i]
			read.BindBytes(1, rec.ID[:])
			step(read)
			append.BindInt64(1, int64(e.Seq))
			append.BindBytes(2, e.RecordID[:])
			append.BindBytes(3, e.Salt)
			append.BindBytes(4, e.Body)
			step(append)
			put.BindBytes(1, rec.ID[:])
			put.BindBytes(2, []byte(l.grids[i]))
			put.BindInt64(3, int64(rec.Seq))
			put.BindBytes(4, rec.Body)
			step(put)
		}
		step(commit)
	}
}

// cost is what a round took: on a machine that others use too, the processor's
// time says more than the clock's.
type cost struct{ wall, cpu time.Duration }

func (c *cost) add(more cost) { c.wall, c.cpu = c.wall+more.wall, c.cpu+more.cpu }

// measure runs a round.
func measure(round func()) cost {
	wall, cpu := time.Now(), processorTime()
	round()
	return cost{time.Since(wall), processorTime() - cpu}
}

func processorTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // It fails for a wrong argument only.
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkApply takes turns with plain statements, round by round, since only
// the ratio within one run means anything.
func BenchmarkApply(b *testing.B) {
	for _, batch := range []int{1, 50, 500, 5000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			var ours, theirs cost
			rounds, changes := 0, roundChanges
			if batch == 1 {
				changes = singlesMany
			}
			for b.Loop() {
				l := newLoad(uint64(rounds), changes)
				conn := openPlain(b)
				theirs.add(measure(func() { applyPlain(b, conn, l, batch) }))
				if err := conn.Close(); err != nil {
					b.Fatal(err)
				}
				s, _ := create(b)
				ours.add(measure(func() { applyToStore(b, s, l, batch) }))
				mustClose(b, s)
				rounds++
			}
			all := float64(rounds * changes)
			b.ReportMetric(all/ours.wall.Seconds(), "changes/s")
			b.ReportMetric(all/theirs.wall.Seconds(), "plain/s")
			b.ReportMetric(theirs.wall.Seconds()/ours.wall.Seconds(), "ratio")
			b.ReportMetric(theirs.cpu.Seconds()/ours.cpu.Seconds(), "cpu-ratio")
			b.ReportMetric(float64(ours.cpu.Microseconds())/all, "cpu-us/change")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkPull reads a grid in pages with every record, as a fresh phone does,
// beside a plain scan of the same rows.
func BenchmarkPull(b *testing.B) {
	const page = 500
	l := newLoad(1, roundChanges)
	conn := openPlain(b)
	defer conn.Close()
	applyPlain(b, conn, l, page)
	s, path := create(b)
	defer mustClose(b, s)
	applyToStore(b, s, l, page)
	r, err := sqlitestore.OpenReader(context.Background(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer mustClose(b, r)
	var ours, theirs cost
	rows, plainRows := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		theirs.add(measure(func() { plainRows += scanPlain(b, conn, l.grids[0]) }))
		ours.add(measure(func() { rows += pull(b, r, l.grids[0], page) }))
	}
	if rows == 0 || rows != plainRows {
		b.Fatalf("%d rows, plain %d", rows, plainRows)
	}
	b.ReportMetric(float64(rows)/ours.wall.Seconds(), "records/s")
	b.ReportMetric(float64(rows)/theirs.wall.Seconds(), "plain/s")
	b.ReportMetric(theirs.cpu.Seconds()/ours.cpu.Seconds(), "cpu-ratio")
}

func pull(b *testing.B, s store.Store, key syncengine.ScopeKey, page int) (records int) {
	var after syncengine.Seq
	for more := true; more; {
		err := s.View(context.Background(), func(r store.Reader) error {
			rows, err := r.Scope(make([]store.ScopeRow, 0, page), key, after, page)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if _, ok, err := r.Record(row.RecordID); err != nil || !ok {
					return fmt.Errorf("record of row %d: found %v, %w", row.Seq, ok, err)
				}
				after = row.Seq
			}
			records += len(rows)
			more = len(rows) == page
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return records
}

func scanPlain(b *testing.B, conn *sqlite.Conn, key syncengine.ScopeKey) (records int) {
	stmt := conn.Prep("SELECT id, seq, body FROM records WHERE grid = ? AND seq > 0 ORDER BY seq")
	stmt.BindBytes(1, []byte(key))
	for {
		found, err := stmt.Step()
		if err != nil {
			b.Fatal(err)
		}
		if !found {
			return records
		}
		var id syncengine.ID
		stmt.ColumnBytes(0, id[:])
		body := make([]byte, stmt.ColumnLen(2))
		stmt.ColumnBytes(2, body)
		records++
	}
}
