package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/sim/crash"
)

// crashPart is how crash runs this program again as a server or as a phone.
const crashPart = "crash-part"

// cyclesDefault have every kind of cycle.
const cyclesDefault = 9

func newCrash(a *app) *cobra.Command {
	o := crash.Options{}
	c := &cobra.Command{
		Use: "crash", Short: "Kill real servers and phones, and look for what is missing", Args: cobra.NoArgs,
		Long: `Runs a real server and real phones as processes of their own, on lines that cut and
delay, and kills them (SIGKILL) at random and at marked points: inside a
transaction, before and after a commit is durable, before and after a reply is
taken. Some cycles restore the server from a backup, let a disk fill up, or damage
the database file. With --store the realm lies in a PostgreSQL, served by --servers
servers that every phone knows, and nothing is restored or damaged: each server is
killed on its own, with a statement on its way to the database or its answer on the
way back. After each cycle the phones sync in peace, and an auditor that
reads the phones' receipts and the server's log says whether everything that was
acknowledged is there once, whether the log verifies, and whether every phone
holds and shows the same.

At the end of each storm no answer arrives, so that phones send again what the
server has. The table tells how many changes were answered in a storm, and how
many stood in the log unheard at its end: neither is none.

The seed chooses edits, faults and kills; what a kill meets depends on the
machine's timing. It works in a folder of its own, and in a realm of its own that it
removes from the database at its end, listens on this machine only,
and takes about four seconds a cycle. Exit code 1 means that something was lost or
duplicated, or did not converge.`,
		Example: "  onedoor-sim crash\n  onedoor-sim crash --cycles 40 --seed 7 --json\n" +
			"  onedoor-sim crash --cycles 10 --store postgres://onedoor@127.0.0.1:5432/trial --servers 3",
	}
	c.Flags().IntVar(&o.Cycles, "cycles", cyclesDefault, "`NUMBER` of cycles; 9 have every kind")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "what happens follows from this `NUMBER`")
	c.Flags().StringVar(&o.Store, "store", "", "`URL` of a PostgreSQL database to make the realm in; a file when it is not given")
	c.Flags().IntVar(&o.Servers, "servers", 1, "`NUMBER` of servers that serve the realm; several need --store")
	var trace bool
	c.Flags().BoolVar(&trace, "trace", false, "tell on standard error what goes on")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.crash(ctx, o, trace) })
	return c
}

// newCrashPart is for crash alone: one process of a run.
func newCrashPart(a *app) *cobra.Command {
	c := &cobra.Command{Use: crashPart + " PART", Hidden: true, Args: cobra.ExactArgs(1)}
	c.RunE = command.Running(func(ctx context.Context, args []string) error { return crash.Child(ctx, args[0], os.Stdin, a.Out) })
	return c
}

func (a *app) crash(ctx context.Context, o crash.Options, trace bool) error {
	if o.Cycles < 1 {
		return command.Misused("--cycles %d shows nothing: ask for one at least", o.Cycles)
	}
	switch {
	case o.Servers < 1 || o.Servers > crash.ServersMax:
		return command.Misused("--servers %d: give 1 to %d", o.Servers, crash.ServersMax)
	case o.Servers > 1 && o.Store == "":
		return command.Misused("--servers %d: several servers need a database: name it with --store", o.Servers)
	case o.Store != "" && !isDatabase(o.Store):
		return command.Misused("--store %q: give a URL such as postgres://USER@HOST/DATABASE", o.Store)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to run its parts: %w", err)
	}
	o.Self = []string{self, crashPart}
	if o.Dir, err = os.MkdirTemp("", "onedoor-crash-"); err != nil {
		return fmt.Errorf("make a folder for the run: %w", err)
	}
	defer os.RemoveAll(o.Dir)
	var cycles []crash.Cycle
	o.Progress = func(c crash.Cycle) {
		cycles = append(cycles, c)
		a.tellCycle(c)
	}
	if trace {
		o.Trace = func(text string) { fmt.Fprintln(a.Err, text) }
	}
	result, err := crash.Run(ctx, o)
	if err != nil {
		return err
	}
	if err := a.Print(result, func(w io.Writer) { writeCrash(w, cycles, result) }); err != nil {
		return err
	}
	if !result.Good() {
		return fmt.Errorf("%d changes lost, %d duplicated, converged %v: this is a fault of onedoor; run it again with --seed %d --trace",
			result.Lost, result.Duplicated, result.Converged, o.Seed)
	}
	return nil
}

// tellCycle tells a person who watches, and everybody what was found wrong.
func (a *app) tellCycle(c crash.Cycle) {
	if a.Terminal {
		fmt.Fprintf(a.Err, "cycle %d (%s): %d server and %d phone kills, %.1f s\n", c.Number+1, c.Kind, c.ServerKills, c.PhoneKills, c.Took.Seconds())
	}
	for _, problem := range c.Problems {
		fmt.Fprintf(a.Err, "cycle %d (%s): %s\n", c.Number+1, c.Kind, problem)
	}
}

func writeCrash(w io.Writer, cycles []crash.Cycle, r *crash.Result) {
	t := command.Table{}
	t.Add("cycle", "kind", "server kills", "phone kills", "at marks", "answered", "unheard", "acknowledged", "lost", "duplicated", "problems", "took")
	for _, c := range cycles {
		t.Add(fmt.Sprint(c.Number+1), string(c.Kind), fmt.Sprint(c.ServerKills), fmt.Sprint(c.PhoneKills), fmt.Sprint(c.AtMarks), fmt.Sprint(c.Answered),
			fmt.Sprint(c.Unheard), fmt.Sprint(c.Acknowledged),
			fmt.Sprint(c.Lost), fmt.Sprint(c.Duplicated), fmt.Sprint(len(c.Problems)), c.Took.Round(100*time.Millisecond).String())
	}
	t.Write(w)
	fmt.Fprintf(w, "acknowledged %d, lost %d, duplicated %d, converged %v\n", r.Acknowledged, r.Lost, r.Duplicated, r.Converged)
}
