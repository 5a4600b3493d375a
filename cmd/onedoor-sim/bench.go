package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/heapfloor"
	"onedoor/internal/processors"
	"onedoor/internal/sim/bench"
)

// partCommand is how bench runs this program again as a server or as phones.
const partCommand = "bench-part"

func newBench(a *app) *cobra.Command {
	o := bench.Options{}
	c := &cobra.Command{
		Use: "bench", Short: "Measure onedoor on the workload of its peers", Args: cobra.NoArgs,
		Long: `Measures three workloads over loopback TCP, with server and phones in processes of
their own and every byte counted by a proxy between them, TLS off:
  W1  one phone uploads 10,000 visits made offline; a fresh phone pulls them
  W2  200 phones upload 50 visits each at once, then pull what their team wrote
  W3  two phones edit the same 1,000 records offline and sync until both agree
and, in the same run, the raw limit: plain SQLite statements that write rows of
the same bytes with one index and the same durability. Machines are noisy: read
the ratios, not the rates. People and visits are generated; the notes are the
corpus of testdata/notes.`,
		Example: "  onedoor-sim bench\n  onedoor-sim bench --json > bench.json",
	}
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "visits follow from this `NUMBER`")
	c.Flags().IntVar(&o.Scale, "divide", 1, "divide the workload's sizes by this `NUMBER`, for a quick look")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.bench(ctx, o) })
	return c
}

// newBenchPart is for bench alone: one part of a measurement.
func newBenchPart(a *app) *cobra.Command {
	c := &cobra.Command{Use: partCommand + " PART", Hidden: true, Args: cobra.ExactArgs(1)}
	c.RunE = command.Running(func(ctx context.Context, args []string) error {
		if args[0] == bench.RoleServer {
			heapfloor.Touch(heapfloor.Usual) // as onedoor serve does
			processors.Spare()               // likewise
		}
		return bench.Child(ctx, args[0], os.Stdin, a.Out)
	})
	return c
}

func (a *app) bench(ctx context.Context, o bench.Options) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to run its parts: %w", err)
	}
	o.Self = []string{self, partCommand}
	if o.Dir, err = os.MkdirTemp("", "onedoor-bench-"); err != nil {
		return fmt.Errorf("make a folder for the run: %w", err)
	}
	defer os.RemoveAll(o.Dir)
	o.Progress = func(stage string) {
		if a.Terminal {
			fmt.Fprintln(a.Err, stage)
		}
	}
	result, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	return a.Print(result, func(w io.Writer) { writeBench(w, result) })
}

func writeBench(w io.Writer, r *bench.Result) {
	fmt.Fprintf(w, "%s, %s, %s\n\n", r.Machine, r.Versions["go"], r.Versions["durability"])
	fmt.Fprintf(w, "raw limit   up %.0f/s (500 a commit), %.0f/s (50 a commit), down %.0f/s\n", r.Raw.Up500, r.Raw.Up50, r.Raw.Down)
	fmt.Fprintf(w, "W1 up       %.0f visits/s = %.2f of raw, %.0f bytes a visit on the wire, %d round trips\n",
		r.W1.UpPerS, r.W1.RatioUp, r.W1.BytesUp, r.W1.RoundTripsUp)
	fmt.Fprintf(w, "W1 down     %.0f records/s = %.2f of raw, %.0f bytes a record, %d round trips\n",
		r.W1.DownPerS, r.W1.RatioDown, r.W1.BytesDown, r.W1.RoundTripsDown)
	fmt.Fprintf(w, "            floor %.0f bytes (%s, all records in one block); server %.1f s CPU, %.0f MB, file %.1f MB\n",
		r.W1.FloorBytes, r.W1.FloorBy, r.W1.ServerCPUS, r.W1.ServerRSSMB, float64(r.W1.FileBytes)/1e6)
	fmt.Fprintf(w, "W2          %d phones up in %.2f s = %.2f of raw, down in %.2f s; server %.1f s CPU, %.0f MB\n",
		r.W2.Phones, r.W2.UpS, r.W2.RatioUp, r.W2.DownS, r.W2.ServerCPUS, r.W2.ServerRSSMB)
	fmt.Fprintf(w, "W3          %d records edited by two: %d edits silently lost, %d of %d pairs of different fields both visible, agree: %v\n",
		r.W3.Records, r.W3.SilentlyLost, r.W3.BothVisible, r.W3.Different, r.W3.Agree)
	fmt.Fprintf(w, "phone       an edit takes %.1f ms (median), %.1f ms (p99), durable\n", r.Phone.EditP50, r.Phone.EditP99)
	fmt.Fprintf(w, "empty sync  %d bytes up, %d down, %d round trip\n", r.Empty.BytesUp, r.Empty.BytesDown, r.Empty.RoundTrips)
}
