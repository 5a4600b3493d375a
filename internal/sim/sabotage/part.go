package sabotage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"onedoor/internal/sim/sabotage/lever"
)

// Trial plays one seed and says what was found first: the name of the invariant
// that was violated and a sentence about it, both empty when all was in order. A
// run that ended for a reason that is no violation has a sentence only.
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

// Part plays a list of seeds, separated by commas, until one is caught, and
// writes the verdict. It is what a process with one saboteur on does. Only a
// violation catches a saboteur; with none on, every run has to end well.
func Part(ctx context.Context, list string, play Trial, out io.Writer) error {
	var v Verdict
	for text := range strings.SplitSeq(list, ",") {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no list of seeds", list)
		}
		invariant, says, err := play(ctx, seed)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		v.Violated = invariant != "" || says != "" && lever.Active() == ""
		if v.Violated {
			v.Seed, v.Invariant, v.Says = seed, invariant, says
			break
		}
	}
	return json.NewEncoder(out).Encode(v)
}
