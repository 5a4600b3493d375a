package report_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/recount"
	"onedoor/server/exchange"
	"onedoor/server/report"
	"onedoor/syncengine"
)

// saved makes a service of a build that keeps its count in a file.
func (w *world) saved(path, software string) *report.Service {
	return report.New(w.realm, report.Options{Saved: path, Software: func() ([]byte, error) { return []byte(software), nil }, Random: w.random})
}

// keepCount saves what a service has counted.
func (w *world) keepCount(s *report.Service) bool {
	w.t.Helper()
	done, err := s.Save(w.ctx, 0)
	w.must(err)
	return done
}

// fromFile starts a service over the file and says whether it took its count from there.
func (w *world) fromFile(path, software string) (*report.Service, bool) {
	w.t.Helper()
	s := w.saved(path, software)
	w.must(s.Warm(w.ctx))
	return s, s.WasOpened()
}

// TestSaved_ACountGoesOnFromTheFileAndIsWhatTheLogGives saves at places of a random history and goes on from there.
func TestSaved_ACountGoesOnFromTheFileAndIsWhatTheLogGives(t *testing.T) {
	for seed := range uint64(3) {
		s := newScribbler(newWorld(t), 20+seed)
		path := filepath.Join(t.TempDir(), "reports.saved")
		s.reports = s.saved(path, "1")
		for range 4 {
			for range 40 {
				s.scribble()
			}
			if !s.keepCount(s.reports) {
				t.Fatal("nothing was saved")
			}
			for range 20 {
				s.scribble()
			}
			var opened bool
			if s.reports, opened = s.fromFile(path, "1"); !opened {
				t.Fatal("the file is not used")
			}
			s.verified()
		}
		from := recount.Day(2026, 2, 10)
		s.all(from, from.AddDate(0, 0, 45))
	}
}

func TestSaved_ServesOnlyTheSoftwareAndTheLogItIsOf(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "reports.saved")
	w.visit(3, seen, w.worker.UserID, w.door(gridA1, nil))
	w.keepCount(w.saved(path, "1"))
	if _, opened := w.fromFile(path, "2"); opened {
		t.Error("another build takes the count")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is of no use stays: %v", err)
	}
	w.keepCount(w.saved(path, "1"))
	other := newWorld(t)
	other.door(gridA1, nil)
	if _, opened := other.fromFile(path, "1"); opened {
		t.Error("another realm takes the count")
	}
	w.keepCount(w.saved(path, "1"))
	body, err := os.ReadFile(path)
	w.must(err)
	body[len(body)-1] ^= 1
	w.must(os.WriteFile(path, body, 0o600))
	if _, opened := w.fromFile(path, "1"); opened {
		t.Error("a damaged file is used")
	}
}

func TestSaved_AnErasureMakesTheFileUnreadable(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "reports.saved")
	door := w.door(gridA1, nil)
	visit := w.visit(3, seen, w.worker.UserID, door)
	w.keepCount(w.saved(path, "1"))
	body, err := os.ReadFile(path)
	w.must(err)
	if bytes.Contains(body, door[:]) || bytes.Contains(body, visit[8:]) {
		t.Error("the file tells which door was visited")
	}
	_, err = w.realm.Erase(w.ctx, syncengine.ID{}, "test", []exchange.Erasing{{RecordID: visit, Cells: []syncengine.Cells{{Field: 4}}}})
	w.must(err)
	w.must(os.WriteFile(path, body, 0o600)) // A copy that was kept elsewhere opens no more than the file.
	if _, opened := w.fromFile(path, "1"); opened {
		t.Error("the count of before the erasure is used")
	}
	w.reports = w.saved(path, "1")
	if !w.keepCount(w.reports) {
		t.Error("after the erasure nothing is saved")
	}
	w.verified()
}

func TestSaved_IsWrittenWhenTheLogHasGrown(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "reports.saved")
	s := w.saved(path, "1")
	for range 5 {
		w.door(gridA1, nil)
	}
	save := func(grown syncengine.Seq) bool {
		done, err := s.Save(w.ctx, grown)
		w.must(err)
		return done
	}
	if save(100) || !save(5) || save(1) {
		t.Error("saved without growth, or not with it")
	}
	w.door(gridA1, nil)
	if !save(1) {
		t.Error("not saved after growth")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}
}

// TestKeep_SavesTheCountWhenTheServerStops keeps reports as a server does, and starts another one over the file.
func TestKeep_SavesTheCountWhenTheServerStops(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "reports.saved")
	w.door(gridA1, nil)
	s := w.saved(path, "1")
	s.SaveEach(100, 2)
	keep := func(s *report.Service) {
		ctx, stop := context.WithCancel(w.ctx)
		s.Keep(ctx, func(ctx context.Context, _ time.Duration) error {
			stop() // The server stops while it waits for the next hour.
			return ctx.Err()
		})
	}
	keep(s)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a count of one entry is saved: %v", err)
	}
	w.door(gridA1, nil)
	keep(s)
	w.door(gridA1, nil)
	var opened bool
	if w.reports, opened = w.fromFile(path, "1"); !opened {
		t.Error("the count is not saved")
	}
	w.verified()
}

// FuzzSaved reads anything as a saved count: it is refused or read, and never the end of the server.
func FuzzSaved(f *testing.F) {
	w := newWorld(f)
	door := w.door(gridA1, nil)
	w.visit(3, seen, w.worker.UserID, door)
	w.dispute(3, gridA1, func(m *recordv1.Dispute) { m.PremisesId = door[:] })
	w.must(w.reports.Warm(w.ctx))
	f.Add(w.reports.SavedBytes())
	f.Add([]byte{1, 1, 1})
	f.Fuzz(func(_ *testing.T, body []byte) { report.ReadSaved(body) })
}
