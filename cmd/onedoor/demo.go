package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/demo"
	"onedoor/server"
)

// seedDefault is the day that everybody sees who does not ask for another.
const seedDefault = 1

// consoleDefault is where the demo's console is: on this machine only.
const consoleDefault = "127.0.0.1:7480"

// demoJSON is what `demo --json` prints.
type demoJSON struct {
	Seed        uint64 `json:"seed"`
	Phones      int    `json:"phones"`
	Doors       int    `json:"doors"`
	Changes     int    `json:"changes"`
	Applied     int    `json:"applied"`
	Merged      int    `json:"merged"`
	Quarantined int    `json:"quarantined"`
	Conflicts   int    `json:"conflicts"`
	Lost        int    `json:"lost"`
	Duplicated  int    `json:"duplicated"`
	Converged   bool   `json:"converged"`
	BytesUp     int64  `json:"bytes_up"`
	BytesDown   int64  `json:"bytes_down"`
	RoundTrips  int    `json:"round_trips"`
	WallMs      int64  `json:"wall_ms"`
}

// demoFlags are the flags of the demo.
type demoFlags struct {
	once, times              bool
	seed                     uint64
	dir, listen, http, scale string
}

func newDemo(a *app) *cobra.Command {
	var flags demoFlags
	c := &cobra.Command{
		Use: "demo", Short: "Play a street's working day on 40 phones, then keep its server up", Args: cobra.NoArgs,
		Long: `Founds a realm with the real territories of 西安街道 and a generated street of
30,984 rental rooms and 476 hotels, gives 40 phones to its teams, and plays a
working day: the phones are offline, visit doors, find hazards, register disputes,
edit the same records, lose their connection in the middle of a call, are killed
and started again, and sync. Server, phones, files and connections are real;
people and notes are generated from the seed, and one seed makes one day.

An auditor then reads everything back and compares it with what the script alone
predicts: nothing lost, nothing doubled, every phone as the server, and each
conflict that people must decide. Exit code 1 means that it found otherwise.

Afterwards the server stays up with its console, and two phones stand in the
browser at /phones, each a real replica with a file of its own and a flight-mode
switch. The command prints how to sign in, and what to try next, until it is
interrupted. Without --dir the folder is removed at the end.`,
		Example: `  onedoor demo
  onedoor demo --once --json --seed 7`,
	}
	f := c.Flags()
	f.BoolVar(&flags.once, "once", false, "end after the audit instead of keeping the server up")
	f.Uint64Var(&flags.seed, "seed", seedDefault, "`N` that chooses street, people and day")
	f.StringVar(&flags.dir, "dir", "", "`DIR` to make realm and phones in, and to keep (default: a temporary one)")
	f.StringVar(&flags.listen, "listen", "", "`ADDR` to listen on (default "+server.ListenDefault+", with --once a free port)")
	f.StringVar(&flags.http, "http", "", "`ADDR` of console and phones in the browser (default "+consoleDefault+", with --once none)")
	f.StringVar(&flags.scale, "scale", "full", "full or small")
	f.BoolVar(&flags.times, "times", false, "tell on standard error how long each stage took")
	for _, name := range []string{"scale", "times"} {
		if err := f.MarkHidden(name); err != nil {
			panic("onedoor: " + err.Error())
		}
	}
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.demo(ctx, &flags) })
	return c
}

// options says what is to be played. The day is yesterday, so that the server's clock can go on after it.
func (f *demoFlags) options() (demo.Options, error) {
	o := demo.Options{Seed: f.seed, Dir: f.dir, Listen: f.listen, Date: time.Now().AddDate(0, 0, -1)}
	switch f.scale {
	case "full":
		o.Scale = demo.FullScale()
	case "small":
		o.Scale = demo.TrialScale()
	default:
		return o, command.Misused("--scale %q: full or small is needed", f.scale)
	}
	if o.Listen == "" && !f.once {
		o.Listen = server.ListenDefault
	}
	if o.HTTP = f.http; o.HTTP == "" && !f.once {
		o.HTTP = consoleDefault
	}
	return o, nil
}

