package sim_test

import (
	"os"
	"testing"

	"onedoor/internal/sim"
)

func TestKept_SeedsThatBrokeSomethingOnceBreakNothingNow(t *testing.T) {
	text, err := os.ReadFile("../../testdata/sim/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := sim.ParseKept(string(text))
	if err != nil || len(kept) == 0 {
		t.Fatalf("read %d cases: %v", len(kept), err)
	}
	for _, k := range kept {
		r, err := sim.Replay(k.Case, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Failures {
			t.Errorf("seed %d is back (%s): %v %v", k.Case.Seed, k.Story, f.Violations, f.Err)
		}
		for _, kind := range k.Meets {
			if r.Faults[kind] == 0 {
				t.Errorf("seed %d meets no %s any more, without which it is no case of: %s. Break the code as the story tells and keep a seed that finds it", k.Case.Seed, kind, k.Story)
			}
		}
		if len(k.Meets) == 0 {
			t.Errorf("seed %d: the faults that its story needs are not named (meets=KINDS)", k.Case.Seed)
		}
	}
}

func TestParseKept_ReadsCasesAndRefusesWhatItDoesNotKnow(t *testing.T) {
	kept, err := sim.ParseKept("# a comment\n\n7 steps=40 skip=3,9-11 without=drop,kill: a story: with a colon\n8 meets=cut: another\n")
	if err != nil || len(kept) != 2 {
		t.Fatalf("read %+v, %v", kept, err)
	}
	c := kept[0].Case
	if c.Seed != 7 || c.Steps != 40 || sim.StepsText(c.Skip) != "3,9-11" || sim.FaultsText(c.Without) != "drop,kill" || kept[0].Story != "a story: with a colon" {
		t.Errorf("read %+v", kept[0])
	}
	if sim.FaultsText(kept[1].Meets) != "cut" || len(kept[0].Meets) != 0 {
		t.Errorf("read %+v", kept)
	}
	for _, text := range []string{"7", "x: story", "7 meets=x: story", "7 steps=x: story", "7 skip=x: story", "7 without=x: story", "7 else=1: story"} {
		if _, err := sim.ParseKept(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
