package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// The realms of a comparison, with the places in which their phones work: the quiet realm has one with few records and one whose
// records fill a phone.
const (
	quietRealm, noisyRealm            = "530702", "530721"
	quietPlace, fullPlace, noisyPlace = "530702001001", "530702001002", "530721102201"
)

const (
	// pacedPhones work in the quiet realm, each with a visit and a sync a beat.
	pacedPhones = 10
	beat        = time.Second
	// rounds alternate what is compared, so that a machine that grows slower or faster meanwhile does so to all of it.
	rounds = 3
	// freshPhones are filled one after the other within one stretch.
	freshPhones = 20
	// lessUrgent is the niceness of what makes the load: machines of a real crowd have processors of their own.
	lessUrgent = "15"
)

// NeighboursOptions say how large a comparison is.
type NeighboursOptions struct {
	Options
	// Flood is how many phones of the noisy realm sync without rest, Records how many the full place has.
	Flood, Records int
	// Stretch is how long each of a round's three parts lasts.
	Stretch time.Duration
	// Store is the URL of a database for both realms; empty for files.
	Store string
}

// Neighbours is what a comparison came to. Latencies are of whole syncs of the quiet realm's phones, in milliseconds.
type Neighbours struct {
	Machine  string            `json:"machine"`
	Versions map[string]string `json:"versions"`
	Store    string            `json:"store"`
	Flood    int               `json:"flood"`
	Records  int               `json:"records"`
	StretchS float64           `json:"stretch_s"`
	Alone    Latency           `json:"alone"`
	// BesideFlood is beside a noisy realm, BesideFill beside a phone of the quiet realm that is filled. Ratios are p95 by p95 alone.
	BesideFlood Latency `json:"beside_flood"`
	BesideFill  Latency `json:"beside_fill"`
	FloodRatio  float64 `json:"flood_ratio"`
	FillRatio   float64 `json:"fill_ratio"`
	// FloodPushed and FillPulled are what the others got done meanwhile: a load that did nothing compares nothing.
	FloodPushed int `json:"flood_pushed"`
	FillPulled  int `json:"fill_pulled"`
}

