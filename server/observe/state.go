package observe

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

const (
	// stateFor is how long a look at a realm's state answers: several askers in one scrape interval cost one look.
	stateFor = 5 * time.Second
	// stateTimeout bounds the looks for one asker; what is not known by then is left out. Prometheus is to wait longer
	// (deploy/prometheus/scrape.yml), or a store that stands still takes all other numbers with it.
	stateTimeout = 10 * time.Second
	// looksAtOnce bounds how many realms are looked at together: one whose store stands still keeps no other waiting.
	looksAtOnce = 16
)

// ErrNotReady is part of the error of a look that found that calls are not answered.
var ErrNotReady = errors.New("calls are not answered")

// State is how a realm stands when somebody asks. What is not known is left at its zero value, and then left out where zero
// would say something.
type State struct {
	// Ready says that calls are answered.
	Ready bool
	// Epoch and Seq are the head of the log, Committed the time of its commit.
	Epoch     uint32
	Seq       uint64
	Committed time.Time
	// Watchers counts the phones that wait for a hint.
	Watchers int
	// Quarantined counts the changes that wait for a person, QuarantineOldest is since when the oldest does.
	Quarantined      int
	QuarantineOldest time.Time
	// Conflicts counts the records with something open.
	Conflicts int
	// Phones counts devices by state.
	Phones map[string]int
	// Seen counts the active phones by how long ago they were last heard from.
	Seen map[string]int
	// Outbox counts the changes that phones said they had not sent yet, OutboxOldest is since when the oldest waits.
	Outbox       uint64
	OutboxOldest time.Time
	// ProjectionBehind counts the entries that reports have not counted yet, ProjectionLag how much older what they count is.
	ProjectionBehind uint64
	ProjectionLag    time.Duration
	ProjectionKnown  bool
	// BackedUp is when the newest verified backup was made, BackupBytes how long it is; BackupSeq how far it reaches.
	BackedUp    time.Time
	BackupBytes int64
	BackupSeq   uint64
	// Pending is since when the oldest write transaction under way waits to be confirmed.
	Pending time.Time
	// Files are the bytes of the store's files, by name.
	Files map[string]int64
	// Free are the bytes that are free where something is kept, by what it is; Size those of the whole.
	Free, Size map[string]int64
	// CertificateEnds is when the server's certificate ends.
	CertificateEnds time.Time
	// LedgerKept says that the side ledger was written when it last had to be, or that there is none.
	LedgerKept bool
	// Feeds are the open feeds, FeedReaders counts the systems that follow one by a stream.
	Feeds       []FeedState
	FeedReaders int
	// Warnings counts what the operator should look at, as /readyz tells it.
	Warnings int
}

// gauge is one number of a state.
type gauge struct {
	name, help string
	label      string
	// of gives the values, by the value of the label; one under "" where there is no label.
	of func(State) map[string]float64
}

// one is a value without a label.
func one(v float64) map[string]float64 { return map[string]float64{"": v} }

// since is a time in seconds, nothing for none.
func since(t time.Time) map[string]float64 {
	if t.IsZero() {
		return nil
	}
	return one(float64(t.UnixMilli()) / 1000)
}

// numbers turns counts into values.
func numbers[N int | int64](m map[string]N) map[string]float64 {
	out := map[string]float64{}
	for k, n := range m {
		out[k] = float64(n)
	}
	return out
}

func truth(b bool) map[string]float64 {
	if b {
		return one(1)
	}
	return one(0)
}

// readyGauge is told of a realm that cannot be looked up, too, where that is why.
const readyGauge = "ready"

