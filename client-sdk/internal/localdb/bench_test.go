package localdb_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/sqlitedisk"
	"onedoor/syncengine"
	"onedoor/testdata/notes"
)

// The benchmarks time the work of one phone on the encrypted file and on a plain one. Read the ratios: the disk of a
// shared machine makes the absolute figures vary. One iteration is a whole workload:
//
//	go test -run=- -bench=. -benchtime=3x ./client-sdk/internal/localdb

const (
	benchRecords   = 10_000
	benchBatch     = 500
	benchEdits     = 2_000
	changeBytes    = 300
	recordBytes    = 400
	benchTerritory = 30
)

func eachKind(b *testing.B, run func(b *testing.B, db *localdb.DB)) {
	kinds := []struct {
		name string
		open func(path string) (*localdb.DB, error)
	}{
		{"encrypted", func(path string) (*localdb.DB, error) { return localdb.Open(path, key, sqlitedisk.System{}) }},
		{"plain", localdb.OpenPlain},
	}
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				db, err := kind.open(filepath.Join(b.TempDir(), "phone.db"))
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				run(b, db)
				b.StopTimer()
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchID makes an id as UUIDv7 does: the time first, chance after.
func benchID(random *rand.Rand, n int) (id syncengine.ID) {
	ms := uint64(1_790_000_000_000 + n*40)
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	for i := 6; i < 16; i++ {
		id[i] = byte(random.Uint32())
	}
	return id
}

func benchBody(random *rand.Rand, n int) []byte {
	body := make([]byte, n)
	for i := range body {
		body[i] = byte(random.Uint32())
	}
	return body
}

func benchRecord(random *rand.Rand, n int, keys []localdb.KeyID) localdb.Record {
	at := random.IntN(benchTerritory)
	return localdb.Record{
		ID: benchID(random, n), Kind: 2, Seq: syncengine.Seq(n + 1), Base: benchBody(random, recordBytes),
		Keys: []localdb.KeyID{keys[at]}, Territory: id(at + 1), State: int32(random.IntN(6)),
		Due: syncengine.UnixMilli(1_790_000_000_000 + random.IntN(90)*86_400_000), Search: true,
	}
}

func benchKeys(tx *localdb.Tx) (keys []localdb.KeyID, err error) {
	for i := range benchTerritory {
		k, err := tx.InternKey(syncengine.TerritoryKey(id(i + 1)))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// pull stages the records in pages and switches with the last.
func pull(b *testing.B, db *localdb.DB, records int) []localdb.Record {
	random := rand.New(rand.NewPCG(1, 1))
	var keys []localdb.KeyID
	update(b, db, func(tx *localdb.Tx) (err error) { keys, err = benchKeys(tx); return err })
	list := make([]localdb.Record, records)
	for i := range list {
		list[i] = benchRecord(random, i, keys)
	}
	return list
}

func stage(b *testing.B, db *localdb.DB, list []localdb.Record) {
	for page := range slices.Chunk(list, benchBatch) {
		update(b, db, func(tx *localdb.Tx) error {
			if err := tx.StageRecords(page); err != nil {
				return err
			}
			if err := tx.SetMeta("cursor", page[0].ID[:]); err != nil {
				return err
			}
			if page[len(page)-1].ID != list[len(list)-1].ID {
				return nil
			}
			_, err := tx.Switch(nil)
			return err
		})
	}
}

// BenchmarkPull is W1 down on a fresh phone: pages of 500 staged, then switched.
func BenchmarkPull(b *testing.B) {
	eachKind(b, func(b *testing.B, db *localdb.DB) {
		b.StopTimer()
		list := pull(b, db, benchRecords)
		b.StartTimer()
		start := time.Now()
		stage(b, db, list)
		b.ReportMetric(benchRecords/time.Since(start).Seconds(), "records/s")
	})
}

// BenchmarkPullAgain is the same onto a phone that holds the records already.
func BenchmarkPullAgain(b *testing.B) {
	eachKind(b, func(b *testing.B, db *localdb.DB) {
		b.StopTimer()
		list := pull(b, db, benchRecords)
		stage(b, db, list)
		b.StartTimer()
		start := time.Now()
		stage(b, db, list)
		b.ReportMetric(benchRecords/time.Since(start).Seconds(), "records/s")
	})
}

// edit writes what an edit writes: a change, its record, a place in the search queue.
func edit(tx *localdb.Tx, seq int, r localdb.Record, body []byte) error {
	r.View, r.Pending, r.Search = body[:recordBytes], r.Pending+1, true
	if err := tx.AppendChange(localdb.Change{
		DeviceSeq: syncengine.DeviceSeq(seq), RecordID: r.ID, Kind: r.Kind, Base: syncengine.Coordinate{Epoch: 1, Seq: 9},
		Salt: body[:16], Body: body[:changeBytes],
	}); err != nil {
		return err
	}
	return tx.PutRecord(r)
}

// BenchmarkEdit times single edits of a phone that holds 10,000 records and never has time for a checkpoint.
func BenchmarkEdit(b *testing.B) { benchmarkEdit(b, 0) }

// BenchmarkEditAndIdle is the same where the app calls Checkpoint, untimed, after each hundred edits.
func BenchmarkEditAndIdle(b *testing.B) { benchmarkEdit(b, 100) }

func benchmarkEdit(b *testing.B, idleAfter int) {
	var took []time.Duration
	eachKind(b, func(b *testing.B, db *localdb.DB) {
		b.StopTimer()
		list := pull(b, db, benchRecords)
		stage(b, db, list)
		if err := db.Checkpoint(); err != nil {
			b.Fatal(err)
		}
		random := rand.New(rand.NewPCG(2, 2))
		took = took[:0]
		b.StartTimer()
		for i := range benchEdits {
			r, body := list[random.IntN(len(list))], benchBody(random, recordBytes)
			start := time.Now()
			update(b, db, func(tx *localdb.Tx) error { return edit(tx, i+1, r, body) })
			took = append(took, time.Since(start))
			if idleAfter > 0 && i%idleAfter == idleAfter-1 {
				if err := db.Checkpoint(); err != nil {
					b.Fatal(err)
				}
			}
		}
		slices.Sort(took)
		for name, place := range map[string]int{"p50": benchEdits / 2, "p99": benchEdits * 99 / 100, "max": benchEdits - 1} {
			b.ReportMetric(float64(took[place].Microseconds())/1000, "ms-"+name)
		}
	})
}

// BenchmarkIndex is the first search of a phone with 10,000 notes of the corpus, a number changed in each: indexing, then a search for two.
func BenchmarkIndex(b *testing.B) {
	eachKind(b, func(b *testing.B, db *localdb.DB) {
		b.StopTimer()
		list := pull(b, db, benchRecords)
		random := rand.New(rand.NewPCG(4, 4))
		corpus := notes.Lines()
		for i := range list {
			list[i].Base = fmt.Appendf(nil, "%s%d号%d室", corpus[random.IntN(len(corpus))], random.IntN(300), random.IntN(900))
		}
		stage(b, db, list)
		b.StartTimer()
		start := time.Now()
		update(b, db, func(tx *localdb.Tx) error { _, err := tx.IndexQueued(benchRecords, shownText); return err })
		b.ReportMetric(benchRecords/time.Since(start).Seconds(), "notes/s")
		start = time.Now()
		const searches = 100
		for range searches {
			find(b, db, string([]rune(string(list[random.IntN(len(list))].Base))[5:8]))
		}
		b.ReportMetric(float64(time.Since(start).Microseconds())/1000/searches, "ms/search")
	})
}

// BenchmarkAcknowledge is W1 up on the phone: 10,000 own creates, acknowledged and folded into the base 500 a transaction.
func BenchmarkAcknowledge(b *testing.B) {
	eachKind(b, func(b *testing.B, db *localdb.DB) {
		b.StopTimer()
		list := pull(b, db, benchRecords)
		random := rand.New(rand.NewPCG(3, 3))
		for batch := range slices.Chunk(list, benchBatch) {
			update(b, db, func(tx *localdb.Tx) error {
				for _, r := range batch {
					seq := int(r.Seq)
					r.Base, r.Keys, r.Seq = nil, nil, 0
					if err := edit(tx, seq, r, benchBody(random, recordBytes)); err != nil {
						return err
					}
				}
				return nil
			})
		}
		b.StartTimer()
		start := time.Now()
		for first := 1; first <= benchRecords; first += benchBatch {
			update(b, db, func(tx *localdb.Tx) error { return acknowledge(tx, first, list) })
		}
		b.ReportMetric(benchRecords/time.Since(start).Seconds(), "changes/s")
	})
}

// acknowledge journals a batch's outcomes and makes what its changes made the base.
func acknowledge(tx *localdb.Tx, first int, list []localdb.Record) error {
	outcomes := localdb.OutcomeSegment{
		First: syncengine.DeviceSeq(first), Last: syncengine.DeviceSeq(first + benchBatch - 1), Body: make([]byte, 5*benchBatch),
	}
	if err := tx.AppendOutcomes(outcomes); err != nil {
		return err
	}
	for i := range list[first-1 : first-1+benchBatch] {
		r := &list[first-1+i]
		if done, err := tx.ConfirmRecord(r); !done || err != nil {
			return fmt.Errorf("record %s: %v, %w", r.ID, done, err)
		}
	}
	return tx.SetMetaInt("mark", int64(outcomes.Last))
}
