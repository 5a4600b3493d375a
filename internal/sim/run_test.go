package sim_test

import (
	"os"
	"strconv"
	"testing"

	"onedoor/internal/sim"
)

func TestReplay_Try(t *testing.T) {
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	r, err := sim.Replay(sim.Case{Seed: uint64(seed)}, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
}

func TestRun_Try(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("SEEDS"))
	r, err := sim.Run(t.Context(), sim.Options{Seeds: n, Base: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seeds %d steps %d faults %v checks %v %s", r.Seeds, r.Steps, r.Faults, r.Checks, r.TraceHash)
	for _, f := range r.Failures {
		t.Errorf("seed %d: %v %v", f.Case.Seed, f.Violations, f.Err)
	}
}
