package sabotage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"onedoor/internal/sim/sabotage"
	"onedoor/internal/sim/sabotage/lever"
)

// playing is the argument with which the test's binary plays seeds, as the program under test would.
const playing = "play-seeds"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == playing {
		os.Exit(playSeeds(os.Args[2]))
	}
	os.Exit(m.Run())
}

func playSeeds(list string) int {
	if err := sabotage.Part(context.Background(), list, play, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// play is a world in which each saboteur has a way of its own to be caught.
func play(_ context.Context, seed uint64) (invariant, says string, err error) {
	switch lever.Active() {
	case "soon":
		return "I1", "at once", nil
	case "late":
		if seed >= 151 {
			return "I2", fmt.Sprintf("seed %d", seed), nil
		}
	case "faulty":
		return "", "", errors.New("no disk")
	case "everybody":
	case "clumsy":
		return "", "a run that ends for another reason", nil
	}
	if seed == 777 {
		return "I3", "this seed catches anything", nil
	}
	return "", "", nil
}

func drive(t *testing.T, base uint64, names ...string) *sabotage.Result {
	t.Helper()
	var told atomic.Int32
	o := sabotage.Options{
		Program: []string{os.Args[0], playing}, SeedBase: base, Seeds: 200, Workers: 2,
		Progress: func(int, int, string) { told.Add(1) },
	}
	for _, name := range names {
		o.Saboteurs = append(o.Saboteurs, sabotage.Saboteur{Name: name})
	}
	result, err := sabotage.Drive(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if int(told.Load()) != len(names) {
		t.Errorf("progress was told %d times of %d", told.Load(), len(names))
	}
	return result
}

func TestDrive_TellsTheFirstSeedThatCatchesEachSaboteur(t *testing.T) {
	got := drive(t, 101, "soon", "late", "quiet", "faulty", "clumsy")
	want := []sabotage.Row{
		{Name: "soon", Caught: true, SeedsNeeded: 1, Invariant: "I1", Seed: 101, Says: "at once"},
		{Name: "late", Caught: true, SeedsNeeded: 51, Invariant: "I2", Seed: 151, Says: "seed 151"},
		{Name: "quiet", Says: "nothing was found in 200 seeds"},
	}
	for i, w := range want {
		if got.Saboteurs[i] != w {
			t.Errorf("row %+v, want %+v", got.Saboteurs[i], w)
		}
	}
	if r := got.Saboteurs[4]; r.Caught {
		t.Errorf("what ends for another reason counts as %+v", r)
	}
	if r := got.Saboteurs[3]; r.Caught || !strings.Contains(r.Says, "no disk") {
		t.Errorf("what cannot be played counts as %+v", r)
	}
	if c := got.Control; c.Seeds != 2 || c.Verdict.Violated {
		t.Errorf("control %+v", c)
	}
}

func TestDrive_TheControlTellsOfASeedThatCatchesAnything(t *testing.T) {
	got := drive(t, 777, "everybody")
	if c := got.Control; c.Seeds != 1 || !c.Verdict.Violated || c.Verdict.Seed != 777 {
		t.Errorf("control %+v", c)
	}
}

func TestDrive_WhatIsNotCaughtInTimeIsNotCaught(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := sabotage.Drive(ctx, sabotage.Options{
		Saboteurs: []sabotage.Saboteur{{Name: "soon"}}, Program: []string{os.Args[0], playing}, SeedBase: 1, Seeds: 10, Workers: 1,
	})
	if err != nil || got.Saboteurs[0].Caught || !strings.Contains(got.Saboteurs[0].Says, "time was over") {
		t.Errorf("%+v, %v", got, err)
	}
}
