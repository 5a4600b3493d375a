package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/sim"
	"onedoor/internal/sim/model"
	"onedoor/internal/sim/sabotage"
)

// sabotagePart is how sabotage runs the broken program: it plays a list of seeds.
const sabotagePart = "sabotage-part"

// sabotageOptions are the flags of sabotage.
type sabotageOptions struct {
	source, overlay string
	only            []string
	base            uint64
	seeds           int
	within          time.Duration
}

func newSabotage(a *app) *cobra.Command {
	o := sabotageOptions{}
	c := &cobra.Command{
		Use: "sabotage", Short: "Break onedoor on purpose and count the seeds until the simulator notices", Args: cobra.NoArgs,
		Long: `Builds a copy of onedoor that carries every known way to break it, switches one
saboteur on at a time and plays the seeds of ` + "`onedoor-sim run`" + ` until the auditor
objects. A saboteur that nobody catches shows what the simulator cannot find.
Every seed that caught one is played once more with none on: it must pass.

It builds from source with Go, so it runs inside the repository, or with
--source. Nothing in the repository is changed. Exit code 1 when a saboteur was
not caught.`,
		Example: "  onedoor-sim sabotage\n  onedoor-sim sabotage --only 'own chain ignored,clamp missing'\n" +
			"  onedoor-sim sabotage --overlay /tmp/broken   # and then: go test -overlay /tmp/broken/overlay.json",
	}
	c.Flags().StringVar(&o.source, "source", ".", "the repository, or a `DIR` in it")
	c.Flags().StringVar(&o.overlay, "overlay", "", "only write the broken copies and overlay.json into this `DIR`")
	c.Flags().StringSliceVar(&o.only, "only", nil, "only these saboteurs, `NAMES` separated by commas")
	c.Flags().Uint64Var(&o.base, "seed-base", sabotage.SeedBase, "the first seed, a `NUMBER`")
	c.Flags().IntVar(&o.seeds, "seeds", sabotage.SeedsMax, "within this `NUMBER` of seeds each has to be caught")
	c.Flags().DurationVar(&o.within, "within", sabotage.TimeMax, "within this `TIME` all have to be caught")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		if o.seeds < 1 || o.within <= 0 {
			return command.Misused("--seeds and --within: more than nothing is needed")
		}
		return a.sabotage(ctx, o)
	})
	return c
}

// newSabotagePart is for sabotage alone: it plays seeds with one saboteur on.
func newSabotagePart(a *app) *cobra.Command {
	c := &cobra.Command{Use: sabotagePart + " SEEDS", Hidden: true, Args: cobra.ExactArgs(1)}
	c.RunE = command.Running(func(ctx context.Context, args []string) error {
		return sabotage.Part(ctx, args[0], trySeed, a.Out)
	})
	return c
}

// trySeed plays a seed as `run` does and gives what was found at the first wrong
// step: of several things a cause before what follows from it, else the least, since
// what is found together has no order.
func trySeed(ctx context.Context, seed uint64) (invariant, says string, err error) {
	r, err := sim.Run(ctx, sim.Options{Seeds: 1, Base: seed, Workers: 1})
	if err != nil || len(r.Failures) == 0 {
		return "", "", err
	}
	f := &r.Failures[0]
	if len(f.Violations) == 0 {
		return "", f.Err.Error(), nil
	}
	first := slices.MinFunc(f.Violations, func(a, b model.Violation) int {
		return cmp.Or(cmp.Compare(echo(a.Invariant), echo(b.Invariant)), cmp.Compare(a.Invariant, b.Invariant), cmp.Compare(a.Text, b.Text))
	})
	return first.Invariant.String(), first.Text, nil
}

// echo ranks an invariant by what else shows where it breaks: a put-back that nobody
// noticed and a past misjudged after a restore alter cells, and a cell alters outcomes.
func echo(i model.Invariant) int {
	causes := []model.Invariant{model.I20, model.I13, model.I3}
	if at := slices.Index(causes, i); at >= 0 {
		return at
	}
	return len(causes)
}

func (a *app) sabotage(ctx context.Context, o sabotageOptions) error {
	root, err := sabotage.Root(o.source)
	if err != nil {
		return err
	}
	all, err := sabotage.All()
	if err != nil {
		return err
	}
	if all, err = sabotage.Only(all, o.only); err != nil {
		return err
	}
	if o.overlay != "" {
		return a.writeOverlay(root, o.overlay, all)
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, o.within)
	defer cancel()
	result, err := a.drive(ctx, root, all, o)
	if err != nil {
		return err
	}
	if err := a.Print(result, func(w io.Writer) { writeSabotage(w, result, time.Since(began)) }); err != nil {
		return err
	}
	return result.Err()
}

func (a *app) writeOverlay(root, folder string, all []sabotage.Saboteur) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of the overlay: %w", err)
	}
	file, err := sabotage.WriteOverlay(root, folder, all)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.Err, "written", file)
	return nil
}

// drive builds the broken program in a folder of its own and drives it.
func (a *app) drive(ctx context.Context, root string, all []sabotage.Saboteur, o sabotageOptions) (*sabotage.Result, error) {
	folder, err := os.MkdirTemp("", "onedoor-sabotage-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the broken program: %w", err)
	}
	defer os.RemoveAll(folder)
	progress, finish := a.progress()
	defer finish()
	if progress != nil {
		progress("build with saboteurs", 0, len(all))
	}
	program, err := sabotage.Build(ctx, root, folder, all)
	if err != nil {
		return nil, err
	}
	options := sabotage.Options{
		Saboteurs: all, Program: []string{program, sabotagePart}, SeedBase: o.base, Seeds: o.seeds, Workers: runtime.NumCPU(),
	}
	if progress != nil {
		options.Progress = func(done, total int, name string) { progress(name, done, total) }
	}
	return sabotage.Drive(ctx, options)
}

// saysMax is how much of what the auditor said stands in the table.
const saysMax = 100

func writeSabotage(w io.Writer, r *sabotage.Result, took time.Duration) {
	t := command.Table{}
	t.Add("saboteur", "caught", "seeds", "invariant", "what the auditor said")
	for _, row := range r.Saboteurs {
		caught, seeds := "no", "-"
		if row.Caught {
			caught, seeds = "yes", strconv.Itoa(row.SeedsNeeded)
		}
		t.Add(row.Name, caught, seeds, row.Invariant, shorten(row.Says))
	}
	control := "none found"
	if r.Control.Verdict.Violated {
		control = "FOUND in seed " + strconv.FormatUint(r.Control.Verdict.Seed, 10)
	}
	t.Add("(no saboteur)", control, strconv.Itoa(r.Control.Seeds), r.Control.Verdict.Invariant, shorten(r.Control.Verdict.Says))
	t.Write(w)
	fmt.Fprintf(w, "%d of %d saboteurs caught in %.0f s\n", r.Caught(), len(r.Saboteurs), took.Seconds())
}

func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > saysMax {
		return string(runes[:saysMax]) + "…"
	}
	return text
}
