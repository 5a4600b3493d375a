package recount_test

import (
	"path/filepath"
	"testing"
	"time"

	"onedoor/internal/demo"
	"onedoor/internal/sim/recount"
)

// TestReports_OfTheDemosDayAreWhatARecountGives plays the demo's trial day and counts every figure of it twice.
func TestReports_OfTheDemosDayAreWhatARecountGives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	date := time.Date(2026, 3, 10, 0, 0, 0, 0, time.FixedZone("CST", 8*3600))
	d, err := demo.Run(t.Context(), demo.Options{Seed: 5, Scale: demo.TrialScale(), Dir: dir, Date: date})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	problems, err := recount.Realm(t.Context(), filepath.Join(dir, "realm"), recount.Day(2026, 3, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}
