package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/sim/bench"
)

func newStorm(a *app) *cobra.Command {
	o := bench.StormOptions{}
	var store string
	c := &cobra.Command{
		Use: "storm", Short: "Have thousands of phones sync within a window, and look for every change", Args: cobra.NoArgs,
		Long: `Enrols phones, has each make changes offline, and then has every phone sync at a
moment drawn over the window: real replicas, the real loop of a sync and the real
wire over loopback TCP, each with a connection of its own, their files in memory.
The server is a process of its own. Every change is then looked for in its log.
Ten phones work in each grid as one user and fetch what the others have written.

A latency is that of one whole sync, further tries included. With a URL of a
PostgreSQL the run makes a realm of its own in that database, and removes it when
it has ended well; one that the URL names (?realm=NAME) stays.`,
		Example: `  onedoor-sim storm --phones 5000 --changes 30 --window 5m --json
  onedoor-sim storm --phones 500 --changes 30 --window 30s --store postgres://onedoor@127.0.0.1:5432/storm`,
	}
	f := c.Flags()
	f.IntVar(&o.Phones, "phones", 500, "`NUMBER` of phones")
	f.IntVar(&o.Changes, "changes", 30, "`NUMBER` of changes that each has made before the window")
	f.DurationVar(&o.Window, "window", 30*time.Second, "`DURATION` over which the phones begin to sync")
	f.StringVar(&store, "store", "sqlite", "sqlite, or the `URL` of a PostgreSQL database")
	f.Uint64Var(&o.Seed, "seed", 1, "visits follow from this `NUMBER`")
	f.BoolVar(&o.Watch, "watch", false, "then have every phone listen for hints, and tell what that costs the server")
	f.IntVar(&o.Listeners, "listeners", 0, "then have this `NUMBER` of further devices do nothing but listen, and tell what that costs the server")
	f.IntVar(&o.Firsts, "firsts", 0, "then have this `NUMBER` of fresh phones sync for the first time at once")
	f.IntVar(&o.FirstRecords, "first-records", 5000, "`NUMBER` of records that their grid has")
	f.DurationVar(&o.StalledAfter, "stalled-after", 0, "where no sync ends for this `DURATION`, write down what phones and server are doing; 0 never does")
	f.StringVar(&o.StalledInto, "stalled-into", ".", "`FOLDER` for that, a pair of files stalled-WHAT-NUMBER-phones.txt and …-server.txt each time")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		switch {
		case o.Phones < 1 || o.Phones > bench.StormPhonesMax:
			return command.Misused("--phones %d: give 1 to %d", o.Phones, bench.StormPhonesMax)
		case o.Changes < 1 || o.Window < 0 || o.Firsts < 0 || o.FirstRecords < 1:
			return command.Misused("--changes and --first-records are 1 at least, --window and --firsts not below 0")
		case o.StalledAfter < 0 || o.StalledAfter > 0 && o.StalledInto == "":
			return command.Misused("--stalled-after is not below 0, and --stalled-into names a folder")
		case o.Listeners < 0 || o.Listeners > bench.StormPhonesMax:
			return command.Misused("--listeners %d: give 0 to %d", o.Listeners, bench.StormPhonesMax)
		case store == "sqlite":
		case isDatabase(store):
			o.Store = store
		default:
			return command.Misused("--store %q: give sqlite, or a URL such as postgres://USER@HOST/DATABASE", store)
		}
		return a.storm(ctx, o)
	})
	return c
}

// isDatabase reports the URL of a PostgreSQL database.
func isDatabase(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

func (a *app) storm(ctx context.Context, o bench.StormOptions) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to run its parts: %w", err)
	}
	o.Self = []string{self, partCommand}
	if o.Dir, err = os.MkdirTemp("", "onedoor-storm-"); err != nil {
		return fmt.Errorf("make a folder for the run: %w", err)
	}
	defer os.RemoveAll(o.Dir)
	o.Progress = func(stage string) {
		if a.Terminal {
			fmt.Fprintln(a.Err, stage)
		}
	}
	result, err := bench.RunStorm(ctx, o)
	if err != nil {
		return err
	}
	if err := a.Print(result, func(w io.Writer) { writeStorm(w, result) }); err != nil {
		return err
	}
	if result.Lost+result.Duplicated > 0 {
		return fmt.Errorf("%d changes are lost and %d stand twice", result.Lost, result.Duplicated)
	}
	return nil
}

func writeStorm(w io.Writer, r *bench.Storm) {
	fmt.Fprintf(w, "%s, %s, %s\n\n", r.Machine, r.Versions["go"], r.Store)
	fmt.Fprintf(w, "%d phones sent %d changes within %.0f s: %d lost, %d twice; %.0f accepted a second\n", r.Phones, r.Changes, r.WindowS, r.Lost, r.Duplicated, r.AcceptedS)
	fmt.Fprintf(w, "a sync took %.0f ms (median), %.0f ms (p95), %.0f ms (p99); %d round trips, %d records pulled\n", r.P50, r.P95, r.P99, r.RoundTrips, r.Pulled)
	if r.Watchers > 0 {
		fmt.Fprintf(w, "%d listeners at rest, %.1f KiB each; the server holds %.0f MiB in all\n", r.Watchers, r.WatcherKB, r.WatchingRSSMB)
	}
	for _, file := range r.Stalled {
		fmt.Fprintf(w, "syncs stood still: %s\n", file)
	}
	if r.Firsts > 0 {
		fmt.Fprintf(w, "%d fresh phones fetched %d records each in %.1f s\n", r.Firsts, r.FirstRecords, r.FirstS)
	}
	fmt.Fprintf(w, "server %.1f s CPU, %.0f MB in all; %.0f s to prepare\n", r.ServerCPUS, r.ServerRSSMB, r.PrepareS)
}
