package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"onedoor/server/exchange"
	"onedoor/server/store"
)

// Realm counts for one realm.
type Realm struct {
	m    *Metrics
	code string
}

// entryTypes are the names of the log's entries.
var entryTypes = map[store.EntryType]string{
	store.EntryApplied: "applied", store.EntryMerged: "merged", store.EntryQuarantined: "quarantined", store.EntryAbsent: "absent",
	store.EntryReleased: "released", store.EntryRejected: "rejected", store.EntryMoved: "moved", store.EntryErased: "erased", store.EntryHeld: "held",
}

// otherEntry names entries of a type that this list does not have.
const otherEntry = "other"

// How a group ended, and a backup.
const (
	resultDone   = "done"
	resultFailed = "failed"
)

// refusals are the names of the store's errors; any other is a fault of the engine beneath.
var refusals = []struct {
	err  error
	name string
}{{store.ErrFull, "full"}, {store.ErrReadOnly, "read_only"}, {store.ErrDamaged, "damaged"}, {store.ErrClosed, "closed"}, {nil, "engine"}}

// The operations of a store.
const (
	opWait   = "wait"
	opWrite  = "write"
	opCommit = "commit"
	opView   = "view"
)

// The parts of a group.
const (
	partJudge  = "judge"
	partCommit = "commit"
)

// Realm gives the counting of one realm, by its six digits. What may happen stands at 0 from the start: an alert on a rise
// sees the first time too.
func (m *Metrics) Realm(code string) *Realm {
	r := &Realm{m: m, code: code}
	for _, v := range []*prometheus.CounterVec{m.changes, m.opened, m.settled, m.faults} {
		v.WithLabelValues(code)
	}
	for _, name := range entryTypes {
		m.entries.WithLabelValues(code, name)
	}
	for _, result := range []string{resultDone, resultFailed} {
		m.groups.WithLabelValues(code, result)
		m.backups.WithLabelValues(code, result)
	}
	for _, refusal := range refusals {
		m.storeErrs.WithLabelValues(code, refusal.name)
	}
	for _, op := range []string{opWait, opWrite, opCommit, opView} {
		m.store.WithLabelValues(code, op)
	}
	return r
}

// noRealm stands for the realm of calls that reached none.
const noRealm = "none"

// NoRealm gives the counting of calls that reached no realm, as strangers' do.
func (m *Metrics) NoRealm() *Realm { return &Realm{m: m, code: noRealm} }

// Code is the realm's six digits.
func (r *Realm) Code() string { return r.code }

// Call counts a call that was answered. The method must be one that the server has.
func (r *Realm) Call(method, code string, took time.Duration) {
	r.m.calls.WithLabelValues(r.code, method, code).Inc()
	r.m.seconds.WithLabelValues(r.code, method).Observe(took.Seconds())
}

// Stream counts a stream that has ended. How long it stood says when somebody left, not how fast the server is.
func (r *Realm) Stream(method, code string) { r.m.calls.WithLabelValues(r.code, method, code).Inc() }

// Fault counts a fault of the server's own.
func (r *Realm) Fault() { r.m.faults.WithLabelValues(r.code).Inc() }

// Backup counts a scheduled backup.
func (r *Realm) Backup(err error) {
	result := resultDone
	if err != nil {
		result = resultFailed
	}
	r.m.state.forget(r.code)
	r.m.backups.WithLabelValues(r.code, result).Inc()
}

// Group counts a group of the write path.
func (r *Realm) Group(g exchange.Group) {
	r.m.groupCalls.WithLabelValues(r.code).Observe(float64(len(g.Calls)))
	r.m.groupSize.WithLabelValues(r.code).Observe(float64(g.Changes))
	if !g.Judged.IsZero() {
		r.m.groupTime.WithLabelValues(r.code, partJudge).Observe(g.Judged.Sub(g.Began).Seconds())
		r.m.groupTime.WithLabelValues(r.code, partCommit).Observe(g.Ended.Sub(g.Judged).Seconds())
	}
	if g.Err != nil {
		r.m.groups.WithLabelValues(r.code, resultFailed).Inc()
		return
	}
	r.m.groups.WithLabelValues(r.code, resultDone).Inc()
	r.m.changes.WithLabelValues(r.code).Add(float64(g.Changes))
	r.m.opened.WithLabelValues(r.code).Add(float64(g.Opened))
	r.m.settled.WithLabelValues(r.code).Add(float64(g.Settled))
	for t, n := range g.Entries {
		name, known := entryTypes[t]
		if !known {
			name = otherEntry
		}
		r.m.entries.WithLabelValues(r.code, name).Add(float64(n))
	}
}

// Page counts a page that was cut.
func (r *Realm) Page(p exchange.Page) {
	r.m.pageTime.WithLabelValues(r.code).Observe(p.Ended.Sub(p.Began).Seconds())
	r.m.pageSize.WithLabelValues(r.code).Observe(float64(p.Records))
	r.m.pageBytes.WithLabelValues(r.code).Observe(float64(p.Bytes))
}
