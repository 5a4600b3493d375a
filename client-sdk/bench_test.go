package client_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/grpczstd"
	"onedoor/testdata/notes"
)

// The benchmarks ask what a sync costs the phone alone. A sync is held once with
// a server and its replies are kept; then copies of the phone's files take the
// same replies again, through the encoding and compression of the wire. Figures
// are of processor time, so that other work on the machine counts little.

// Sizes of the workload, those of internal/sim/bench.
const (
	benchDoors   = 1_000
	benchVisits  = 10_000
	benchTeam    = 10
	benchOfATeam = 50
)

// BenchmarkSync_Upload is one phone that sends 10,000 visits made offline.
func BenchmarkSync_Upload(b *testing.B) {
	w := newWorld(b)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	doors := ann.makeDoors(benchDoors)
	ann.sync()
	ann.makeVisits(benchVisits, doors)
	ann.replay(b, benchVisits, func(r *client.Report) bool { return r.Applied == benchVisits })
}

// BenchmarkSync_Download is a fresh phone that fetches what another has sent.
func BenchmarkSync_Download(b *testing.B) {
	w := newWorld(b)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	ann.makeVisits(benchVisits, ann.makeDoors(benchDoors))
	ann.sync()
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob.replay(b, benchVisits+benchDoors, func(r *client.Report) bool { return r.Pulled >= benchVisits+benchDoors })
}

// BenchmarkSync_Team is one phone of a team of ten: it sends the 50 visits it
// made and fetches the 450 of the others, who have sent theirs already.
func BenchmarkSync_Team(b *testing.B) {
	w := newWorld(b)
	var team []*phone
	for i := range benchTeam {
		p := w.phone(fmt.Sprint("员", i), recordv1.Role_ROLE_GRID_WORKER, gridA)
		p.sync()
		team = append(team, p)
	}
	doors := team[0].makeDoors(20)
	for range 2 {
		for _, p := range team {
			p.sync()
		}
	}
	for _, p := range team {
		p.makeVisits(benchOfATeam, doors)
	}
	for _, p := range team[1:] {
		p.sync()
	}
	const others = (benchTeam - 1) * benchOfATeam
	team[0].replay(b, benchOfATeam, func(r *client.Report) bool { return r.Applied == benchOfATeam && r.Pulled == others })
}

// BenchmarkSync_Fifty is one phone that sends 50 visits while nobody else has written.
func BenchmarkSync_Fifty(b *testing.B) {
	w := newWorld(b)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	doors := ann.makeDoors(20)
	ann.sync()
	ann.sync()
	ann.makeVisits(benchOfATeam, doors)
	ann.replay(b, benchOfATeam, func(r *client.Report) bool { return r.Applied == benchOfATeam && r.RoundTrips == 1 })
}

func (p *phone) makeDoors(n int) (doors [][]byte) {
	p.w.t.Helper()
	grid := p.w.grids[gridA]
	p.inGroups(n, func(g *client.Group, i int) error {
		id, err := g.Add(&recordv1.Premises{Address: proto.String(fmt.Sprintf("福慧路%d号", i+1)), Territory: grid[:]})
		doors = append(doors, id[:])
		return err
	})
	return doors
}

func (p *phone) makeVisits(n int, doors [][]byte) {
	p.w.t.Helper()
	lines := notes.Lines()
	p.inGroups(n, func(g *client.Group, i int) error {
		_, err := g.Add(&recordv1.Visit{
			PremisesIds: [][]byte{doors[i*7%len(doors)]}, Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(),
			Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), OccurredAt: proto.Int64(p.w.now.UnixMilli() - int64(i)),
			Note:      proto.String(fmt.Sprintf("%d号:%s", i%900, lines[i*31%len(lines)])),
			Checklist: map[string]recordv1.Answer{"GAS": recordv1.Answer_ANSWER_GOOD, "EXIT": recordv1.Answer_ANSWER_FAIR},
		})
		return err
	})
}

