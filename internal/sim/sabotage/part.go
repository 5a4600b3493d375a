package sabotage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// Trial plays one seed and says what the auditor found first: an invariant's
// name and a sentence, both empty when nothing was violated.
type Trial func(ctx context.Context, seed uint64) (invariant, says string, err error)

// Verdict is what a run of seeds came to.
type Verdict struct {
	// Violated tells that a seed was caught; the seeds behind it were not played.
	Violated bool `json:"violated"`
	// Seed is the one that was caught.
	Seed uint64 `json:"seed,omitempty"`
	// Invariant is the one that was violated first, Says how.
	Invariant string `json:"invariant,omitempty"`
	Says      string `json:"says,omitempty"`
}

// Part plays seeds in their order until one is caught and writes the verdict.
// It is what a process with one saboteur on does.
func Part(ctx context.Context, seeds []uint64, play Trial, out io.Writer) error {
	var v Verdict
	for _, seed := range seeds {
		invariant, says, err := play(ctx, seed)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		if invariant != "" {
			v = Verdict{Violated: true, Seed: seed, Invariant: invariant, Says: says}
			break
		}
	}
	return json.NewEncoder(out).Encode(v)
}
