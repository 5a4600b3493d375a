// Command onedoor-sim plays and measures onedoor on the machine it runs on: it
// replays a folder of real inspections through a real server and offline phones.
//
// It needs no server and no other program, works in a folder of its own that it
// removes, and changes nothing that it reads.
//
// Standard output carries results only: text for people, or one JSON object
// with --json. Everything else goes to standard error. Exit codes: 0 done,
// 1 failed, 2 used wrongly. docs/cli.md is the contract with scripts.
//
// Read run.go first; each other file holds one command.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"onedoor/internal/command"
	"onedoor/internal/heapfloor"
)

func main() {
	// As server and phone have it, until the process ends: what is measured here is them.
	heapfloor.Keep(heapfloor.Usual)
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, release)
	os.Exit(Run(ctx, os.Args[1:], command.Stdio{Out: os.Stdout, Err: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd()))}))
}
