package main

import (
	"context"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
)

// Run runs one command line and gives its exit code.
func Run(ctx context.Context, args []string, stdio command.Stdio) int {
	a := &app{command.App{Stdio: stdio}}
	return command.Execute(ctx, a.root(), args, stdio, nil)
}

// app is what the commands of one run share.
type app struct{ command.App }

// commands are the commands in the order of help.
var commands = []func(*app) *cobra.Command{newSeeds, newReplay, newBench, newStorm, newNeighbours, newBenchPart, newSabotage, newSabotagePart, newCrash, newCrashPart}

func (a *app) root() *cobra.Command {
	root := command.Group("onedoor-sim", "Simulate onedoor, kill it, replay real inspections through it, and measure it",
		`onedoor-sim plays a day of work through a real server and real phones on this
machine, and checks the result by itself. It needs no other program.

Results go to standard output, as text or with --json as one JSON object; all
else goes to standard error. Exit codes: 0 done, 1 failed, 2 used wrongly.`)
	a.JSONFlag(root, "print exactly one JSON object")
	for _, make := range commands {
		root.AddCommand(make(a))
	}
	return root
}
