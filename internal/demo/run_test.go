package demo_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"onedoor/internal/demo"
)

// played plays a trial day or ends the test.
func played(t *testing.T, seed uint64, scale demo.Scale) *demo.Demo {
	t.Helper()
	d, err := demo.Run(t.Context(), demo.Options{
		Seed: seed, Scale: scale, Dir: filepath.Join(t.TempDir(), "demo"), Date: dateOfTheDay,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestRun_Scratch(t *testing.T) {
	began := time.Now()
	scale := demo.TrialScale()
	if os.Getenv("FULL") != "" {
		scale = demo.FullScale()
	}
	d := played(t, 1, scale)
	t.Logf("%+v", d.Report)
	t.Log(time.Since(began))
	for _, st := range d.Report.Stages {
		t.Log(st.Stage.EN, st.Took)
	}
	for _, p := range d.Report.Findings.Problems {
		t.Error(p)
	}
}
