package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The district of the benchmark: 1,200 grids of 250 doors, each called at 33 times, which makes 9.9 million visits.
const (
	benchStreets, benchCommunities, benchGrids = 10, 10, 12
	benchDoors, benchCalls                     = 300_000, 33
	benchHazards, benchDisputes, benchChecks   = 200_000, 60_000, 60_000
)

// largeDistrict makes a realm with the territories of a whole district and ten million visits counted.
func largeDistrict(b *testing.B) *world {
	w := newWorld(b)
	var grids []syncengine.ID
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error {
		put := func(parent syncengine.ID, code, level string) syncengine.ID {
			t := identity.Territory{ID: w.id(), Parent: parent, Code: code, Name: code, Level: level}
			w.must(identity.PutTerritory(tx, t))
			return t.ID
		}
		for s := range benchStreets {
			street := put(w.places[county], fmt.Sprintf("%s%03d", county, 100+s), "street")
			for c := range benchCommunities {
				community := put(street, fmt.Sprintf("%s%03d%03d", county, 100+s, c), "community")
				for g := range benchGrids {
					grids = append(grids, put(community, fmt.Sprintf("%s%03d%03d%03d", county, 100+s, c, g), "grid"))
				}
			}
		}
		return nil
	}))
	first := day("2026-01-01")
	w.must(w.reports.Inject(w.ctx, benchDoors, benchCalls, func(door int) syncengine.ID { return grids[door%len(grids)] }, func(door, n int) (metrics.Call, uint64, uint32) {
		outcome := domain.OutcomeSeen
		if (door+n)%4 == 0 {
			outcome = domain.OutcomeNobody
		}
		return metrics.NewCall(first+domain.Days(n*11+door%11), outcome), uint64(door)<<8 | uint64(n), uint32(door % 600)
	}))
	w.reports.InjectCases(benchHazards, benchDisputes, benchChecks, first)
	return w
}

// processorTime is what this process has taken of the processors, of all its threads.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPull pulls every figure of a district with ten million visits by community, at the head of the log and of a frozen
// month. cpu-ms is the processor time of one pull: what a machine of its own waits at most, however busy this one is.
func BenchmarkPull(b *testing.B) {
	w := largeDistrict(b)
	pull := func(name string, q report.Query) {
		b.Run(name, func(b *testing.B) {
			w.pull(w.district, q)
			runtime.GC()
			began := processorTime()
			for b.Loop() {
				w.pull(w.district, q)
			}
			b.ReportMetric(float64((processorTime()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
	month := func(figure string) report.Query { return march(figure, county, domain.Community) }
	for _, figure := range metrics.Figures() {
		pull("month/"+figure.Name, month(figure.Name))
	}
	for _, figure := range []string{"coverage", "due_done", "contact_made", "sync_lag"} {
		year := month(figure)
		year.From, year.To = day("2026-01-01"), day("2026-12-31")
		pull("year/"+figure, year)
	}
	w.now = time.Date(2026, 4, 20, 2, 0, 0, 0, time.UTC)
	for _, figure := range metrics.Figures() {
		if figure.Topic != metrics.TopicSync {
			pull("frozen/"+figure.Name, month(figure.Name))
		}
	}
}

// BenchmarkSaved keeps the count of a district with ten million visits in a file, and goes on from there as a start does.
func BenchmarkSaved(b *testing.B) {
	w := largeDistrict(b)
	w.door(gridA1, nil) // So that there is a log, at whose end the count stands.
	path := filepath.Join(b.TempDir(), "reports.saved")
	w.reports.SaveTo(path, w.random)
	timed := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			runtime.GC()
			began := processorTime()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64((processorTime()-began).Milliseconds())/float64(b.N), "cpu-ms/op")
			if info, err := os.Stat(path); err == nil {
				b.ReportMetric(float64(info.Size())/1e6, "MB")
			}
		})
	}
	timed("save", func() { w.keepCount(w.reports) })
	timed("start", func() {
		if _, opened := w.fromFile(path, "1"); !opened {
			b.Fatal("the file is not used")
		}
	})
}

// visitsOf writes so many visits as a server takes them.
func visitsOf(w *world, n int) {
	var doors []syncengine.ID
	for range 400 {
		doors = append(doors, w.door(gridA1, nil))
	}
	var batch []exchange.ServerChange
	for i := range n {
		door := doors[i%len(doors)]
		batch = append(batch, exchange.ServerChange{RecordID: w.id(), Kind: syncengine.KindNumber(recordv1.Kind_KIND_VISIT), Create: true,
			Fields: &recordv1.Visit{PremisesIds: [][]byte{door[:]}, OccurredAt: at(1 + i%28), Outcome: seen.Enum(), RegisteredBy: w.worker.UserID[:]}})
		if len(batch) == 500 || i == n-1 {
			_, err := w.realm.Write(w.ctx, syncengine.ID{}, batch)
			w.must(err)
			batch = batch[:0]
		}
	}
}

// BenchmarkFold folds 20,000 visits of a log in memory: as they follow, and anew.
func BenchmarkFold(b *testing.B) {
	const visits = 20_000
	w := newWorld(b)
	w.must(w.reports.Warm(w.ctx))
	visitsOf(w, visits)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(visits)*float64(b.N)/b.Elapsed().Seconds(), "visits/s")
	}
	b.Run("follow", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			w.reports = report.New(w.realm, report.Options{})
			w.must(w.reports.FollowFrom(w.ctx, 1))
			b.StartTimer()
			w.must(w.reports.Warm(w.ctx))
		}
		rate(b)
	})
	b.Run("rebuild", func(b *testing.B) {
		for b.Loop() {
			w.reports.Forget()
			w.must(w.reports.Warm(w.ctx))
		}
		rate(b)
	})
}
