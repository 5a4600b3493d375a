// Command onedoor-phone is a field team's phone on a command line: it works
// without a signal in a folder of its own, and syncs when it is told to.
//
// It is for scripts, tests and people who want to see what a phone app sees, and
// the example of how an app uses the SDK. It holds no rule of the field and of
// sync: all of that stands in client-sdk. It never calls a server but in enrol
// and sync, and never keeps a folder's key inside that folder.
//
// Standard output carries results only: text for people, or one JSON object
// with --json. Everything else goes to standard error. Exit codes: 0 done,
// 1 failed, 2 used wrongly. docs/cli.md is the contract with scripts.
//
// Read run.go first, then phone.go; each other file holds some commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"onedoor/internal/command"
	"onedoor/internal/heapfloor"
)

func main() {
	heapfloor.Keep(heapfloor.Usual) // until the process ends
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once; what was committed stays.
	context.AfterFunc(ctx, release)
	os.Exit(Run(ctx, os.Args[1:], command.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
