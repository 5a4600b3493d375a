// Package faults_test plays what may happen to servers and their database, on the real thing: servers and phones are processes
// of their own, the database is a real PostgreSQL, and each of them is killed, filled up, slowed down or upgraded while phones
// work.
package faults_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/internal/sim/crash"
)

// part begins the arguments of a test binary that runs as one of a run's processes.
const part = "crash-part"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == part {
		if err := crash.Child(context.Background(), os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(pgtest.Main(m))
}

// own starts a cluster that a test may kill, and gives what has the disk of its log overflow; nil where there is no right to have one.
func own(t *testing.T) (c *pgtest.Cluster, overflow func() error) {
	t.Helper()
	small, err := pgtest.StartSmallLog()
	if err == nil {
		t.Cleanup(func() { must(t, small.Remove()) })
		return small.Cluster, small.Overflow
	}
	fmt.Printf("NOT RUN: a full disk beneath the log: %v\n", err)
	c, err = pgtest.Start()
	must(t, err)
	t.Cleanup(func() { must(t, c.Remove()) })
	return c, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
