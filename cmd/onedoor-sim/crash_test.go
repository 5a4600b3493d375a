package main

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/command"
	"onedoor/internal/pgtest"
)

// TestMain lets the test binary be the processes of a run, as the program itself is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == crashPart || os.Args[1] == partCommand) {
		os.Exit(Run(context.Background(), os.Args[1:], command.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(pgtest.Main(m))
}

func TestCrash_PrintsOneObjectAndATable(t *testing.T) {
	code, out, errs := run(t, "crash", "--cycles", "1", "--seed", "3", "--json")
	var result map[string]any
	if err := json.Unmarshal([]byte(out), &result); code != 0 || err != nil || errs != "" || strings.Count(out, "\n") != 1 {
		t.Fatalf("exit %d, %v, printed %q and %q", code, err, out, errs)
	}
	if got, want := slices.Sorted(maps.Keys(result)), []string{"acknowledged", "converged", "cycles", "duplicated", "lost"}; !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	code, out, errs = run(t, "crash", "--cycles", "1")
	if code != 0 || errs != "" || !strings.Contains(out, "acknowledged") || !strings.Contains(out, "kills") {
		t.Errorf("exit %d, printed %q and %q", code, out, errs)
	}
}

func TestCrash_WhatCannotBeTriedIsAMisuse(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--cycles", "0"}, "--cycles 0"},
		{[]string{"--servers", "2"}, "--store"},
		{[]string{"--servers", "9", "--store", "postgres://onedoor@127.0.0.1/trial"}, "--servers 9"},
		{[]string{"--store", "trial.db"}, "postgres://"},
	} {
		code, out, errs := run(t, append([]string{"crash"}, c.args...)...)
		if code != 2 || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: exit %d, printed %q and %q", c.args, code, out, errs)
		}
	}
}
