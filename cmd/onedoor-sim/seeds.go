package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/sim"
)

// runJSON is what `run --json` prints.
type runJSON struct {
	Seeds      int               `json:"seeds"`
	Steps      int               `json:"steps"`
	Violations int               `json:"violations"`
	Faults     map[sim.Fault]int `json:"faults"`
	Invariants map[string]int    `json:"invariants"`
	NotYet     []string          `json:"not_yet"`
	TraceHash  string            `json:"trace_hash"`
}

// seedsFlags are the flags of `run`.
type seedsFlags struct {
	seeds, steps, workers int
	base, seed            uint64
	trace                 bool
	skip, without, store  string
}

func newSeeds(a *app) *cobra.Command {
	f := seedsFlags{}
	c := &cobra.Command{
		Use: "run", Short: "Run seeds of the simulated district and audit each", Args: cobra.NoArgs,
		Long: `Runs a small district many times over, once a seed, in virtual time: real phones
and the real server, whose network, disks, clocks and operator fail as the seed
draws it. After every step, and when faults have stopped and everybody has
synced, an auditor with a model of its own must find everything as it predicts.
docs/simulation.md says what is real and how to read a timeline.

A seed is the same history on every machine: trace_hash names it. A seed that
breaks something is made smaller, and printed with the command that plays it
again. Exit code 0 means that nothing was found.`,
		Example: `  onedoor-sim run --seeds 300 --json
  onedoor-sim run --seed 7 --trace
  onedoor-sim run --seeds 300 --store 'postgres://onedoor@db/simulated'
  onedoor-sim run --seed 7 --steps 40 --skip 3,9-12 --without kill,drop --trace`,
	}
	flags := c.Flags()
	flags.IntVar(&f.seeds, "seeds", 300, "run this `NUMBER` of seeds")
	flags.Uint64Var(&f.base, "seed-base", 1, "begin with this `SEED`")
	flags.Uint64Var(&f.seed, "seed", 0, "run this one `SEED` instead")
	flags.BoolVar(&f.trace, "trace", false, "with --seed: print the timeline")
	flags.IntVar(&f.steps, "steps", 0, "with --seed: end the script after this `NUMBER` of steps")
	flags.StringVar(&f.skip, "skip", "", "with --seed: leave these `STEPS` out, such as 3,9-12")
	flags.StringVar(&f.without, "without", "", "leave these `KINDS` of faults out, separated by commas")
	flags.StringVar(&f.store, "store", "", "`URL` of a database of the PostgreSQL family for the seeds that run on a real file (one in ten); each makes realms of its own there and drops them")
	flags.IntVar(&f.workers, "workers", 0, "run this `NUMBER` of seeds beside each other; 0 takes one a processor")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		if c.Flags().Changed("seed") {
			return a.oneSeed(&f)
		}
		if f.trace || f.steps != 0 || f.skip != "" {
			return command.Misused("--trace, --steps and --skip need --seed")
		}
		return a.seeds(ctx, &f)
	})
	return c
}

// seeds runs many seeds.
func (a *app) seeds(ctx context.Context, f *seedsFlags) error {
	without, err := sim.ParseFaults(f.without)
	if err != nil {
		return command.Misused("%v", err)
	}
	if f.seeds < 1 {
		return command.Misused("--seeds %d: at least one is needed", f.seeds)
	}
	began := time.Now()
	progress, finish := a.progress()
	o := sim.Options{Seeds: f.seeds, Base: f.base, Workers: f.workers, Without: without, Store: f.store}
	if progress != nil {
		o.Progress = func(done, seeds int) { progress("seeds", done, seeds) }
	}
	result, err := sim.Run(ctx, o)
	finish()
	if err != nil {
		return err
	}
	return a.told(result, time.Since(began), true)
}

