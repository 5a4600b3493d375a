package exchange_test

import (
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store/sqlitestore"
	"onedoor/testdata/notes"
)

// BenchmarkExchange_Push measures the server's share of one visit in batches of
// 500, store in memory: authenticate, decode, judge, merge, place, log, commit.
func BenchmarkExchange_Push(b *testing.B) {
	benchmarkPush(b, newWorld(b))
}

// BenchmarkExchange_PushSQLite is the same on the embedded store, durably.
func BenchmarkExchange_PushSQLite(b *testing.B) {
	st, err := sqlitestore.Create(b.Context(), filepath.Join(b.TempDir(), "realm.db"), sqlitestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	benchmarkPush(b, newWorldOn(b, st, nil))
}

func benchmarkPush(b *testing.B, w *world) {
	const batch = 500
	lines := notes.Lines()
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	home := p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.sync()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for i := range batch {
			p.create(kindVisit, &recordv1.Visit{
				PremisesIds: [][]byte{home[:]}, Note: proto.String(lines[i%len(lines)]),
				Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(),
				OccurredAt: proto.Int64(w.now.UnixMilli()), RegisteredBy: p.incarnation[:],
				Checklist: map[string]recordv1.Answer{"灭火器": recordv1.Answer_ANSWER_GOOD, "电线": recordv1.Answer_ANSWER_POOR},
			})
		}
		req := p.request()
		b.StartTimer()
		p.take(p.call(req))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/change")
}
