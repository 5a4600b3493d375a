// Deploylint says what is wrong with the files of deploy/ without a cluster, a container engine, a Prometheus or a Grafana: each
// file is read by the code of the program that it is meant for. `make deploylint` runs it; the tests break each kind of file once.
//
// It is a module of its own, so that what it stands on is in no build of onedoor and moves no version of the other tools.
//
// Read folder.go first: it says which file goes to whom.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deploylint FOLDER, which holds docker, kubernetes, prometheus and grafana")
		os.Exit(2)
	}
	os.Exit(run(context.Background(), os.Args[1], os.Stdout, os.Stderr))
}

// run prints what is wrong with a folder and gives the exit code: 1 where anything is, 2 where it could not be looked at.
func run(ctx context.Context, folder string, out, problems io.Writer) int {
	found, looked, err := lint(ctx, folder)
	if err != nil {
		fmt.Fprintln(problems, err)
		return 2
	}
	for _, f := range found {
		fmt.Fprintln(out, f)
	}
	if len(found) > 0 {
		return 1
	}
	fmt.Fprintf(out, "%d files: nothing is wrong with them\n", looked)
	return 0
}