func (p *phone) inGroups(n int, f func(g *client.Group, i int) error) {
	p.w.t.Helper()
	const group = 100
	for from := 0; from < n; from += group {
		p.w.must(p.Group(func(g *client.Group) error {
			for i := from; i < min(from+group, n); i++ {
				if err := f(g, i); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// replay syncs the phone once for the replies and then a copy of it as often as
// the benchmark asks, and reports the cost of each of n changes.
func (p *phone) replay(b *testing.B, n int, done func(*client.Report) bool) {
	b.Helper()
	p.w.must(p.Close())
	before := filepath.Join(b.TempDir(), "before")
	p.w.must(os.CopyFS(before, os.DirFS(p.dir)))
	p.open()
	t := &tape{line: p.line}
	p.line.seen = t.keep
	if r := p.sync(); !done(r) {
		b.Fatalf("report %+v", r)
	}
	var spent cost
	for i := range b.N {
		spent.add(p.play(b, before, filepath.Join(b.TempDir(), fmt.Sprint("copy", i)), t, done))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent.cpu.Nanoseconds())/1e3/float64(b.N*n), "us_cpu/change")
	b.ReportMetric(float64(spent.allocs)/float64(b.N*n), "allocs/change")
	b.ReportMetric(float64(spent.bytes)/float64(b.N*n), "B/change")
}

// play syncs one copy of the phone with the replies that were kept.
func (p *phone) play(b *testing.B, before, dir string, t *tape, done func(*client.Report) bool) cost {
	b.Helper()
	p.w.must(os.CopyFS(dir, os.DirFS(before)))
	defer os.RemoveAll(dir)
	r, err := client.Open(dir, p.key, client.Options{Transport: t, Now: func() time.Time { return p.w.now }})
	p.w.must(err)
	runtime.GC()
	t.next = 0
	begun := costNow()
	report, err := r.Sync(b.Context())
	spent := costNow().minus(begun)
	if err != nil || !done(report) {
		b.Fatalf("report %+v, %v", report, err)
	}
	p.w.must(r.Close())
	return spent
}

// cost is what something took of the processor and of the memory allocator.
type cost struct {
	cpu           time.Duration
	allocs, bytes uint64
}

func costNow() cost {
	var u syscall.Rusage
	// It fails for no caller that asks about itself.
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return cost{cpu: time.Duration(u.Utime.Nano() + u.Stime.Nano()), allocs: m.Mallocs, bytes: m.TotalAlloc}
}

func (c cost) minus(o cost) cost {
	return cost{cpu: c.cpu - o.cpu, allocs: c.allocs - o.allocs, bytes: c.bytes - o.bytes}
}

func (c *cost) add(o cost) {
	c.cpu, c.allocs, c.bytes = c.cpu+o.cpu, c.allocs+o.allocs, c.bytes+o.bytes
}

// tape is a line that gives the replies of an earlier sync again.
type tape struct {
	*line
	replies [][]byte
	next    int
}

// keep adds a reply.
func (t *tape) keep(resp *syncv1.ExchangeResponse) {
	b, err := proto.Marshal(resp)
	t.w.must(err)
	t.replies = append(t.replies, t.packed(b))
}

// Exchange encodes the request as the wire does and decodes the next reply.
func (t *tape) Exchange(_ context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	b, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	t.packed(b)
	reply, err := encoding.GetCompressor(grpczstd.Name).Decompress(bytes.NewReader(t.replies[t.next]))
	if err != nil {
		return nil, err
	}
	t.next++
	plain, err := io.ReadAll(reply)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ExchangeResponse{}
	return resp, proto.Unmarshal(plain, resp)
}

func (t *tape) packed(b []byte) []byte {
	var out bytes.Buffer
	z, err := encoding.GetCompressor(grpczstd.Name).Compress(&out)
	t.w.must(err)
	_, err = z.Write(b)
	t.w.must(err)
	t.w.must(z.Close())
	return out.Bytes()
}
