package crash_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

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
			for _, problem := range c.Problems {
				t.Error(problem)
			}
			if c.ServerKills == 0 || c.PhoneKills == 0 || c.AtMarks == 0 {
				t.Errorf("cycle %d killed %d servers and %d phones, %d at marks", c.Number+1, c.ServerKills, c.PhoneKills, c.AtMarks)
			}
			if c.Answered == 0 {
				t.Errorf("cycle %d (%s): no change was answered in the storm, so that nobody was killed at work", c.Number+1, c.Kind)
			}
			if c.Unheard == 0 {
				t.Errorf("cycle %d (%s): no call was cut between its commit and its answer, so that nothing was sent twice", c.Number+1, c.Kind)
			}
			if c.Kind == crash.SlowServer && c.Slowest < crash.StandsMin {
				t.Errorf("cycle %d: no sync met the slow disk, the slowest took %v", c.Number+1, c.Slowest)
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
