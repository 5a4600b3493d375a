package observe

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// namespace begins the name of every metric of this software.
const namespace = "onedoor"

// realmLabel names the realm of a metric, by its six digits.
const realmLabel = "realm"

// scrapesMax bounds the askers that are answered at once: each looks up the state of the realms.
const scrapesMax = 4

// The buckets of histograms, in seconds, calls, changes, records and bytes.
var (
	secondsBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	callsBuckets   = []float64{1, 2, 4, 8, 16, 32, 64, 128}
	changesBuckets = []float64{0, 1, 4, 16, 64, 256, 1024, 4096, 10_000}
	recordsBuckets = []float64{0, 1, 10, 100, 1000, 5000}
	bytesBuckets   = []float64{0, 1 << 10, 8 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20}
)

// Metrics are the numbers of one server, of all realms that it serves.
type Metrics struct {
	registry *prometheus.Registry

	calls      *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	entries    *prometheus.CounterVec
	changes    *prometheus.CounterVec
	opened     *prometheus.CounterVec
	settled    *prometheus.CounterVec
	groups     *prometheus.CounterVec
	groupCalls *prometheus.HistogramVec
	groupSize  *prometheus.HistogramVec
	groupTime  *prometheus.HistogramVec
	pageTime   *prometheus.HistogramVec
	pageSize   *prometheus.HistogramVec
	pageBytes  *prometheus.HistogramVec
	store      *prometheus.HistogramVec
	storeErrs  *prometheus.CounterVec
	faults     *prometheus.CounterVec
	backups    *prometheus.CounterVec
	unopened   prometheus.Gauge
	handshakes *prometheus.CounterVec
	feeds      *feedCounts
	state      *stateCollector
}

// Build says which software runs.
type Build struct {
	// Version is the software's version, Go the compiler's, Schema the newest record schema that it knows.
	Version, Go, Schema string
}

// New makes the metrics of a server, with those of its process and of the Go runtime.
func New(b Build) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), state: newStateCollector()}
	m.calls = m.counter("calls_total", "Calls that were answered, by method and by the code of the answer.", "method", "code")
	m.seconds = m.histogram("call_seconds", "Time from a call to its answer; streams are not in it.", secondsBuckets, "method")
	m.changes = m.counter("changes_total", "Changes that phones brought, in groups that became durable.")
	m.entries = m.counter("log_entries_total", "Entries that came to stand in the log, by type.", "type")
	m.opened = m.counter("conflicts_opened_total", "Records that came to have a conflict for a person to settle.")
	m.settled = m.counter("conflicts_settled_total", "Records that have no conflict any more.")
	m.groups = m.counter("groups_total", "Transactions that calls shared, by how they ended.", "result")
	m.groupCalls = m.histogram("group_calls", "Calls that shared a transaction.", callsBuckets)
	m.groupSize = m.histogram("group_changes", "Changes in one transaction.", changesBuckets)
	m.groupTime = m.histogram("group_seconds", "Time of a shared transaction: judging it, and committing it.", secondsBuckets, "part")
	m.pageTime = m.histogram("page_seconds", "Time to cut a page for a phone.", secondsBuckets)
	m.pageSize = m.histogram("page_records", "Records in a page.", recordsBuckets)
	m.pageBytes = m.histogram("page_bytes", "Bytes of a page before compression.", bytesBuckets)
	m.store = m.histogram("store_seconds", "Time in the store: waiting for one's turn to write, writing, committing, a reading view.", secondsBuckets, "operation")
	m.storeErrs = m.counter("store_errors_total", "Transactions that the store refused, by why.", "why")
	m.faults = m.counter("faults_total", "Faults of the server's own; the log tells each.")
	m.backups = m.counter("backups_total", "Scheduled backups that were made and verified, or failed.", "result")
	m.unopened = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "realms_unopened", Help: "Realms of this server that cannot be opened and are not served.",
	})
	m.handshakes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: "handshakes_total", Help: "TLS handshakes with phones, of all realms, by how they ended.",
	}, []string{"result"})
	for _, result := range handshakes {
		m.handshakes.WithLabelValues(result) // An alert on a rise sees the first one too.
	}
	m.feeds = newFeedCounts(m)
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Which software runs; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "go": b.Go, "schema": b.Schema},
	})
	info.Set(1)
	m.registry.MustRegister(info, m.unopened, m.state, m.handshakes, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Unopened tells how many realms cannot be opened.
func (m *Metrics) Unopened(n int) { m.unopened.Set(float64(n)) }

// counter makes a counter by realm and more labels.
func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, append([]string{realmLabel}, labels...))
	m.registry.MustRegister(v)
	return v
}

// histogram makes a histogram by realm and more labels.
func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, append([]string{realmLabel}, labels...))
	m.registry.MustRegister(v)
	return v
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesMax, Registry: m.registry})
}

// Gather gives all metrics as they are now, for tests and for who has no Prometheus.
func (m *Metrics) Gather() prometheus.Gatherer { return m.registry }

// described finds the name in how a metric describes itself.
var described = regexp.MustCompile(`fqName: "([^"]+)"`)

// Names lists the metrics of this software, also those that nothing has been counted in yet.
func (m *Metrics) Names() (list []string) {
	all := make(chan *prometheus.Desc)
	go func() { // ends when all are told
		m.registry.Describe(all)
		close(all)
	}()
	for d := range all {
		if found := described.FindStringSubmatch(d.String()); found != nil && strings.HasPrefix(found[1], namespace+"_") {
			list = append(list, found[1])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
