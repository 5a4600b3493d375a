package exchange

import (
	"context"
	"sync"
	"time"
)

// giveWayMax bounds how long an answer waits while others' batches wait to
// become durable. Nobody who syncs notices a quarter of a second, in which the
// server decides some ten thousand changes; under a load that lasts longer,
// pages and batches share the processor as they come.
const giveWayMax = 250 * time.Millisecond

// uploads counts the batches that were received and are not durable yet. What
// phones send goes before what they fetch: a page costs several times as much
// as the changes of the batch it answers, and a phone whose batch waits behind
// pages would risk its line for other people's reading. The answer waits with
// its page instead of going without, since a second trip costs a phone more.
type uploads struct {
	// mu guards the fields below.
	mu      sync.Mutex
	waiting int
	// none is closed when waiting falls to 0, and made when somebody waits for that.
	none chan struct{}
}

// begin notes a batch that was received; end, that it is durable or refused.
func (u *uploads) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting++
}

func (u *uploads) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting--; u.waiting == 0 && u.none != nil {
		close(u.none)
		u.none = nil
	}
}

// left gives a channel that is closed when no batch waits; nil when none does now.
func (u *uploads) left() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == 0 {
		return nil
	}
	if u.none == nil {
		u.none = make(chan struct{})
	}
	return u.none
}

// giveWay waits until no batch waits, but no longer than giveWayMax or the call.
func (u *uploads) giveWay(ctx context.Context) {
	left := u.left()
	if left == nil {
		return
	}
	patience := time.NewTimer(giveWayMax)
	defer patience.Stop()
	select {
	case <-left:
	case <-patience.C:
	case <-ctx.Done():
	}
}
