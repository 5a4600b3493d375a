package crash_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/internal/sim/crash"
)

// part begins the arguments of a test binary that runs as one of a run's processes.
const part = "crash-part"

// cycles is how many cycles of kills the long test has; `make check` asks for more.
var cycles = flag.Int("cycles", 4, "how many cycles of kills")

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == part {
		if err := crash.Child(context.Background(), os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestRun_WhatWasAcknowledgedIsThereOnceAfterKillsRestoresAndDamage(t *testing.T) {
	var story strings.Builder
	result, err := crash.Run(t.Context(), crash.Options{
		Self: []string{os.Args[0], part}, Dir: t.TempDir(), Cycles: *cycles, Seed: 1,
		Progress: func(c crash.Cycle) {
			t.Logf("cycle %d (%s): %d server and %d phone kills, %d of them at marks, answered %d, acknowledged %d, unheard %d, refused %d, the slowest sync %v, %v",
				c.Number+1, c.Kind, c.ServerKills, c.PhoneKills, c.AtMarks, c.Answered, c.Acknowledged, c.Unheard, c.Refused, c.Slowest, c.Took)
			for _, problem := range slices.Concat(c.Problems, c.Unmet()) {
				t.Error(problem)
			}
		},
		Trace: func(text string) { fmt.Fprintln(&story, text) },
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, story.String())
	}
	if !result.Good() || result.Cycles != *cycles || result.Acknowledged < 50**cycles {
		t.Errorf("%+v\n%s", result, story.String())
	}
}

func TestUnmet_TellsWhatACycleSaysNothingOf(t *testing.T) {
	for name, c := range map[string]struct {
		cycle crash.Cycle
		want  int
	}{
		"nothing happened":         {crash.Cycle{Kind: crash.Kills}, 5},
		"a slow disk, not met":     {crash.Cycle{Kind: crash.SlowServer, ServerKills: 1, PhoneKills: 1, AtMarks: 1, Answered: 1, Unheard: 1}, 1},
		"a slow disk":              {crash.Cycle{Kind: crash.SlowServer, ServerKills: 1, PhoneKills: 1, AtMarks: 1, Answered: 1, Unheard: 1, Slowest: time.Second}, 0},
		"a database that is there": {crash.Cycle{Kind: crash.Outage, ServerKills: 1, PhoneKills: 1, AtMarks: 1, Answered: 1, Unheard: 1}, 1},
		"a database that was away": {crash.Cycle{Kind: crash.Outage, ServerKills: 1, PhoneKills: 1, AtMarks: 1, Answered: 1, Unheard: 1, Outages: 1}, 0},
	} {
		if got := c.cycle.Unmet(); len(got) != c.want {
			t.Errorf("%s: %q, want %d", name, got, c.want)
		}
	}
}
