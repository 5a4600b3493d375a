package server

import (
	"context"
	"time"

	"onedoor/server/throttle"
)

// guessesSweep is how often what has grown back of the counts of failed tries is taken out of the store.
const guessesSweep = 10 * time.Minute

// guessing is what the realm's servers count together of failed tries; nil where there is one server.
func (h *hosted) guessing() *throttle.Shared {
	if !h.config.shared() {
		return nil
	}
	return throttle.NewShared(h.realm, h.secrets.GuessKey(), h.config.Log)
}

// forgetGuesses takes counts that have grown back out of the store, until ctx ends.
func (h *hosted) forgetGuesses(ctx context.Context) {
	for wait(ctx, guessesSweep) == nil {
		if !h.post.Held() {
			continue
		}
		if _, err := h.guesses.Sweep(ctx, h.config.Now()); err != nil && ctx.Err() == nil {
			h.config.Log.Warn("counts of failed tries were not taken away", "error", err)
		}
	}
}