// Latency are shares of how long syncs took.
type Latency struct {
	Syncs int     `json:"syncs"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
}

func latencyOf(took []float64) Latency {
	slices.Sort(took)
	return Latency{len(took), share(took, 0.50), share(took, 0.95), share(took, 0.99)}
}

// neighbours is a comparison under way.
type neighbours struct {
	o      NeighboursOptions
	ctx    context.Context
	out    Neighbours
	server *process
	addr   string
	paced  *process
	flood  *process
	crowds int
}

// RunNeighbours has phones of a quiet realm sync at a pace: alone, beside a realm of the same process whose phones sync without
// rest, and beside a phone of their own realm that is filled.
func RunNeighbours(ctx context.Context, o NeighboursOptions) (*Neighbours, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if err := raiseFiles(uint64(o.Flood+pacedPhones)*filesForPhones/filesPer + 1000); err != nil {
		return nil, err
	}
	n := &neighbours{o: o, ctx: ctx}
	n.out = Neighbours{Machine: machine(), Versions: versions(), Store: "sqlite", Flood: o.Flood, Records: o.Records, StretchS: o.Stretch.Seconds()}
	if o.Store != "" {
		n.out.Store = "postgres"
	}
	for _, step := range []struct {
		name string
		f    func() error
	}{{"two realms in one process", n.open}, {fmt.Sprintf("%d records in one place", o.Records), n.fill}, {"compare", n.compare}, {"end", n.end}} {
		o.Progress(step.name)
		if err := step.f(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return &n.out, nil
}

func (n *neighbours) open() (err error) {
	if n.server, err = start(n.ctx, n.o.Self, RoleServer); err != nil {
		return err
	}
	a, err := n.server.do(command{Op: "realms", Dir: filepath.Join(n.o.Dir, "realms"), Store: n.o.Store})
	if err != nil {
		return err
	}
	n.addr = a.Addr
	if n.paced, err = n.crowd(n.o.Self, quietRealm, quietPlace, pacedPhones, true); err != nil {
		return err
	}
	n.flood, err = n.crowd(n.urged(), noisyRealm, noisyPlace, n.o.Flood, true)
	return err
}

// urged runs parts that make load with less urgency than what is measured.
func (n *neighbours) urged() []string { return append([]string{"nice", "-n", lessUrgent}, n.o.Self...) }

// crowd starts phones of a place, from addresses of their own.
func (n *neighbours) crowd(self []string, realm, place string, phones int, sync bool) (*process, error) {
	staff, err := n.server.do(command{Op: "staff", Realm: realm, Grid: place, Count: phones})
	if err != nil {
		return nil, err
	}
	p, err := start(n.ctx, self, RoleCrowd)
	if err != nil {
		return nil, err
	}
	op := "open"
	if !sync {
		op = "enrol"
	}
	n.crowds++
	_, err = p.do(command{Op: op, Dir: fmt.Sprintf("phones-%d", n.crowds), Server: n.addr, Phones: staff.Seats, Phone: n.crowds * phonesPerAddress})
	return p, err
}

// fill has one phone make the records of the full place.
func (n *neighbours) fill() error {
	p, err := n.crowd(n.o.Self, quietRealm, fullPlace, 1, true)
	if err != nil {
		return err
	}
	if _, err := p.do(command{Op: "fill", Count: n.o.Records, Seed: n.o.Seed}); err != nil {
		return err
	}
	_, _, err = p.stop()
	return err
}

// compare goes round and round.
func (n *neighbours) compare() error {
	var alone, flooded, filled []float64
	for round := range rounds {
		n.o.Progress(fmt.Sprintf("round %d of %d", round+1, rounds))
		took, _, err := n.beside(nil, "")
		if err != nil {
			return err
		}
		alone = append(alone, took...)
		took, a, err := n.beside(n.flood, "flood")
		if err != nil {
			return err
		}
		flooded, n.out.FloodPushed = append(flooded, took...), n.out.FloodPushed+a.Pushed
		fresh, err := n.crowd(n.urged(), quietRealm, fullPlace, freshPhones, false)
		if err != nil {
			return err
		}
		if took, a, err = n.beside(fresh, "pull"); err != nil {
			return err
		}
		filled, n.out.FillPulled = append(filled, took...), n.out.FillPulled+a.Pulled
		if _, _, err := fresh.stop(); err != nil {
			return err
		}
	}
	n.out.Alone, n.out.BesideFlood, n.out.BesideFill = latencyOf(alone), latencyOf(flooded), latencyOf(filled)
	n.out.FloodRatio, n.out.FillRatio = n.out.BesideFlood.P95/n.out.Alone.P95, n.out.BesideFill.P95/n.out.Alone.P95
	return nil
}

// beside measures one stretch of the paced phones while another crowd does what it is told to.
func (n *neighbours) beside(load *process, op string) (took []float64, a answer, err error) {
	done := make(chan error, 1)
	go func() { // ended by the crowd, whose work has an end
		if load == nil {
			done <- nil
			return
		}
		var err error
		a, err = load.do(command{Op: op, WindowS: n.o.Stretch.Seconds(), Seed: n.o.Seed})
		done <- err
	}()
	paced, err := n.paced.do(command{Op: "pace", WindowS: n.o.Stretch.Seconds(), BeatS: beat.Seconds(), Seed: n.o.Seed})
	if failed := <-done; err == nil {
		err = failed
	}
	return paced.Latencies, a, err
}

func (n *neighbours) end() error {
	for _, p := range []*process{n.paced, n.flood, n.server} {
		if _, _, err := p.stop(); err != nil {
			return err
		}
	}
	return nil
}
