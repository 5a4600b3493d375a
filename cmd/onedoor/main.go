// Command onedoor is what an operator runs: it makes a realm, serves it, fills
// it from files, manages people and devices, and looks into what happened.
//
// It holds no rule of the field and of sync: what it cannot ask a server for
// stands in package server. It never prints a record's value that the token in
// hand may not read, because the server does not send it.
//
// Standard output carries results only: text for people, or one JSON object
// with --json. Everything else goes to standard error. Exit codes: 0 done,
// 1 failed, 2 used wrongly. docs/cli.md is the contract with scripts.
//
// Read run.go first, then remote.go; each other file holds one command.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"onedoor/internal/command"
	"onedoor/internal/heapfloor"
	"onedoor/internal/processors"
)

func main() {
	heapfloor.Keep(heapfloor.Usual) // until the process ends
	processors.Spare()              // likewise
	// A quota on file sizes is an error to report, not a reason to die in the middle of a write.
	signal.Ignore(syscall.SIGXFSZ)
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, release)
	os.Exit(Run(ctx, os.Args[1:], command.Stdio{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}))
}
