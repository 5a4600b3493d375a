package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/sim/bench"
)

func newNeighbours(a *app) *cobra.Command {
	o := bench.NeighboursOptions{}
	var store string
	c := &cobra.Command{
		Use: "neighbours", Short: "Compare a quiet realm alone with itself beside a noisy one", Args: cobra.NoArgs,
		Long: `Serves two realms from one process and a third one from another. Ten phones of the quiet
realm make a visit and sync once a second each, in turns of five stretches: alone, beside
--flood phones of the noisy realm that sync without rest, beside the same flood of the
third realm, beside a phone of their own realm that is filled with --records, and beside
one of the third realm that is. Prints the latencies of the quiet phones' whole syncs, and
p95 beside others by p95 alone: what is compared comes from one run, in alternation.

Phones and servers share this machine, which a real crowd does not. Where the system lets
it (Linux, as root or with CAP_SYS_NICE) they have an order: the quiet phones go first, then
their server, both in the kernel's real-time class, and everything else behind, so that
nobody takes a processor from the server. The third realm is then a neighbour that shares
disk and caches only: no server can do better than that by sharing well. Without the
permission all are alike but for what makes the load, which takes what others leave. The
output says which order it was, and how many processors server and load kept busy.`,
		Example: `  onedoor-sim neighbours --json
  onedoor-sim neighbours --flood 500 --stretch 1m --store postgres://onedoor@127.0.0.1:5432/neighbours`,
	}
	f := c.Flags()
	f.IntVar(&o.Flood, "flood", 200, "`NUMBER` of phones of the noisy realm")
	f.IntVar(&o.Records, "records", 200_000, "`NUMBER` of records that fill a phone")
	f.DurationVar(&o.Stretch, "stretch", 20*time.Second, "`DURATION` of each part of a round")
	f.IntVar(&o.Rounds, "rounds", 3, "`NUMBER` of rounds")
	f.StringVar(&store, "store", "sqlite", "sqlite, or the `URL` of an empty PostgreSQL database for both realms")
	f.Uint64Var(&o.Seed, "seed", 1, "visits follow from this `NUMBER`")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		switch {
		case o.Flood < 1 || o.Flood > bench.StormPhonesMax || o.Records < 1 || o.Stretch < time.Second || o.Rounds < 1:
			return command.Misused("--flood is 1 to %d, --records and --rounds 1 at least, --stretch a second", bench.StormPhonesMax)
		case store == "sqlite":
		case isDatabase(store):
			o.Store = store
		default:
			return command.Misused("--store %q: give sqlite, or a URL such as postgres://USER@HOST/DATABASE", store)
		}
		return a.neighbours(ctx, o)
	})
	return c
}

func (a *app) neighbours(ctx context.Context, o bench.NeighboursOptions) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to run its parts: %w", err)
	}
	o.Self = []string{self, partCommand}
	if o.Dir, err = os.MkdirTemp("", "onedoor-neighbours-"); err != nil {
		return fmt.Errorf("make a folder for the run: %w", err)
	}
	defer os.RemoveAll(o.Dir)
	o.Progress = func(stage string) {
		if a.Terminal {
			fmt.Fprintln(a.Err, stage)
		}
	}
	result, err := bench.RunNeighbours(ctx, o)
	if err != nil {
		return err
	}
	return a.Print(result, func(w io.Writer) { writeNeighbours(w, result) })
}

func writeNeighbours(w io.Writer, r *bench.Neighbours) {
	fmt.Fprintf(w, "%s, %s, %s, in the order of %s\n\n", r.Machine, r.Versions["go"], r.Store, r.Order)
	var t command.Table
	t.Add("SYNCS OF THE QUIET REALM", "NUMBER", "P50 ms", "P95 ms", "P99 ms", "P95 BY ALONE", "MEDIAN OF ROUNDS", "SERVER", "LOAD")
	for _, line := range []struct {
		name  string
		l     bench.Beside
		ratio float64
	}{
		{"alone", r.Alone, 1}, {fmt.Sprintf("beside %d phones of a noisy realm", r.Flood), r.Flooded, r.FloodRatio},
		{"beside as many of another process", r.Apart, r.ApartRatio}, {"beside a phone of its own that is filled", r.Filled, r.FillRatio},
		{"beside one of another process that is", r.FilledApart, r.FillApartRatio},
	} {
		t.Add(line.name, fmt.Sprint(line.l.Syncs), fmt.Sprintf("%.1f", line.l.P50), fmt.Sprintf("%.1f", line.l.P95), fmt.Sprintf("%.1f", line.l.P99),
			fmt.Sprintf("%.2f", line.ratio), fmt.Sprintf("%.2f", line.l.Ratio), fmt.Sprintf("%.2f", line.l.ServerShare), fmt.Sprintf("%.2f", line.l.LoadShare))
	}
	t.Write(w)
	fmt.Fprintf(w, "\nmeanwhile the noisy phones sent %d visits, those of another process %d; %d and %d records went to phones that were filled;\n"+
		"server and load are in processors kept busy, the server that of the load\n", r.FloodPushed, r.ApartPushed, r.FillPulled, r.FillApartPulled)
}
