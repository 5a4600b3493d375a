package exchange_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
	"onedoor/testdata/notes"
)

// The sizes of the workload in docs/performance.md.
const (
	benchDoors   = 1000
	benchVisits  = 10_000
	benchBatch   = 1500
	rushPhones   = 200
	rushTeam     = 10
	rushVisits   = 50
	benchPageMax = 100
)

// BenchmarkExchange_Push measures the server's share of one visit in W1: one
// phone, batches as they are cut by size, the embedded store, durably. What the
// phone does is left out.
func BenchmarkExchange_Push(b *testing.B) {
	var up time.Duration
	for b.Loop() {
		b.StopTimer()
		s := newScene(b, 1, 1)
		s.phones[0].visits(benchVisits)
		b.StartTimer()
		up += spent(func() { s.phones[0].drain(benchBatch) })
	}
	reportEach(b, up, benchVisits, "visit")
}

// BenchmarkExchange_Pull measures the server's share of one record that a fresh phone pulls.
func BenchmarkExchange_Pull(b *testing.B) {
	s := newScene(b, 1, 2)
	s.phones[0].visits(benchVisits)
	s.phones[0].drain(benchBatch)
	fresh := s.phones[1]
	start := *fresh.phone
	var pulled int
	var down time.Duration
	for b.Loop() {
		fresh.cursor, fresh.position, fresh.last = start.cursor, start.position, start.last
		down += spent(func() { pulled = fresh.pull() })
	}
	reportEach(b, down, pulled, "record")
}

// BenchmarkExchange_Rush measures the server's share of W2: many phones push at
// once, then each pulls what its team wrote.
func BenchmarkExchange_Rush(b *testing.B) {
	var up, down time.Duration
	for b.Loop() {
		b.StopTimer()
		s := newScene(b, rushPhones/rushTeam, rushTeam)
		for _, p := range s.phones {
			p.visits(rushVisits)
		}
		b.StartTimer()
		up += spent(func() { s.each(func(p *benchPhone) { p.drain(benchBatch) }) })
		down += spent(func() { s.each(func(p *benchPhone) { p.pull() }) })
	}
	reportEach(b, up, rushPhones*rushVisits, "visit")
	reportEach(b, down, rushPhones*rushVisits*(rushTeam-1), "record")
}

// benchScene is a realm with teams that know their doors.
type benchScene struct {
	w      *world
	phones []*benchPhone
}

// benchPhone is a phone that has made its requests' changes before the clock runs.
type benchPhone struct {
	*phone
	doors  [][]byte
	chains []syncengine.Chain
}

func newScene(b *testing.B, teams, perTeam int) *benchScene {
	st, err := sqlitestore.Create(b.Context(), filepath.Join(b.TempDir(), "realm.db"), sqlitestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w := newWorldOn(b, sealedInFront(b, st), nil)
	b.Cleanup(func() { st.Close() })
	s := &benchScene{w: w}
	for range teams {
		grid := w.newGrid()
		var doors [][]byte
		for n := range perTeam {
			p := &benchPhone{phone: w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, grid))}
			p.sync()
			if n == 0 {
				for range benchDoors / teams {
					id := p.create(kindPremises, door(grid, "福慧路1号"))
					doors = append(doors, id[:])
				}
				p.sync()
			}
			p.doors = doors
			s.phones = append(s.phones, p)
		}
	}
	for _, p := range s.phones {
		p.sync()
	}
	return s
}

// visits makes visits offline and the chain beside them.
func (p *benchPhone) visits(n int) {
	lines := notes.Lines()
	for i := range n {
		p.create(kindVisit, &recordv1.Visit{
			PremisesIds: [][]byte{p.doors[(i*7919)%len(p.doors)]}, Note: proto.String(lines[i%len(lines)]),
			Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(),
			OccurredAt: proto.Int64(p.w.now.UnixMilli()), RegisteredBy: p.incarnation[:],
			Checklist: map[string]recordv1.Answer{"FIRE_EQ": recordv1.Answer_ANSWER_GOOD, "ELEC": recordv1.Answer_ANSWER_POOR},
		})
	}
	chain := syncengine.Chain{}
	p.chains = append(p.chains[:0], chain)
	for _, c := range p.changes {
		chain = chain.Next(syncengine.InnerDigest(c.GetSalt(), c.GetBody()))
		p.chains = append(p.chains, chain)
	}
}

// drain pushes everything in batches.
func (p *benchPhone) drain(batch int) {
	for p.mark < len(p.changes) {
		until := min(p.mark+batch, len(p.changes))
		p.exchange(&syncv1.Batch{
			ChainBefore: p.chains[p.mark][:], SchemaVersion: 1, FirstDeviceSeq: uint64(p.mark + 1), Changes: p.changes[p.mark:until],
		}, len(p.changes)-p.mark)
		for _, o := range p.last.GetOutcomes().GetResults() {
			if o.GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_APPLIED {
				p.w.t.Fatalf("outcome %v", o)
			}
		}
	}
}

// pull fetches pages until the phone is caught up.
func (p *benchPhone) pull() (records int) {
	for range benchPageMax {
		p.exchange(nil, 0)
		records += len(p.last.GetPage().GetRecords())
		if p.last.GetCaughtUp() {
			return records
		}
	}
	p.w.t.Fatal("phone never caught up")
	return records
}

// exchange makes one call with what a phone says of itself.
func (p *benchPhone) exchange(batch *syncv1.Batch, pending int) {
	body := &syncv1.ExchangeBody{
		Realm: 530702, Incarnation: p.incarnation[:], Nonce: p.nonce, Cursor: p.cursor, ClockMs: p.w.now.UnixMilli(), Batch: batch,
		Status: &syncv1.Status{GrantVersion: p.grants.GetVersion(), OutboxCount: uint64(pending)},
	}
	if p.last.GetCaughtUp() {
		body.Status.Checkpoint = p.position
	}
	resp := p.call(p.sign(body))
	p.mark += len(resp.GetOutcomes().GetResults())
	p.nonce, p.last = resp.GetNonce(), resp
	if resp.GetCursor() != nil {
		p.cursor, p.position = resp.GetCursor(), resp.GetPosition()
	}
}

// each lets all phones do something at once.
func (s *benchScene) each(f func(*benchPhone)) {
	var all sync.WaitGroup
	for _, p := range s.phones {
		all.Go(func() { f(p) })
	}
	all.Wait()
}

// reportEach reports the processor time of one of n things a round.
func reportEach(b *testing.B, took time.Duration, n int, what string) {
	b.ReportMetric(float64(took.Nanoseconds())/1000/float64(b.N*n), "cpu-µs/"+what)
}

// spent gives the processor time that f takes, all threads together.
func spent(f func()) time.Duration {
	before := processorTime()
	f()
	return processorTime() - before
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// newGrid adds a grid to the community.
func (w *world) newGrid() (id syncengine.ID) {
	w.grids++
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		id = w.territory(tx, w.community, fmt.Sprintf("530702001001%03d", 100+w.grids), "grid")
		return nil
	}))
	return id
}

// sealedInFront is a store as the server has it, with what seals contacts in front.
func sealedInFront(t testing.TB, st store.Store) store.Store {
	t.Helper()
	o := sealed.Options{Key: sealed.NewKey([32]byte{1}), Schema: schema.Load(), Random: rand.NewChaCha8([32]byte{2})}
	o.Bucket, o.SealsDocument = exchange.SealedDigests(o.Schema)
	opened, err := sealed.Open(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}
