package heapfloor_test

import (
	"runtime"
	"runtime/debug"
	"testing"

	"onedoor/internal/heapfloor"
)

func TestPercent_AHeapGrowsToTheFloorOrToTwiceWhatLives(t *testing.T) {
	const mb = 1 << 20
	for name, c := range map[string]struct {
		live, beside, floor uint64
		want                int
	}{
		"a small heap":                            {live: 10 * mb, floor: 60 * mb, want: 500},
		"stacks and globals count for growth":     {live: 10 * mb, beside: 10 * mb, floor: 60 * mb, want: 250},
		"half of the floor":                       {live: 30 * mb, floor: 60 * mb, want: 100},
		"more than half":                          {live: 31 * mb, floor: 60 * mb, want: 100},
		"more than all of it":                     {live: 90 * mb, floor: 60 * mb, want: 100},
		"nothing, as before the first collection": {floor: 60 * mb, want: 6000},
	} {
		if got := heapfloor.Percent(c.live, c.beside, c.floor); got != c.want {
			t.Errorf("%s: %d percent, want %d", name, got, c.want)
		}
	}
}

// percent reads the collector's percentage.
func percent() int {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return p
}

var held []byte

func TestKeep_ThePercentageFollowsWhatLivesAndGoesBackAtTheEnd(t *testing.T) {
	t.Setenv("GOGC", "")
	before := percent()
	stop := heapfloor.Keep(256 << 20)
	if percent() <= 100 {
		t.Errorf("a small heap may grow by %d percent", percent())
	}
	held = make([]byte, 200<<20)
	for percent() != 100 { // its cleanup runs some time after a collection
		runtime.GC()
	}
	held = nil
	for percent() <= 100 {
		runtime.GC()
	}
	stop()
	stop()
	if percent() != before {
		t.Errorf("%d percent at the end, %d before", percent(), before)
	}
}

func TestKeep_WhatTheEnvironmentSaysStands(t *testing.T) {
	t.Setenv("GOGC", "50")
	before := percent()
	defer heapfloor.Keep(256 << 20)()
	if percent() != before {
		t.Errorf("%d percent, %d before", percent(), before)
	}
}
