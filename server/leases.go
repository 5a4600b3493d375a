package server

import (
	"context"
	"time"
)

// grantsEndEvery is how often the server looks for grants that have ended by
// themselves: who calls with a phone is seen to at once, a console waits a minute.
const grantsEndEvery = time.Minute

// endGrants takes ended grants away until ctx ends.
func (h *hosted) endGrants(ctx context.Context) {
	ticker := time.NewTicker(grantsEndEvery)
	defer ticker.Stop()
	for {
		if !h.post.Held() {
			// Another server sees to it.
		} else if err := h.realm.EndGrants(ctx); err != nil && ctx.Err() == nil {
			h.config.Log.Error("grants that have ended stand still", "error", err)
		}
		select {
		case <-ticker.C:
		case <-h.stopping:
			return
		case <-ctx.Done():
			return
		}
	}
}
