package sabotage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"onedoor/internal/sim/sabotage/lever"
)

const (
	// SeedsMax is within how many seeds each saboteur has to be caught.
	SeedsMax = 2000
	// TimeMax is within which time all of them have to be caught: what somebody
	// waits for before a change is sent.
	TimeMax = 140 * time.Second
	// faultTextMax bounds what is repeated of a process that failed.
	faultTextMax = 600
)

// SeedBase is the first seed that is played unless another is asked for.
const SeedBase = 1

// Options say what is driven.
type Options struct {
	// Saboteurs are those to catch.
	Saboteurs []Saboteur
	// Program is the command line that plays the seeds of its last argument, a
	// list with commas, and writes a verdict. Every saboteur sleeps in it.
	Program []string
	// SeedBase is the first seed, Seeds how many each saboteur may take.
	SeedBase uint64
	Seeds    int
	// Workers is how many processes run at the same time.
	Workers int
	// Progress is told how many saboteurs are decided; nil for nobody.
	Progress func(done, total int, name string)
}

// Row is what became of one saboteur.
type Row struct {
	Name   string `json:"name"`
	Caught bool   `json:"caught"`
	// SeedsNeeded counts the seeds up to the one that caught it; 0 when none did.
	SeedsNeeded int `json:"seeds_needed"`
	// Invariant is the one that the auditor found violated first; empty when none was.
	Invariant string `json:"invariant"`
	// Seed is the one that caught it, Says what the auditor said.
	Seed uint64 `json:"-"`
	Says string `json:"-"`
}

// Control is the same program with no saboteur on, on every seed that caught one.
type Control struct {
	Seeds int
	// Verdict must not be one of a violation: then the seeds would catch anything.
	Verdict Verdict
}

// Result is what a drive came to.
type Result struct {
	Saboteurs []Row   `json:"saboteurs"`
	Control   Control `json:"-"`
}

// Caught counts the saboteurs that were caught.
func (r *Result) Caught() (n int) {
	for _, row := range r.Saboteurs {
		if row.Caught {
			n++
		}
	}
	return n
}

// Err is an error that names the saboteurs that were not caught, or says that
// the control was; nil when all is as it should be.
func (r *Result) Err() error {
	var free []string
	for _, row := range r.Saboteurs {
		if !row.Caught {
			free = append(free, fmt.Sprintf("%q (%s)", row.Name, row.Says))
		}
	}
	if len(free) > 0 {
		return fmt.Errorf("%d of %d saboteurs were not caught: the simulator is blind to %s", len(free), len(r.Saboteurs), strings.Join(free, ", "))
	}
	if v := r.Control.Verdict; v.Violated {
		return fmt.Errorf("seed %d fails with no saboteur on, so it catches anything: onedoor or its simulator is at fault (%s: %s): replay it with `onedoor-sim run --seed %d --trace`",
			v.Seed, v.Invariant, v.Says, v.Seed)
	}
	return nil
}

// Drive lets the program play seeds with each saboteur on until one is caught,
// and then the seeds that caught one with none on. The error is one of the drive
// itself: saboteurs that were not caught are rows.
func Drive(ctx context.Context, o Options) (*Result, error) {
	decided := 0
	h := newHunts(o.Saboteurs, o.Seeds, func(t *hunt) {
		decided++
		if o.Progress != nil {
			o.Progress(decided, len(o.Saboteurs), t.saboteur.Name)
		}
	})
	var working sync.WaitGroup
	for range o.Workers {
		working.Go(func() { o.work(ctx, h) }) // ends when there is no block left
	}
	working.Wait()
	out := &Result{}
	for _, t := range h.all {
		out.Saboteurs = append(out.Saboteurs, o.row(ctx, t))
	}
	if err := ctx.Err(); err != nil {
		return out, nil
	}
	var err error
	out.Control, err = o.control(ctx, out.Saboteurs)
	return out, err
}

// work plays block after block.
func (o *Options) work(ctx context.Context, h *hunts) {
	for b := h.take(ctx); b != nil && ctx.Err() == nil; b = h.take(ctx) {
		seeds := make([]uint64, b.count)
		for i := range seeds {
			seeds[i] = o.SeedBase + uint64(b.from+i)
		}
		v, err := o.play(b.ctx, b.hunt.saboteur.Name, seeds)
		h.done(b, v, err)
	}
}

// row tells what became of a hunt.
func (o *Options) row(ctx context.Context, t *hunt) Row {
	r := Row{Name: t.saboteur.Name}
	switch {
	case t.caught != nil:
		r.Caught, r.Seed, r.SeedsNeeded = true, t.caught.Seed, int(t.caught.Seed-o.SeedBase)+1
		r.Invariant, r.Says = t.caught.Invariant, t.caught.Says
	case t.fault != nil:
		r.Says = t.fault.Error()
	case ctx.Err() != nil:
		r.Says = fmt.Sprintf("the time was over after %d seeds", t.next)
	default:
		r.Says = fmt.Sprintf("nothing was found in %d seeds", t.next)
	}
	return r
}

// control plays the seeds that caught a saboteur with none on.
func (o *Options) control(ctx context.Context, rows []Row) (c Control, err error) {
	var seeds []uint64
	for _, r := range rows {
		if r.Caught {
			seeds = append(seeds, r.Seed)
		}
	}
	slices.Sort(seeds)
	seeds = slices.Compact(seeds)
	if c.Seeds = len(seeds); c.Seeds == 0 {
		return c, nil
	}
	c.Verdict, err = o.play(ctx, "", seeds)
	return c, err
}

// play runs the program once.
func (o *Options) play(ctx context.Context, saboteur string, seeds []uint64) (v Verdict, err error) {
	list := make([]string, len(seeds))
	for i, seed := range seeds {
		list[i] = strconv.FormatUint(seed, 10)
	}
	args := append(slices.Clone(o.Program[1:]), strings.Join(list, ","))
	c := exec.CommandContext(ctx, o.Program[0], args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.Env = append(os.Environ(), lever.Variable+"="+saboteur)
	if err := c.Run(); err != nil {
		text := errs.String()
		return v, fmt.Errorf("saboteur %s, seeds %s to %s: %w: %s", cmp.Or(saboteur, "none"), list[0], list[len(list)-1], err, text[:min(len(text), faultTextMax)])
	}
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		return v, fmt.Errorf("saboteur %s: read the verdict: %w", cmp.Or(saboteur, "none"), err)
	}
	return v, nil
}
