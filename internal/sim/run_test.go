package sim_test

import (
	"strings"
	"testing"

	"onedoor/internal/sim"
)

// seedsInUnit is how many seeds the package's own tests run; `make test` runs hundreds.
const seedsInUnit = 12

func run(t *testing.T, o sim.Options) *sim.Result {
	t.Helper()
	r, err := sim.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failures {
		t.Errorf("seed %d: %v %v", f.Case.Seed, f.Violations, f.Err)
	}
	return r
}

func TestRun_ASeedIsTheSameHistoryHoweverManyRunBesideIt(t *testing.T) {
	alone := run(t, sim.Options{Seeds: seedsInUnit, Base: 1, Workers: 1})
	beside := run(t, sim.Options{Seeds: seedsInUnit, Base: 1, Workers: 4})
	if alone.TraceHash != beside.TraceHash || alone.Steps != beside.Steps || alone.Seeds != seedsInUnit {
		t.Errorf("%d seeds alone took %d steps to %s, beside each other %d to %s",
			alone.Seeds, alone.Steps, alone.TraceHash, beside.Steps, beside.TraceHash)
	}
}

func TestRun_OtherSeedsAreOtherHistories(t *testing.T) {
	if a, b := run(t, sim.Options{Seeds: 1, Base: 1}), run(t, sim.Options{Seeds: 1, Base: 2}); a.TraceHash == b.TraceHash {
		t.Errorf("seeds 1 and 2 both give %s", a.TraceHash)
	}
}

func TestReplay_TellsTheHistoryThatItsHashNames(t *testing.T) {
	var first, again strings.Builder
	a, err := sim.Replay(sim.Case{Seed: 3}, &first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sim.Replay(sim.Case{Seed: 3}, &again)
	if err != nil {
		t.Fatal(err)
	}
	if first.String() != again.String() || a.TraceHash != b.TraceHash || !strings.Contains(first.String(), "rests at") {
		t.Errorf("two replays of one seed differ, or do not come to rest: %s and %s", a.TraceHash, b.TraceHash)
	}
}

func TestReplay_StepsAndKindsCanBeLeftOut(t *testing.T) {
	var out strings.Builder
	r, err := sim.Replay(sim.Case{Seed: 3, Steps: 20, Skip: []int{2, 3}, Without: sim.AllFaults}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != 18 || len(r.Faults) > 0 || strings.Contains(out.String(), "step 2:") || !strings.Contains(out.String(), "step 20:") {
		t.Errorf("%d steps with faults %v:\n%s", r.Steps, r.Faults, out.String())
	}
}

func TestScript_AStepInADistrictWithoutPhonesIsNoWork(t *testing.T) {
	if err := sim.TakeDeserted(); err != nil {
		t.Error(err)
	}
}

func TestParseSteps_ReadsWhatStepsTextWrites(t *testing.T) {
	for _, text := range []string{"", "7", "3,9-12", "1-2,4,6-8"} {
		steps, err := sim.ParseSteps(text)
		if err != nil || sim.StepsText(steps) != text {
			t.Errorf("%q reads as %v, %v and is written %q", text, steps, err, sim.StepsText(steps))
		}
	}
	for _, text := range []string{"x", "0", "5-3", "1-2-3", "1-999999999"} {
		if _, err := sim.ParseSteps(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestParseFaults_KnowsEveryKindAndNoOther(t *testing.T) {
	kinds, err := sim.ParseFaults(sim.FaultsText(sim.AllFaults))
	if err != nil || len(kinds) != len(sim.AllFaults) {
		t.Errorf("read %v, %v", kinds, err)
	}
	if _, err := sim.ParseFaults("drop,earthquake"); err == nil || !strings.Contains(err.Error(), "earthquake") {
		t.Errorf("got %v", err)
	}
}
