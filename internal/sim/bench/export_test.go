package bench

import (
	"context"
	"time"
)

// MeasureRaw is the raw limit over rows that were uploaded and rows that were pulled.
func MeasureRaw(dir string, visits, pulled []Row) (Raw, error) {
	return measureRaw(dir, &stored{visits: visits, pulled: pulled})
}

// Lull is a watch over syncs.
type Lull struct{ lull }

// NewLull watches for lulls of so long.
func NewLull(after time.Duration) *Lull { return &Lull{lull{after: after}} }

// Do runs one sync.
func (l *Lull) Do(sync func()) { l.do(sync) }

// Watch looks until ctx ends.
func (l *Lull) Watch(ctx context.Context, tell func(quiet time.Duration)) {
	l.watch(ctx, func(q quietness) { tell(q.quiet) })
}

// LullsMost is how many lulls are told.
const LullsMost = lullsMost

// Looks feeds a watch with looks, each so long after the one before, and gives by how much those that told something were late.
func Looks(after time.Duration, looks []time.Duration, ended []int64) (late []time.Duration) {
	now := time.Now()
	w := lullWatch{after: after, looked: now, since: now}
	for i, gap := range looks {
		now = now.Add(gap)
		if q, is := w.look(now, ended[i], 1); is {
			late = append(late, q.late)
		}
	}
	return late
}
