package main_test

import (
	"testing"
)

func TestDuplicates_AreMergedOfflineAndTakenBack(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	w.stop()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	twin := ann.add("premises", `{"address":"民主路三号","territory":"`+gridA+`"}`)
	pairs := ann.json("duplicates").list("duplicates")
	if len(pairs) != 1 || pairs[0].text("id") != door || pairs[0].text("other_id") != twin || pairs[0].text("rule") != "same_address" ||
		pairs[0].text("reason") != "the same address" {
		t.Fatalf("%v", pairs)
	}
	if o := ann.json("merge", twin, "--into", door); o.text("id") != twin {
		t.Errorf("%v", o)
	}
	if got := due(ann.json("plan")); len(got) != 1 || got[0] != "民主路3号" {
		t.Errorf("after the merge the plan has %v", got)
	}
	ann.run("merge", twin, "--into", door).wantLine(t, failed, "take that back first")
	ann.run("merge", door, "--into", "x").wantLine(t, failed, "no id")
	ann.run("merge", door).wantLine(t, usage, "into")
	ann.json("unmerge", twin)
	if got := due(ann.json("plan")); len(got) != 2 {
		t.Errorf("after it was taken back the plan has %v", got)
	}
	if r := ann.run("duplicates"); r.code != done || r.out == "" {
		t.Errorf("%+v", r)
	}
}
