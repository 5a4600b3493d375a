package heapfloor_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"onedoor/internal/heapfloor"
)

// faults counts the pages that the system has handed to this process since it began, when they were written to.
func faults(t *testing.T) int64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u.Minflt
}

var pieces [][]byte

// fill allocates so many bytes in pieces of a kilobyte, writes to each and counts the faults that this takes.
func fill(t *testing.T, bytes int) int64 {
	t.Helper()
	before := faults(t)
	for range bytes >> 10 {
		piece := make([]byte, 1<<10)
		piece[0] = 1
		pieces = append(pieces, piece)
	}
	after := faults(t)
	pieces = nil
	return after - before
}

// freshEnv is set in the process that the test below begins.
const freshEnv = "HEAPFLOOR_FRESH"

// A heap that was larger or smaller before gives memory back to the system or keeps it, so this is seen in a process of its own.
func TestTouch_WhatIsAllocatedNextStandsInMemoryThatIsAtHand(t *testing.T) {
	if os.Getenv(freshEnv) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		fresh := exec.Command(self, "-test.run=^"+t.Name()+"$")
		fresh.Env = append(os.Environ(), freshEnv+"=1", "GOGC=")
		if said, err := fresh.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return
	}
	heapfloor.Keep(heapfloor.Usual)
	heapfloor.Touch(heapfloor.Usual)
	const filled = heapfloor.Usual * 3 / 4
	if n := fill(t, filled); n > filled/(4<<10)/4 {
		t.Errorf("%d MB were handed over in %d pieces after they had been touched", filled>>20, n)
	}
}

func TestTouch_WhereTheEnvironmentSaysHowTheHeapGrowsNothingIsTouched(t *testing.T) {
	t.Setenv("GOGC", "100")
	before := faults(t)
	const floor = 1 << 30
	heapfloor.Touch(floor)
	if n := faults(t) - before; n > floor/(2<<20)/2 {
		t.Errorf("%d pieces were handed over", n)
	}
}
