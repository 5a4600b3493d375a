package bench

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// lullLook is how often a lull is looked for: often enough to see how late a process is, and no load.
	lullLook = 100 * time.Millisecond
	// lullsMost bounds the lulls of one storm that are told: each costs a look at every goroutine of two processes, and the first
	// few say what the rest would.
	lullsMost = 5
)

// lull counts syncs and watches for times in which none ends.
type lull struct {
	// after is for how long none has to have ended.
	after        time.Duration
	begun, ended atomic.Int64
}

// do runs one sync.
func (l *lull) do(sync func()) {
	l.begun.Add(1)
	defer l.ended.Add(1)
	sync()
}

// watch looks until ctx ends, and tells of each lull that it sees.
func (l *lull) watch(ctx context.Context, tell func(quietness)) {
	tick := time.NewTicker(lullLook)
	defer tick.Stop()
	w := lullWatch{after: l.after, looked: time.Now(), since: time.Now()}
	for w.told < lullsMost {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		ended := l.ended.Load() // First: what ends between the two readings counts as in hand.
		if q, is := w.look(time.Now(), ended, l.begun.Load()-ended); is {
			tell(q)
			w.looked = time.Now() // What telling took is not late.
		}
	}
}

// quietness is what was seen of a lull.
type quietness struct {
	// quiet is for how long no sync has ended. late is by how much a look came later than meant, at most: a process that is frozen, or
	// gets no processor, is late with everything.
	quiet, late time.Duration
	inHand      int64
}

// lullWatch is what was seen so far.
type lullWatch struct {
	after time.Duration
	// looked is when it was looked last, since when a sync was last seen to have ended, or none to be in hand.
	looked, since time.Time
	ended         int64
	// late is since something was told; told counts that, and silent is set until the next sync ends.
	late   time.Duration
	told   int
	silent bool
}

// look takes what there is at a time, and gives the lull that is to be told: none has ended for long, or nobody could look for as long.
func (w *lullWatch) look(now time.Time, ended, inHand int64) (q quietness, is bool) {
	gap := max(0, now.Sub(w.looked)-lullLook)
	w.looked, w.late = now, max(w.late, gap)
	if ended != w.ended || inHand == 0 {
		w.since, w.ended, w.silent = now, ended, false
	}
	quiet := now.Sub(w.since)
	if (w.silent || quiet < w.after) && gap < w.after {
		return q, false
	}
	q = quietness{quiet: max(quiet, gap), late: w.late, inHand: inHand}
	w.told, w.late, w.silent = w.told+1, 0, true
	return q, true
}