// oneSeed plays one case.
func (a *app) oneSeed(f *seedsFlags) error {
	c, err := f.oneCase()
	if err != nil {
		return command.Misused("%v", err)
	}
	var out io.Writer
	switch {
	case f.trace && a.AsJSON:
		out = a.Err
	case f.trace:
		out = a.Out
	}
	began := time.Now()
	result, err := sim.Replay(c, out)
	if err != nil {
		return err
	}
	return a.told(result, time.Since(began), false)
}

func (f *seedsFlags) oneCase() (c sim.Case, err error) {
	c = sim.Case{Seed: f.seed, Steps: f.steps, Store: f.store}
	if c.Without, err = sim.ParseFaults(f.without); err != nil {
		return c, err
	}
	c.Skip, err = sim.ParseSteps(f.skip)
	return c, err
}

// told prints what a run came to, and fails where something was found.
func (a *app) told(r *sim.Result, took time.Duration, shrink bool) error {
	for i := range r.Failures {
		a.tellFailure(&r.Failures[i], shrink && i == 0)
	}
	if err := a.Print(runResult(r), func(w io.Writer) { writeRun(w, r, took) }); err != nil {
		return err
	}
	if n := r.Violations(); n > 0 {
		return fmt.Errorf("%d violations in %d of %d seeds: this is a fault of onedoor; keep the seeds", n, len(r.Failures), r.Seeds)
	}
	return nil
}

// tellFailure says what a seed broke and how to see it again.
func (a *app) tellFailure(f *sim.Failure, shrink bool) {
	c := f.Case
	if shrink {
		if smaller, err := sim.Shrink(f); err == nil {
			f, c = smaller, smaller.Case
		}
	}
	for _, v := range f.Violations {
		fmt.Fprintf(a.Err, "seed %d: %s\n", c.Seed, v)
	}
	if f.Err != nil {
		fmt.Fprintf(a.Err, "seed %d: %v\n", c.Seed, f.Err)
	}
	fmt.Fprintf(a.Err, "see it again: %s\n", commandOf(c))
}

// commandOf is the command that plays a case.
func commandOf(c sim.Case) string {
	text := "onedoor-sim run --seed " + strconv.FormatUint(c.Seed, 10)
	if c.Steps > 0 {
		text += " --steps " + strconv.Itoa(c.Steps)
	}
	if len(c.Skip) > 0 {
		text += " --skip " + sim.StepsText(c.Skip)
	}
	if len(c.Without) > 0 {
		text += " --without " + sim.FaultsText(c.Without)
	}
	return text + " --trace"
}

func runResult(r *sim.Result) runJSON {
	out := runJSON{
		Seeds: r.Seeds, Steps: r.Steps, Violations: r.Violations(), Faults: r.Faults, Invariants: r.Checks,
		NotYet: []string{}, TraceHash: r.TraceHash,
	}
	for _, w := range r.NotYet {
		out.NotYet = append(out.NotYet, w.Invariant.String()+": "+w.Reason)
	}
	return out
}

// writeRun writes the result for people.
func writeRun(w io.Writer, r *sim.Result, took time.Duration) {
	fmt.Fprintf(w, "%d seeds, %d steps, %d violations, %.1f s\n\n", r.Seeds, r.Steps, r.Violations(), took.Seconds())
	faults := command.Table{}
	faults.Add("fault", "times")
	for _, kind := range slices.Sorted(maps.Keys(r.Faults)) {
		faults.Add(string(kind), strconv.Itoa(r.Faults[kind]))
	}
	faults.Write(w)
	fmt.Fprintln(w)
	checks := command.Table{}
	checks.Add("invariant", "checks")
	for i := range 21 {
		name := fmt.Sprintf("I%d", i+1)
		if n := r.Checks[name]; n > 0 {
			checks.Add(name, strconv.Itoa(n))
		}
	}
	checks.Write(w)
	fmt.Fprintln(w)
	for _, waiting := range r.NotYet {
		fmt.Fprintf(w, "not yet %s: %s\n", waiting.Invariant, waiting.Reason)
	}
	fmt.Fprintf(w, "trace   %s\n", strings.ToLower(r.TraceHash))
}
