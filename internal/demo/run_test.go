package demo_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/internal/demo"
	"onedoor/testdata/notes"
)

// onATrialDay plays a trial day or ends the test. Its server is up until the test ends.
func onATrialDay(t *testing.T, seed uint64, date time.Time) *demo.Demo {
	t.Helper()
	d, err := demo.Run(t.Context(), demo.Options{
		Seed: seed, Scale: demo.TrialScale(), Dir: filepath.Join(t.TempDir(), "demo"), Date: date,
	}.Held())
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

// scriptOf makes the script of a trial day without playing it.
func scriptOf(t *testing.T, seed uint64) (*demo.Street, *demo.Day) {
	t.Helper()
	scale := demo.TrialScale()
	street := newStreet(t, seed, scale.Figures)
	day, err := demo.NewDay(seed, street, newCast(t, seed, street, scale.Phones), notes.Lines(), dateOfTheDay)
	if err != nil {
		t.Fatal(err)
	}
	return street, day
}

// cellsInConflict counts the cells in which a ledger has values meet; it knows nothing of kept values.
func cellsInConflict(l *demo.Ledger) int {
	cells := map[demo.Cell]bool{}
	for _, c := range l.Conflicts() {
		cells[c.Cell] = true
	}
	return len(cells)
}

func TestRun_ADayOnRealPartsLosesNothingAndEveryPhoneAgrees(t *testing.T) {
	t.Parallel()
	street, day := scriptOf(t, 3)
	d := onATrialDay(t, 3, dateOfTheDay)
	for _, p := range d.Report.Findings.Problems {
		t.Error(p)
	}
	r := &d.Report
	if f := r.Findings; !f.OK() || f.Conflicts != f.Expected || f.Conflicts != cellsInConflict(day.Ledger())+f.Kept || f.Conflicts < 50 {
		t.Errorf("findings %+v; the ledger has %d cells in conflict", f, cellsInConflict(day.Ledger()))
	}
	total := r.Total()
	if r.Changes != day.Changes() || total.Pushed != r.Changes || total.Applied+total.Merged != r.Changes || total.Quarantined != 0 {
		t.Errorf("%d changes in the log, %+v at the phones, %d in the script", r.Changes, total, day.Changes())
	}
	worked := r.Clinics[0]
	for _, clinic := range domain.Clinics() {
		if worked += r.Clinics[clinic]; r.Clinics[clinic] == 0 {
			t.Errorf("no dispute is in the %s clinic: %v", clinic, r.Clinics)
		}
	}
	if worked != r.Disputes {
		t.Errorf("%d disputes, by clinic %v", r.Disputes, r.Clinics)
	}
	made := 0
	for _, w := range day.Steps {
		for _, c := range w.Changes {
			if c.Op == demo.OpCreate && c.Ref.Kind == demo.RecordPremises {
				made++
			}
		}
	}
	if r.Doors != len(street.Premises)+made || r.Phones != day.Phones || r.Faults == 0 || r.Restarts == 0 || r.RestRounds != 1 {
		t.Errorf("report %+v", r)
	}
	if total.BytesUp == 0 || total.BytesDown == 0 || total.RoundTrips == 0 || r.Wall == 0 || len(r.Stages) < 8 {
		t.Errorf("report %+v", r)
	}
}

func TestRun_OneSeedMakesOneDayOnAnyDate(t *testing.T) {
	t.Parallel()
	counts := func(date time.Time) demo.Report {
		r := onATrialDay(t, 4, date).Report
		r.Stages, r.Wall = nil, 0
		// Ids and cursors are others each time, and so is how well they compress.
		for _, traffic := range []*demo.Traffic{&r.FirstSync, &r.Day, &r.Rest} {
			traffic.BytesUp, traffic.BytesDown = 0, 0
		}
		return r
	}
	first, second := counts(dateOfTheDay), counts(dateOfTheDay.AddDate(0, 2, 5))
	if first.Findings.OK() != second.Findings.OK() || len(second.Findings.Problems) > 0 {
		t.Errorf("findings %+v and %+v", first.Findings, second.Findings)
	}
	first.Findings.Problems, second.Findings.Problems = nil, nil
	if a, b := digestOf(first), digestOf(second); a != b {
		t.Errorf("one seed made two days:\n%+v\n%+v", first, second)
	}
}

func TestRun_AFolderWithADemoIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "phones"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := demo.Run(t.Context(), demo.Options{Seed: 1, Scale: demo.TrialScale(), Dir: dir, Date: dateOfTheDay})
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want one that names %s", err, dir)
	}
}

func TestRun_ImpossibleScaleIsRefused(t *testing.T) {
	scale := demo.TrialScale()
	scale.Phones = 1
	_, err := demo.Run(t.Context(), demo.Options{Seed: 1, Scale: scale, Dir: t.TempDir(), Date: dateOfTheDay})
	if !errors.Is(err, demo.ErrInput) {
		t.Errorf("error %v, want ErrInput", err)
	}
}

func TestRun_EndsWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := contextThatEnds(t)
	dir := filepath.Join(t.TempDir(), "demo")
	_, err := demo.Run(ctx, demo.Options{
		Seed: 1, Scale: demo.TrialScale(), Dir: dir, Date: dateOfTheDay, Progress: &progress{stage: demo.StageDay, steps: 200, do: cancel},
	})
	if err == nil {
		t.Error("an interrupted demo ended well")
	}
}

func TestCommunities_AreThoseOfTheScene(t *testing.T) {
	got, err := demo.Communities()
	if err != nil || !slices.Equal(got, xian) {
		t.Errorf("%v, %v", got, err)
	}
}