// gauges are the numbers of a state.
var gauges = slices.Concat(feedGauges, []gauge{
	{readyGauge, "Whether calls are answered.", "", func(s State) map[string]float64 { return truth(s.Ready) }},
	{"warnings", "What the operator should look at, as /readyz tells it.", "", func(s State) map[string]float64 { return one(float64(s.Warnings)) }},
	{"log_epoch", "The epoch in force: it rises with a restore, and when a database was put back.", "", func(s State) map[string]float64 { return one(float64(s.Epoch)) }},
	{"log_seq", "The newest entry of the log.", "", func(s State) map[string]float64 { return one(float64(s.Seq)) }},
	{"log_committed_timestamp_seconds", "When that entry was committed.", "", func(s State) map[string]float64 { return since(s.Committed) }},
	{"watchers", "Phones that wait for a hint.", "", func(s State) map[string]float64 { return one(float64(s.Watchers)) }},
	{"quarantine_changes", "Changes that wait for a person.", "", func(s State) map[string]float64 { return one(float64(s.Quarantined)) }},
	{"quarantine_oldest_timestamp_seconds", "Since when the oldest of them waits.", "", func(s State) map[string]float64 { return since(s.QuarantineOldest) }},
	{"conflict_records", "Records with a conflict for a person to settle.", "", func(s State) map[string]float64 { return one(float64(s.Conflicts)) }},
	{"phones", "Phones by state.", "state", func(s State) map[string]float64 { return numbers(s.Phones) }},
	{"phones_seen", "Active phones by how long ago they were last heard from.", "within", func(s State) map[string]float64 { return numbers(s.Seen) }},
	{"outbox_changes", "Changes that phones said they had not sent yet.", "", func(s State) map[string]float64 { return one(float64(s.Outbox)) }},
	{"outbox_oldest_timestamp_seconds", "Since when the oldest of them waits.", "", func(s State) map[string]float64 { return since(s.OutboxOldest) }},
	{"projection_behind_entries", "Entries of the log that reports have not counted yet; a pull counts them.", "", func(s State) map[string]float64 {
		if !s.ProjectionKnown {
			return nil
		}
		return one(float64(s.ProjectionBehind))
	}},
	{"projection_lag_seconds", "How much older than the log's newest commit the newest one is that reports have counted.", "", func(s State) map[string]float64 {
		if !s.ProjectionKnown {
			return nil
		}
		return one(s.ProjectionLag.Seconds())
	}},
	{"backup_timestamp_seconds", "When the newest verified backup was made.", "", func(s State) map[string]float64 { return since(s.BackedUp) }},
	{"backup_bytes", "Bytes of the newest verified backup.", "", func(s State) map[string]float64 {
		if s.BackedUp.IsZero() {
			return nil
		}
		return one(float64(s.BackupBytes))
	}},
	{"backup_seq", "How far in the log the newest verified backup reaches.", "", func(s State) map[string]float64 {
		if s.BackedUp.IsZero() {
			return nil
		}
		return one(float64(s.BackupSeq))
	}},
	{"store_pending_timestamp_seconds", "Since when the oldest write transaction under way waits to be confirmed; absent while there is none.", "", func(s State) map[string]float64 { return since(s.Pending) }},
	{"store_bytes", "Bytes of the store's files.", "file", func(s State) map[string]float64 { return numbers(s.Files) }},
	{"disk_free_bytes", "Bytes that are free where something is kept.", "place", func(s State) map[string]float64 { return numbers(s.Free) }},
	{"disk_size_bytes", "Bytes of the whole of it.", "place", func(s State) map[string]float64 { return numbers(s.Size) }},
	{"certificate_ends_timestamp_seconds", "When the server's certificate ends.", "", func(s State) map[string]float64 { return since(s.CertificateEnds) }},
	{"side_ledger_kept", "Whether what a restore must not undo was written to the side ledger when it last had to be; 1 where there is none.", "", func(s State) map[string]float64 { return truth(s.LedgerKept) }},
})

// Look gives a realm's state.
type Look func(context.Context) (State, error)

// Standing has a realm's state looked up when somebody asks for the metrics.
func (r *Realm) Standing(look Look) { r.m.state.add(r.code, look) }

// Gone ends that: the realm is not served any more.
func (r *Realm) Gone() { r.m.state.remove(r.code) }

// stateCollector turns states into gauges.
type stateCollector struct {
	descs  []*prometheus.Desc
	failed *prometheus.Desc

	// mu guards looks, and lets one asker look while others wait for what it finds.
	mu    sync.Mutex
	looks map[string]*looking
}

// looking is one realm's look with what it gave last.
type looking struct {
	look  Look
	at    time.Time
	state State
	err   error
}

func newStateCollector() *stateCollector {
	c := &stateCollector{
		looks:  map[string]*looking{},
		failed: prometheus.NewDesc(namespace+"_state_failed", "Whether the realm's state could not be looked up; the log tells why.", []string{realmLabel}, nil),
	}
	for _, g := range gauges {
		labels := []string{realmLabel}
		if g.label != "" {
			labels = append(labels, g.label)
		}
		c.descs = append(c.descs, prometheus.NewDesc(namespace+"_"+g.name, g.help, labels, nil))
	}
	return c
}

func (c *stateCollector) add(code string, look Look) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks[code] = &looking{look: look}
}

// forget has a realm looked at anew.
func (c *stateCollector) forget(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.looks[code]; l != nil {
		l.at = time.Time{}
	}
}

func (c *stateCollector) remove(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.looks, code)
}

// Describe names the gauges.
func (c *stateCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.failed
	for _, d := range c.descs {
		to <- d
	}
}

// Collect gives the gauges of all realms.
func (c *stateCollector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renew()
	for _, code := range slices.Sorted(maps.Keys(c.looks)) {
		l := c.looks[code]
		to <- prometheus.MustNewConstMetric(c.failed, prometheus.GaugeValue, truth(l.err != nil)[""], code)
		for i, g := range gauges {
			if l.err != nil && (g.name != readyGauge || !errors.Is(l.err, ErrNotReady)) {
				continue
			}
			for label, value := range g.of(l.state) {
				values := []string{code}
				if g.label != "" {
					values = append(values, cmp.Or(label, "-"))
				}
				to <- prometheus.MustNewConstMetric(c.descs[i], prometheus.GaugeValue, value, values...)
			}
		}
	}
}

// renew looks at the realms anew whose state is old; mu is held.
func (c *stateCollector) renew() {
	ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(looksAtOnce)
	for _, l := range c.looks {
		all.Go(func() error {
			l.renew(ctx)
			return nil
		})
	}
	_ = all.Wait() // Each keeps its own error.
}

func (l *looking) renew(ctx context.Context) {
	if !l.at.IsZero() && time.Since(l.at) < stateFor {
		return
	}
	l.state, l.err = l.look(ctx)
	l.at = time.Now()
}
