package main_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRules_AYearIsImportedFromAFileOrStandardInput(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	w.stop()
	file := filepath.Join(t.TempDir(), "2099.csv")
	if err := os.WriteFile(file, []byte("date,day,name\n2099-01-01,off,元旦\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ann.json("rules", "year", file); got.text("imported") != "year 2099" {
		t.Errorf("%v", got)
	}
	if r := ann.runWith("date,day,name\n2099-01-02,off,元旦\n", "rules", "year", "-"); r.code != done || r.out != "imported year 2099\n" {
		t.Errorf("%+v", r)
	}
	if r := ann.runWith("date,day,name\n2099-01-02,sometimes,元旦\n", "rules", "year", "-"); r.code != failed {
		t.Errorf("%+v", r)
	}
	ann.run("rules", "colours", file).wantLine(t, failed, "clinics")
	ann.run("rules", "year", file+".none").wantLine(t, failed, "read the table")
}
