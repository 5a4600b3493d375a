package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRun_SeedsGiveExactlyOneObjectOfTheContract(t *testing.T) {
	code, out, errs := run(t, "run", "--seeds", "3", "--json")
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &keys); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v: standard output is not one object: %s", err, out)
	}
	for _, key := range []string{"seeds", "steps", "violations", "faults", "invariants", "not_yet", "trace_hash"} {
		if _, ok := keys[key]; !ok {
			t.Errorf("the object has no %s", key)
		}
		delete(keys, key)
	}
	if len(keys) > 0 {
		t.Errorf("the object has more than the contract: %v", keys)
	}
}

func TestRun_OneSeedTellsItsTimelineOnStandardOutput(t *testing.T) {
	code, out, errs := run(t, "run", "--seed", "3", "--steps", "5", "--skip", "2", "--without", "kill,drop", "--trace")
	if code != 0 || !strings.Contains(out, "step 5:") || strings.Contains(out, "step 2:") || !strings.Contains(out, "1 seeds, 4 steps, 0 violations") {
		t.Errorf("exit %d\n%s\n%s", code, out, errs)
	}
}

func TestRun_WrongUseOfSeedsIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"run", "--seeds", "0"}, {"run", "--trace"}, {"run", "--steps", "3"}, {"run", "--seed", "1", "--skip", "x"},
		{"run", "--without", "earthquake"}, {"run", "--seed", "1", "--without", "earthquake"}, {"run", "1"},
	} {
		if code, out, errs := run(t, args...); code != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, printed %q and %q", args, code, out, errs)
		}
	}
}
