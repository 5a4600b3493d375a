package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/sim/replay"
)

// replayJSON is what `replay --json` prints.
type replayJSON struct {
	Doors      int           `json:"doors"`
	Visits     int           `json:"visits"`
	Hazards    int           `json:"hazards"`
	Days       []dayJSON     `json:"days"`
	Conflicts  int           `json:"conflicts"`
	Refused    []refusedJSON `json:"refused"`
	Lost       int           `json:"lost"`
	Duplicated int           `json:"duplicated"`
	Converged  bool          `json:"converged"`
}

// dayJSON is what one day file brought.
type dayJSON struct {
	Date    string `json:"date"`
	Rows    int    `json:"rows"`
	New     int    `json:"new"`
	Changed int    `json:"changed"`
}

// refusedJSON is a part of the folder that was not taken; line 0 is a whole file.
type refusedJSON struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// generated is said wherever results are shown.
const generated = `Buildings and inspections are real; people, teams, phones, and the edits that two
phones of a team make to the same records are generated from the seed.`

// attribution names the source that the folder's layout belongs to.
const attribution = "Contains information licensed under the Open Government Licence – Toronto."

func newReplay(a *app) *cobra.Command {
	var data string
	var seed uint64
	c := &cobra.Command{
		Use: "replay --data DIR", Short: "Replay a folder of real rental-house inspections", Args: cobra.NoArgs,
		Long: `Replays the RentSafeTO files in DIR (registrations-*.csv, evaluations-*.csv,
days/*.csv): the register becomes doors, every inspection a visit that is written
on an offline phone of its ward's team, every item scored 1 a hazard, every day
file the work of that day. Server and phones are real and sync over gRPC on this
machine. In the end an auditor that has only the plan says what must be there and
compares it with the server and with every phone.

` + generated + `
What of the folder cannot be read is listed as refused and changes nothing.
Exit code 1 means that something was lost or duplicated, or did not converge.`,
		Example: `  onedoor-sim replay --data testdata/rentsafe
  onedoor-sim replay --data testdata/rentsafe --seed 7 --json`,
	}
	c.Flags().StringVar(&data, "data", "", "the `DIR` with the files")
	c.Flags().Uint64Var(&seed, "seed", 1, "people, teams and overlaps follow from this `NUMBER`")
	if err := c.MarkFlagRequired("data"); err != nil {
		panic("onedoor-sim: " + err.Error())
	}
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.replay(ctx, data, seed) })
	return c
}

func (a *app) replay(ctx context.Context, data string, seed uint64) error {
	began := time.Now()
	if _, err := os.Stat(data); err != nil {
		return fmt.Errorf("read the folder: %w", err)
	}
	plan, err := replay.ReadPlan(os.DirFS(data), seed)
	if err != nil {
		return fmt.Errorf("%s: %w", data, err)
	}
	fmt.Fprintf(a.Err, "%s\n%s\n", generated, attribution)
	progress, finish := a.progress()
	played, err := replay.Replay(ctx, plan, replay.Options{Seed: seed, Progress: progress})
	finish()
	if err != nil {
		return fmt.Errorf("replay %s: %w", data, err)
	}
	for _, problem := range played.Problems {
		fmt.Fprintln(a.Err, problem)
	}
	if err := a.Print(resultOf(plan, played), func(w io.Writer) { tell(w, plan, played, time.Since(began)) }); err != nil {
		return err
	}
	if played.Lost+played.Duplicated > 0 || !played.Converged {
		return fmt.Errorf("%d values lost, %d records duplicated, converged %v: this is a fault of onedoor; keep the folder and the seed %d",
			played.Lost, played.Duplicated, played.Converged, seed)
	}
	return nil
}

func resultOf(plan *replay.Plan, played *replay.Played) replayJSON {
	out := replayJSON{
		Doors: plan.Totals.Doors, Visits: plan.Totals.Visits, Hazards: plan.Totals.Hazards, Conflicts: played.Conflicts,
		Lost: played.Lost, Duplicated: played.Duplicated, Converged: played.Converged,
		Days: []dayJSON{}, Refused: []refusedJSON{},
	}
	for _, day := range plan.Days {
		out.Days = append(out.Days, dayJSON{string(day.Date), day.Rows, day.New, day.Changed})
	}
	for _, r := range plan.Refused {
		out.Refused = append(out.Refused, refusedJSON{r.File, r.Line, r.Why})
	}
	return out
}

// tell writes the result for people.
func tell(w io.Writer, plan *replay.Plan, played *replay.Played, took time.Duration) {
	fmt.Fprintf(w, "%d doors, %d visits, %d hazards in %d wards; %d phones made %d changes in %d days\n",
		plan.Totals.Doors, plan.Totals.Visits, plan.Totals.Hazards, len(plan.Wards), played.Phones, played.Changes, len(plan.Sessions))
	fmt.Fprintf(w, "%-12s %6s %6s %8s\n", "day", "rows", "new", "changed")
	for _, day := range plan.Days {
		fmt.Fprintf(w, "%-12s %6d %6d %8d\n", day.Date, day.Rows, day.New, day.Changed)
	}
	for _, r := range plan.Refused {
		fmt.Fprintf(w, "refused %s, line %d: %s\n", r.File, r.Line, r.Why)
	}
	fmt.Fprintf(w, "%d round trips, %.1f MB up, %.1f MB down, %.1f s\n",
		played.Traffic.RoundTrips, float64(played.Traffic.BytesUp)/1e6, float64(played.Traffic.BytesDown)/1e6, took.Seconds())
	fmt.Fprintf(w, "conflicts for people to settle %d, lost %d, duplicated %d, converged %v\n",
		played.Conflicts, played.Lost, played.Duplicated, played.Converged)
}

// progress draws a bar where a person watches; finish takes it away.
func (a *app) progress() (progress func(stage string, done, total int), finish func()) {
	if !a.Terminal {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(a.Err), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())
	var mu sync.Mutex // guards bar
	// A bar that cannot be drawn is no reason to stop the work.
	return func(stage string, done, total int) {
		mu.Lock()
		defer mu.Unlock()
		bar.Describe(stage)
		bar.ChangeMax(total)
		_ = bar.Set(done)
	}, func() { _ = bar.Finish() }
}
