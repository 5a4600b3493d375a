package processors_test

import (
	"os"
	"runtime"
	"testing"

	"onedoor/internal/processors"
)

// unset takes GOMAXPROCS out of the environment while a test runs.
func unset(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	if err := os.Unsetenv("GOMAXPROCS"); err != nil {
		t.Fatal(err)
	}
}

func TestSpare_TheRuntimeHasOneMoreThanTheMachineUntilItStops(t *testing.T) {
	unset(t)
	before := runtime.GOMAXPROCS(0)
	stop := processors.Spare()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("the runtime uses %d processors, want %d", got, before+1)
	}
	if got := processors.Machine(); got != before {
		t.Errorf("of which %d are the machine's, want %d", got, before)
	}
	again := processors.Spare()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("asked twice it uses %d, want %d", got, before+1)
	}
	again()
	stop()
	if got := runtime.GOMAXPROCS(0); got != before || processors.Machine() != before {
		t.Errorf("afterwards it uses %d, of which %d are the machine's, want %d", got, processors.Machine(), before)
	}
}

func TestSpare_WhatTheEnvironmentSaysStands(t *testing.T) {
	t.Setenv("GOMAXPROCS", "2")
	before := runtime.GOMAXPROCS(0)
	defer processors.Spare()()
	if got := runtime.GOMAXPROCS(0); got != before || processors.Machine() != before {
		t.Errorf("the runtime uses %d processors, of which %d are the machine's, want %d", got, processors.Machine(), before)
	}
}
