// Command onedoor-phone is the reference phone: an offline client that scripts
// and people drive from a terminal. It shows every step an app takes with the
// SDK, and nothing else: what it can do, package client does.
//
// It never holds a key in its folder and never needs a connection but to enrol
// and to sync. Standard output carries results only: text for people, or one
// JSON object with --json. Everything else goes to standard error. Exit codes:
// 0 done, 1 failed, 2 used wrongly. docs/sdk.md has the table of commands.
//
// Read run.go first, then phone.go; commands.go holds the commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, release)
	os.Exit(Run(ctx, os.Args[1:], Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}))
}
