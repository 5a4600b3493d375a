package main_test

import "testing"

func TestRules_ThePhoneShowsWhatItWorksBy(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	w.stop()
	sheet := ann.json("rules", "--date", "2026-06-01")
	if sheet.text("version") != "00000000" || sheet.text("date") != "2026-06-01" || len(sheet.list("clinics")) != 4 || len(sheet.list("cadences")) != 7 ||
		sheet.list("clinics")[1].text("term") != "20d" {
		t.Errorf("%v", sheet)
	}
	ann.run("rules", "--date", "yesterday").wantLine(t, usage, "--date")
	ann.run("rules", "year", "2027.csv").wantLine(t, usage, "unknown command")
}
