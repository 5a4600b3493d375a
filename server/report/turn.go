package report

import (
	"context"
	"sync/atomic"
	"time"

	"onedoor/syncengine"
)

// turn lets one report be counted at a time. Who waits for it can leave, and hears how far a count of the whole log is.
type turn struct {
	// taken holds a token while somebody counts.
	taken chan struct{}
	// building tells how far a count of the whole log is; nil while there is none.
	building atomic.Pointer[[2]syncengine.Seq]
}

func newTurn() *turn { return &turn{taken: make(chan struct{}, 1)} }

// tellEvery is how often somebody who waits hears of it.
const tellEvery = time.Second

// take waits for the turn, or until ctx ends. waiting hears at once and every second how far the count is that it waits for; of 0
// where it is another report.
func (t *turn) take(ctx context.Context, waiting Progress) error {
	select {
	case t.taken <- struct{}{}:
		return nil
	default:
	}
	again := time.NewTicker(tellEvery)
	defer again.Stop()
	for {
		if waiting != nil {
			waiting(t.progress())
		}
		select {
		case t.taken <- struct{}{}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-again.C:
		}
	}
}

func (t *turn) release() { <-t.taken }

func (t *turn) progress() (done, total syncengine.Seq) {
	if at := t.building.Load(); at != nil {
		return at[0], at[1]
	}
	return 0, 0
}

// telling gives a progress that those who wait hear of too.
func (t *turn) telling(progress Progress) Progress {
	return func(done, total syncengine.Seq) {
		t.building.Store(&[2]syncengine.Seq{done, total})
		if progress != nil {
			progress(done, total)
		}
	}
}
