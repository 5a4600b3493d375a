package faults_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/internal/pgtest"
	"onedoor/internal/sim/crash"
	"onedoor/server/store/pgstore"
)

// cycles is how many cycles of kills there are; every other one takes the database away too, and of the rest every other is slow.
var cycles = flag.Int("cycles", 4, "how many cycles of kills")

// outage stops the database at once, has the disk of its log overflow where that is possible, kills it, and lets it stand still, in turn,
// and brings it back.
func outage(c *pgtest.Cluster, overflow func() error) func() error {
	kinds := []func() error{
		func() error { return stall(c) },
		func() error { return errors.Join(c.Quit(), c.Up()) },
		overflow,
		func() error { return errors.Join(c.Kill(), c.Up()) },
	}
	if overflow == nil {
		kinds = slices.Delete(kinds, 2, 3)
	}
	n := 0
	return func() error {
		n++
		return kinds[n%len(kinds)]()
	}
}

// stall lets the database stand still for longer than a commit takes on a bad day.
func stall(c *pgtest.Cluster) error {
	const standsFor = 1500 * time.Millisecond
	thaw, err := c.Freeze()
	if err != nil {
		return err
	}
	time.Sleep(standsFor) // a slow disk, in a world that is slow on purpose
	return thaw()
}

func TestKilled_ServersAndTheirDatabaseLoseNothingAndMakeNothingTwice(t *testing.T) {
	const servers = 3
	c, overflow := own(t)
	overflows := 0
	if full := overflow; full != nil {
		overflow = func() error { overflows++; return full() }
	}
	url := c.Database(t, "realms")
	var story strings.Builder
	outages := 0
	result, err := crash.Run(t.Context(), crash.Options{
		Self: []string{os.Args[0], part}, Dir: t.TempDir(), Cycles: *cycles, Seed: 1, Store: url, Servers: servers, Outage: outage(c, overflow),
		Progress: func(c crash.Cycle) {
			t.Logf("cycle %d (%s): %d server and %d phone kills, %d of them at marks, the database away %d times, answered %d, acknowledged %d, unheard %d, lost %d, twice %d, the slowest sync %v, %v",
				c.Number+1, c.Kind, c.ServerKills, c.PhoneKills, c.AtMarks, c.Outages, c.Answered, c.Acknowledged, c.Unheard, c.Lost, c.Duplicated, c.Slowest, c.Took)
			for _, problem := range slices.Concat(c.Problems, c.Unmet()) {
				t.Error(problem)
			}
			outages += c.Outages
		},
		Trace: func(text string) { fmt.Fprintln(&story, text) },
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, story.String())
	}
	if !result.Good() || result.Cycles != *cycles || result.Acknowledged < 50**cycles || outages == 0 {
		t.Errorf("%+v\n%s", result, story.String())
	}
	if overflow != nil && overflows == 0 && *cycles >= 4 { // Two cycles with an outage.
		t.Error("the disk of the log was never full")
	}
	names, err := pgstore.Realms(t.Context(), pgstore.Options{URL: url})
	if err != nil || len(names) > 0 {
		t.Errorf("the run left realms %q, %v", names, err)
	}
}