// demo plays the day, tells what came of it, and keeps the server up.
func (a *app) demo(ctx context.Context, f *demoFlags) (err error) {
	o, err := f.options()
	if err != nil {
		return err
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "onedoor-demo-"); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	bar := &stageBar{out: a.Err}
	if a.Terminal {
		o.Progress = bar
	}
	played, err := demo.Run(ctx, o)
	bar.finish()
	if errors.Is(err, server.ErrPlainText) {
		return fmt.Errorf("%s: the demo speaks plain text, so it listens on this machine only: give an address such as %s", o.Listen, server.ListenDefault)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, played.Close()) }()
	if f.times {
		fmt.Fprint(a.Err, played.Report.Times())
	}
	if err := a.tellDemo(&played.Report); err != nil || f.once {
		return errors.Join(err, auditError(&played.Report.Findings))
	}
	if err := a.tellNext(ctx, played); err != nil {
		return err
	}
	<-ctx.Done()
	return auditError(&played.Report.Findings)
}

// tellDemo prints what came of the day, and what the auditor found on standard error.
func (a *app) tellDemo(r *demo.Report) error {
	total := r.Total()
	err := a.Print(demoJSON{
		Seed: r.Seed, Phones: r.Phones, Doors: r.Doors, Changes: r.Changes,
		Applied: total.Applied, Merged: total.Merged, Quarantined: total.Quarantined,
		Conflicts: r.Findings.Conflicts, Lost: r.Findings.Lost, Duplicated: r.Findings.Duplicated, Converged: r.Findings.Converged,
		BytesUp: total.BytesUp, BytesDown: total.BytesDown, RoundTrips: total.RoundTrips, WallMs: r.Wall.Milliseconds(),
	}, func(w io.Writer) { fmt.Fprint(w, r.Table()) })
	for _, p := range r.Findings.Problems {
		fmt.Fprintln(a.Err, command.Printable(p))
	}
	return err
}

// auditError is the failure of a demo whose audit found something.
func auditError(f *demo.Findings) error {
	if f.OK() {
		return nil
	}
	return fmt.Errorf("the audit found %d values lost, %d doubled, converged %t: the findings stand above; keep the folder with --dir and report the seed",
		f.Lost, f.Duplicated, f.Converged)
}

// tellNext prints what to try with the server that is up; with --json it goes where all goes that is no result.
func (a *app) tellNext(ctx context.Context, played *demo.Demo) error {
	next, err := played.TryNext(ctx, ownCommands())
	if err != nil {
		return err
	}
	out := a.Out
	if a.AsJSON {
		out = a.Err
	}
	if _, err = fmt.Fprint(out, "\n"+next); err != nil {
		return fmt.Errorf("say what to try next: %w", err)
	}
	return nil
}

// ownCommands are this command as it was called, and the phone's beside it.
func ownCommands() demo.Commands {
	folder := filepath.Dir(os.Args[0])
	if folder == "." {
		return demo.Commands{Onedoor: "onedoor", Phone: "onedoor-phone"}
	}
	return demo.Commands{Onedoor: filepath.Join(folder, "onedoor"), Phone: filepath.Join(folder, "onedoor-phone")}
}

// stageBar draws a bar for the stage in hand where a person watches.
type stageBar struct {
	out io.Writer
	// mu guards bar.
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// Begin draws the bar of a stage.
func (b *stageBar) Begin(stage demo.Stage, steps int) {
	b.finish()
	b.mu.Lock()
	defer b.mu.Unlock()
	if steps == 0 {
		steps = -1
	}
	b.bar = progressbar.NewOptions(steps, progressbar.OptionSetWriter(b.out), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription(stage.ZH+" · "+stage.EN), progressbar.OptionShowCount(), progressbar.OptionThrottle(barEvery))
}

// barEvery is how often a bar is drawn at most: eyes see no more, and every drawing is a write to the terminal.
const barEvery = 80 * time.Millisecond

// Done moves the bar on. One that cannot be drawn is no reason to stop the day.
func (b *stageBar) Done(steps int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Add(steps)
	}
}

// finish takes the bar away.
func (b *stageBar) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Finish()
	}
	b.bar = nil
}
