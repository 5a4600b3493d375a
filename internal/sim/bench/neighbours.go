package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// The realms of a comparison, with the places in which their phones work: the quiet realm has one with few records and one whose
// records fill a phone. The realm apart is served by a process of its own, and has a full place too.
const (
	quietRealm, noisyRealm, apartRealm = "530702", "530721", "530722"

	quietPlace, fullPlace      = "530702001001", "530702001002"
	noisyPlace                 = "530721102201"
	apartPlace, apartFullPlace = "530722102201", "530722102202"
)

const (
	// pacedPhones work in the quiet realm, each with a visit and a sync a beat.
	pacedPhones = 10
	beat        = time.Second
	// rounds alternate what is compared, so that a machine that grows slower or faster meanwhile does so to all of it.
	rounds = 3
	// freshPhones are filled one after the other within one stretch.
	freshPhones = 20
)

// Orders of who has the processor first on the one machine that all share. In real time, which the system has to permit, phones and
// what makes load take nothing from the server: the quiet phones go before it, as on processors of their own, and load after it.
// By shares load takes what is left, as far as the kernel sees to that, and all others are alike.
const (
	orderRealTime = "real time"
	orderShares   = "shares"
)

// NeighboursOptions say how large a comparison is.
type NeighboursOptions struct {
	Options
	// Flood is how many phones of the noisy realm sync without rest, Records how many the full place has.
	Flood, Records int
	// Stretch is how long each of a round's parts lasts, Rounds how many rounds there are; three when 0.
	Stretch time.Duration
	Rounds  int
	// Store is the URL of a database for all realms; empty for files.
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
	Rounds   int               `json:"rounds"`
	// Order is who has the processor first: orderRealTime or orderShares.
	Order string `json:"order"`
	Alone Beside `json:"alone"`
	// Flooded is beside a noisy realm, Filled beside a phone of the quiet realm that is filled. Apart and FilledApart are beside the
	// same of a realm that another process serves: what the machine itself makes of it.
	Flooded     Beside `json:"beside_flood"`
	Filled      Beside `json:"beside_fill"`
	Apart       Beside `json:"beside_apart"`
	FilledApart Beside `json:"beside_fill_apart"`
	// Ratios are p95 by p95 alone, of all rounds together.
	FloodRatio     float64 `json:"flood_ratio"`
	FillRatio      float64 `json:"fill_ratio"`
	ApartRatio     float64 `json:"apart_ratio"`
	FillApartRatio float64 `json:"fill_apart_ratio"`
	// Pushed and pulled are what the others got done meanwhile: a load that did nothing compares nothing.
	FloodPushed     int `json:"flood_pushed"`
	FillPulled      int `json:"fill_pulled"`
	ApartPushed     int `json:"apart_pushed"`
	FillApartPulled int `json:"fill_apart_pulled"`
}

// Beside is how the quiet realm's phones fared beside others.
type Beside struct {
	Latency
	// Ratio is the median of the rounds' own ratios, p95 by p95 alone.
	Ratio float64 `json:"ratio_median"`
	// ServerShare and LoadShare are how many processors the server and what made the load kept busy.
	ServerShare float64 `json:"server_processors"`
	LoadShare   float64 `json:"load_processors"`

	took [][]float64
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

// against sums up all rounds and compares them with the rounds alone.
func (b *Beside) against(alone *Beside, rounds int, stretch time.Duration) (ratio float64) {
	ratios := make([]float64, len(b.took))
	for i, took := range b.took {
		ratios[i] = latencyOf(took).P95 / latencyOf(alone.took[i]).P95
	}
	slices.Sort(ratios)
	b.Ratio = ratios[len(ratios)/2]
	b.Latency = latencyOf(slices.Concat(b.took...))
	whole := stretch.Seconds() * float64(rounds)
	b.ServerShare, b.LoadShare = b.ServerShare/whole, b.LoadShare/whole
	return b.P95 / latencyOf(slices.Concat(alone.took...)).P95
}

// neighbours is a comparison under way.
type neighbours struct {
	o    NeighboursOptions
	ctx  context.Context
	out  Neighbours
	home *host
	// apart serves a realm of its own, beside home.
	apart  *host
	paced  *process
	flood  *process
	other  *process
	crowds int
}

// host is a process that serves realms.
type host struct {
	*process
	addr string
}

// RunNeighbours has phones of a quiet realm sync at a pace: alone, beside a realm of the same process whose phones sync without
// rest, beside a phone of their own realm that is filled, and beside the same two of a realm that another process serves.
func RunNeighbours(ctx context.Context, o NeighboursOptions) (*Neighbours, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	o.Rounds = cmp.Or(o.Rounds, rounds)
	if err := raiseFiles(uint64(2*o.Flood+pacedPhones)*filesForPhones/filesPer + 1000); err != nil {
		return nil, err
	}
	n := &neighbours{o: o, ctx: ctx}
	n.out = Neighbours{Machine: machine(), Versions: versions(), Store: "sqlite", Flood: o.Flood, Records: o.Records, StretchS: o.Stretch.Seconds(), Rounds: o.Rounds}
	if o.Store != "" {
		n.out.Store = "postgres"
	}
	for _, step := range []struct {
		name string
		f    func() error
	}{{"two realms in one process, one in another", n.open}, {fmt.Sprintf("%d records in one place of each process", o.Records), n.fill}, {"compare", n.compare}, {"end", n.end}} {
		o.Progress(step.name)
		if err := step.f(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return &n.out, nil
}
