package main_test

import (
	"slices"
	"testing"
	"time"
)

// due gives the addresses of a plan.
func due(plan object) (out []string) {
	for _, d := range plan.list("due") {
		out = append(out, d.text("address"))
	}
	return out
}

func TestPlan_ListsDueDoorsOfflineAndAgainAfterAVisit(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	w.stop()
	tenth := ann.add("premises", `{"address":"丽景苑10幢101","territory":"`+gridA+`","compound":"丽景苑","building":"10幢","door":"101"}`)
	second := ann.add("premises", `{"address":"丽景苑2幢101","territory":"`+gridA+`","compound":"丽景苑","building":"2幢","door":"101"}`)
	plan := ann.json("plan")
	plan.wants(t, "date", "due")
	if got := due(plan); !slices.Equal(got, []string{"丽景苑2幢101", "丽景苑10幢101"}) {
		t.Errorf("the walk is %v", got)
	}
	first := plan.list("due")[0]
	first.wants(t, "id", "address", "reason", "overdue_days", "slot")
	if first.text("id") != second || first.text("reason") != "never seen" || first.number("overdue_days") != 0 || first["last_outcome"] != nil {
		t.Errorf("%v", first)
	}
	ann.add("visit", `{"premises_ids":["`+second+`"],"outcome":"SEEN"}`)
	ann.add("visit", `{"premises_ids":["`+tenth+`"],"outcome":"NOBODY"}`)
	left := ann.json("plan", "--lang", "zh").list("due")
	if len(left) != 1 || left[0].text("id") != tenth || left[0].text("last_outcome") != "NOBODY" {
		t.Errorf("after two visits %v", left)
	}
	if got := due(ann.json("plan", "--mine")); len(got) != 0 {
		t.Errorf("nothing is assigned, yet %v", got)
	}
	far := time.Now().AddDate(2, 0, 0).Format(time.DateOnly)
	if got := ann.json("plan", "--date", far); got.text("date") != far || len(due(got)) != 2 {
		t.Errorf("in two years %v", got)
	}
	ann.run("plan", "--date", "2020-01-01").wantLine(t, failed, "the day is over")
	ann.run("plan", "--date", "soon").wantLine(t, failed, "2026-03-10")
	if r := ann.run("plan"); r.code != done || r.out == "" {
		t.Errorf("%+v", r)
	}
}
